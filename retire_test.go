package billhook_test

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/billhook/billhook"
)

// retirements are the entries about webhooks that Billhook has made inactive.
func retirements(t *testing.T, client *billhook.Client) []billhook.AuditEntry {
	t.Helper()
	all, err := client.Audit(context.Background(), billhook.AuditFilter{Event: billhook.AuditWebhookDeactivate, Limit: 10})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func wantRetired(t *testing.T, client *billhook.Client, id string) {
	t.Helper()
	h, err := client.Get(context.Background(), "default", id)
	if err != nil || h.IsActive || !strings.HasPrefix(h.InactiveReason, "your shop answered 410 Gone") {
		t.Errorf("the webhook is active: %v, %q, %v", h.IsActive, h.InactiveReason, err)
	}
	all := retirements(t, client)
	if len(all) != 1 {
		t.Fatalf("%d entries about it, want 1", len(all))
	}
	e := all[0]
	if e.Actor != (billhook.Reference{Type: "system", ID: "billhook"}) || e.Entity != (billhook.Reference{Type: "webhook", ID: id}) ||
		!strings.Contains(e.Old, `"isActive":true`) || !strings.Contains(e.New, `"isActive":false`) || !strings.Contains(e.New, `"inactiveReason":"your shop answered 410`) {
		t.Errorf("on record is %+v", e)
	}
}

// byStatus counts the default store's deliveries.
func byStatus(t *testing.T, client *billhook.Client) map[billhook.Status]int {
	t.Helper()
	all, err := client.Deliveries(context.Background(), billhook.DeliveryFilter{Limit: 100_000})
	if err != nil {
		t.Fatal(err)
	}
	count := map[billhook.Status]int{}
	for _, d := range all {
		count[d.Status]++
		if d.Status == billhook.StatusDead && !strings.HasPrefix(d.Reason, "your shop answered 410 Gone") {
			t.Errorf("dead, since %q", d.Reason)
		}
	}
	return count
}

// warmth is how many deliveries a receiver takes before so many requests are under way
// to it as ever may be.
const warmth = 500

// warm has a receiver take deliveries that somebody emits, and forget them.
func (b *inbox) warm(emit func()) {
	answer := b.answer
	b.answer = func(int, received) int { time.Sleep(50 * time.Millisecond); return 200 }
	for range warmth {
		emit()
	}
	settle(4 * time.Second) // a receiver that rests for longer gets fewer again
	b.mu.Lock()
	defer b.mu.Unlock()
	b.requests, b.answer = nil, answer
}

// TestGone: 410 ends the delivery and makes the webhook inactive, once for all that
// are under way; the others wait on, and go when it is active again.
func TestGone(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		w.useKeys("a")
		w.reopen(func(c *billhook.Config) { c.WebhookConcurrency = 32 })
		w.run()
		in := inbox{answer: func(int, received) int { time.Sleep(time.Second); return 410 }}
		hook := w.register(w.serve(9000, &in))
		in.warm(func() { w.emit("order.paid", `"warm"`) })
		w.emitMany(100)
		settle(time.Minute)
		wantRetired(t, w.client, hook.ID)
		if got := byStatus(t, w.client); got[billhook.StatusDead] != 32 || got[billhook.StatusHeld] != 68 || len(in.all()) != 32 {
			t.Errorf("%v after %d requests, want 32 dead and 68 held", got, len(in.all()))
		}
		if e := w.emit("order.paid", `"more"`); e.Deliveries != 1 {
			t.Errorf("what comes meanwhile is not held")
		}
		w.reopen() // all that was said is on disk
		w.run()
		settle(time.Minute)
		wantRetired(t, w.client, hook.ID)

		in.answer = nil
		active, inactive := true, false
		h, err := w.client.Update(context.Background(), "default", hook.ID, billhook.WebhookChange{IsActive: &inactive})
		if err != nil || h.InactiveReason == "" {
			t.Errorf("made inactive once more: %q, %v", h.InactiveReason, err)
		}
		h, err = w.client.Update(context.Background(), "default", hook.ID, billhook.WebhookChange{IsActive: &active})
		if err != nil || !h.IsActive || h.InactiveReason != "" {
			t.Errorf("activated: %v, %q, %v", h.IsActive, h.InactiveReason, err)
		}
		settle(time.Minute)
		if got := byStatus(t, w.client); got[billhook.StatusDelivered] != warmth+69 || got[billhook.StatusPending] != 0 {
			t.Errorf("%v after it was activated, want 69 delivered", got)
		}
		w.proved(0)
	})
}

// TestGoneBeforeAChange: an answer to a request that was made before the webhook was
// changed does not make it inactive.
func TestGoneBeforeAChange(t *testing.T) {
	for name, change := range map[string]func(w *world, hook billhook.Webhook) error{
		"another URL": func(w *world, hook billhook.Webhook) error {
			url := w.serve(9001, &inbox{})
			_, err := w.client.Update(context.Background(), "default", hook.ID, billhook.WebhookChange{URL: &url})
			return err
		},
		"activated again": func(w *world, hook billhook.Webhook) error {
			for _, active := range []bool{false, true} {
				settle(time.Millisecond)
				if _, err := w.client.Update(context.Background(), "default", hook.ID, billhook.WebhookChange{IsActive: &active}); err != nil {
					return err
				}
			}
			return nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T, w *world) {
				w.run()
				in := inbox{answer: func(int, received) int { time.Sleep(5 * time.Second); return 410 }}
				hook := w.register(w.serve(9000, &in))
				w.emit("order.paid", `{}`)
				settle(time.Second)
				if err := change(w, hook); err != nil {
					t.Fatal(err)
				}
				settle(time.Minute)
				h, err := w.client.Get(context.Background(), "default", hook.ID)
				if err != nil || !h.IsActive || h.InactiveReason != "" || len(retirements(t, w.client)) != 0 {
					t.Errorf("active %v, %q, %v", h.IsActive, h.InactiveReason, err)
				}
				if got := byStatus(t, w.client); got[billhook.StatusDead] != 1 {
					t.Errorf("%v, want 1 dead", got)
				}
			})
		})
	}
}

// TestGoneAndACrash: a crash between the answer and the write, or between the write
// and its answer, leaves both that the delivery is over and that the webhook is
// inactive, or neither; then it is sent again.
func TestGoneAndACrash(t *testing.T) {
	for mode, requests := range map[int32]int{1: 2, 2: 1} {
		for _, restart := range []bool{true, false} {
			t.Run(fmt.Sprintf("mode=%d,restart=%v", mode, restart), func(t *testing.T) {
				bubble(t, func(t *testing.T, w *world) {
					db := &faulty{Database: w.db}
					w.useDatabase(db)
					w.run()
					in := inbox{answer: func(n int, _ received) int { db.fail.Store(mode); return 410 }}
					hook := w.register(w.serve(9000, &in))
					w.emit("order.paid", `{}`)
					settle(time.Second)
					if n := len(in.all()); n != 1 {
						t.Fatalf("%d requests", n)
					}
					if h, _ := w.client.Get(context.Background(), "default", hook.ID); !h.IsActive {
						t.Error("memory has it inactive, and it is not written")
					}
					in.answer = func(int, received) int { return 410 }
					want := requests
					if restart {
						w.halt()
						_ = w.client.Close()
						if err := w.db.Close(); err != nil {
							t.Fatal(err)
						}
						w.open()
						w.run()
					} else {
						db.fail.Store(0)
						want = 1 // the process remembers the answer
					}
					settle(time.Minute)
					wantRetired(t, w.client, hook.ID)
					if got := byStatus(t, w.client); got[billhook.StatusDead] != 1 || len(in.all()) != want {
						t.Errorf("%v after %d requests, want 1 dead after %d", got, len(in.all()), want)
					}
				})
			})
		}
	}
}

// TestGoneOnTwoNodes: two nodes whose requests are answered 410 at the same time make
// the webhook inactive once, and both know it.
func TestGoneOnTwoNodes(t *testing.T) {
	clusterBubble(t, func(t *testing.T, c *cluster) {
		c.config.WebhookConcurrency = 16
		in := &inbox{answer: func(int, received) int { time.Sleep(2 * time.Second); return 410 }}
		one, other := c.node(c.open()), c.node(c.open())
		hook := one.hook("", c.serve(9000, in), "*")
		one.run()
		other.run()
		in.warm(func() { one.emit("order.paid", `"warm"`) })
		in.warm(func() { other.emit("order.paid", `"warm"`) })
		for i := range 40 {
			one.emit("order.paid", fmt.Sprint("1", i))
			other.emit("order.paid", fmt.Sprint("2", i))
		}
		settle(time.Minute)
		for _, n := range []*node{one, other} {
			wantRetired(t, n.Client, hook.ID)
			if got := byStatus(t, n.Client); got[billhook.StatusDead] != len(in.all()) || got[billhook.StatusDead] != 32 || got[billhook.StatusHeld] != 48 {
				t.Errorf("%v after %d requests, want 32 dead and 48 held", got, len(in.all()))
			}
		}
		in.answer = nil
		active := true
		if _, err := other.Update(context.Background(), "default", hook.ID, billhook.WebhookChange{IsActive: &active}); err != nil {
			t.Fatal(err)
		}
		settle(time.Minute)
		if got := byStatus(t, one.Client); got[billhook.StatusDelivered] != 2*warmth+48 {
			t.Errorf("%v after it was activated, want 48 delivered", got)
		}
		if h, _ := one.Get(context.Background(), "default", hook.ID); !h.IsActive || h.InactiveReason != "" {
			t.Errorf("on the node that has not changed it: %v, %q", h.IsActive, h.InactiveReason)
		}
	})
}

// TestGoneWhileAnotherNodeDies: a node that dies between the answer and the write
// leaves the delivery to another, which is answered the same.
func TestGoneWhileAnotherNodeDies(t *testing.T) {
	clusterBubble(t, func(t *testing.T, c *cluster) {
		in := &inbox{answer: func(int, received) int { return 410 }}
		db := c.open()
		db.silence, db.speak = make(chan struct{}), make(chan struct{})
		dies := c.node(db)
		hook := dies.hook("", c.serve(9000, in), "*")
		dies.run()
		var dead atomic.Bool
		db.onCommit(func(b *billhook.Batch, commit func() error) error {
			if len(b.Outcomes) > 0 && dead.CompareAndSwap(false, true) {
				if len(b.Webhooks) != 1 {
					t.Errorf("%d webhooks are written with the outcome, want 1", len(b.Webhooks))
				}
				close(db.silence)
			}
			if dead.Load() {
				return errDisk
			}
			return commit()
		})
		db.on("Recover", func() error { return errDisk })
		dies.emit("order.paid", `{}`)
		settle(time.Second)
		takes := c.node(c.open())
		takes.run()
		settle(10 * lease)
		wantRetired(t, takes.Client, hook.ID)
		if got := byStatus(t, takes.Client); got[billhook.StatusDead] != 1 || len(in.all()) != 2 {
			t.Errorf("%v after %d requests, want 1 dead after 2", got, len(in.all()))
		}
		// It comes back, with an outcome that came too late and an answer that changes nothing.
		db.onCommit(func(_ *billhook.Batch, commit func() error) error { return commit() })
		db.on("Recover", func() error { return nil })
		close(db.speak)
		settle(10 * lease)
		wantRetired(t, takes.Client, hook.ID)
		wantRetired(t, dies.Client, hook.ID)
	})
}

// TestGoneUnheardOf: where another node has changed the webhook and this one does not
// know of it yet, the answer to what it sent changes nothing; the next one does.
func TestGoneUnheardOf(t *testing.T) {
	clusterBubble(t, func(t *testing.T, c *cluster) {
		in := &inbox{answer: func(int, received) int { return 410 }}
		db := c.open()
		deaf, changer := c.node(db), c.node(c.open())
		hook := deaf.hook("", c.serve(9000, in), "*")
		deaf.run()
		changer.run()
		db.on("Configuration", func() error { return errDisk })
		url := c.serve(9001, in)
		if _, err := changer.Update(context.Background(), "default", hook.ID, billhook.WebhookChange{URL: &url}); err != nil {
			t.Fatal(err)
		}
		settle(time.Second)
		deaf.emit("order.paid", `1`) // to the old URL
		settle(5 * time.Second)
		if h, err := changer.Get(context.Background(), "default", hook.ID); err != nil || !h.IsActive || h.URL != url {
			t.Errorf("after an answer from the old URL: active %v, %s, %v", h.IsActive, h.URL, err)
		}
		db.on("Configuration", func() error { return nil })
		settle(time.Minute)
		deaf.emit("order.paid", `2`)
		settle(time.Minute)
		wantRetired(t, changer.Client, hook.ID)
		wantRetired(t, deaf.Client, hook.ID)
	})
}
