package billhook_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/billhook/billhook"
	"github.com/billhook/billhook/sqlite"
)

// sized is how large a test is made: as it is usually, with -short, and with
// BILLHOOK_FULL=1, as what it shows was asked for.
func sized(usual, short, full int) int {
	switch {
	case testing.Short():
		return short
	case os.Getenv("BILLHOOK_FULL") != "":
		return full
	}
	return usual
}

// A world is what a test in a synctest bubble runs in: a Client on a real
// SQLite file, a network in memory, and receivers on it. Only time is
// simulated.
type world struct {
	t      *testing.T
	path   string
	db     billhook.Database
	client *billhook.Client
	config billhook.Config
	log    *testLog

	mu        sync.Mutex
	listeners map[string]*listener // by "ip:port"
	refuses   func() bool          // all connections; nil for no
	stopRun   context.CancelFunc
	ran       chan error
}

// bubble runs a test in a bubble with a world of its own.
func bubble(t *testing.T, test func(t *testing.T, w *world)) {
	t.Helper()
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, dir, billhook.Config{}.WithLaneWindow(512))
		defer w.stop()
		test(t, w)
	})
}

func newWorld(t *testing.T, dir string, config billhook.Config) *world {
	t.Helper()
	w := &world{t: t, path: filepath.Join(dir, "billhook.db"), listeners: map[string]*listener{}}
	config.AllowInsecure = true
	config.DialContext = w.dial
	w.log = &testLog{t: t}
	config.Logger = slog.New(slog.NewTextHandler(w.log, nil))
	w.config = config
	w.open()
	return w
}

// open opens the database and makes a Client on it.
func (w *world) open() {
	w.t.Helper()
	db, err := sqlite.Open(w.path, sqlite.Options{})
	if err != nil {
		w.t.Fatal(err)
	}
	w.useDatabase(db)
}

// reopen makes the world's Client anew, perhaps with another Config.
func (w *world) reopen(changes ...func(*billhook.Config)) {
	w.t.Helper()
	w.halt()
	w.stopDatabase()
	for _, change := range changes {
		change(&w.config)
	}
	w.open()
}

func (w *world) useDatabase(db billhook.Database) {
	w.t.Helper()
	client, err := billhook.New(db, w.config)
	if err != nil {
		w.t.Fatal(err)
	}
	w.db, w.client = db, client
}

// run starts delivering.
func (w *world) run() {
	var ctx context.Context
	ctx, w.stopRun = context.WithCancel(context.Background())
	w.ran = make(chan error, 1)
	go func() { w.ran <- w.client.Run(ctx) }()
}

// halt stops delivering and waits until it has stopped.
func (w *world) halt() {
	w.t.Helper()
	if w.stopRun == nil {
		return
	}
	w.stopRun()
	if err := <-w.ran; err != nil {
		w.t.Errorf("Run: %v", err)
	}
	w.stopRun = nil
}

// stop ends everything, so that the bubble can.
func (w *world) stop() {
	w.t.Helper()
	w.halt()
	w.stopDatabase()
	for _, l := range w.listeners {
		l.server.Close()
	}
}

func (w *world) stopDatabase() {
	w.t.Helper()
	if w.client == nil {
		return
	}
	err := w.client.Close()
	w.log.keepsQuiet(w.db)
	if err := errors.Join(err, w.db.Close()); err != nil {
		w.t.Error(err)
	}
	w.client = nil
}

// serve puts a receiver at http://127.0.0.1:port and returns its URL.
func (w *world) serve(port int, h http.Handler) string {
	addr := fmt.Sprintf("127.0.0.1:%d", port)
	l := &listener{conns: make(chan net.Conn), closed: make(chan struct{}), addr: addr}
	l.server = &http.Server{Handler: h, ErrorLog: slog.NewLogLogger(slog.DiscardHandler, 0)}
	w.mu.Lock()
	w.listeners[addr] = l
	w.mu.Unlock()
	go l.server.Serve(l)
	return "http://" + addr + "/hook"
}

// serveRaw puts a receiver there that speaks for itself on each connection.
func (w *world) serveRaw(port int, handle func(net.Conn)) string {
	addr := fmt.Sprintf("127.0.0.1:%d", port)
	w.mu.Lock()
	w.listeners[addr] = &listener{raw: handle, server: &http.Server{}}
	w.mu.Unlock()
	return "http://" + addr + "/hook"
}

func (w *world) dial(ctx context.Context, _, address string) (net.Conn, error) {
	w.mu.Lock()
	l, refuses := w.listeners[address], w.refuses
	w.mu.Unlock()
	if l == nil || refuses != nil && refuses() {
		return nil, &net.OpError{Op: "dial", Net: "tcp", Err: syscall.ECONNREFUSED}
	}
	near, far := net.Pipe()
	if l.raw != nil {
		go l.raw(far)
		return near, nil
	}
	select {
	case l.conns <- far:
		return near, nil
	case <-l.closed:
		return nil, &net.OpError{Op: "dial", Net: "tcp", Err: syscall.ECONNREFUSED}
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// register adds a webhook for all events.
func (w *world) register(url string, with ...func(*billhook.Registration)) billhook.Webhook {
	w.t.Helper()
	r := billhook.Registration{URL: url, Events: []string{"*"}}
	for _, f := range with {
		f(&r)
	}
	hook, err := w.client.Register(context.Background(), r)
	if err != nil {
		w.t.Fatal(err)
	}
	return hook
}

func (w *world) emit(eventType, data string) billhook.Event {
	w.t.Helper()
	e, err := w.client.Emit(context.Background(), billhook.Emission{Type: eventType, Data: []byte(data)})
	if err != nil {
		w.t.Fatal(err)
	}
	return e
}

// deliveries lists all of the default store, newest first.
func (w *world) deliveries(f billhook.DeliveryFilter) []billhook.Delivery {
	w.t.Helper()
	f.Limit = 100_000
	all, err := w.client.Deliveries(context.Background(), f)
	if err != nil {
		w.t.Fatal(err)
	}
	return all
}

// settle lets simulated time pass until everything that can happen at once has.
func settle(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

// A listener is the server's end of the network in memory.
type listener struct {
	conns  chan net.Conn
	closed chan struct{}
	once   sync.Once
	addr   string
	server *http.Server
	raw    func(net.Conn)
}

func (l *listener) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.closed:
		return nil, errors.New("closed")
	}
}

func (l *listener) Close() error {
	l.once.Do(func() { close(l.closed) })
	return nil
}

func (l *listener) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 1} }

// An inbox is a receiver that remembers what it got.
type inbox struct {
	mu       sync.Mutex
	requests []received
	// answer decides the status; nil is 200.
	answer func(n int, r received) int
}

type received struct {
	at     time.Time
	header http.Header
	body   string
}

func (b *inbox) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	got := received{at: time.Now(), header: r.Header.Clone(), body: string(body)}
	b.mu.Lock()
	b.requests = append(b.requests, got)
	n := len(b.requests)
	b.mu.Unlock()
	if b.answer != nil {
		rw.WriteHeader(b.answer(n, got))
	}
}

func (b *inbox) all() []received {
	b.mu.Lock()
	defer b.mu.Unlock()
	return append([]received(nil), b.requests...)
}
