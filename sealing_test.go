package billhook_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/billhook/billhook"
)

// A slowCommit database takes its time for each transaction with webhooks.
type slowCommit struct {
	billhook.Database
	mu    sync.Mutex
	takes time.Duration
}

func (s *slowCommit) set(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.takes = d
}

func (s *slowCommit) Commit(ctx context.Context, b *billhook.Batch) error {
	s.mu.Lock()
	d := s.takes
	s.mu.Unlock()
	if len(b.Webhooks) > 0 {
		time.Sleep(d)
	}
	return s.Database.Commit(ctx, b)
}

// TestKeysSettle: of what waits to be written while a new key comes only the
// transaction that has begun still has the old one, long before KeysSettle is over,
// and that is sealed anew by itself. So the old key may go then.
func TestKeysSettle(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		file := w.useKeys("a")
		w.reopen()
		db := &slowCommit{Database: w.db}
		w.useDatabase(db)
		for i := range 5 { // in one store they wait for each other
			w.store(fmt.Sprintf("s%d", i), "standard")
		}
		w.run()
		settle(10*time.Second + 7)
		db.set(30 * time.Second) // as long as PostgreSQL is given
		var writers sync.WaitGroup
		for i := range 5 {
			writers.Go(func() {
				if _, err := w.client.Register(context.Background(), billhook.Registration{
					StoreID: fmt.Sprintf("s%d", i), ID: "w", URL: "http://127.0.0.1:9000/", Events: []string{"*"}, Headers: map[string]string{"X-A": "value"},
				}); err != nil {
					t.Error(err)
				}
			})
			time.Sleep(time.Millisecond) // the first begins a transaction, the others wait for it
		}
		time.Sleep(time.Second)
		file.set("ba")
		writers.Wait()
		underOld := map[string]int{}
		conf, err := w.db.Configuration(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		for _, h := range conf.Webhooks {
			for _, id := range h.SealKeys() {
				underOld[id]++
			}
		}
		if underOld["a"] != 1 || underOld["b"] != 4 {
			t.Errorf("webhooks by the keys that they are sealed with: %v", underOld)
		}
		db.set(0)
		settle(billhook.KeysSettle - time.Minute)
		wantSealed(t, w.db, 10, "b") // and not after another start only
		file.set("b")
		settle(time.Minute)
		w.reopen()
		for i := range 5 {
			if h, err := w.client.Get(context.Background(), fmt.Sprintf("s%d", i), "w"); err != nil || h.Unopened() != nil || h.Headers["X-A"] != "value" {
				t.Errorf("%v, %v", err, h.Unopened())
			}
		}
	})
}

// TestKeysThatNobodyKeeps: a process that does not Run looks at the keys when it is to
// seal something.
func TestKeysThatNobodyKeeps(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		file := w.useKeys("a")
		w.reopen()
		file.set("b") // a is gone for good
		time.Sleep(2 * time.Second)
		w.register("http://127.0.0.1:9000/")
		wantSealed(t, w.db, 1, "b")
	})
}

// TestNothingIsSealedWithOldKeys: where the keys cannot be loaded for minutes, the
// first may have been taken away since, so nothing is sealed with it; what needs no
// seal goes on.
func TestNothingIsSealedWithOldKeys(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		ctx := context.Background()
		file := w.useKeys("a")
		w.reopen()
		var in inbox
		hook := w.register(w.serve(9000, &in))
		w.run()
		file.mu.Lock()
		keys := file.keys
		file.keys, file.err = nil, errors.New("permission denied")
		file.mu.Unlock()
		settle(billhook.KeysSettle / 2)
		r := billhook.Registration{URL: "http://127.0.0.1:9001/", Events: []string{"*"}}
		if _, err := w.client.Register(ctx, r); billhook.ErrorCode(err) != billhook.CodeUnavailable {
			t.Errorf("register: %v", err)
		}
		name := "renamed"
		if _, err := w.client.Update(ctx, "default", hook.ID, billhook.WebhookChange{Name: &name}); billhook.ErrorCode(err) != billhook.CodeUnavailable {
			t.Errorf("update: %v", err)
		}
		wantSealed(t, w.db, 1, "a")
		w.emit("order.paid", "1")
		settle(time.Second)
		wantSigned(t, &in, 1, hook.Secrets[0].Value)
		if err := w.client.Delete(ctx, "default", hook.ID); err != nil {
			t.Errorf("delete: %v", err)
		}
		file.mu.Lock()
		file.keys, file.err = keys, nil
		file.mu.Unlock()
		if _, err := w.client.Register(ctx, r); err != nil {
			t.Errorf("once they are back: %v", err)
		}
	})
}
