package billhook_test

import (
	"cmp"
	"context"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/billhook/billhook"
	"github.com/billhook/billhook/sqlite"
)

// followAll reads all that comes after a cursor, in pages of a few.
func followAll(t *testing.T, c *billhook.Client, cursor string) (ids []string, next string) {
	t.Helper()
	for {
		page, next, err := c.EventsAfter(t.Context(), "", cursor, 3)
		if err != nil {
			t.Fatal(err)
		}
		if len(page) == 0 {
			return ids, next
		}
		for _, e := range page {
			ids = append(ids, e.ID)
		}
		if last := page[len(page)-1].Cursor; last != next {
			t.Errorf("a page ends at %s, its last event at %s", next, last)
		}
		cursor = next
	}
}

func cursorNow(t *testing.T, c *billhook.Client, since time.Time) string {
	t.Helper()
	cursor, err := c.EventCursor(t.Context(), "", since)
	if err != nil {
		t.Fatal(err)
	}
	return cursor
}

// TestEventsAfter: each event comes once, from wherever one goes on: a cursor is good
// after every single event, and after a restart.
func TestEventsAfter(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		before := w.emit("order.paid", `{}`)
		w.run()
		start := cursorNow(t, w.client, time.Time{})
		shop := w.shop()
		var ids []string
		for i := range 5 {
			ids = append(ids, w.emit("order.paid", `{}`).ID)
			w.order(shop, fmt.Sprint("o_", i), i%2 == 0)
			settle(time.Second)
		}
		all, end := followAll(t, w.client, start)
		if len(all) != 8 || !slices.Equal(slices.Compact(slices.Sorted(slices.Values(all))), slices.Sorted(slices.Values(all))) {
			t.Fatalf("8 events were committed, and come as %v", all)
		}
		for _, id := range ids {
			if !slices.Contains(all, id) {
				t.Errorf("%s is missing in %v", id, all)
			}
		}
		page, _, err := w.client.EventsAfter(t.Context(), "", start, 100)
		if err != nil {
			t.Fatal(err)
		}
		for i, e := range page {
			if rest, _ := followAll(t, w.client, e.Cursor); !slices.Equal(rest, all[i+1:]) {
				t.Errorf("after %s come %v, not %v", e.ID, rest, all[i+1:])
			}
		}
		w.reopen()
		if rest, _ := followAll(t, w.client, end); len(rest) > 0 {
			t.Errorf("after a restart come %v again", rest)
		}
		w.run()
		later := w.emit("order.paid", `{}`)
		if rest, _ := followAll(t, w.client, end); !slices.Equal(rest, []string{later.ID}) {
			t.Errorf("after a restart come %v, not %s alone", rest, later.ID)
		}
		everything, _ := followAll(t, w.client, cursorNow(t, w.client, before.CreatedAt))
		same(t, "since the first", len(everything), 10)
		some, _ := followAll(t, w.client, cursorNow(t, w.client, later.CreatedAt))
		same(t, "since the last", some, []string{later.ID})
	})
}

// TestEventCursorRefused: what is no cursor of the store is told so.
func TestEventCursorRefused(t *testing.T) {
	w := newWorld(t, t.TempDir(), billhook.Config{})
	defer w.stop()
	if _, err := w.client.CreateStore(t.Context(), billhook.Store{ID: "other"}); err != nil {
		t.Fatal(err)
	}
	w.emit("order.paid", `{}`)
	good := cursorNow(t, w.client, time.Time{})
	for _, bad := range []string{"", "x", good + "A", good[:len(good)-1], "AA" + good[2:], strings.Repeat("A", 100_000), good + "!"} {
		if _, _, err := w.client.EventsAfter(t.Context(), "", bad, 1); billhook.ErrorCode(err) != billhook.CodeInvalid {
			t.Errorf("%.40q: %v", bad, err)
		}
	}
	if _, _, err := w.client.EventsAfter(t.Context(), "other", good, 1); billhook.ErrorCode(err) != billhook.CodeInvalid {
		t.Errorf("of another store: %v", err)
	}
	if _, _, err := w.client.EventsAfter(t.Context(), "none", good, 1); billhook.ErrorCode(err) != billhook.CodeNotFound {
		t.Errorf("of no store: %v", err)
	}
	if _, err := w.client.EventCursor(t.Context(), "none", time.Time{}); billhook.ErrorCode(err) != billhook.CodeNotFound {
		t.Errorf("of no store: %v", err)
	}
	if _, err := w.client.EventCursor(t.Context(), "", time.Date(9000, 1, 1, 0, 0, 0, 0, time.UTC)); billhook.ErrorCode(err) != billhook.CodeInvalid {
		t.Errorf("since a time that is none: %v", err)
	}
	// A database that was restored from before the cursor.
	older := newWorld(t, t.TempDir(), billhook.Config{})
	defer older.stop()
	if _, _, err := older.client.EventsAfter(t.Context(), "", good, 1); billhook.ErrorCode(err) != billhook.CodeConflict {
		t.Errorf("of a database that ends before it: %v", err)
	}
}

// A manyChains is a Database whose events are in chains of many nodes.
type manyChains struct {
	billhook.Database
	chains map[int64][]billhook.ChainEvent
	length map[int64]int64 // with entries that are no events
	dead   map[int64]bool
}

func (m *manyChains) ChainEnds(context.Context, string) (all []billhook.ChainEnd, err error) {
	for chain, n := range m.length {
		all = append(all, billhook.ChainEnd{Chain: chain, Number: n, Living: !m.dead[chain]})
	}
	slices.SortFunc(all, func(a, b billhook.ChainEnd) int { return cmp.Compare(a.Chain, b.Chain) })
	return all, nil
}

func (m *manyChains) ChainEvents(_ context.Context, r billhook.ChainRange) (all []billhook.ChainEvent, err error) {
	for _, e := range m.chains[r.Chain] {
		if e.Number > r.After && e.Number <= r.To && len(all) < r.Limit {
			all = append(all, e)
		}
	}
	return all, nil
}

// TestEventsOfManyNodes: nodes come and go, some write later than others with a higher
// number, logs are forgotten, and whoever follows has each event once. A cursor stays
// short, however many nodes there were.
func TestEventsOfManyNodes(t *testing.T) {
	db, err := sqlite.Open(filepath.Join(t.TempDir(), "billhook.db"), sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	m := &manyChains{Database: db, chains: map[int64][]billhook.ChainEvent{}, length: map[int64]int64{}, dead: map[int64]bool{}}
	client, err := billhook.New(m, billhook.Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	random := rand.New(rand.NewPCG(7, 7))
	cursor := cursorNow(t, client, time.Time{})
	var living []int64
	var want, got []string
	at, lastChain, longest, late := time.Unix(1e9, 0), int64(0), 0, 0
	write := func(chain int64) {
		m.length[chain] += 1 + random.Int64N(2)
		at = at.Add(time.Second)
		id := fmt.Sprintf("evt_%d_%d", chain, m.length[chain])
		m.chains[chain] = append(m.chains[chain], billhook.ChainEvent{Event: billhook.Event{ID: id, CreatedAt: at}, Number: m.length[chain]})
		want = append(want, id)
	}
	for round := range 5000 {
		switch n := random.IntN(10); {
		case len(living) == 0 || n == 0 && len(living) < 5:
			lastChain++
			living = append(living, lastChain)
		case n == 1: // it dies, perhaps without ever having written
			i := random.IntN(len(living))
			m.dead[living[i]] = true
			living = slices.Delete(living, i, i+1)
		case n == 2:
			m.length[living[0]]++ // an entry that is no event
		default:
			write(living[random.IntN(len(living))])
		}
		if n := random.IntN(40); n == 0 && len(m.length) > 20 { // the log of a dead node is forgotten, which was read
			for chain := range m.dead {
				if len(m.chains[chain]) > 0 && slices.Contains(got, m.chains[chain][len(m.chains[chain])-1].ID) {
					delete(m.length, chain)
					delete(m.chains, chain)
				}
			}
		}
		if random.IntN(3) > 0 {
			continue
		}
		page, next, err := client.EventsAfter(t.Context(), "", cursor, 1+random.IntN(4))
		if err != nil {
			t.Fatalf("round %d: %v", round, err)
		}
		for i, e := range page {
			got = append(got, e.ID)
			if i > 0 && e.CreatedAt.Before(page[i-1].CreatedAt) {
				late++
			}
		}
		if cursor = next; len(page) > 0 && random.IntN(2) == 0 {
			cursor = page[len(page)-1].Cursor // as good as the page's
		}
		longest = max(longest, len(cursor))
	}
	rest, _ := followAll(t, client, cursor)
	got = append(got, rest...)
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("%d events were written, and %d were read", len(want), len(got))
	}
	if late > 0 {
		t.Errorf("%d events come after later ones in their page", late)
	}
	if len(want) < 1000 || lastChain < 100 || longest > 400 {
		t.Errorf("%d events of %d nodes, cursors of up to %d characters", len(want), lastChain, longest)
	}
}

// TestNewEvents: who follows a store is told of its events, and of no other's.
func TestNewEvents(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		if _, err := w.client.CreateStore(t.Context(), billhook.Store{ID: "other"}); err != nil {
			t.Fatal(err)
		}
		news, stop := w.client.NewEvents("")
		others, stopOthers := w.client.NewEvents("other")
		told := func(c <-chan struct{}) bool {
			select {
			case <-c:
				return true
			default:
				return false
			}
		}
		w.emit("order.paid", `{}`)
		w.emit("order.paid", `{}`)
		same(t, "told", []bool{told(news), told(news), told(others)}, []bool{true, false, false})
		w.run()
		settle(time.Second)
		told(news)
		told(others)
		w.order(w.shop(), "o_1", true)
		settle(time.Second)
		same(t, "told of what another transaction brought", told(news), true)
		stop()
		w.emit("order.paid", `{}`)
		same(t, "told after the end", told(news), false)
		stopOthers()
	})
}
