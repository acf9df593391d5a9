package sqlstore_test

import (
	"context"
	"testing"

	"github.com/billhook/billhook"
)

const lives = 40

var pairs = []struct {
	name     string
	from, to func(testing.TB) place
}{
	{"to a server", filePlace, serverPlace},
	{"to a file", serverPlace, filePlace},
	{"from server to server", serverPlace, serverPlace},
	{"from file to file", filePlace, filePlace},
}

func TestCopy(t *testing.T) {
	for _, test := range pairs {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			from, to := test.from(t), test.to(t)
			fill(t, from, lives)
			p, err := copyOnce(t, from, to, 0, nil)
			proved(t, p, err)
			changed := int64(0)
			for _, c := range p.Tables {
				changed += c.Changed
			}
			// What a server has it has in its form already.
			if odd := from.name == "sqlite" && to.name == "postgres"; odd != (changed == 2*lives) || !odd && changed != 0 {
				t.Errorf("%d rows changed", changed)
			}
			again, err := copyOnce(t, from, to, 0, nil)
			proved(t, again, err)
			if !again.Before {
				t.Error("what was finished was done again")
			}
			for i := range p.Tables {
				equal(t, "kept proof", again.Tables[i], p.Tables[i])
			}
			same(t, from, to)
			takenStays(t, to)
		})
	}
}

// takenStays: an id and a key that were taken at the source are at the target.
func takenStays(t *testing.T, to place) {
	t.Helper()
	db := use(t, to)
	defer db.Close()
	// Event 9 was emitted with an id of Billhook's own, event 13 with the caller's.
	sameKey := &billhook.Emit{Event: billhook.Event{StoreID: "Zwei.2", ID: "evt_new", IdempotencyKey: "key ~ 9", CreatedAt: at(0)}}
	sameID := &billhook.Emit{OwnID: true, Event: billhook.Event{StoreID: "Zwei.2", ID: "evt_6:13", CreatedAt: at(0)}}
	check(t, db.Commit(context.Background(), &billhook.Batch{Emits: []*billhook.Emit{sameKey, sameID}}))
	for _, e := range []*billhook.Emit{sameKey, sameID} {
		if e.Existing == nil {
			t.Errorf("%s was accepted a second time", e.Event.ID)
		}
	}
}
