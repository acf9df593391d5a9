package bench

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"sync"
	"time"
)

// A forwarder is the bound that Billhook is measured against: the same two
// HTTP hops and one HMAC an event, and nothing else. It parses nothing, stores
// nothing, and what it holds is lost when it ends. With a log it also writes and
// syncs each event before it answers: what this machine's disk adds to any
// sender that keeps its word.
type forwarder struct {
	log     *os.File   // nil for none
	logging sync.Mutex // one write and sync at a time
	targets []*url.URL
	secret  []byte
	client  *http.Client
	queue   chan forward
}

// A forward is one event for one target.
type forward struct {
	target    *url.URL
	body      []byte
	signature string
}

// Reference is the main of the hidden subcommand bench-reference: it prints
// its address and forwards what is posted there to the URLs that are its
// arguments, until ctx ends.
func Reference(ctx context.Context, args []string, stdout io.Writer) error {
	flags := flag.NewFlagSet("bench-reference", flag.ContinueOnError)
	senders := flags.Int("senders", 64, "how many requests are under way at once")
	queue := flags.Int("queue", 4096, "how many more may wait before posting is held up")
	log := flags.String("log", "", "a file in which each event is synced before it is accepted")
	if err := flags.Parse(args); err != nil {
		return err
	}
	f := newForwarder(*senders, *queue)
	if *log != "" {
		file, err := os.Create(*log)
		if err != nil {
			return fmt.Errorf("open log: %w", err)
		}
		defer file.Close()
		f.log = file
	}
	for _, arg := range flags.Args() {
		target, err := url.Parse(arg)
		if err != nil {
			return fmt.Errorf("read target: %w", err)
		}
		if err := checkLoopback(target.Host); err != nil {
			return err
		}
		f.targets = append(f.targets, target)
	}
	ctx, cancel := context.WithCancel(ctx)
	wait := f.run(ctx, *senders)
	defer wait()
	defer cancel()
	return serveLoopback(ctx, f, stdout)
}

func newForwarder(senders, queue int) *forwarder {
	return &forwarder{
		secret: []byte("whsec_reference"),
		client: &http.Client{
			Transport: &http.Transport{MaxIdleConnsPerHost: senders, DisableCompression: true},
			CheckRedirect: func(*http.Request, []*http.Request) error {
				return http.ErrUseLastResponse
			},
			Timeout: time.Minute,
		},
		queue: make(chan forward, queue),
	}
}

// run sends until ctx ends; the function that it returns waits for that.
func (f *forwarder) run(ctx context.Context, senders int) (wait func()) {
	var sending sync.WaitGroup
	for range senders {
		sending.Go(func() { f.send(ctx) })
	}
	return sending.Wait
}

// ServeHTTP signs and queues what is posted. A full queue holds the answer up:
// the forwarder accepts no faster than it sends, and its memory is bounded.
func (f *forwarder) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body := make([]byte, max(r.ContentLength, 0))
	if _, err := io.ReadFull(r.Body, body); err != nil {
		http.Error(w, "bad body", http.StatusBadRequest)
		return
	}
	if err := f.keep(body); err != nil {
		http.Error(w, err.Error(), http.StatusServiceUnavailable)
		return
	}
	mac := hmac.New(sha256.New, f.secret)
	mac.Write(body)
	signature := hex.EncodeToString(mac.Sum(nil))
	for _, target := range f.targets {
		select {
		case f.queue <- forward{target: target, body: body, signature: signature}:
		case <-r.Context().Done():
			return
		}
	}
	w.WriteHeader(http.StatusAccepted)
}

func (f *forwarder) keep(body []byte) error {
	if f.log == nil {
		return nil
	}
	f.logging.Lock()
	defer f.logging.Unlock()
	if _, err := f.log.Write(body); err != nil {
		return err
	}
	return f.log.Sync()
}

func (f *forwarder) send(ctx context.Context) {
	for {
		select {
		case next := <-f.queue:
			// What cannot be sent is lost; the benchmark notices.
			_ = f.post(ctx, next)
		case <-ctx.Done():
			return
		}
	}
}

func (f *forwarder) post(ctx context.Context, next forward) error {
	request := (&http.Request{
		Method: http.MethodPost,
		URL:    next.target,
		Host:   next.target.Host,
		Header: http.Header{
			"Content-Type":         {"application/json"},
			"X-Commerce-Signature": {next.signature},
		},
		Body:          io.NopCloser(bytes.NewReader(next.body)),
		ContentLength: int64(len(next.body)),
	}).WithContext(ctx)
	response, err := f.client.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	_, err = io.Copy(io.Discard, response.Body)
	return err
}
