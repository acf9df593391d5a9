package sqlstore

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	_ "modernc.org/sqlite"

	"github.com/billhook/billhook"
)

// TestPlans lets SQLite explain every read of one store. None may look at
// more rows than it returns but for filters that no index is meant for, so
// none may scan a table, nor sort but what its limit bounds already.
func TestPlans(t *testing.T) {
	ctx, db := context.Background(), migrated(t)
	event, delivery := billhook.EventFilter{StoreID: "s", Limit: 10}, billhook.DeliveryFilter{StoreID: "s", Limit: 10}
	moment := time.Unix(1, 0)
	for _, test := range []struct {
		name string
		read func(*Reader) error
		// uses are the indexes to be used.
		uses []string
	}{
		{"lanes", func(r *Reader) error { _, err := r.Lanes(ctx, 1); return err }, []string{"(store_id>?)", "(store_id=?)", "(store_id=? AND webhook_id>?)"}},
		{"pending", func(r *Reader) error {
			_, err := r.Pending(ctx, 1, billhook.Lane{}, billhook.Position{}, 1)
			return err
		}, []string{"pending_lane (store_id=? AND webhook_id=? AND owner=? AND (due_at,id)>(?,?))"}},
		{"unowned", func(r *Reader) error { _, err := r.Unowned(ctx); return err }, []string{"pending_unowned"}},
		{"newest of an entity", func(r *Reader) error {
			_, err := r.Newest(ctx, billhook.Strand{}, "t", 1)
			return err
		}, []string{"pending_strand (store_id=? AND webhook_id=? AND entity_type=? AND entity_id=? AND owner=? AND sequence>?)"}},
		{"stuck", func(r *Reader) error { _, err := r.Stuck(ctx, 1); return err },
			[]string{"pending_strand", "pending_strand (store_id=? AND webhook_id=? AND entity_type=? AND entity_id=? AND owner>?)"}},
		{"event", func(r *Reader) error { _, err := r.Event(ctx, "s", "e"); return notFoundIsFine(err) }, []string{"events_id"}},
		{"events", events(event), []string{"events_newest (store_id=?)"}},
		{"events from", events(with(event, func(f *billhook.EventFilter) { f.From, f.To = moment, moment })),
			[]string{"events_newest (store_id=? AND created_at>? AND created_at<?)"}},
		{"events before", events(with(event, func(f *billhook.EventFilter) { f.Before = billhook.EventPosition{CreatedAt: moment, ID: "x"} })),
			[]string{"events_newest (store_id=? AND (created_at,id)<(?,?))"}},
		{"delivery", func(r *Reader) error { _, err := r.Delivery(ctx, "s", "d"); return notFoundIsFine(err) },
			[]string{"pending USING PRIMARY KEY (store_id=? AND id=?)", "deliveries USING PRIMARY KEY (store_id=? AND id=?)"}},
		{"attempts", func(r *Reader) error { _, err := r.Attempts(ctx, "s", "d"); return err },
			[]string{"attempts USING PRIMARY KEY (store_id=? AND delivery_id=?)", "deliveries USING PRIMARY KEY (store_id=? AND id=?)"}},
		{"deliveries", deliveries(delivery),
			[]string{"pending USING PRIMARY KEY (store_id=?)", "deliveries USING PRIMARY KEY (store_id=?)", "events_id"}},
		{"deliveries before", deliveries(with(delivery, func(f *billhook.DeliveryFilter) { f.Before = "x" })),
			[]string{"pending USING PRIMARY KEY (store_id=? AND id<?)", "deliveries USING PRIMARY KEY (store_id=? AND id<?)"}},
		{"of a webhook", deliveries(with(delivery, func(f *billhook.DeliveryFilter) { f.WebhookID, f.Before = "w", "x" })),
			[]string{"pending_webhook (store_id=? AND webhook_id=? AND id<?)", "deliveries_webhook (store_id=? AND webhook_id=? AND id<?)"}},
		{"of an event", deliveries(with(delivery, func(f *billhook.DeliveryFilter) { f.EventID = "e" })),
			[]string{"pending USING PRIMARY KEY (store_id=? AND id=?)", "deliveries USING PRIMARY KEY (store_id=? AND id=?)"}},
		{"dead", deliveries(with(delivery, func(f *billhook.DeliveryFilter) { f.Status, f.Before = "dead", "x" })),
			[]string{"deliveries_failed (store_id=? AND status=? AND id<?)"}},
		{"dead of a webhook", deliveries(with(delivery, func(f *billhook.DeliveryFilter) { f.Status, f.WebhookID = "dead", "w" })),
			[]string{"deliveries_webhook_failed (store_id=? AND webhook_id=? AND status=?)"}},
		{"audit", audit(func(*billhook.AuditFilter) {}), []string{"events_newest (store_id=?)", "audit USING PRIMARY KEY (store_id=?)"}},
		{"audit before", audit(func(f *billhook.AuditFilter) { f.Before = billhook.EventPosition{CreatedAt: moment, ID: "x"} }),
			[]string{"events_newest (store_id=? AND (created_at,id)<(?,?))", "audit USING PRIMARY KEY (store_id=? AND (created_at,id)<(?,?))"}},
		{"audit of an entity", audit(func(f *billhook.AuditFilter) { f.EntityType, f.EntityID = "order", "o" }),
			[]string{"events_entity (store_id=? AND entity_type=? AND entity_id=?)", "audit_entity (store_id=? AND entity_type=? AND entity_id=?)"}},
		{"audit of a kind of entity", audit(func(f *billhook.AuditFilter) { f.EntityType = "webhook" }),
			[]string{"events_entity (store_id=? AND entity_type=?", "events_newest (store_id=?)"}},
		{"audit of an actor", audit(func(f *billhook.AuditFilter) { f.ActorID = "a" }), []string{"events_newest (store_id=?)", "audit_actor (store_id=? AND actor_id=?)"}},
		{"audit of our own", audit(func(f *billhook.AuditFilter) { f.Event = billhook.AuditSecretReveal }), []string{"audit USING PRIMARY KEY (store_id=?)"}},
		{"audit heads", func(r *Reader) error { _, err := r.AuditHeads(ctx, "s"); return err }, nil},
		{"audit stores", func(r *Reader) error { _, err := r.AuditStores(ctx); return err }, []string{"(store_id>?)"}},
		{"audit chain", func(r *Reader) error { _, err := r.AuditChain(ctx, "s", 1, 1, 10); return err },
			[]string{"events_chain (store_id=? AND chain=? AND number>?)", "audit_chain (store_id=? AND chain=? AND number>?)", "events_id (store_id=? AND id=?)"}},
		{"ends of chains", func(r *Reader) error { _, err := r.ChainEnds(ctx, "s"); return err }, []string{"audit_heads"}},
		{"events of a chain", func(r *Reader) error {
			_, err := r.ChainEvents(ctx, billhook.ChainRange{StoreID: "s", Chain: 1, To: 10, Limit: 10})
			return err
		}, []string{"events_chain (store_id=? AND chain=? AND number>? AND number<?)"}},
		{"first events since", func(r *Reader) error { _, err := r.ChainsSince(ctx, "s", moment); return err }, []string{"events_newest (store_id=? AND created_at>?)"}},
		{"audit since", func(r *Reader) error {
			_, err := r.AuditSince(ctx, "s", billhook.EventPosition{}, time.Time{}, 10)
			return err
		}, []string{"events_newest (store_id=? AND ", "audit USING PRIMARY KEY (store_id=? AND ", "events_id (store_id=? AND id=?)"}},
		{"ledger", func(r *Reader) error {
			_, err := r.Ledger(ctx, billhook.LedgerFilter{StoreID: "s", WebhookID: "w", From: moment})
			return err
		}, []string{"ledger USING PRIMARY KEY (store_id=? AND webhook_id=? AND day>?)"}},
		{"ledger since", func(r *Reader) error { _, err := r.LedgerSince(ctx, "s"); return err }, []string{"ledger USING PRIMARY KEY (store_id=? AND webhook_id=?)"}},
		{"counted", func(r *Reader) error { _, err := r.Counted(ctx, "s", "x", 10); return err },
			[]string{"pending USING PRIMARY KEY (store_id=? AND id>?)", "deliveries USING PRIMARY KEY (store_id=? AND id>?)"}},
		{"backlog", func(r *Reader) error {
			_, err := r.Backlog(ctx, 1, billhook.Lane{StoreID: "s", WebhookID: "w"}, moment, time.Time{})
			return err
		}, []string{"pending_lane (store_id=? AND webhook_id=?)"}},
		{"over", func(r *Reader) error {
			_, err := r.Over(ctx, billhook.OverFilter{StoreID: "s", Statuses: []billhook.Status{"dead", "cancelled"}, After: "x", Limit: 10})
			return err
		}, []string{"deliveries_failed (store_id=? AND status=? AND id>?)"}},
		{"over of a webhook", func(r *Reader) error {
			_, err := r.Over(ctx, billhook.OverFilter{StoreID: "s", WebhookID: "w", Statuses: []billhook.Status{"dead"}, After: "x", Limit: 10})
			return err
		}, []string{"deliveries_webhook_failed (store_id=? AND webhook_id=? AND status=? AND id>?)"}},
		{"delivered of a webhook", func(r *Reader) error {
			_, err := r.Over(ctx, billhook.OverFilter{StoreID: "s", WebhookID: "w", Statuses: []billhook.Status{"delivered"}, After: "x", Limit: 10})
			return err
		}, []string{"deliveries_webhook (store_id=? AND webhook_id=? AND id>?)"}},
		{"events for a webhook", func(r *Reader) error {
			_, err := r.EventsFor(ctx, billhook.EventsForFilter{Lane: billhook.Lane{StoreID: "s", WebhookID: "w"}, Until: moment, Limit: 10})
			return err
		}, []string{"events_newest (store_id=? AND ", "SEARCH p USING PRIMARY KEY (store_id=? AND id=?)", "SEARCH d USING PRIMARY KEY (store_id=? AND id=?)",
			"SEARCH r USING PRIMARY KEY (store_id=? AND event_id=? AND webhook_id=?)"}},
		{"recoveries", func(r *Reader) error {
			_, err := r.Recoveries(ctx, billhook.RecoveryFilter{StoreID: "s", Before: "x", Limit: 10})
			return err
		}, []string{"recoveries USING PRIMARY KEY (store_id=? AND id<?)"}},
		{"outcome of a recovery", func(r *Reader) error {
			_, err := db.Exec("INSERT INTO billhook_recovery_steps VALUES ('s', 'r', 1, 0, 0, '[]')")
			if err == nil {
				_, _, err = r.RecoveryOutcome(ctx, "s", "r", 0, 10)
			}
			return err
		}, nil},
		{"running recoveries", func(r *Reader) error {
			_, err := r.Recoveries(ctx, billhook.RecoveryFilter{StoreID: "s", Status: billhook.RecoveryRunning, Limit: 10})
			return err
		}, []string{"recoveries_running (store_id=?)"}},
		{"edge of what waits", edge(with(delivery, func(f *billhook.DeliveryFilter) {
			f.Status, f.WebhookID, f.Before, f.NotBefore = "pending", "w", "x", "a"
		})),
			[]string{"COVERING INDEX billhook_pending_webhook (store_id=? AND webhook_id=? AND id>? AND id<?)", "SEARCH one USING PRIMARY KEY (store_id=? AND id=?)"}},
		{"edge of a store", edge(with(delivery, func(f *billhook.DeliveryFilter) { f.Status = "delivered" })), []string{"deliveries USING PRIMARY KEY (store_id=?)"}},
		{"edge of a webhook", edge(with(delivery, func(f *billhook.DeliveryFilter) { f.Status, f.WebhookID, f.Before = "delivered", "w", "x" })),
			[]string{"COVERING INDEX billhook_deliveries_webhook (store_id=? AND webhook_id=? AND id<?)"}},
		{"edge of the dead", edge(with(delivery, func(f *billhook.DeliveryFilter) { f.Status, f.Before = "dead", "x" })),
			[]string{"COVERING INDEX billhook_deliveries_failed (store_id=? AND status=? AND id<?)"}},
		{"a type within an edge", deliveries(with(delivery, func(f *billhook.DeliveryFilter) { f.EventType, f.Before, f.NotBefore = "t", "x", "a" })),
			[]string{"pending USING PRIMARY KEY (store_id=? AND id>? AND id<?)", "deliveries USING PRIMARY KEY (store_id=? AND id>? AND id<?)"}},
		{"search", deliveries(with(delivery, func(f *billhook.DeliveryFilter) { f.Search, f.WebhookID, f.NotBefore = "t", "w", "a" })),
			[]string{"deliveries_webhook (store_id=? AND webhook_id=? AND id>?)", "SEARCH s USING INDEX billhook_events_id (store_id=? AND id=?)"}},
		{"events about", func(r *Reader) error { _, err := r.EventsAbout(ctx, "s", "e", 10); return err },
			[]string{"events_entity (store_id=? AND entity_type>?)", "events_entity (store_id=? AND entity_type=? AND entity_id=?)"}},
		{"activity", func(r *Reader) error { _, err := r.ActivityCounts(ctx, "s", moment, moment); return err },
			[]string{"activity USING PRIMARY KEY (store_id=? AND at>? AND at<?)"}},
		{"backlogs", func(r *Reader) error { _, err := r.Backlogs(ctx, "s"); return err }, []string{"COVERING INDEX billhook_pending_lane (store_id=?"}},
		{"pending of a webhook", deliveries(with(delivery, func(f *billhook.DeliveryFilter) { f.Status, f.WebhookID = "pending", "w" })),
			[]string{"pending_webhook (store_id=? AND webhook_id=?)"}},
	} {
		r := NewReader(db, Dialect{
			Text:     strings.NewReplacer("billhook.", "billhook_").Replace,
			Elements: func(column string) string { return "json_each(" + column + ")" },
			Folded:   func(column string) string { return "lower(" + column + ")" },
			Decoded:  func(column string) string { return "CAST(" + column + " AS TEXT)" },
			Has:      "instr",
		})
		if err := test.read(r); err != nil {
			t.Fatalf("%s: %v", test.name, err)
		}
		for text := range r.prepared {
			plan := explain(t, db, r.dialect.Text(text))
			for _, want := range test.uses {
				if !strings.Contains(plan, want) {
					t.Errorf("%s does not use %s:\n%s\n%s", test.name, want, plan, text)
				}
			}
			for table := range strings.SplitSeq("pending deliveries events attempts audit ledger", " ") {
				if strings.Contains(plan, "SCAN billhook_"+table+"\n") {
					t.Errorf("%s scans %s:\n%s\n%s", test.name, table, plan, text)
				}
			}
			t.Logf("%s:\n%s", test.name, plan)
		}
	}
}

func events(f billhook.EventFilter) func(*Reader) error {
	return func(r *Reader) error { _, err := r.Events(context.Background(), f); return err }
}

func deliveries(f billhook.DeliveryFilter) func(*Reader) error {
	return func(r *Reader) error { _, err := r.Deliveries(context.Background(), f); return err }
}

func edge(f billhook.DeliveryFilter) func(*Reader) error {
	return func(r *Reader) error { _, err := r.Edge(context.Background(), f, 10); return err }
}

func audit(change func(*billhook.AuditFilter)) func(*Reader) error {
	f := billhook.AuditFilter{StoreID: "s", Limit: 10}
	change(&f)
	return func(r *Reader) error { _, err := r.Audit(context.Background(), f); return err }
}

func with[F any](f F, change func(*F)) F {
	change(&f)
	return f
}

func notFoundIsFine(err error) error {
	if err == billhook.ErrNotFound {
		return nil
	}
	return err
}

func explain(t *testing.T, db *sql.DB, text string) string {
	t.Helper()
	rows, err := db.Query("EXPLAIN QUERY PLAN "+text, make([]any, strings.Count(text, "?"))...)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var plan strings.Builder
	for rows.Next() {
		var id, parent, unused int
		var step string
		if err := rows.Scan(&id, &parent, &unused, &step); err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&plan, "  %s\n", step)
	}
	return plan.String()
}

// migrated is an empty database of SQLite's with all tables.
func migrated(t *testing.T) *sql.DB {
	t.Helper()
	db, err := sql.Open("sqlite", ":memory:")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	db.SetMaxOpenConns(1)
	scripts, err := filepath.Glob("../../sqlite/migrations/*.sql")
	if err != nil || len(scripts) == 0 {
		t.Fatalf("migrations: %v, %v", scripts, err)
	}
	for _, script := range scripts {
		text, err := os.ReadFile(script)
		if err == nil {
			_, err = db.Exec(string(text))
		}
		if err != nil {
			t.Fatalf("%s: %v", script, err)
		}
	}
	return db
}

// TestPlansOfWrites: what a transaction looks for it finds by an index, and in its order.
func TestPlansOfWrites(t *testing.T) {
	db := migrated(t)
	among := func(column string) string { return column + " IN (SELECT value FROM json_each(?))" }
	const (
		strand   = "pending_strand (store_id=? AND webhook_id=? AND entity_type=? AND entity_id=? AND owner"
		eventsID = "events_id (store_id=? AND id=?)"
		byID     = " USING PRIMARY KEY (store_id=? AND id=?)"
	)
	for text, uses := range map[string][]string{
		selectNext: {strand + "=?)", strand + ">?)"}, toSkip: {strand + "=? AND sequence<?)"},
		finishSkipped: {"own" + byID, strand + "=? AND sequence>?)"},
		toCancel:      {"pending_lane (store_id=? AND webhook_id=? AND owner=? AND due_at<?)"},
		toCancelBack:  {"pending_lane (store_id=? AND webhook_id=? AND owner=? AND due_at<?)"},
		selectUnowned: {"pending_unowned"},
		someOfIt:      {"events_chain (store_id=? AND chain=? AND number>?)", "audit_chain (store_id=? AND chain=? AND number>?)"},

		hasten: {"pending" + byID}, revive: {"deliveries" + byID}, reviveOrdered: {"d" + byID, eventsID},
		keepAttempt: {"deliveries" + byID}, forget: {"deliveries" + byID},

		eraseAbout:  {"events_entity (store_id=? AND entity_type=? AND entity_id=? AND created_at>? AND created_at<?)"},
		eraseBy:     {"events_newest (store_id=? AND created_at>? AND created_at<?)"},
		nextErasure: {"erasures_waiting"}, sameErasure: {"erasures_waiting (store_id=?)"},
		lanesAmong + among("id"): {"pending" + byID},
		"UPDATE billhook.attempts" + emptyAnswers + among("delivery_id"): {"attempts USING PRIMARY KEY (store_id=? AND delivery_id=?)"},
		"UPDATE billhook.deliveries" + emptyAnswers + among("id"):        {"deliveries" + byID},

		selectPast:                            {"events_newest (store_id=? AND created_at>? AND created_at<?)"},
		selectLate:                            {"late USING PRIMARY KEY (store_id=? AND (created_at,id)>(?,?))"},
		selectOldAudit:                        {"audit USING PRIMARY KEY (store_id=? AND created_at<?)"},
		waitingAmong + among("id"):            {"pending" + byID},
		dataAmong + among("id"):               {eventsID},
		deleteEvents + among("id"):            {eventsID},
		eraseData:                             {eventsID},
		replaysAmong + among("event_id"):      {"replays USING PRIMARY KEY (store_id=? AND event_id=?)"},
		deleteReplays + among("event_id"):     {"replays USING PRIMARY KEY (store_id=? AND event_id=?)"},
		deleteAttempts + among("delivery_id"): {"attempts USING PRIMARY KEY (store_id=? AND delivery_id=?)"},
		deleteDeliveries + among("id"):        {"deliveries" + byID},
	} {
		plan := explain(t, db, strings.ReplaceAll(text, "billhook.", "billhook_"))
		for _, want := range uses {
			if !strings.Contains(plan, want) || strings.Contains(plan, "TEMP B-TREE") {
				t.Errorf("does not use %s:\n%s\n%s", want, plan, text)
			}
		}
	}
}
