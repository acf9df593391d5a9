package postgres

import (
	"context"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/billhook/billhook"
)

// A trace keeps the statements of connections, each with the arguments that it
// had first.
type trace struct {
	mu   sync.Mutex
	args map[string][]any
}

func (tr *trace) note(text string, args []any) {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	if len(args) > 0 {
		if _, results := args[0].(pgx.QueryResultFormatsByOID); results { // what database/sql asks for besides
			args = args[1:]
		}
	}
	if _, ok := tr.args[text]; !ok {
		tr.args[text] = slices.Clone(args)
	}
}

func (tr *trace) TraceQueryStart(ctx context.Context, _ *pgx.Conn, data pgx.TraceQueryStartData) context.Context {
	tr.note(data.SQL, data.Args)
	return ctx
}
func (tr *trace) TraceQueryEnd(context.Context, *pgx.Conn, pgx.TraceQueryEndData) {}

// taken returns what was noted since, and forgets it.
func (tr *trace) taken() map[string][]any {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	taken := tr.args
	tr.args = map[string][]any{}
	return taken
}

// traced is a node whose connections are all traced.
func traced(t *testing.T) (*Database, *trace) {
	t.Helper()
	db := joined(t, Options{})
	tr := &trace{args: map[string][]any{}}
	plain := db.config
	db.config = db.config.Copy()
	db.config.Tracer = tr
	db.lists.Close()
	db.point.Close()
	db.openPools()
	check(t, db.Recover(context.Background()))
	db.config = plain
	tr.taken()
	return db, tr
}

// fill writes some thousands of lives of two stores and several webhooks: over,
// dead, tried before and waiting.
func fill(t *testing.T, db *Database, n int) (some *billhook.Emit) {
	t.Helper()
	for first := 0; first < n; first += 1000 {
		batch, outcomes := &billhook.Batch{}, &billhook.Batch{}
		for i := first; i < first+1000; i++ {
			e := emit(fmt.Sprintf("evt_%05d", i), fmt.Sprintf("wh_%d", i%7), fmt.Sprintf("wh_%d", i%5))
			e.OwnID = i%3 == 0
			if i%4 == 3 {
				e.Event.StoreID = "other"
				for j := range e.Deliveries {
					e.Deliveries[j].StoreID = "other"
				}
			}
			batch.Emits = append(batch.Emits, e)
			o := delivered(e.Deliveries[0])
			switch {
			case i%4 == 1:
				o.Status, o.NextAttemptAt = billhook.StatusPending, time.Now().Add(time.Hour)
			case i%20 == 2:
				o.Status = billhook.StatusDead
			}
			if i%3 > 0 {
				outcomes.Outcomes = append(outcomes.Outcomes, o)
			}
			some = e
		}
		check(t, db.Commit(context.Background(), batch))
		check(t, db.Commit(context.Background(), outcomes))
	}
	return some
}

// fillOrdered writes some thousands that are in strands, and returns what is to be
// sent of them.
func fillOrdered(t *testing.T, db *Database) []billhook.Pending {
	t.Helper()
	var heads []billhook.Pending
	for first := range 4 {
		var all []*billhook.Emit
		for i := range 1000 {
			all = append(all, about(emit(fmt.Sprintf("ordered_%d_%03d", first, i), "wh_order"), fmt.Sprint("i", i%50)))
		}
		b := &billhook.Batch{Emits: all}
		check(t, db.Commit(context.Background(), b))
		heads = append(heads, b.Released...)
	}
	return heads
}

// explain lets the server plan the statement for its arguments, and for any.
func explain(t *testing.T, on *pgx.Conn, text string, args []any) (custom, generic string) {
	t.Helper()
	plan := func(text string, args ...any) string {
		found, err := on.Query(context.Background(), "EXPLAIN "+text, args...)
		check(t, err)
		lines, err := pgx.CollectRows(found, pgx.RowTo[string])
		check(t, err)
		return strings.Join(lines, "\n")
	}
	if args != nil {
		custom = plan(text, args...)
	}
	execute(t, on, "SET plan_cache_mode = force_generic_plan")
	execute(t, on, "PREPARE explained AS "+text)
	execution := "EXECUTE explained"
	if n := ask[int](t, on, "SELECT cardinality(parameter_types) FROM pg_prepared_statements WHERE name = 'explained'"); n > 0 {
		execution += "(NULL" + strings.Repeat(",NULL", n-1) + ")"
	}
	generic = plan(execution)
	execute(t, on, "DEALLOCATE explained; RESET plan_cache_mode")
	return custom, generic
}

// amongTimes is the index of the list of events. That of events in no chain has the
// same name with a number behind it.
var amongTimes = regexp.MustCompile(`events_\w+_store_id_created_at_id_idx\b`)

var scansAll = regexp.MustCompile(`Seq Scan on ((?:events|audit_[\dd]|deliveries|attempts|pending|event_keys|sequences)\w*)`)

// A planned is a read or a write that is to use an index, or nothing in
// particular.
type planned struct {
	name string
	run  func() error
	uses string
	list bool
}

// TestPlans holds what the engine reads and writes, and every list of one store,
// to indexes: with what the server plans by itself, and as our sessions have it,
// where a plan for any arguments may be kept.
func TestPlans(t *testing.T) {
	ctx := context.Background()
	db, tr := traced(t)
	some := fill(t, db, 6000)
	more := func() []*billhook.Emit {
		all := emits(3, "more", "wh_1")
		all[1].Event.IdempotencyKey = "key"
		return all
	}
	commitEmits(t, db, more()...)
	tr.taken()
	lane, id := some.Deliveries[1].Lane, some.Deliveries[1].ID
	event, list := billhook.EventFilter{StoreID: lane.StoreID, Limit: 20}, billhook.DeliveryFilter{StoreID: lane.StoreID, Limit: 20}
	events := func(change func(*billhook.EventFilter)) func() error {
		f := event
		change(&f)
		return func() error { _, err := db.Events(ctx, f); return err }
	}
	audit := func(change func(*billhook.AuditFilter)) func() error {
		f := billhook.AuditFilter{StoreID: lane.StoreID, Limit: 20}
		change(&f)
		return func() error { _, err := db.Audit(ctx, f); return err }
	}
	deliveries := func(change func(*billhook.DeliveryFilter)) func() error {
		f := list
		change(&f)
		return func() error { _, err := db.Deliveries(ctx, f); return err }
	}
	commit := func(b *billhook.Batch) func() error { return func() error { return db.Commit(ctx, b) } }
	ordered := fillOrdered(t, db)
	tr.taken()
	head := ordered[0]
	tests := []planned{
		{"newest of an entity", func() error {
			_, err := db.Newest(ctx, head.Strand(), head.EventType, 1)
			return err
		}, "pending_strand", false},
		{"stuck", func() error { _, err := db.Stuck(ctx, 100); return err }, "pending_strand", true},
		{"release", commit(&billhook.Batch{Outcomes: []*billhook.Outcome{delivered(head)}}), "pending_strand", false},
		{"skip", commit(&billhook.Batch{Skips: []*billhook.Skip{{Delivery: ordered[1], Newest: billhook.Place{Entity: ordered[1].Place.Entity, Sequence: 9}, At: time.Now()}}}), "pending_strand", false},
		{"number and release", func() error {
			return db.Commit(ctx, &billhook.Batch{Emits: []*billhook.Emit{about(emit("number", "wh_order"), "i7")}})
		}, "pending_strand", false},
		{"lanes", func() error { _, err := db.Lanes(ctx); return err }, "pending_", false},
		{"pending", func() error { _, err := db.Pending(ctx, lane, some.Deliveries[1].Position, 100); return err }, "pending_lane", false},
		{"poll", func() error { _, err := db.pollOnce(ctx); return err }, "pending_unowned", false},
		{"event", func() error { _, err := db.Event(ctx, lane.StoreID, some.Event.ID); return err }, "_pkey", false},
		{"events", events(func(*billhook.EventFilter) {}), "created_at_id_idx", true},
		{"events before", events(func(f *billhook.EventFilter) { f.Before = billhook.EventPosition{CreatedAt: time.Now(), ID: "x"} }), "created_at_id_idx", true},
		{"events from to", events(func(f *billhook.EventFilter) { f.From, f.To = time.Now().Add(-2*time.Hour), time.Now() }), "created_at_id_idx", true},
		{"audit", audit(func(*billhook.AuditFilter) {}), "created_at_id_idx", true},
		{"audit before", audit(func(f *billhook.AuditFilter) { f.Before = billhook.EventPosition{CreatedAt: time.Now(), ID: "x"} }), "created_at_id_idx", true},
		{"audit of an entity", audit(func(f *billhook.AuditFilter) { f.EntityType, f.EntityID = "order", "o_1" }), "entity_type_entity_id", true},
		{"audit of a kind of entity", audit(func(f *billhook.AuditFilter) { f.EntityType = "webhook" }), "entity_type_entity_id", true},
		{"audit of an actor", audit(func(f *billhook.AuditFilter) { f.ActorID = "root" }), "audit_", true},
		{"audit heads", func() error { _, err := db.AuditHeads(ctx, lane.StoreID); return err }, "chain_number_idx", true},
		{"audit chain", func() error { _, err := db.AuditChain(ctx, lane.StoreID, db.owner(), 100, 10); return err }, "chain_number_idx", true},
		{"ends of chains", func() error { _, err := db.ChainEnds(ctx, lane.StoreID); return err }, "", true},
		{"events of a chain", func() error {
			_, err := db.ChainEvents(ctx, billhook.ChainRange{StoreID: lane.StoreID, Chain: db.owner(), After: 100, To: 1000, Limit: 10})
			return err
		}, "chain_number_idx", true},
		{"first events since", func() error { _, err := db.ChainsSince(ctx, lane.StoreID, some.Event.CreatedAt); return err }, "created_at_id_idx", true},
		{"audit since", func() error {
			_, err := db.AuditSince(ctx, lane.StoreID, billhook.EventPosition{CreatedAt: some.Event.CreatedAt}, time.Time{}, 10)
			return err
		}, "created_at_id_idx", true},
		{"links", func() error {
			if _, err := db.write.on.Exec(ctx, "UPDATE billhook.events SET chain = 0, number = 0, hash = NULL WHERE store_id = 'other' AND id < 'evt_00100'"); err != nil {
				return err
			}
			tr.taken()
			return db.Commit(ctx, &billhook.Batch{Links: []*billhook.Link{{Limit: 10}}})
		}, "created_at_id_idx", false},
		{"ledger", func() error {
			_, err := db.Ledger(ctx, billhook.LedgerFilter{StoreID: lane.StoreID, WebhookID: lane.WebhookID, From: time.Unix(1, 0)})
			return err
		}, "ledger", true},
		{"counted", func() error { _, err := db.Counted(ctx, lane.StoreID, id, 100); return err }, "pending_pkey", true},
		{"backlog", func() error { _, err := db.Backlog(ctx, lane, time.Now(), time.Time{}); return err }, "pending_", true},
		{"delivery", func() error { _, err := db.Delivery(ctx, lane.StoreID, id); return err }, "pending_pkey", true},
		{"attempts", func() error { _, err := db.Attempts(ctx, lane.StoreID, id); return err }, "attempts_", true},
		{"deliveries", deliveries(func(*billhook.DeliveryFilter) {}), "_pkey", true},
		{"deliveries before", deliveries(func(f *billhook.DeliveryFilter) { f.Before = id }), "_pkey", true},
		{"deliveries of a webhook", deliveries(func(f *billhook.DeliveryFilter) { f.WebhookID = lane.WebhookID }), "pending_webhook", true},
		{"deliveries of an event", deliveries(func(f *billhook.DeliveryFilter) { f.EventID = some.Event.ID }), "pending_pkey", true},
		{"dead", deliveries(func(f *billhook.DeliveryFilter) { f.Status = billhook.StatusDead }), "status_id_idx", true},
		{"dead of a webhook", deliveries(func(f *billhook.DeliveryFilter) { f.Status, f.WebhookID = billhook.StatusDead, lane.WebhookID }), "status_id_idx", true},
		{"over", func() error {
			_, err := db.Over(ctx, billhook.OverFilter{StoreID: lane.StoreID, Statuses: []billhook.Status{billhook.StatusDead, billhook.StatusCancelled}, After: "a", Limit: 20})
			return err
		}, "status_id_idx", true},
		{"over of a webhook", func() error {
			_, err := db.Over(ctx, billhook.OverFilter{StoreID: lane.StoreID, WebhookID: lane.WebhookID, Statuses: []billhook.Status{billhook.StatusDead}, After: "a", Limit: 20})
			return err
		}, "webhook_id_status_id_idx", true},
		{"events for a webhook", func() error {
			_, err := db.EventsFor(ctx, billhook.EventsForFilter{Lane: lane, From: time.Now().Add(-2 * time.Hour), Until: time.Now(), Limit: 20})
			return err
		}, "pending_", true},
		{"steps", func() error {
			r := billhook.Recovery{StoreID: "default", ID: "rcv_1", Status: billhook.RecoveryRunning, CreatedAt: time.Now()}
			r.Kind = billhook.RecoveryRecover
			found, err := db.Over(ctx, billhook.OverFilter{StoreID: r.StoreID, Statuses: r.Statuses(), Limit: 20})
			if err != nil || len(found) == 0 {
				return fmt.Errorf("%d are dead: %w", len(found), err)
			}
			tr.taken()
			var dead []billhook.Pending
			for _, d := range found {
				dead = append(dead, billhook.Pending{Lane: billhook.Lane{StoreID: d.StoreID, WebhookID: d.WebhookID}, Position: billhook.Position{ID: d.ID}, CreatedAt: d.CreatedAt})
			}
			step := &billhook.RecoveryStep{Recovery: r, Retries: dead, Replays: []billhook.Pending{{Lane: billhook.Lane{StoreID: r.StoreID, WebhookID: lane.WebhookID}, Position: billhook.Position{ID: "dlv_new"}, EventID: some.Event.ID}}}
			step.Recovery.Step = 1
			b := &billhook.Batch{Recoveries: []*billhook.RecoveryWrite{{Recovery: r}}, RecoverySteps: []*billhook.RecoveryStep{step}, Adoptions: []*billhook.Adoption{{Limit: 10}}}
			if err := db.Commit(ctx, b); err != nil || len(step.Deliveries) != len(dead)+1 {
				return fmt.Errorf("%d of %d are pending: %w", len(step.Deliveries), len(dead)+1, err)
			}
			return nil
		}, "_pkey", false},
		{"outcome of a recovery", func() error { _, _, err := db.RecoveryOutcome(ctx, "default", "rcv_1", 0, 20); return err }, "pending_pkey", true},
		{"pending of a webhook", deliveries(func(f *billhook.DeliveryFilter) { f.Status, f.WebhookID = billhook.StatusPending, lane.WebhookID }), "pending_webhook", true},
		{"outcomes", commit(&billhook.Batch{Outcomes: []*billhook.Outcome{delivered(some.Deliveries[1])}}), "", false},
		{"stale outcomes", commit(&billhook.Batch{Outcomes: []*billhook.Outcome{delivered(some.Deliveries[1])}}), "pending_pkey", false},
		{"conflicts", commit(&billhook.Batch{Emits: more()}), "event_keys_pkey", false},
		{"retries", commit(&billhook.Batch{Retries: []*billhook.Retry{{StoreID: lane.StoreID, DeliveryID: id}, {StoreID: lane.StoreID, DeliveryID: "none"}}}), "_pkey", false},
		{"cancels", commit(&billhook.Batch{Cancels: []*billhook.Cancel{{Lane: lane, Limit: 10}}}), "pending_lane", false},
		{"bounded cancels", commit(&billhook.Batch{Cancels: []*billhook.Cancel{{Lane: lane, DueBefore: time.Now(), CreatedBefore: time.Now(), Limit: 10}}}), "pending_lane", false},
		{"claims", func() error {
			if _, err := db.write.on.Exec(ctx, "UPDATE billhook.pending SET owner = 0 WHERE webhook_id = 'wh_3'"); err != nil {
				return err
			}
			tr.taken()
			return db.Commit(ctx, &billhook.Batch{Claims: []*billhook.Claim{{Limit: 10}}})
		}, "pending_unowned", false},
		{"claims of a lost node's", func() error {
			if _, err := db.write.on.Exec(ctx, "WITH n AS (INSERT INTO billhook.nodes (name, state, lease) VALUES ('', 'lost', '1s') RETURNING epoch) "+
				"UPDATE billhook.pending SET owner = epoch FROM n WHERE webhook_id = 'wh_4'"); err != nil {
				return err
			}
			tr.taken()
			return db.Commit(ctx, &billhook.Batch{Claims: []*billhook.Claim{{Limit: 5000}}})
		}, "pending_lane", false},
	}
	gone, customer := time.Now().Add(time.Hour), billhook.Reference{Type: "customer", ID: "c"}
	expire := func(h billhook.Horizon) func() error {
		return commit(&billhook.Batch{Expiries: []*billhook.Expiry{{StoreID: lane.StoreID, Horizon: h, Floor: h.Records, At: gone, Limit: 100}}})
	}
	tests = append(tests,
		planned{"expire attempts", expire(billhook.Horizon{Attempts: gone}), "created_at_id_idx", true},
		planned{"expire payloads", expire(billhook.Horizon{Payloads: gone}), "created_at_id_idx", true},
		planned{"expire records", expire(billhook.Horizon{Records: gone}), "created_at_id_idx", true},
		planned{"order an erasure", commit(&billhook.Batch{Erasures: []*billhook.ErasureWrite{{Erasure: billhook.Erasure{StoreID: lane.StoreID, ID: "era", Entity: customer, CreatedAt: gone}}}}), "erasures", true},
		planned{"erase what is about it", commit(&billhook.Batch{Erasings: []*billhook.Erasing{{Limit: 10}}}), "entity_type_entity_id", true},
		planned{"erase what it caused", commit(&billhook.Batch{Erasings: []*billhook.Erasing{{Limit: 10}}}), "created_at_id_idx", true},
	)
	statements := map[string]map[string][]any{} // by test
	for _, test := range tests {
		if err := test.run(); err != nil {
			t.Fatalf("%s: %v", test.name, err)
		}
		statements[test.name] = tr.taken()
	}
	// What goes through the pipeline is planned for any arguments.
	pipelined := map[string][]any{}
	for text := range db.write.pipe.known {
		pipelined[text] = nil
	}
	tests = append(tests, planned{"pipeline", nil, "Tid Scan", false})
	statements["pipeline"] = pipelined
	// Our own sessions have the same plans before the server knows anything.
	for _, with := range []struct{ name, settings string }{
		{"engine, before ANALYZE", engineSettings}, {"write, before ANALYZE", writeSettings(time.Hour)},
		{"by itself", "UPDATE billhook.pending SET owner = 1; ANALYZE"},
		{"lists", listSettings}, {"engine", engineSettings}, {"write", writeSettings(time.Hour)},
	} {
		on := session(t, db)
		execute(t, on, with.settings)
		for _, test := range tests {
			if test.list && strings.HasSuffix(with.name, "before ANALYZE") {
				continue
			}
			found := ""
			for _, text := range slices.Sorted(maps.Keys(statements[test.name])) {
				if !explainable(text) {
					continue
				}
				plan, generic := explain(t, on, text, statements[test.name][text])
				if with.name != "by itself" || plan == "" {
					plan += "\nand for any:\n" + generic
				}
				found += plan + "\n"
				for _, all := range scansAll.FindAllStringSubmatch(plan, -1) {
					if with.name == "by itself" && ask[int64](t, on, "SELECT pg_relation_size(('billhook.' || $1)::regclass)", all[1]) == 0 {
						continue // the server finds nothing in a week that has not come as fast as we do
					}
					t.Errorf("%s, %s: %s:\n%s\n%s", with.name, test.name, all[0], text, plan)
				}
			}
			if !test.list && amongTimes.MatchString(found) {
				t.Errorf("%s, %s: looks for an id among times:\n%s", with.name, test.name, found)
			}
			if !strings.Contains(found, test.uses) {
				t.Errorf("%s, %s: does not use %s:\n%s", with.name, test.name, test.uses, found)
			}
		}
	}
}

func explainable(text string) bool {
	for _, begin := range []string{"SELECT", "INSERT", "UPDATE", "DELETE", "WITH"} {
		if strings.HasPrefix(strings.TrimSpace(text), begin) {
			return true
		}
	}
	return false
}
