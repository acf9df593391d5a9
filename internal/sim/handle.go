package sim

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/billhook/billhook"
)

// A Handle is one process's way into a Shared.
type Handle struct {
	on *Shared
	// before, if there is one, runs before each heartbeat, and may hold it up or
	// keep it from the database.
	before func() error

	// The rest is guarded by on.mu, but for what Held asks for.
	epoch  int64 // nobody while it has not joined
	closed bool
	known  int // of on.configured

	mu    sync.Mutex
	until time.Time // by the node's own clock
}

var _ billhook.Database = (*Handle)(nil)

// Open makes a new process's handle.
func (s *Shared) Open() *Handle { return &Handle{on: s} }

func read[T any](h *Handle, f func(*Shared) (T, error)) (T, error) {
	h.on.mu.Lock()
	defer h.on.mu.Unlock()
	if h.closed {
		var none T
		return none, errClosed
	}
	return f(h.on)
}

// owns reports whether the delivery is this node's.
func (h *Handle) owns(d waiting) bool { return h.epoch != nobody && d.owner == h.epoch }

// node is the epoch by which the process owns what it does.
func (h *Handle) node() int64 {
	h.on.mu.Lock()
	defer h.on.mu.Unlock()
	return h.epoch
}

// Commit writes the batch.
func (h *Handle) Commit(_ context.Context, b *billhook.Batch) error {
	_, err := read(h, func(s *Shared) (any, error) {
		if _, alive := s.nodes[h.epoch]; h.epoch != nobody && !alive {
			return nil, billhook.ErrNotOwner
		}
		return nil, s.transact(h.epoch, func(w *writing) error { return w.batch(b) })
	})
	return err
}

// Recover joins again where the node was taken for dead.
func (h *Handle) Recover(context.Context) error {
	asked := time.Now()
	_, err := read(h, func(s *Shared) (any, error) {
		if _, alive := s.nodes[h.epoch]; h.epoch != nobody && !alive {
			h.join(asked)
		}
		return nil, nil
	})
	return err
}

// Close leaves, as a process does that ends in order.
func (h *Handle) Close() error {
	_ = h.Leave(context.Background()) // closed already
	h.on.mu.Lock()
	defer h.on.mu.Unlock()
	h.closed = true
	return nil
}

// A Tx is a transaction of a caller's own, in which events can be emitted.
type Tx struct {
	on     *Shared
	staged []*billhook.Emit
	over   bool
}

// Begin begins one.
func (s *Shared) Begin() *Tx { return &Tx{on: s} }

// EmitTx writes emits in a *Tx.
func (h *Handle) EmitTx(_ context.Context, tx any, emits []*billhook.Emit) error {
	t, ok := tx.(*Tx)
	if !ok {
		return fmt.Errorf("a transaction is a *sim.Tx here, not a %T", tx)
	}
	_, err := read(h, func(s *Shared) (any, error) {
		for _, e := range emits {
			if e.Existing = s.existing(&e.Event); e.Existing == nil {
				e.Existing = t.existing(&e.Event)
			}
			if e.Existing == nil {
				if err := t.hold(e); err != nil {
					return nil, err
				}
				kept := *e
				kept.Deliveries = slices.Clone(e.Deliveries)
				t.staged = append(t.staged, &kept)
			}
		}
		return nil, nil
	})
	return err
}

// existing is the event of this transaction that stands in the way of a new one.
func (t *Tx) existing(e *billhook.Event) (found *billhook.Event) {
	for _, s := range t.staged {
		same := s.Event.StoreID == e.StoreID
		switch {
		case same && e.IdempotencyKey != "" && s.Event.IdempotencyKey == e.IdempotencyKey:
			return &s.Event
		case same && s.Event.ID == e.ID:
			found = &s.Event
		}
	}
	return found
}

// Commit writes what was emitted, which belongs to nobody then. It fails, and
// nothing is written, where another transaction took an id or a key meanwhile.
func (t *Tx) Commit() error {
	t.on.mu.Lock()
	defer t.on.mu.Unlock()
	if t.over {
		return fmt.Errorf("commit: the transaction is over")
	}
	t.over = true
	t.letGo()
	return t.on.transact(nobody, func(w *writing) error {
		for _, e := range t.staged {
			if w.existing(&e.Event) != nil {
				return fmt.Errorf("commit: event %s is there already", e.Event.ID)
			}
			if err := w.emit(e); err != nil {
				return err
			}
		}
		return nil
	})
}

// Rollback leaves nothing.
func (t *Tx) Rollback() error {
	t.on.mu.Lock()
	defer t.on.mu.Unlock()
	t.letGo()
	t.over = true
	return nil
}
