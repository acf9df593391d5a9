package billhook_test

import (
	"context"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/billhook/billhook"
)

// hold makes a key one that a caller's transaction holds, until release is called.
func (d *touched) hold(key string) (release func()) {
	var released atomic.Bool
	d.onCommit(func(b *billhook.Batch, commit func() error) error {
		all := b.Emits
		b.Emits = slices.DeleteFunc(slices.Clone(all), func(em *billhook.Emit) bool {
			em.Held = em.Event.IdempotencyKey == key && !released.Load()
			return em.Held
		})
		defer func() { b.Emits = all }()
		return commit()
	})
	return func() { released.Store(true) }
}

// TestHeldKey: an emit whose key a caller's transaction holds waits for a while,
// then it is refused, and may be sent again. The others do not wait for it.
func TestHeldKey(t *testing.T) {
	clusterBubble(t, func(t *testing.T, c *cluster) {
		ctx := context.Background()
		n, in := c.node(c.open()), &inbox{}
		n.hook("", c.serve(9000, in), "*")
		n.run()
		release := n.db.hold("key")
		wanted, other := billhook.Emission{Type: "order.paid", Data: []byte("1"), IdempotencyKey: "key"}, billhook.Emission{Type: "order.paid", Data: []byte("2")}
		start := time.Now()
		if _, err := n.Emit(ctx, wanted); billhook.ErrorCode(err) != billhook.CodeUnavailable {
			t.Errorf("emit with a key that is held: %v, want %s", err, billhook.CodeUnavailable)
		}
		if took := time.Since(start); took > 2*time.Second {
			t.Errorf("refused after %v", took)
		}

		// Of a batch all others are accepted, at once; this one when the key is free.
		go func() {
			time.Sleep(500 * time.Millisecond)
			if got := len(in.all()); got != 1 {
				t.Errorf("%d requests while the key is held, want 1", got)
			}
			release()
		}()
		results, err := n.EmitBatch(ctx, "", []billhook.Emission{wanted, other})
		if err != nil || results[0].Err != nil || results[1].Err != nil {
			t.Errorf("batch: %v, %+v", err, results)
		}
		settle(time.Minute)
		wantEach(t, in, 2, 0)
	})
}

// TestHeldKeyInOutbox: what was asked for in SQL with a key that is held stays in
// the outbox until it can be had.
func TestHeldKeyInOutbox(t *testing.T) {
	clusterBubble(t, func(t *testing.T, c *cluster) {
		n, in := c.node(c.open()), &inbox{}
		n.hook("", c.serve(9000, in), "*")
		n.run()
		release := n.db.hold("key")
		c.shared.Ask(billhook.Emission{StoreID: "default", Type: "order.paid", Data: []byte("1"), IdempotencyKey: "key"})
		c.shared.Ask(billhook.Emission{StoreID: "default", Type: "order.paid", Data: []byte("2")})
		settle(time.Minute)
		wantEach(t, in, 1, 0)
		release()
		settle(time.Minute)
		wantEach(t, in, 2, 0)
	})
}
