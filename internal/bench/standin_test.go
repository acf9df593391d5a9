package bench

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"

	"github.com/billhook/billhook"
)

// This file has what stands in for the service, and for its databases.

const (
	// loseEvery, where it is set in the environment, makes serve lose every so
	// manyth event.
	loseEvery = "BENCH_TEST_LOSE_EVERY"
	// dieAfter makes it die after so many.
	dieAfter = "BENCH_TEST_DIE_AFTER"
)

// serve is the least that the benchmark takes for `billhook serve`. Where it is
// told of a database it takes the path in its URL for a folder.
func serve(ctx context.Context, args []string, _ io.Writer) error {
	flags := flag.NewFlagSet("serve", flag.ContinueOnError)
	addr := flags.String("addr", "", "")
	data := flags.String("data", "", "")
	flags.Func("database-url", "", func(url string) error {
		*data = folderOf(url)
		return nil
	})
	flags.Bool("dev", false, "")
	if err := flags.Parse(args); err != nil {
		return err
	}
	var every, last int
	_, _ = fmt.Sscan(os.Getenv(loseEvery), &every)
	_, _ = fmt.Sscan(os.Getenv(dieAfter), &last)
	var emitted atomic.Int64
	f := newForwarder(8, 1000)
	known := 0
	learn := func() ([]billhook.Webhook, error) {
		webhooks, err := readWebhooks(*data)
		for ; err == nil && known < len(webhooks); known++ {
			f.add(webhooks[known])
		}
		return webhooks, err
	}
	if _, err := learn(); err != nil {
		return err
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /readyz", func(http.ResponseWriter, *http.Request) {})
	mux.HandleFunc("POST /api/webhooks", func(w http.ResponseWriter, r *http.Request) {
		var webhook billhook.Webhook
		if err := json.NewDecoder(r.Body).Decode(&webhook); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		webhooks, err := learn()
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		text, _ := json.Marshal(append(webhooks, webhook))
		if err := os.WriteFile(filepath.Join(*data, "webhooks"), text, 0o600); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		_, _ = learn() // what was just written
		w.WriteHeader(http.StatusCreated)
	})
	// Those that another node was told of it learns when it is asked, once.
	mux.HandleFunc("GET /api/webhooks", func(w http.ResponseWriter, _ *http.Request) {
		webhooks, err := learn()
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		var list struct {
			Data []map[string]string `json:"data"`
		}
		for _, webhook := range webhooks {
			list.Data = append(list.Data, map[string]string{"url": webhook.URL})
		}
		_ = json.NewEncoder(w).Encode(list)
	})
	mux.HandleFunc("POST /api/events", func(w http.ResponseWriter, r *http.Request) {
		n := int(emitted.Add(1))
		if last > 0 && n > last {
			os.Exit(7)
		}
		if every > 0 && n%every == 0 {
			w.WriteHeader(http.StatusAccepted)
			return
		}
		f.ServeHTTP(w, r)
	})
	listener, err := net.Listen("tcp", *addr)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	wait := f.run(ctx, 8)
	defer wait()
	defer cancel()
	return serveOn(ctx, listener, mux)
}

// spun is how much CPU time spin takes.
const spun = 200 * time.Millisecond

// spin takes CPU time, says so, and waits for ctx to end.
func spin(ctx context.Context, _ []string, stdout io.Writer) error {
	for {
		if spent, ok := cpuTime(os.Getpid()); !ok || spent >= spun {
			break
		}
	}
	fmt.Fprintln(stdout, "done")
	<-ctx.Done()
	return nil
}

func (f *forwarder) add(w billhook.Webhook) {
	target, err := url.Parse(w.URL)
	if err != nil || target.Path == "/hang" || w.Events[0] != eventType {
		return
	}
	f.targets = append(f.targets, target)
}

// folderOf is where the stand-in keeps what a database with the URL would.
func folderOf(url string) string { return strings.TrimPrefix(url, "folder://") }

func readWebhooks(data string) (webhooks []billhook.Webhook, err error) {
	text, err := os.ReadFile(filepath.Join(data, "webhooks"))
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return webhooks, json.Unmarshal(text, &webhooks)
}

// A ledger is a database that only counts what is seeded.
type ledger struct {
	billhook.Database
	webhooks []billhook.Webhook
	pending  map[string]billhook.Pending
	finished int
	// unowned is how many claims find something still.
	unowned              int
	joined, left, closed bool
}

func (l *ledger) Join(context.Context) error {
	l.joined, l.left = true, false
	return nil
}

func (l *ledger) Leave(context.Context) error {
	l.joined, l.left = false, true
	return nil
}

func (l *ledger) Watch(ctx context.Context, _ func(billhook.Change)) { <-ctx.Done() }

func (l *ledger) Configuration(context.Context) (billhook.Configuration, error) {
	return billhook.Configuration{Webhooks: l.webhooks}, nil
}

func (l *ledger) Commit(_ context.Context, b *billhook.Batch) error {
	for _, o := range b.Outcomes {
		if _, ok := l.pending[o.Delivery.ID]; !ok || !l.joined {
			o.Stale = true
			continue
		}
		if o.Status == billhook.StatusPending {
			continue
		}
		delete(l.pending, o.Delivery.ID)
		l.finished++
	}
	for _, e := range b.Emits {
		for _, p := range e.Deliveries {
			l.pending[p.ID] = p
		}
	}
	for _, c := range b.Claims {
		if l.unowned > 0 {
			l.unowned--
			c.Deliveries = make([]billhook.Pending, 1)
		}
	}
	return nil
}

func (l *ledger) Close() error { l.closed = true; return nil }

// A shelf is a server whose databases are folders.
type shelf struct {
	folder  string
	made    int
	settled int
}

func (s *shelf) shared() *Shared {
	return &Shared{
		About: "Shelf 1",
		Create: func(context.Context) (string, error) {
			s.made++
			folder, err := os.MkdirTemp(s.folder, "")
			return "folder://" + folder, err
		},
		Drop:   func(_ context.Context, url string) error { return os.RemoveAll(folderOf(url)) },
		Settle: func(context.Context, string) error { s.settled++; return nil },
		// Any process will do whose CPU time can be read.
		ServerPID: os.Getpid(),
	}
}
