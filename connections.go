package billhook

import (
	"sync"

	"github.com/billhook/billhook/egress"
)

// idlePerHost is how many idle connections to one host a store keeps. Many
// webhooks may share a host; what is over the bound is dialled anew for each
// burst.
const idlePerHost = 512

// connections are those to receivers: stores never share one.
type connections struct {
	pools sync.Map // store id -> *egress.Pool
	// making is held while a pool is made or let go, so that none is made by limits
	// from before a change, and then stays.
	making sync.Mutex

	// closing is what closes connections beside those who cannot wait for that: a
	// receiver can make it take seconds. Its own lock keeps the start of one and the
	// wait for all apart.
	closing   sync.WaitGroup
	beginning sync.Mutex
}

// guardOf is what a store's connections are made through.
func (s *sender) guardOf(storeID string) *egress.Guard {
	if limits := s.limits(storeID); limits != nil {
		return s.guard.Narrow(*limits)
	}
	return s.guard
}

// clientOf is the webhook's way into its store's own pool of connections.
func (s *sender) clientOf(e *endpoint) *egress.Client {
	return s.poolOf(e.webhook.StoreID).Client(e.webhook.ID, e.identity)
}

func (s *sender) poolOf(storeID string) *egress.Pool {
	if pool, ok := s.pools.Load(storeID); ok {
		return pool.(*egress.Pool)
	}
	s.making.Lock()
	defer s.making.Unlock()
	pool, ok := s.pools.Load(storeID)
	if !ok {
		pool = egress.NewPool(s.guardOf(storeID), egress.TransportConfig{MaxIdleConnsPerHost: idlePerHost})
		s.pools.Store(storeID, pool)
	}
	return pool.(*egress.Pool)
}

// forget lets go of the connections of a store, which is deleted or has other
// limits: those in use are closed once they no longer are.
func (s *sender) forget(storeID string) {
	s.making.Lock()
	pool, ok := s.pools.LoadAndDelete(storeID)
	s.making.Unlock()
	if ok {
		s.closeBeside(pool.(*egress.Pool).CloseIdleConnections)
	}
}

// forgetWebhook does so with those that are the webhook's alone.
func (s *sender) forgetWebhook(w *Webhook) {
	if pool, ok := s.pools.Load(w.StoreID); ok {
		id := w.ID
		s.closeBeside(func() { pool.(*egress.Pool).Forget(id) })
	}
}

func (c *connections) closeBeside(all func()) {
	c.beginning.Lock()
	defer c.beginning.Unlock()
	c.closing.Go(all)
}

// closeIdle closes all that are not in use, and waits for that.
func (s *sender) closeIdle() {
	s.pools.Range(func(id, _ any) bool {
		s.forget(id.(string))
		return true
	})
	s.beginning.Lock()
	defer s.beginning.Unlock()
	s.closing.Wait()
}
