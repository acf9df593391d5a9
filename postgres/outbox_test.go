package postgres

import (
	"context"
	"fmt"
	"slices"
	"testing"
)

// Nodes share what was asked for, none is left out, and what one of them does not
// deal with is anyone's after a while, or at once when it is lost.
func TestOutboxIsShared(t *testing.T) {
	ctx := context.Background()
	db := joined(t, Options{})
	nodes := []*Database{db, second(t, db, Options{}), second(t, db, Options{})}
	on := session(t, db)
	execute(t, on, "INSERT INTO billhook.outbox (type, data, asked_at) SELECT 'order.paid', '1', 9000000000000000000 FROM generate_series(1, 90)")
	all := make([]int64, 90)
	for i := range all {
		all[i] = int64(i + 1)
	}
	shared := func(among []*Database, want []int64) {
		t.Helper()
		var got []int64
		for _, node := range among {
			asked, err := node.Outbox(ctx, 100)
			check(t, err)
			if most := len(want)/len(among) + 1; len(asked) > most {
				t.Errorf("a share of %d, want at most %d", len(asked), most)
			}
			for _, a := range asked {
				got = append(got, a.Number)
			}
		}
		slices.Sort(got)
		equal(t, "asked", fmt.Sprint(got), fmt.Sprint(want))
	}
	shared(nodes, all)
	some, err := db.Outbox(ctx, 7)
	check(t, err)
	equal(t, "asked with a limit", len(some), 7)

	execute(t, on, giveUp, nodes[0].owner())
	shared(nodes[1:], all)

	// The second has nothing left and sees what the third has not dealt with.
	asked, err := nodes[1].Outbox(ctx, 100)
	check(t, err)
	for _, a := range asked {
		execute(t, on, "DELETE FROM billhook.outbox WHERE number = $1", a.Number)
		all = slices.DeleteFunc(all, func(n int64) bool { return n == a.Number })
	}
	shared(nodes[1:2], nil)
	execute(t, on, "UPDATE billhook.outbox SET asked_at = 1")
	shared(nodes[1:2], all)
}

// TestOutboxOfAnEntity: what was asked for about one entity is one node's to deal
// with, in its order.
func TestOutboxOfAnEntity(t *testing.T) {
	ctx := context.Background()
	first := joined(t, Options{})
	nodes := []*Database{first, second(t, first, Options{}), second(t, first, Options{})}
	on := session(t, first)
	for i := range 60 {
		execute(t, on, "INSERT INTO billhook.outbox (type, data, entity_type, entity_id) VALUES ('t', '{}', 'item', $1)", fmt.Sprint(i%6))
	}
	execute(t, on, "INSERT INTO billhook.outbox (type, data) SELECT 't', '{}' FROM generate_series(1, 30)")
	of, all, last := map[string]int{}, 0, map[string]int64{}
	for n, db := range nodes {
		asked, err := db.Outbox(ctx, 1000)
		check(t, err)
		all += len(asked)
		for _, a := range asked {
			id := a.Emission.Entity.ID
			if id == "" {
				continue
			}
			if other, seen := of[id]; seen && other != n {
				t.Errorf("%s is of two nodes", id)
			}
			if of[id] = n; a.Number < last[id] {
				t.Errorf("%s: %d comes after %d", id, a.Number, last[id])
			}
			last[id] = a.Number
		}
	}
	equal(t, "of all nodes", all, 90)
}
