package billhook

import (
	"context"
	"slices"
	"time"
)

// An EventLog is what a store's events are read from in the order in which they were
// committed: that of the audit log's chains, whose numbers have no gap, so that who
// knows the last number of each has missed nothing and has nothing twice.
type EventLog interface {
	// ChainEnds reads where the store's chains end, by chain, as they were at one
	// moment.
	ChainEnds(ctx context.Context, storeID string) ([]ChainEnd, error)
	// ChainEvents reads events of one chain, by number.
	ChainEvents(ctx context.Context, r ChainRange) ([]ChainEvent, error)
	// ChainsSince reads the first event of each chain that was accepted at a time or
	// later; its Number is that of the event. Chains without any are left out.
	ChainsSince(ctx context.Context, storeID string, since time.Time) ([]ChainEnd, error)
}

// A ChainEnd is a place in a chain of a store's audit log.
type ChainEnd struct {
	Chain, Number int64
	// Living: the chain may still grow.
	Living bool
}

// A ChainRange selects events of a chain: After < number <= To.
type ChainRange struct {
	StoreID   string
	Chain     int64
	After, To int64
	// Limit is the most to read.
	Limit int
	// MaxBytes bounds the data that is read, as in EventFilter.
	MaxBytes int
}

// A ChainEvent is an event with its number in its chain.
type ChainEvent struct {
	Event
	Number int64
}

// A FollowedEvent is an event, and the cursor behind it.
type FollowedEvent struct {
	Event
	Cursor string
}

// followBytes bounds the data of a page of followed events, in bytes, of all chains
// together: more than a hundred may follow at a time, each at its own pace.
const followBytes = 2 << 20

// EventsAfter reads events of a store that come after a cursor, in the order in which
// they were committed, and the cursor behind all that was looked at. None means that
// there are no more yet. Of what several nodes accept at the same time each one's is in
// order; between them the time of acceptance decides.
//
// Every event comes once, for as long as it is kept: over restarts, on every node, and
// also one that was emitted in a caller's transaction, moments after that has ended.
func (c *Client) EventsAfter(ctx context.Context, storeID, cursor string, limit int) ([]FollowedEvent, string, error) {
	storeID = orDefaultStore(storeID)
	if _, _, err := c.registry.store(storeID); err != nil {
		return nil, "", err
	}
	at, err := parseEventCursor(storeID, cursor)
	if err != nil {
		return nil, "", err
	}
	ends, err := c.db.ChainEnds(ctx, storeID)
	if err != nil {
		return nil, "", err
	}
	if err := at.keepTo(ends); err != nil {
		return nil, "", err
	}
	var ahead [][]ChainEvent
	var chains []int64
	unread := slices.DeleteFunc(slices.Clone(ends), func(end ChainEnd) bool { return at.number(end) >= end.Number })
	for _, end := range unread {
		found, err := c.db.ChainEvents(ctx, ChainRange{storeID, end.Chain, at.number(end), end.Number, limit, followBytes / len(unread)})
		if err != nil {
			return nil, "", err
		}
		if len(found) == 0 {
			at.move(end.Chain, end.Number) // entries that are no events
			continue
		}
		ahead, chains = append(ahead, found), append(chains, end.Chain)
	}
	at.finish(ends)
	var all []FollowedEvent
	for len(all) < limit && len(ahead) > 0 {
		i := earliest(ahead)
		at.move(chains[i], ahead[i][0].Number)
		all = append(all, FollowedEvent{ahead[i][0].Event, at.String()})
		if ahead[i] = ahead[i][1:]; len(ahead[i]) == 0 {
			ahead, chains = slices.Delete(ahead, i, i+1), slices.Delete(chains, i, i+1)
		}
	}
	return all, at.String(), nil
}

// earliest is the chain whose next event was accepted first.
func earliest(ahead [][]ChainEvent) int {
	first := 0
	for i := range ahead {
		if ahead[i][0].CreatedAt.Before(ahead[first][0].CreatedAt) {
			first = i
		}
	}
	return first
}

// EventCursor is the cursor before all events of a store that were accepted at a time
// or later, for EventsAfter. Some from before it may come after the cursor too. The
// zero time is now: behind all that is committed.
func (c *Client) EventCursor(ctx context.Context, storeID string, since time.Time) (string, error) {
	storeID = orDefaultStore(storeID)
	if _, _, err := c.registry.store(storeID); err != nil {
		return "", err
	}
	if err := checkTime(since, "/since"); err != nil {
		return "", err
	}
	// The ends come first: what is committed in between is after them then.
	ends, err := c.db.ChainEnds(ctx, storeID)
	if err != nil {
		return "", err
	}
	at := newEventCursor(storeID)
	for _, end := range ends {
		at.move(end.Chain, end.Number)
	}
	if since.IsZero() {
		at.finish(ends)
		return at.String(), nil
	}
	first, err := list(ctx, &c.turns, storeID, since, "ask for a shorter time, or go on from a cursor", func(ctx context.Context, since time.Time) ([]ChainEnd, error) {
		return c.db.ChainsSince(ctx, storeID, since)
	})
	if err != nil {
		return "", err
	}
	for _, f := range first {
		at.move(f.Chain, min(at.number(f), f.Number-1))
	}
	at.finish(ends)
	return at.String(), nil
}
