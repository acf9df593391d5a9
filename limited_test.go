package billhook_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/billhook/billhook"
)

// TestRate: requests to a webhook with a rate begin at the nanosecond, those to
// others at once.
func TestRate(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		w.run()
		var limited, free inbox
		hook := w.register(w.serve(9000, &limited), func(r *billhook.Registration) { r.Limits.RatePerSecond = 8 })
		w.register(w.serve(9001, &free))
		w.emitMany(100)
		settle(20 * time.Second)
		wantEach(t, &free, 100, 0)
		wantEach(t, &limited, 100, 0)
		got := limited.all()
		for i := range got {
			if at := got[i].at.Sub(got[0].at); at != time.Duration(i)*125*time.Millisecond {
				t.Fatalf("request %d came after %v", i+1, at)
			}
		}
		// One that was idle has no more than one in hand, and a new rate holds at once.
		w.emitMany2(1000, 20)
		settle(time.Millisecond)
		if n := len(limited.all()); n != 101 {
			t.Errorf("%d requests at once", n-100)
		}
		none := billhook.Limits{}
		if _, err := w.client.Update(context.Background(), "default", hook.ID, billhook.WebhookChange{Limits: &none}); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		wantEach(t, &limited, 120, 0)
	})
}

// emitMany2 emits n events, numbered from first on.
func (w *world) emitMany2(first, n int) {
	w.t.Helper()
	for i := range n {
		w.emit("order.paid", fmt.Sprintf(`{"n":%d}`, first+i))
	}
}

// TestStoreRate: all webhooks of a store together keep to its rate, and have equal
// shares of it.
func TestStoreRate(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		w.run()
		const hooks, events, rate = 5, 20, 40
		limits := billhook.Limits{RatePerSecond: rate}
		if _, err := w.client.UpdateStore(t.Context(), "default", billhook.StoreChange{Limits: &limits}); err != nil {
			t.Fatal(err)
		}
		ins := make([]inbox, hooks)
		for i := range ins {
			w.register(w.serve(9000+i, &ins[i]))
		}
		start := time.Now()
		w.emitMany(events)
		settle(time.Second)
		var at []time.Duration
		for i := range ins {
			got := ins[i].all()
			if n := len(got); n < rate/hooks-1 || n > rate/hooks+1 {
				t.Errorf("%d of %d requests in the first second", n, rate)
			}
			for _, r := range got {
				at = append(at, r.at.Sub(start))
			}
		}
		slices.Sort(at)
		for i := range at {
			if want := at[0] + time.Duration(i)*time.Second/rate; at[i] != want {
				t.Fatalf("request %d came after %v, want %v", i+1, at[i], want)
			}
		}
		limits = billhook.Limits{}
		if _, err := w.client.UpdateStore(t.Context(), "default", billhook.StoreChange{Limits: &limits}); err != nil {
			t.Fatal(err)
		}
		settle(time.Millisecond)
		for i := range ins {
			wantEach(t, &ins[i], events, 0)
		}
	})
}

// A gauge is a receiver that takes its time and counts what is under way.
type gauge struct {
	mu        sync.Mutex
	now, most map[string]int
	all       int
	took      time.Duration
}

func (g *gauge) ServeHTTP(_ http.ResponseWriter, r *http.Request) {
	g.count(r.URL.Path, 1)
	time.Sleep(g.took)
	g.count(r.URL.Path, -1)
}

func (g *gauge) count(path string, n int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, name := range []string{path, "all"} {
		g.now[name] += n
		g.most[name] = max(g.most[name], g.now[name])
	}
	g.all += max(n, 0)
}

// TestConcurrency: no more requests than allowed are ever under way, to a webhook or
// to a store, and as many as are allowed are.
func TestConcurrency(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, dir, billhook.Config{WebhookConcurrency: 8})
		defer w.stop()
		w.run()
		limits := billhook.Limits{Concurrency: 10}
		if _, err := w.client.UpdateStore(t.Context(), "default", billhook.StoreChange{Limits: &limits}); err != nil {
			t.Fatal(err)
		}
		g := &gauge{now: map[string]int{}, most: map[string]int{}, took: 300 * time.Millisecond}
		url := w.serve(9000, g)
		for i, most := range []int{0, 3, 1, 100} {
			w.register(fmt.Sprint(url, "/", i), func(r *billhook.Registration) { r.Limits.Concurrency = most })
		}
		w.emitMany(200)
		settle(5 * time.Minute)
		want := map[string]int{"all": 20, "/hook/0": 8, "/hook/1": 3, "/hook/2": 1, "/hook/3": 8}
		for name, most := range want {
			if g.most[name] > most || name == "all" && g.most[name] != 10 {
				t.Errorf("%d requests to %s at the most", g.most[name], name)
			}
		}

		// More are allowed while they wait for their turn.
		clear(g.most)
		limits.Concurrency = 0
		w.emitMany2(1000, 100)
		if _, err := w.client.UpdateStore(t.Context(), "default", billhook.StoreChange{Limits: &limits}); err != nil {
			t.Fatal(err)
		}
		settle(5 * time.Minute)
		if g.all != 4*300 || fmt.Sprint(g.most) != fmt.Sprint(want) {
			t.Errorf("%d requests, at the most %v; want %v", g.all, g.most, want)
		}
	})
}

// TestColludingStores: stores with receivers that hang from the first request on,
// that hang once they have answered, that are slow and that fail, all together
// leave places to one that is well.
func TestColludingStores(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		const stores, hooks = 12, 48
		w := newWorld(t, dir, billhook.Config{MaxInFlight: 256})
		defer w.stop()
		w.run()
		var mu sync.Mutex
		hangs := false
		url := w.serve(9000, http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
			mu.Lock()
			now := hangs
			mu.Unlock()
			switch kind := r.URL.Path[len("/hook/"):]; {
			case kind == "hang", now && kind == "turn":
				dawdle(r, time.Hour)
			case now && kind == "slow":
				dawdle(r, 14*time.Second)
			case kind == "slow":
				dawdle(r, 2*time.Second)
			case now && kind == "fail":
				dawdle(r, 14*time.Second)
				rw.WriteHeader(500)
			case kind == "fail":
				rw.WriteHeader(500)
			}
		}))
		good := &inbox{}
		w.register(w.serve(9001, good))
		w.emit("t", `0`)
		for s := range stores {
			id := fmt.Sprint("bad", s)
			w.store(id, "standard")
			kinds := []string{"hang", "slow", "fail", "turn"}
			for i := range hooks {
				w.register(url+"/"+kinds[i%len(kinds)], func(r *billhook.Registration) { r.StoreID = id })
			}
		}
		emit := func() {
			for s := range stores {
				if _, err := w.client.Emit(t.Context(), billhook.Emission{StoreID: fmt.Sprint("bad", s), Type: "t", Data: []byte(`1`)}); err != nil {
					t.Fatal(err)
				}
			}
		}
		emit()
		settle(10 * time.Minute) // all have shown what they are
		mu.Lock()
		hangs = true
		mu.Unlock()
		for range 3 {
			for range 5 {
				emit()
			}
			settle(500 * time.Millisecond)
			before, n := time.Now(), len(good.all())
			for i := range 20 {
				w.emit("t", fmt.Sprint(i))
			}
			synctest.Wait()
			if got := len(good.all()) - n; got != 20 || !time.Now().Equal(before) {
				t.Errorf("%d of 20 events came at once", got)
			}
			settle(3 * time.Second)
		}
	})
}

// dawdle takes its time, as long as anybody listens.
func dawdle(r *http.Request, d time.Duration) {
	_, _ = io.Copy(io.Discard, r.Body) // else net/http does not see that the sender has gone
	select {
	case <-time.After(d):
	case <-r.Context().Done():
	}
}
