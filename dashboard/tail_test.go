package dashboard

import (
	"bufio"
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/billhook/billhook"
)

// A watcher is a browser that watches, until it goes away.
type watcher struct {
	mu     sync.Mutex
	header http.Header
	text   strings.Builder
	status int
	leave  context.CancelFunc
	ended  chan struct{}
}

func (w *watcher) Header() http.Header    { return w.header }
func (w *watcher) WriteHeader(status int) { w.status = status }
func (w *watcher) Flush()                 {}

func (w *watcher) Write(b []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.text.Write(b)
}

// told is what came since it was asked last.
func (w *watcher) told() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	text := w.text.String()
	w.text.Reset()
	return text
}

func (b *browser) watch(path string) *watcher {
	ctx, leave := context.WithCancel(b.f.t.Context())
	w := &watcher{header: http.Header{}, leave: leave, ended: make(chan struct{})}
	r := httptest.NewRequestWithContext(ctx, http.MethodGet, path, nil)
	for name, value := range b.cookies {
		r.AddCookie(&http.Cookie{Name: name, Value: value})
	}
	go func() {
		defer close(w.ended)
		b.f.handler.ServeHTTP(w, r)
	}()
	return w
}

func (w *watcher) over() bool {
	select {
	case <-w.ended:
		return true
	default:
		return false
	}
}

// TestTail: what is new is told within a second or so, what changes is told again, what
// the filter does not select is not, and the end of the session is the end of it.
func TestTail(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		f := newFixtureIn(t, dir)
		hook := f.webhook("mine", "http://127.0.0.1:1/mine")
		f.webhook("theirs", "http://127.0.0.1:1/theirs")
		key := f.key("mine", billhook.PermissionDeliveriesRead)
		b := f.signedIn(key)
		all, paid := b.watch("/stores/mine/deliveries/live"), b.watch("/stores/mine/deliveries/live?type=order.paid&status=pending")
		next := func() { time.Sleep(2 * tailEvery); synctest.Wait() }
		next()
		if all.told() == "" || all.over() || !strings.HasPrefix(all.header.Get("Content-Type"), "text/event-stream") {
			t.Fatal("nobody is told that all is well")
		}
		paid.told()

		f.emit("theirs", "order.paid", `{}`)
		next()
		if got := all.told() + paid.told(); strings.Contains(got, "data-id") {
			t.Errorf("another store's: %s", got)
		}
		_, first := f.emit("mine", "order.paid", `{"id":"<script>"}`)
		time.Sleep(2 * time.Millisecond) // ids of one millisecond are in no order
		_, other := f.emit("mine", "order.cancelled", `{}`)
		next()
		got := all.told()
		if strings.Count(got, "event: row\n") != 2 || strings.Index(got, first.ID) > strings.Index(got, other.ID) {
			t.Errorf("not both, the oldest first: %s", got)
		}
		if got := paid.told(); strings.Count(got, "event: row\n") != 1 || !strings.Contains(got, first.ID) {
			t.Errorf("not the one that was asked for: %s", got)
		}
		next()
		if got := all.told(); strings.Contains(got, "event:") {
			t.Errorf("told twice: %s", got)
		}
		if _, err := f.client.Deactivate(t.Context(), "mine", hook.ID); err != nil {
			t.Fatal(err)
		}
		next()
		if got := all.told(); strings.Count(got, "event: row\n") != 2 || !strings.Contains(got, "Held") {
			t.Errorf("the change is not told: %s", got)
		}
		if got := paid.told(); !strings.Contains(got, "event: gone\ndata: "+first.ID+"\n\n") {
			t.Errorf("what is asked for no more stays: %s", got)
		}
		stored, _ := f.client.Authenticate(key)
		if err := f.client.RevokeKey(t.Context(), "mine", stored.ID); err != nil {
			t.Fatal(err)
		}
		next()
		if got := all.told(); !strings.Contains(got, "event: end") || !all.over() || !paid.over() {
			t.Errorf("whose key was revoked watches on: %s", got)
		}
	})
}

// TestTailEnds: with the session's life, and when the viewer goes away.
func TestTailEnds(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		f := newFixtureIn(t, dir)
		b := f.signedIn(rootSecret)
		one, other := b.watch("/stores/mine/deliveries/live"), b.watch("/stores/mine/deliveries/live")
		time.Sleep(time.Hour)
		synctest.Wait()
		if one.over() || strings.Count(one.told(), ": \n\n") < 100 {
			t.Error("it ends too early, or is silent for so long that a proxy ends it")
		}
		one.leave()
		synctest.Wait()
		if !one.over() || other.over() {
			t.Error("who goes away is still served, or another is not")
		}
		time.Sleep(sessionLife)
		synctest.Wait()
		if !other.over() {
			t.Error("it outlives its session")
		}
	})
}

// TestTailsAreBounded: of a store and in all, and who leaves makes room.
func TestTailsAreBounded(t *testing.T) {
	ts := newTails()
	var leaves []func()
	watch := func(store string) error {
		_, leave, err := ts.watch(store)
		if err == nil {
			leaves = append(leaves, leave)
		}
		return err
	}
	for range maxTailsOfStore {
		if err := watch("mine"); err != nil {
			t.Fatal(err)
		}
	}
	if err := watch("mine"); billhook.ErrorCode(err) != billhook.CodeRateLimited {
		t.Errorf("one too many of a store: %v", err)
	}
	for i := range maxTails - maxTailsOfStore {
		if err := watch(string(rune('A' + i%200))); err != nil {
			t.Fatal(err)
		}
	}
	if err := watch("another"); billhook.ErrorCode(err) != billhook.CodeRateLimited {
		t.Errorf("one too many in all: %v", err)
	}
	for _, leave := range leaves {
		leave()
	}
	if len(ts.stores) != 0 || ts.all != 0 {
		t.Errorf("%d stores and %d watchers are left", len(ts.stores), ts.all)
	}
	if err := watch("mine"); err != nil {
		t.Error(err)
	}
}

// TestTailReadsOnce: however many ask, a second has one read, and
// a read that fails is not the next one's.
func TestTailReadsOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tl, _, err := newTails().watch("mine")
		if err != nil {
			t.Fatal(err)
		}
		reads := 0
		read := func(context.Context) ([]billhook.Delivery, error) {
			reads++
			time.Sleep(10 * time.Millisecond)
			return []billhook.Delivery{{ID: "d"}}, nil
		}
		var all sync.WaitGroup
		for range 30 {
			all.Go(func() {
				got, err := tl.look(t.Context(), read)
				if err != nil || len(got) != 1 {
					t.Errorf("%v %v", got, err)
				}
			})
		}
		all.Wait()
		if reads != 1 {
			t.Errorf("%d reads", reads)
		}
		time.Sleep(2 * tailEvery)
		if _, err := tl.look(t.Context(), func(context.Context) ([]billhook.Delivery, error) { return nil, errors.New("no") }); err == nil {
			t.Error("a failure is not told")
		}
		if _, err := tl.look(t.Context(), read); err != nil || reads != 2 {
			t.Errorf("after a failure: %v, %d reads", err, reads)
		}
	})
}

// TestTailOnAServer: it outlives what the server allows an answer, and ends when the
// server stops.
func TestTailOnAServer(t *testing.T) {
	f := newFixture(t)
	f.webhook("mine", "http://127.0.0.1:1/mine")
	stopping := make(chan struct{})
	server := httptest.NewUnstartedServer(New(f.client, Config{Keys: fixtureKeys{f.client}, Stopping: stopping}))
	server.Config.WriteTimeout = 50 * time.Millisecond
	server.Start()
	defer server.Close()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL+"/stores/mine/deliveries/live", nil)
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range f.signedIn(rootSecret).cookies {
		r.AddCookie(&http.Cookie{Name: name, Value: value})
	}
	answer, err := server.Client().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	lines := bufio.NewScanner(answer.Body)
	if !lines.Scan() || lines.Text() != ": ok" {
		t.Fatalf("it begins with %q: %v", lines.Text(), lines.Err())
	}
	lines.Scan()
	_, d := f.emit("mine", "order.paid", `{}`) // told a second from now, or a moment
	for found := false; !found; found = strings.Contains(lines.Text(), d.ID) {
		if !lines.Scan() {
			t.Fatalf("it ends before anything is told: %v", lines.Err())
		}
	}
	_, later := f.emit("mine", "order.paid", `{}`) // told a second from now at the earliest
	for found := false; !found; found = strings.Contains(lines.Text(), later.ID) {
		if !lines.Scan() {
			t.Fatalf("it ends with the server's patience: %v", lines.Err())
		}
	}
	close(stopping)
	for lines.Scan() {
		if strings.Contains(lines.Text(), "event: end") {
			t.Error("the page is told that it may not look any more")
		}
	}
	if err := lines.Err(); err != nil {
		t.Errorf("it is cut off: %v", err)
	}
}
