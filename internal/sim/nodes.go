package sim

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/billhook/billhook"
)

// beatsPerLease is how often a lease is renewed while it lasts.
const beatsPerLease = 5

// A nodeRow is what the database knows of a node.
type nodeRow struct {
	beatAt time.Time // by the database's clock
	// left are the lanes of which others took a delivery, until it is told.
	left []billhook.Lane
}

// Join makes this process a node with a new epoch.
func (h *Handle) Join(context.Context) error {
	asked := time.Now()
	_, err := read(h, func(s *Shared) (any, error) {
		if h.epoch == nobody {
			h.join(asked)
		}
		return nil, nil
	})
	return err
}

// join wants on.mu. The lease counts from when it was asked for, so it ends
// here before it does in the database.
func (h *Handle) join(asked time.Time) {
	h.on.epochs++
	h.epoch = h.on.epochs
	h.on.nodes[h.epoch] = nodeRow{beatAt: h.on.now()}
	h.lease(asked.Add(h.on.Lease))
}

func (h *Handle) lease(until time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.until = until
}

// extend is lease for a renewal, which may have been asked for by a node that has
// joined anew since.
func (h *Handle) extend(until time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if until.After(h.until) {
		h.until = until
	}
}

// Held reports whether the lease lasts by the node's own clock.
func (h *Handle) Held() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return time.Now().Before(h.until)
}

// Leave gives up what this node owns.
func (h *Handle) Leave(context.Context) error {
	_, err := read(h, func(s *Shared) (any, error) {
		h.lease(time.Time{})
		err := s.transact(nobody, func(w *writing) error { w.remove(h.epoch); return nil })
		h.epoch = nobody
		return nil, err
	})
	return err
}

// remove makes what a node owns nobody's and forgets the node.
func (w *writing) remove(epoch int64) {
	drop(&w.undo, w.nodes, epoch)
	if epoch == nobody {
		return
	}
	for k, d := range w.pending {
		if d.owner == epoch {
			d.owner = nobody
			put(&w.undo, w.pending, k, d)
		}
	}
}

// bury removes the nodes, but for the one that asks, that have been silent for
// longer than the lease.
func (w *writing) bury(asks int64) {
	for epoch, n := range w.nodes {
		if epoch != asks && w.now().Sub(n.beatAt) > w.Lease {
			w.remove(epoch)
		}
	}
}

// Watch renews the lease and tells what others have changed, until ctx ends. A
// heartbeat does not wait for seen.
func (h *Handle) Watch(ctx context.Context, seen func(billhook.Change)) {
	changes := make(chan billhook.Change, 1)
	done := make(chan struct{})
	go func() {
		defer close(done)
		h.beats(ctx, changes)
	}()
	for {
		select {
		case c := <-changes:
			seen(c)
		case <-ctx.Done():
			<-done
			return
		}
	}
}

// beats sends on what the heartbeats find, several changes as one where nobody
// was there to take the first.
func (h *Handle) beats(ctx context.Context, changes chan billhook.Change) {
	tick := time.NewTicker(h.on.Lease / beatsPerLease)
	defer tick.Stop()
	for {
		// Also where nothing is found: sending may wait for the lease.
		c, _ := h.beat()
		select {
		case before := <-changes: // nobody has taken it
			c = both(before, c)
		default:
		}
		changes <- c
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

func both(a, b billhook.Change) billhook.Change {
	return billhook.Change{
		Configuration: a.Configuration || b.Configuration, Unowned: a.Unowned || b.Unowned, Asked: a.Asked || b.Asked, Lost: a.Lost || b.Lost,
		Lanes: append(a.Lanes, b.Lanes...), Anywhere: a.Anywhere || b.Anywhere,
	}
}

// beat renews the lease, takes silent nodes for dead and looks for changes.
func (h *Handle) beat() (c billhook.Change, err error) {
	asked := time.Now()
	if h.before != nil {
		if err := h.before(); err != nil {
			return c, err
		}
	}
	return read(h, func(s *Shared) (billhook.Change, error) {
		err := s.transact(h.epoch, func(w *writing) error {
			w.bury(h.epoch)
			n, alive := w.nodes[h.epoch]
			c.Lost = h.epoch != nobody && !alive
			if alive {
				h.extend(asked.Add(s.Lease))
				c.Lanes = n.left
				put(&w.undo, w.nodes, h.epoch, nodeRow{beatAt: s.now()})
			} else {
				h.lease(time.Time{})
			}
			return nil
		})
		for _, d := range s.pending {
			c.Unowned = c.Unowned || d.owner == nobody
		}
		for _, r := range s.recoveries {
			c.Unowned = c.Unowned || s.orphaned(r)
		}
		c.Asked = len(s.unanswered()) > 0
		c.Configuration, h.known = h.known != s.configured, s.configured
		return c, err
	})
}

// Nodes lists the living.
func (h *Handle) Nodes(context.Context) ([]billhook.Node, error) {
	return read(h, func(s *Shared) (all []billhook.Node, err error) {
		for epoch, n := range s.nodes {
			one := billhook.Node{ID: epoch, Alive: true, Own: epoch == h.epoch, StartedAt: n.beatAt, BeatAt: n.beatAt}
			for _, d := range s.pending {
				if d.owner == epoch {
					one.Deliveries++
				}
			}
			all = append(all, one)
		}
		slices.SortFunc(all, func(a, b billhook.Node) int { return cmp.Compare(a.ID, b.ID) })
		return all, nil
	})
}
