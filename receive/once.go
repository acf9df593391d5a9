package receive

import (
	"container/list"
	"context"
	"sync"
	"time"
)

// What Memory takes for 0.
const (
	DefaultCapacity = 100_000
	DefaultTTL      = 72 * time.Hour
)

// A Once lets each event be handled once, as far as this process remembers:
// what it knows ends with the process, and other processes do not share it. An
// Inbox, in the database, has neither limit. It is safe for concurrent use.
//
// Ids are told apart within one sender: use one Once for each.
type Once struct {
	capacity int
	ttl      time.Duration

	mu     sync.Mutex
	events map[string]*list.Element // nil while in work, else in done
	done   *list.List               // of doneEvent, the longest done first
}

type doneEvent struct {
	id    string
	until time.Time
}

// Memory returns a Once that remembers up to capacity events, each for ttl
// after it was handled. When it is full it forgets the longest handled first.
// ttl should be longer than the sender goes on trying. Zeros mean 100,000
// events and 72 hours.
func Memory(capacity int, ttl time.Duration) *Once {
	if capacity <= 0 {
		capacity = DefaultCapacity
	}
	if ttl <= 0 {
		ttl = DefaultTTL
	}
	return &Once{capacity: capacity, ttl: ttl, events: map[string]*list.Element{}, done: list.New()}
}

// Do calls f, unless the event was handled before; then it returns nil at once.
//
// While f is at work on an event, repeats of it return ErrInWork: they must
// neither be handled too nor be confirmed, since f may still fail. When f has
// failed or panicked, the event is forgotten and the next repeat is handled.
func (o *Once) Do(ctx context.Context, id string, f func(ctx context.Context) error) error {
	handled, err := o.begin(id)
	if handled || err != nil {
		return err
	}
	ok := false
	defer func() { o.end(id, ok) }()
	if err := f(ctx); err != nil {
		return err
	}
	ok = true
	return nil
}

// Each makes of a function for Verifier.Handler one that is called once for
// each event.
func (o *Once) Each(f func(ctx context.Context, m Message) error) func(ctx context.Context, m Message) error {
	return func(ctx context.Context, m Message) error {
		return o.Do(ctx, m.ID, func(ctx context.Context) error { return f(ctx, m) })
	}
}

// begin says whether the event was handled, or else takes it into work.
func (o *Once) begin(id string) (handled bool, err error) {
	if id == "" {
		return false, errNoID
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	now := time.Now()
	for first := o.done.Front(); first != nil && !first.Value.(doneEvent).until.After(now); first = o.done.Front() {
		o.forget(first)
	}
	if at, ok := o.events[id]; ok {
		if at == nil {
			return false, ErrInWork
		}
		return true, nil
	}
	if len(o.events) >= o.capacity {
		first := o.done.Front()
		if first == nil {
			return false, ErrFull
		}
		o.forget(first)
	}
	o.events[id] = nil
	return false, nil
}

func (o *Once) end(id string, ok bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if ok {
		o.events[id] = o.done.PushBack(doneEvent{id, time.Now().Add(o.ttl)})
	} else {
		delete(o.events, id)
	}
}

func (o *Once) forget(event *list.Element) {
	delete(o.events, event.Value.(doneEvent).id)
	o.done.Remove(event)
}
