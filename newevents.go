package billhook

import (
	"sync"
	"sync/atomic"
)

// newEvents tells those who follow a store's events of what this process commits. It
// costs the committer one look while nobody does.
type newEvents struct {
	following atomic.Int64

	mu     sync.Mutex
	stores map[string]map[chan struct{}]bool
}

// follow has a channel that has something in it when there may be new events of the
// store, until stop is called. Other nodes' are not told of.
func (n *newEvents) follow(storeID string) (news <-chan struct{}, stop func()) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.stores == nil {
		n.stores = map[string]map[chan struct{}]bool{}
	}
	if n.stores[storeID] == nil {
		n.stores[storeID] = map[chan struct{}]bool{}
	}
	c := make(chan struct{}, 1)
	n.stores[storeID][c] = true
	n.following.Add(1)
	return c, func() {
		n.mu.Lock()
		defer n.mu.Unlock()
		delete(n.stores[storeID], c)
		if len(n.stores[storeID]) == 0 {
			delete(n.stores, storeID)
		}
		n.following.Add(-1)
	}
}

// written is told of each transaction that is on disk.
func (n *newEvents) written(b *Batch) {
	if n.following.Load() == 0 {
		return
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if len(b.Links) > 0 {
		for storeID := range n.stores { // whose they are is not told
			n.tell(storeID)
		}
		return
	}
	last := ""
	for _, e := range b.Emits {
		if e.Event.StoreID != last {
			last = e.Event.StoreID
			n.tell(last)
		}
	}
}

// tell wants n.mu.
func (n *newEvents) tell(storeID string) {
	for c := range n.stores[storeID] {
		select {
		case c <- struct{}{}:
		default: // it is about to look
		}
	}
}

// NewEvents is a channel that has something in it when this process may have committed
// events of a store that EventsAfter has not read, until stop is called. What other
// nodes commit it does not tell: look now and then as well.
func (c *Client) NewEvents(storeID string) (news <-chan struct{}, stop func()) {
	return c.newEvents.follow(orDefaultStore(storeID))
}
