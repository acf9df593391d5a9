// Package api is Billhook's HTTP API: it turns requests into calls of
// billhook.Client and their results into JSON.
//
// It knows HTTP, JSON, API keys and the Client, and nothing below it: it must
// not open or query a database, not import a driver, not deliver anything
// itself, and not know the dashboard or the command that serves it. What the
// API is, is told twice, by the route table in route.go and by openapi.json,
// and a test compares the two both ways.
package api

import (
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"github.com/billhook/billhook"
)

// Config is useful at its zero value, except that without Keys no request
// that needs a key gets in.
type Config struct {
	// Keys says what the key of a request may do. Default: no key is valid.
	Keys Keys
	// MaxBody is the most that a request body may have, in bytes; set it to
	// the Client's MaxEventSize and room for the members around the data.
	// Default: 1 MiB + 64 KiB.
	MaxBody int64
	// MaxBatchBody is the same for a batch of events. Default: 16 MiB.
	MaxBatchBody int64
	// MaxBatch is the most events in a batch, as the Client's. Default: 1000.
	MaxBatch int
	// MaxBodies bounds what of all requests' bodies is in memory at a time, in
	// bytes; beyond it requests are refused for a moment. Default: 256 MiB.
	MaxBodies int64
	// MaxStoreBodies bounds the same for the keys of one store together; beyond it
	// their requests are refused for a moment. Keys that are for all stores are not
	// bounded by it. Default: a quarter of MaxBodies, or one batch if that is more.
	MaxStoreBodies int64
	// KeyRate bounds the requests of each API key, and StoreRate those about each
	// store; a batch of events counts as so many. A store's own keys and those that
	// are for all stores are counted apart. Each node counts for itself.
	// Default: no limit.
	KeyRate, StoreRate Rate
	// PublicURL is where browsers find the dashboard, for the links to portals:
	// "https://hooks.example". Default: as the request was addressed.
	PublicURL string
	// Metrics answers GET /metrics. Default: nothing does.
	Metrics http.Handler
	// Observe is told of each request that has a route: its operation in
	// openapi.json, the answer's status and how long it took. Default: nobody is.
	Observe func(operation string, status int, took time.Duration)
	// Stopping is closed when the service is about to stop: streams end then, which
	// would keep it from that. Default: they end with their connections.
	Stopping <-chan struct{}
	// StreamBeat is after how long without an event a listener is told that all is
	// well. Default: 10 s.
	StreamBeat time.Duration
	// Version is what GET /healthz tells of the program. Default: "dev".
	Version string
	// Logger gets our own failures, one record each. Default: slog.Default().
	Logger *slog.Logger
}

const (
	defaultMaxBody      = 1<<20 + 64<<10
	defaultMaxBatchBody = 16 << 20
	defaultMaxBodies    = 256 << 20
	defaultMaxBatch     = 1000
)

type server struct {
	client *billhook.Client
	cfg    Config
	mux    *http.ServeMux
	// keyLimit and storeLimit are nil for no limit.
	keyLimit, storeLimit *limiter
	// bodies is what of requests' bodies is in memory, in bytes.
	bodies atomic.Int64
	// storeBodies is the same of each store's own keys: *atomic.Int64, by store.
	storeBodies sync.Map
	// keySets are the sets of public keys as they were answered last: *keySet, by
	// store.
	keySets sync.Map
	// streams counts who listens.
	streams streams
}

// New returns the handler of every path in openapi.json. It answers all other
// paths with a problem document, so it can also stand alone.
func New(client *billhook.Client, cfg Config) http.Handler {
	if cfg.Keys == nil {
		cfg.Keys = RootKey()
	}
	if cfg.MaxBody == 0 {
		cfg.MaxBody = defaultMaxBody
	}
	if cfg.MaxBatchBody == 0 {
		cfg.MaxBatchBody = defaultMaxBatchBody
	}
	if cfg.MaxBodies == 0 {
		cfg.MaxBodies = defaultMaxBodies
	}
	if cfg.MaxStoreBodies == 0 {
		cfg.MaxStoreBodies = max(cfg.MaxBodies/4, cfg.MaxBatchBody, cfg.MaxBody)
	}
	if cfg.MaxBatch == 0 {
		cfg.MaxBatch = defaultMaxBatch
	}
	if cfg.StreamBeat == 0 {
		cfg.StreamBeat = streamBeat
	}
	if cfg.Version == "" {
		cfg.Version = "dev"
	}
	if cfg.Observe == nil {
		cfg.Observe = func(string, int, time.Duration) {}
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.Default()
	}
	s := &server{client: client, cfg: cfg, mux: http.NewServeMux(), keyLimit: newLimiter(cfg.KeyRate), storeLimit: newLimiter(cfg.StoreRate)}
	for _, rt := range routes() {
		s.mux.Handle(rt.method+" "+rt.pattern, rt)
	}
	return s
}

func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c := &call{server: s, w: w, r: r, began: time.Now()}
	defer c.observe()
	defer c.recover()
	defer c.letGo()
	// The mux gets the call as its ResponseWriter: a route takes it out again,
	// and what the mux itself has to say (no such path, wrong method) ends up
	// in the call instead of on the wire.
	s.mux.ServeHTTP(c, r)
	if c.route == nil {
		c.unrouted()
	}
}

// observe tells of a request that was answered, once.
func (c *call) observe() {
	if c.route != nil && c.answered && !c.observed {
		c.observed = true
		c.cfg.Observe(c.route.operationID, c.status, time.Since(c.began))
	}
}

// recover turns a panic into our own failure, so that the caller gets a
// problem document and the log a stack.
func (c *call) recover() {
	cause := recover()
	if cause == nil {
		return
	}
	if cause == http.ErrAbortHandler || c.answered {
		panic(cause) // too late for an answer: net/http cuts the connection
	}
	c.fail(fmt.Errorf("panic: %v\n%s", cause, debug.Stack()))
}
