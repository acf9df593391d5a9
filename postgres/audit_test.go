package postgres

import (
	"context"
	"fmt"
	"sync"
	"testing"

	"github.com/billhook/billhook"
)

// verified wants the store's log to be as it was written.
func verified(t *testing.T, db *Database) billhook.AuditProof {
	t.Helper()
	p, err := billhook.VerifyAudit(context.Background(), db, "default")
	check(t, err)
	if p.Broken != nil {
		t.Fatalf("broken at %v", p.Broken)
	}
	return p
}

// An event's audit entry is in the caller's transaction, for whom it may be, and the
// nodes hear of it when that commits.
func TestAuditOfEmitTx(t *testing.T) {
	ctx := context.Background()
	for _, kind := range callersKinds {
		t.Run(kind.name, func(t *testing.T) {
			db := joined(t, Options{})
			w, _ := watch(t, db)
			w.settled(db)
			undone, done := kind.begin(t, db), kind.begin(t, db)
			check(t, db.EmitTx(ctx, undone.tx, []*billhook.Emit{emit("undone")}))
			check(t, db.EmitTx(ctx, done.tx, []*billhook.Emit{emit("done")})) // for no webhook
			equal(t, "before", verified(t, db).Unlinked, 0)
			check(t, undone.rollback())
			check(t, done.commit())
			w.until("entry", func(c billhook.Change) bool { return c.Unowned })
			equal(t, "committed", verified(t, db).Unlinked, 1)
			l := &billhook.Link{Limit: 10}
			check(t, db.Commit(ctx, &billhook.Batch{Links: []*billhook.Link{l}}))
			p := verified(t, db)
			equal(t, "linked", []int64{int64(l.Linked), p.Entries, p.Unlinked}, []int64{1, 1, 0})
		})
	}
}

// Nodes that take in entries at the same time, while callers commit more, take each
// of them once.
func TestLinksAtOnce(t *testing.T) {
	ctx := context.Background()
	db := joined(t, Options{})
	nodes := []*Database{db, second(t, db, Options{})}
	check(t, nodes[1].Join(ctx))
	const callersN, each = 10, 20
	var work sync.WaitGroup
	for i := range callersN {
		tx := beginSQL(t, db)
		work.Go(func() {
			for j := range each {
				if err := db.EmitTx(ctx, tx, []*billhook.Emit{emit(fmt.Sprintf("tx_%d_%d", i, j))}); err != nil {
					t.Error(err)
				}
			}
			if err := tx.Commit(); err != nil {
				t.Error(err)
			}
		})
	}
	committed := make(chan struct{})
	var linking sync.WaitGroup
	for n, node := range nodes {
		linking.Go(func() {
			for over, i := false, 0; ; i++ {
				select {
				case <-committed:
					over = true
				default:
				}
				l := &billhook.Link{Limit: 7}
				b := &billhook.Batch{Links: []*billhook.Link{l}, Emits: []*billhook.Emit{emit(fmt.Sprintf("node_%d_%d", n, i))}}
				if err := node.Commit(ctx, b); err != nil {
					t.Error(err)
					return
				}
				if over && l.Linked == 0 {
					return
				}
			}
		})
	}
	work.Wait()
	close(committed)
	linking.Wait()
	p := verified(t, db)
	rows := ask[int64](t, session(t, db), "SELECT count(*) FROM billhook.events")
	equal(t, "in chains", []int64{p.Entries, p.Unlinked}, []int64{rows, 0})
	equal(t, "chains", len(p.Chains), 2)
}

// A connection that is lost in the middle, and a node that was taken for dead, leave
// chains that hold.
func TestChainAfterLoss(t *testing.T) {
	ctx := context.Background()
	db := joined(t, Options{})
	on := session(t, db)
	for i := range 3 {
		commitEmits(t, db, emits(3, fmt.Sprint("round_", i))...)
		execute(t, on, "SELECT pg_terminate_backend($1, 5000)", db.write.backend.pid)
		commitEmits(t, db, emits(3, fmt.Sprint("again_", i))...)
	}
	equal(t, "entries of one node", verified(t, db).Entries, 18)
	execute(t, on, "UPDATE billhook.nodes SET state = 'lost'")
	if err := db.Commit(ctx, &billhook.Batch{Emits: emits(3, "late")}); err == nil {
		t.Fatal("a commit of the dead")
	}
	check(t, db.Recover(ctx))
	commitEmits(t, db, emits(3, "new")...)
	p := verified(t, db)
	equal(t, "entries of two", []int64{p.Entries, int64(len(p.Chains))}, []int64{21, 2})
}
