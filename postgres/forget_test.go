package postgres

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/billhook/billhook"
)

// emitAt is a delivered event of a time, with so many bytes of data.
func emitAt(t testing.TB, db *Database, at time.Time, n, size int, prefix string) (all []*billhook.Emit) {
	t.Helper()
	outcomes, random := &billhook.Batch{}, rand.NewChaCha8([32]byte(fmt.Appendf(nil, "%032d", at.Unix())))
	pad := make([]byte, size/2)
	for i := range n {
		_, _ = random.Read(pad)
		e := emit(fmt.Sprintf("%s_%d_%d", prefix, at.Unix(), i), "wh_1")
		e.Event.CreatedAt, e.Event.OccurredAt, e.Deliveries[0].CreatedAt = at, at, at
		e.Event.Data = fmt.Appendf(nil, `{"n":%d,"pad":"%x"}`, i, pad)
		all = append(all, e)
		o := delivered(e.Deliveries[0])
		o.Attempt.StartedAt = at
		outcomes.Outcomes = append(outcomes.Outcomes, o)
	}
	commitEmits(t, db, all...)
	check(t, db.Commit(context.Background(), outcomes))
	return all
}

// moveFloor moves the floors of a store, and has no row go.
func moveFloor(t testing.TB, db *Database, to, at time.Time) {
	t.Helper()
	x := &billhook.Expiry{StoreID: "default", Floor: to, At: at, Limit: 100, Audit: &billhook.AuditEntry{
		StoreID: "default", ID: fmt.Sprint("aud_", at.UnixNano()), Event: billhook.AuditExpire, Entity: billhook.Reference{Type: "store", ID: "default"}, CreatedAt: at}}
	check(t, db.Commit(context.Background(), &billhook.Batch{Expiries: []*billhook.Expiry{x}}))
	equal(t, "busy", x.Busy, false)
}

func proved(t testing.TB, db *Database) billhook.AuditProof {
	t.Helper()
	p, err := billhook.VerifyAudit(context.Background(), db, "default")
	check(t, err)
	if p.Broken != nil {
		t.Fatalf("the audit log: %v", p.Broken)
	}
	return p
}

// TestDiskStaysFlat lives through 30 weeks: the tables are
// hardly larger in the end than after the second month, and no row was deleted.
func TestDiskStaysFlat(t *testing.T) {
	ctx := context.Background()
	now := time.Now().UTC()
	start := now.AddDate(0, 0, -7*30)
	db := joined(t, Options{Since: start, Logger: slog.New(slog.DiscardHandler)})
	on := session(t, db)
	h := func(at time.Time) billhook.Horizon {
		return billhook.Horizon{Payloads: at.AddDate(0, 0, -7), Attempts: at.AddDate(0, 0, -14), Records: at.AddDate(0, 0, -28).Truncate(24 * time.Hour)}
	}
	const size = "SELECT SUM(pg_total_relation_size(c.oid))::bigint FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = 'billhook' AND c.relkind = 'r'"
	var second int64
	for week := range 30 {
		at := start.AddDate(0, 0, 7*week)
		for _, day := range []int{0, 3} {
			emitAt(t, db, at.AddDate(0, 0, day), 150, 2000, "evt")
		}
		at = at.AddDate(0, 0, 7)
		moveFloor(t, db, h(at).Records, at)
		check(t, db.forgetWeeks(ctx, on, h(at)))
		bytes := ask[int64](t, on, size)
		if week%4 == 3 {
			p := proved(t, db)
			t.Logf("week %d: %d KiB; %d entries proved, from %+v on", week+1, bytes>>10, p.Entries, p.Floors)
		}
		if week == 8 {
			second = bytes
		}
		if week > 8 && float64(bytes) > 1.3*float64(second) {
			t.Errorf("week %d: %d bytes, %d after the second month", week, bytes, second)
		}
	}
	equal(t, "deleted or changed events", ask[int64](t, on, "SELECT COALESCE(SUM(n_tup_del + n_tup_upd), 0)::bigint FROM pg_stat_user_tables WHERE relname LIKE 'events_2%'"), 0)
	if keys := ask[int64](t, on, "SELECT COUNT(*) FROM billhook.event_keys"); keys > 300*6 {
		t.Errorf("%d keys of events are left", keys)
	}
	equal(t, "events without payload that have one", ask[int64](t, on, "SELECT COUNT(*) FROM billhook.events WHERE (length(data) = 0) <> (erased_at > 0)"), 0)
	if bare := ask[int64](t, on, "SELECT COUNT(*) FROM billhook.events WHERE erased_at > 0"); bare < 300 {
		t.Errorf("only %d events without their payload", bare)
	}
	equal(t, "an event is read", has(t, db, fmt.Sprintf("evt_%d_0", start.AddDate(0, 0, 7*28).Unix())), true)
}

// What is pending keeps the weeks that it needs, and its payload; once it is over they
// go too.
func TestPendingKeepsItsWeek(t *testing.T) {
	ctx := context.Background()
	now := time.Now().UTC()
	db := joined(t, Options{Since: now.AddDate(0, 0, -70)})
	on := session(t, db)
	old := now.AddDate(0, 0, -60)
	all := emitAt(t, db, old, 20, 100, "evt")
	waits := emit("waits", "wh_1")
	waits.Event.CreatedAt, waits.Deliveries[0].CreatedAt = old, old
	commitEmits(t, db, waits)
	check(t, db.forgetWeeks(ctx, on, billhook.Horizon{Payloads: now.AddDate(0, 0, -7), Attempts: now.AddDate(0, 0, -30)}))
	got, err := db.Event(ctx, "default", "waits")
	check(t, err)
	equal(t, "its data", []any{string(got.Data), got.TraceContext}, []any{string(waits.Event.Data), waits.Event.TraceContext})
	got, err = db.Event(ctx, "default", all[0].Event.ID)
	check(t, err)
	equal(t, "another's", []any{got.Data == nil, got.ErasedAt.IsZero(), got.TraceContext.IsZero()}, []any{true, false, true})
	equal(t, "deliveries of that week", ask[int64](t, on, "SELECT COUNT(*) FROM billhook.deliveries"), 20)
	proved(t, db)
	moveFloor(t, db, now.AddDate(0, 0, -30), now)
	h := billhook.Horizon{Payloads: now.AddDate(0, 0, -7), Attempts: now.AddDate(0, 0, -30), Records: now.AddDate(0, 0, -30)}
	check(t, db.forgetWeeks(ctx, on, h))
	equal(t, "it is there", has(t, db, "waits"), true)

	check(t, db.Commit(ctx, &billhook.Batch{Outcomes: []*billhook.Outcome{delivered(waits.Deliveries[0])}}))
	check(t, db.forgetWeeks(ctx, on, billhook.Horizon{Payloads: h.Payloads}))
	got, err = db.Event(ctx, "default", "waits")
	check(t, err)
	equal(t, "its data once it is over", got.Data == nil, true)
	proved(t, db)
	check(t, db.forgetWeeks(ctx, on, h))
	equal(t, "it is there", has(t, db, "waits"), false)
	equal(t, "rows", ask[int64](t, on, "SELECT (SELECT COUNT(*) FROM billhook.deliveries) + (SELECT COUNT(*) FROM billhook.events)"), 0)
	proved(t, db)
}

// TestRecoveryStepsGo: what tells of a recovery's deliveries goes when their week has, and
// no sooner.
func TestRecoveryStepsGo(t *testing.T) {
	ctx := context.Background()
	now := time.Now().UTC()
	old := now.AddDate(0, 0, -70)
	db := joined(t, Options{Since: old, Logger: slog.New(slog.DiscardHandler)})
	r := billhook.Recovery{StoreID: "default", ID: "rcv_1", Status: billhook.RecoveryRunning, CreatedAt: now.Add(time.Hour)}
	r.Kind, r.DeliveryStatus = billhook.RecoveryRetry, billhook.StatusDelivered
	check(t, db.Commit(ctx, &billhook.Batch{Recoveries: []*billhook.RecoveryWrite{{Recovery: r}}}))
	for i, at := range []time.Time{old, now} {
		all := emitAt(t, db, at, 3, 10, fmt.Sprint("evt", i))
		r.Step++
		s := &billhook.RecoveryStep{Recovery: r}
		for _, e := range all {
			s.Retries = append(s.Retries, e.Deliveries[0])
		}
		check(t, db.Commit(ctx, &billhook.Batch{RecoverySteps: []*billhook.RecoveryStep{s}}))
		back := &billhook.Batch{}
		for _, p := range s.Deliveries {
			o := delivered(p)
			o.Attempt.StartedAt = at
			back.Outcomes = append(back.Outcomes, o)
		}
		check(t, db.Commit(ctx, back))
	}
	count := func() billhook.RecoveryOutcome {
		o, _, err := db.RecoveryOutcome(ctx, "default", "rcv_1", 0, 9)
		check(t, err)
		return o
	}
	equal(t, "of both weeks", count(), billhook.RecoveryOutcome{Delivered: 6})
	check(t, db.forgetWeeks(ctx, session(t, db), billhook.Horizon{Attempts: now.AddDate(0, 0, -30)}))
	equal(t, "of the week that is kept", count(), billhook.RecoveryOutcome{Delivered: 3})
}

// A week whose entries the log still begins with is not dropped, whatever the time.
func TestFloorKeepsItsWeek(t *testing.T) {
	now := time.Now().UTC()
	db := joined(t, Options{Since: now.AddDate(0, 0, -70)})
	on := session(t, db)
	emitAt(t, db, now.AddDate(0, 0, -60), 5, 100, "evt")
	check(t, db.forgetWeeks(context.Background(), on, billhook.Horizon{Records: now.AddDate(0, 0, -7)}))
	equal(t, "events", ask[int64](t, on, "SELECT COUNT(*) FROM billhook.events"), 5)
	proved(t, db)
}

// Nodes forget at once while others emit and read for long: one of them does it, and
// nobody who emits waits for it longer than a moment.
func TestForgetBesideOthers(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	now := time.Now().UTC()
	db := joined(t, Options{Since: now.AddDate(0, 0, -70)})
	others := []*Database{second(t, db, Options{}), second(t, db, Options{})}
	for week := range 6 {
		emitAt(t, db, now.AddDate(0, 0, -65+7*week), 200, 500, "evt")
	}
	moveFloor(t, db, now.AddDate(0, 0, -7), now)
	var longest time.Duration
	var emitting, forgetting sync.WaitGroup
	emitting.Go(func() {
		for i := 0; ctx.Err() == nil; i++ {
			began := time.Now()
			commitEmits(t, db, emit(fmt.Sprint("new_", i), "wh_1"))
			longest = max(longest, time.Since(began))
		}
	})
	emitting.Go(func() { // a list that is read again and again
		reader := session(t, db)
		for ctx.Err() == nil {
			_ = pgx.BeginFunc(context.Background(), reader, func(tx pgx.Tx) error {
				_, err := tx.Exec(context.Background(), "SELECT COUNT(*) FROM billhook.events; SELECT pg_sleep(0.3)")
				return err
			})
			time.Sleep(50 * time.Millisecond)
		}
	})
	h := billhook.Horizon{Payloads: now.AddDate(0, 0, -7), Attempts: now.AddDate(0, 0, -7), Records: now.AddDate(0, 0, -40)}
	for _, node := range others {
		on := session(t, node)
		forgetting.Go(func() {
			for range 5 { // what was in the way is tried again
				if err := node.forgetWeeks(context.Background(), on, h); err != nil && !isCode(err, lockNotAvailable) {
					t.Error(err)
				}
			}
		})
	}
	forgetting.Wait()
	cancel()
	emitting.Wait()
	t.Logf("the longest emit beside it took %v", longest)
	if longest > 5*time.Second {
		t.Errorf("an emit took %v", longest)
	}
	on := session(t, db)
	equal(t, "payloads that are left", ask[int64](t, on, "SELECT COUNT(*) FROM billhook.events WHERE erased_at = 0 AND created_at < $1", now.AddDate(0, 0, -21).UnixNano()), 0)
	equal(t, "records of old", ask[int64](t, on, "SELECT COUNT(*) FROM billhook.events WHERE created_at < $1", now.AddDate(0, 0, -50).UnixNano()), 0)
	proved(t, db)
}

// Two nodes that forget row by row at once do it once.
func TestExpireAtOnce(t *testing.T) {
	now := time.Now().UTC()
	db := joined(t, Options{Since: now.AddDate(0, 0, -70)})
	other := second(t, db, Options{})
	const n = 300
	emitAt(t, db, now.AddDate(0, 0, -60), n, 100, "evt")
	var both sync.WaitGroup
	done := make([]int, 2)
	for i, node := range []*Database{db, other} {
		both.Go(func() {
			for {
				x := &billhook.Expiry{StoreID: "default", Horizon: billhook.Horizon{Payloads: now, Attempts: now}, At: now, Limit: 20}
				if err := node.Commit(context.Background(), &billhook.Batch{Expiries: []*billhook.Expiry{x}}); err != nil {
					t.Error(err)
					return
				}
				if done[i] += x.Done; x.Done < x.Limit && !x.Busy {
					return
				}
			}
		})
	}
	both.Wait()
	equal(t, "events looked at, for attempts and for payloads", done[0]+done[1], 2*n)
	on := session(t, db)
	equal(t, "payloads", ask[int64](t, on, "SELECT COUNT(*) FROM billhook.events WHERE erased_at = 0"), 0)
	equal(t, "deliveries", ask[int64](t, on, "SELECT COUNT(*) FROM billhook.deliveries"), 0)
	proved(t, db)
}
