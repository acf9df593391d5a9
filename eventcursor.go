package billhook

import (
	"encoding/base64"
	"encoding/binary"
	"hash/crc32"
	"maps"
	"slices"
)

const (
	eventCursorVersion = 1
	// maxEventCursor bounds the text of a cursor. Chains that are over and read take
	// next to none of it, so that thousands of nodes may have lived.
	maxEventCursor = 8 << 10
)

// An eventCursor is a place in a store's events: the last number that was read of each
// chain. Callers see it as text that they may not look into.
type eventCursor struct {
	// store tells cursors of different stores apart, so that a mistake is an error.
	store uint32
	// at has the chains that may still grow or are not read to their end. One that is
	// neither here nor in done is to be read from its beginning: it is new.
	at map[int64]int64
	// done are those of dead nodes that are read to their end, in ranges, ascending.
	// They are told one by one, and not by a highest: a node may be entering with a
	// lower number while one with a higher lives and dies.
	done []chainRange
}

// A chainRange is so many chains from one on.
type chainRange struct{ from, count int64 }

func newEventCursor(storeID string) *eventCursor {
	return &eventCursor{store: crc32.ChecksumIEEE([]byte(storeID)), at: map[int64]int64{}}
}

// number is the last that was read of a chain, which ends as told.
func (c *eventCursor) number(end ChainEnd) int64 {
	if c.isDone(end.Chain) {
		return end.Number
	}
	return c.at[end.Chain]
}

func (c *eventCursor) isDone(chain int64) bool {
	return slices.ContainsFunc(c.done, func(r chainRange) bool { return r.from <= chain && chain < r.from+r.count })
}

func (c *eventCursor) move(chain, number int64) { c.at[chain] = number }

// keepTo lets go of chains of which nothing is kept any more: they do not come back.
// It fails where a chain ends before the cursor, which no chain of a store does that
// was only added to.
func (c *eventCursor) keepTo(ends []ChainEnd) error {
	there := make(map[int64]bool, len(ends))
	var done []int64
	for _, end := range ends {
		there[end.Chain] = true
		if c.isDone(end.Chain) {
			done = append(done, end.Chain)
		}
		if c.at[end.Chain] > end.Number {
			return &Error{
				Code: CodeConflict, Pointer: "/after", Message: "the store's events end before the cursor: the database was restored from before it",
				Hint: "go on from a time with since",
			}
		}
	}
	maps.DeleteFunc(c.at, func(chain, _ int64) bool { return !there[chain] })
	c.done = rangesOf(done)
	return nil
}

// finish has the chains done that are over and read.
func (c *eventCursor) finish(ends []ChainEnd) {
	var done []int64
	for _, end := range ends {
		if !end.Living && c.number(end) >= end.Number {
			done = append(done, end.Chain)
			delete(c.at, end.Chain)
		}
	}
	c.done = rangesOf(done)
}

// rangesOf are those of ascending chains.
func rangesOf(chains []int64) (all []chainRange) {
	for _, chain := range chains {
		if n := len(all); n > 0 && all[n-1].from+all[n-1].count == chain {
			all[n-1].count++
			continue
		}
		all = append(all, chainRange{chain, 1})
	}
	return all
}

// String is a version, the store's sum, and then as unsigned varints: how many ranges
// are done, each by its distance from the end of the one before and its count; and the
// chains, each by its distance from the one before and its number.
func (c *eventCursor) String() string {
	b := binary.BigEndian.AppendUint32([]byte{eventCursorVersion}, c.store)
	add := func(n int64) { b = binary.AppendUvarint(b, uint64(n)) }
	add(int64(len(c.done)))
	last := int64(0)
	for _, r := range c.done {
		add(r.from - last)
		add(r.count)
		last = r.from + r.count
	}
	last = 0
	for _, chain := range slices.Sorted(maps.Keys(c.at)) {
		add(chain - last)
		add(c.at[chain])
		last = chain
	}
	return base64.RawURLEncoding.EncodeToString(b)
}

// parseEventCursor is the reverse of String.
func parseEventCursor(storeID, text string) (*eventCursor, error) {
	c := newEventCursor(storeID)
	refused := &Error{Code: CodeInvalid, Pointer: "/after", Message: "is not a cursor of this store's events", Hint: "take it as it was told, the id of a message of the stream, or go on from a time with since"}
	if len(text) > maxEventCursor {
		return nil, refused
	}
	b, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil || len(b) < 5 || b[0] != eventCursorVersion || binary.BigEndian.Uint32(b[1:]) != c.store {
		return nil, refused
	}
	b = b[5:]
	ok := true
	next := func(most int64) int64 {
		n, size := binary.Uvarint(b)
		if ok = ok && size > 0 && n <= uint64(most); !ok {
			return 0
		}
		b = b[size:]
		return int64(n) // #nosec G115 -- at most most
	}
	const most = 1 << 53
	last := int64(0)
	for range next(maxEventCursor) {
		r := chainRange{from: last + next(most), count: next(most)}
		last = r.from + r.count
		if !ok || last > most {
			return nil, refused
		}
		c.done = append(c.done, r)
	}
	last = 0
	for ok && len(b) > 0 {
		last += next(most)
		if last > most {
			return nil, refused
		}
		c.at[last] = next(1 << 62)
	}
	if !ok {
		return nil, refused
	}
	return c, nil
}
