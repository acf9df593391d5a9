package bench

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// maxHooks is how many receiving webhooks there can be.
const maxHooks = 100

// A receiver is the receivers' side of the benchmark: it answers every
// delivery at once and counts what came.
//
//	POST /hook/N   a delivery for webhook N: 200
//	POST /hang     never answered
//	POST /fail     503
//	POST /hostile/N  one of hostiles
//	GET  /stats    what came since the last reset, for webhooks below ?hooks
//	POST /reset    forget all; from now on only events of ?run count
type receiver struct {
	run     atomic.Int64
	strays  atomic.Int64
	hooks   [maxHooks]hook
	buffers sync.Pool
}

// A hook counts the deliveries of one webhook.
type hook struct {
	mu       sync.Mutex
	total    int
	distinct int
	first    int64
	last     int64
	seen     []uint64
	latency  Histogram
}

// A receiverStats is the answer of /stats.
type receiverStats struct {
	// Total counts all deliveries, Distinct the different pairs of webhook
	// and event among them.
	Total    int `json:"total"`
	Distinct int `json:"distinct"`
	// Strays counts deliveries that belong to no event of this run.
	Strays int `json:"strays"`
	// First and Last are when the first and the last came, in unix ns.
	First int64 `json:"first"`
	Last  int64 `json:"last"`
	// Latency is the time from emit to receipt of the distinct ones.
	Latency *Histogram `json:"latency"`
}

// Receiver is the main of the hidden subcommand bench-receiver: it prints its
// address and serves until ctx ends.
func Receiver(ctx context.Context, args []string, stdout io.Writer) error {
	flags := flag.NewFlagSet("bench-receiver", flag.ContinueOnError)
	if err := flags.Parse(args); err != nil {
		return err
	}
	return serveLoopback(ctx, newReceiver(), stdout)
}

// serveLoopback serves h on a free port of 127.0.0.1, whose address it prints,
// until ctx ends.
func serveLoopback(ctx context.Context, h http.Handler, stdout io.Writer) error {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	if _, err := fmt.Fprintln(stdout, listener.Addr()); err != nil {
		listener.Close()
		return fmt.Errorf("print address: %w", err)
	}
	return serveOn(ctx, listener, h)
}

func serveOn(ctx context.Context, listener net.Listener, h http.Handler) error {
	server := &http.Server{Handler: h, ReadHeaderTimeout: time.Minute}
	stop := context.AfterFunc(ctx, func() { server.Close() })
	defer stop()
	if err := server.Serve(listener); err != nil && ctx.Err() == nil {
		return fmt.Errorf("serve: %w", err)
	}
	return nil
}

func newReceiver() *receiver {
	return &receiver{buffers: sync.Pool{New: func() any { return new(bytes.Buffer) }}}
}

func (rc *receiver) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	arrived := time.Now().UnixNano()
	if id, ok := strings.CutPrefix(r.URL.Path, "/hook/"); ok {
		rc.receive(w, r, id, arrived)
		return
	}
	if id, ok := strings.CutPrefix(r.URL.Path, "/hostile/"); ok {
		rc.answerHostile(w, r, id)
		return
	}
	switch r.URL.Path {
	case "/hang":
		// The client's leaving is noticed only once its body has been read.
		_, _ = io.Copy(io.Discard, r.Body)
		<-r.Context().Done()
	case "/fail":
		w.WriteHeader(http.StatusServiceUnavailable)
	case "/stats":
		hooks, err := strconv.Atoi(r.FormValue("hooks"))
		if err != nil || hooks < 0 || hooks > maxHooks {
			http.Error(w, "bad hooks", http.StatusBadRequest)
			return
		}
		_ = json.NewEncoder(w).Encode(rc.stats(hooks))
	case "/reset":
		run, err := strconv.ParseInt(r.FormValue("run"), 10, 64)
		if err != nil {
			http.Error(w, "bad run", http.StatusBadRequest)
			return
		}
		rc.reset(run)
	default:
		http.NotFound(w, r)
	}
}

func (rc *receiver) receive(w http.ResponseWriter, r *http.Request, id string, arrived int64) {
	n, err := strconv.Atoi(id)
	if err != nil || n < 0 || n >= maxHooks {
		http.NotFound(w, r)
		return
	}
	buffer := rc.buffers.Get().(*bytes.Buffer)
	defer rc.buffers.Put(buffer)
	buffer.Reset()
	if _, err := buffer.ReadFrom(r.Body); err != nil {
		http.Error(w, "bad body", http.StatusBadRequest)
		return
	}
	s, ok := readStamp(buffer.Bytes())
	if !ok || int64(s.run) != rc.run.Load() {
		rc.strays.Add(1)
		return
	}
	rc.hooks[n].count(s, arrived)
}

func (h *hook) count(s stampOf, arrived int64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.total++
	if h.first == 0 {
		h.first = arrived
	}
	h.first, h.last = min(h.first, arrived), max(h.last, arrived)
	word, bit := s.number/64, uint64(1)<<(s.number%64)
	if word >= len(h.seen) {
		h.seen = append(h.seen, make([]uint64, word-len(h.seen)+1)...)
	}
	if h.seen[word]&bit != 0 {
		return
	}
	h.seen[word] |= bit
	h.distinct++
	h.latency.Record(time.Duration(arrived - s.sent))
}

// stats sums up the first hooks webhooks.
func (rc *receiver) stats(hooks int) receiverStats {
	sum := receiverStats{Strays: int(rc.strays.Load()), Latency: new(Histogram)}
	for i := range hooks {
		h := &rc.hooks[i]
		h.mu.Lock()
		if h.total > 0 {
			if sum.Total == 0 {
				sum.First = h.first
			}
			sum.First, sum.Last = min(sum.First, h.first), max(sum.Last, h.last)
			sum.Total += h.total
			sum.Distinct += h.distinct
			sum.Latency.Merge(&h.latency)
		}
		h.mu.Unlock()
	}
	return sum
}

func (rc *receiver) reset(run int64) {
	rc.run.Store(run)
	rc.strays.Store(0)
	for i := range rc.hooks {
		h := &rc.hooks[i]
		h.mu.Lock()
		h.total, h.distinct, h.first, h.last = 0, 0, 0, 0
		h.seen = nil
		h.latency = Histogram{}
		h.mu.Unlock()
	}
}
