package billhook

import "sync"

// storeLocks are locks of stores, by id; "" is that of what is for all stores. Who
// waits for one waits on a channel, so that simulated time does not stand still.
type storeLocks struct {
	mu    sync.Mutex
	inUse map[string]*storeLock
}

// A storeLock is there while someone holds it or waits for it: callers can make up
// ids of stores.
type storeLock struct {
	held  chan struct{}
	users int
}

// lock waits for the lock of a store and returns what gives it back.
func (l *storeLocks) lock(storeID string) (unlock func()) {
	l.mu.Lock()
	one := l.inUse[storeID]
	if one == nil {
		if l.inUse == nil {
			l.inUse = map[string]*storeLock{}
		}
		one = &storeLock{held: make(chan struct{}, 1)}
		l.inUse[storeID] = one
	}
	one.users++
	l.mu.Unlock()
	one.held <- struct{}{}
	return func() {
		<-one.held
		l.mu.Lock()
		defer l.mu.Unlock()
		if one.users--; one.users == 0 {
			delete(l.inUse, storeID)
		}
	}
}
