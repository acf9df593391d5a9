package billhook_test

import (
	"sync/atomic"
	"testing"
	"time"

	"github.com/billhook/billhook"
)

// TestRecoveryIsTakenOver: a node that falls silent between two steps, or loses the
// answer to one, leaves its recovery to another, which goes on where it stood.
func TestRecoveryIsTakenOver(t *testing.T) {
	for _, kind := range []struct {
		name string
		fail func(step func() error) error
	}{
		{"before a step", func(func() error) error { return errDisk }},
		{"after a step", func(step func() error) error { _ = step(); return errDisk }},
	} {
		t.Run(kind.name, func(t *testing.T) {
			clusterBubble(t, func(t *testing.T, c *cluster) {
				const n = 1200
				var in inbox
				db := c.open()
				db.silence, db.speak = make(chan struct{}), make(chan struct{})
				dead, other := c.node(db), c.node(c.open())
				hook := dead.hook("", c.serve(9000, &in), "*")
				dead.run()
				bury(t, db, "default", hook.ID, n)
				var steps atomic.Int32
				db.onCommit(func(b *billhook.Batch, commit func() error) error {
					gone := steps.Load() > 3
					if len(b.RecoverySteps) > 0 && steps.Add(1) == 4 {
						return kind.fail(commit)
					}
					if gone {
						return errDisk
					}
					return commit()
				})
				r := start(t, dead.Client, retryAll(100))
				for steps.Load() < 4 {
					settle(100 * time.Millisecond)
				}
				close(db.silence)
				db.on("Recover", func() error { return errDisk })
				other.run() // and takes over when the lease is over
				done := ended(t, other.Client, r, time.Hour)
				settle(time.Minute)
				if done.Status != billhook.RecoveryDone || done.Queued != n {
					t.Errorf("in the end %+v", done)
				}
				if o := became(t, other.Client, done); o != (billhook.RecoveryOutcome{Delivered: n}) {
					t.Errorf("what became of them: %+v", o)
				}
				// What was under way when the node fell silent may come twice.
				wantEach(t, &in, n, 200)
				for _, d := range c.dead(other) {
					t.Errorf("still dead: %+v", d)
				}
				db.onCommit(func(_ *billhook.Batch, commit func() error) error { return commit() })
				db.on("Recover", func() error { return nil })
				close(db.speak)
				settle(10 * time.Minute)
				wantEach(t, &in, n, 200)
			})
		})
	}
}

func (c *cluster) dead(n *node) []billhook.Delivery {
	c.t.Helper()
	all, err := n.Deliveries(c.t.Context(), billhook.DeliveryFilter{Status: billhook.StatusDead, Limit: 10_000})
	if err != nil {
		c.t.Fatal(err)
	}
	return all
}

// TestRecoveryAfterRestart: a process that ends between two steps goes on when it
// starts again.
func TestRecoveryAfterRestart(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		const n = 1500
		var in inbox
		hook := w.register(w.serve(9000, &in))
		bury(t, w.db, "default", hook.ID, n)
		r := start(t, w.client, retryAll(100)) // before anybody delivers
		for range 4 {
			w.run()
			settle(2 * time.Second)
			w.reopen()
			settle(time.Minute)
		}
		half := progress(t, w.client, r)
		if o := became(t, w.client, half); o.Delivered+o.Waiting != half.Queued || o.Delivered < 700 {
			t.Errorf("half way: %+v", o)
		}
		if r := half; r.Status != billhook.RecoveryRunning || r.Queued < 800 || r.Queued > 1400 {
			t.Errorf("half way: %+v", r)
		}
		w.run()
		done := ended(t, w.client, r, time.Minute)
		settle(time.Minute)
		if done.Status != billhook.RecoveryDone || done.Queued != n {
			t.Errorf("in the end %+v", done)
		}
		wantEach(t, &in, n, 0)
	})
}

// TestRecoveryLosesAnswer: a step that is on disk although its node was told
// otherwise is not made again.
func TestRecoveryLosesAnswer(t *testing.T) {
	clusterBubble(t, func(t *testing.T, c *cluster) {
		const n = 1000
		var in inbox
		node := c.node(c.open())
		hook := node.hook("", c.serve(9000, &in), "*")
		node.run()
		bury(t, node.db, "default", hook.ID, n)
		var commits atomic.Int32
		node.db.onCommit(func(b *billhook.Batch, commit func() error) error {
			err := commit()
			if len(b.RecoverySteps) > 0 && commits.Add(1)%3 == 0 {
				return errDisk
			}
			return err
		})
		done := ended(t, node.Client, start(t, node.Client, retryAll(1000)), time.Hour)
		settle(time.Minute)
		if o := became(t, node.Client, done); o != (billhook.RecoveryOutcome{Delivered: n}) {
			t.Errorf("what became of them: %+v", o)
		}
		if done.Status != billhook.RecoveryDone || done.Queued != n || commits.Load() < 4 {
			t.Errorf("in the end %+v, after %d steps", done, commits.Load())
		}
		wantEach(t, &in, n, n/10)
	})
}
