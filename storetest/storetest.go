// Package storetest is the contract of every billhook.Database, as tests.
//
// It must not know any database, nor look behind the interface.
package storetest

import (
	"context"
	"database/sql"
	"fmt"
	"reflect"
	"testing"
	"time"

	"github.com/billhook/billhook"
)

// A Harness is a kind of database under test.
type Harness struct {
	// Open opens a new, empty database.
	Open func(t *testing.T) billhook.Database
	// Reopen closes the database and opens the same data anew.
	Reopen func(t *testing.T, db billhook.Database) billhook.Database
	// Begin begins a transaction that writes, of a caller's, on the same data. Nil
	// where there is no SQL.
	Begin func(t *testing.T, db billhook.Database) *sql.Tx
	// Second opens the same data for a second node. Nil where there can be but
	// one.
	Second func(t *testing.T, db billhook.Database) billhook.Database
	// NoChains: the database keeps the audit log and no chains of it.
	NoChains bool
}

// Run runs every test of the contract, each on a database of its own.
func Run(t *testing.T, h Harness) {
	type test struct {
		name string
		run  func(*fixture)
	}
	tests := []test{
		{"Empty", testEmpty},
		{"Stores", testStores},
		{"Webhooks", testWebhooks},
		{"Keys", testKeys},
		{"EventTypes", testEventTypes},
		{"Emit", testEmit},
		{"EmitConflicts", testEmitConflicts},
		{"EmitConflictsInOneBatch", testEmitConflictsInOneBatch},
		{"EmitConflictOfIDAndKey", testEmitConflictOfIDAndKey},
		{"EmitConflictWithMadeID", testEmitConflictWithMadeID},
		{"EmitManyConflicts", testEmitManyConflicts},
		{"Payloads", testPayloads},
		{"Outcomes", testOutcomes},
		{"OutcomeAgain", testOutcomeAgain},
		{"Fencing", testFencing},
		{"FencingInOneBatch", testFencingInOneBatch},
		{"OutcomeAfterNewDueTime", testOutcomeAfterNewDueTime},
		{"RetryOver", testRetryOver},
		{"RetryPending", testRetryPending},
		{"RetryUnknown", testRetryUnknown},
		{"Cancel", testCancel},
		{"CancelThenRetry", testCancelThenRetry},
		{"CancelBounds", testCancelBounds},
		{"Ledger", testLedger},
		{"Counted", testCounted},
		{"Activity", testActivity},
		{"Backlogs", testBacklogs},
		{"BatchOrder", testBatchOrder},
		{"Lanes", testLanes},
		{"Pending", testPending},
		{"EventFilters", testEventFilters},
		{"EventPages", testEventPages},
		{"DeliveryFilters", testDeliveryFilters},
		{"DeliveryPages", testDeliveryPages},
		{"MaxBytes", testMaxBytes},
		{"DeliveriesAbout", testDeliveriesAbout},
		{"Tests", testTests},
		{"Search", testSearch},
		{"Edge", testEdge},
		{"Nodes", testNodes},
		{"Isolation", testIsolation},
		{"ManyStoresInOneBatch", testManyStoresInOneBatch},
		{"OutcomesOfTwoStores", testOutcomesOfTwoStores},
		{"Atomicity", testAtomicity},
		{"CancelledContext", testCancelledContext},
		{"WholeBatchesOnly", testWholeBatchesOnly},
		{"NeverNowhere", testNeverNowhere},
		{"LargeBatch", testLargeBatch},
		{"Durability", testDurability},
		{"Recover", testRecover},
		{"EmitTxOfUnknownKind", testEmitTxOfUnknownKind},
		{"Audit", testAudit},
		{"AuditFilters", testAuditFilters},
		{"AuditPages", testAuditPages},
		{"Sequence", testSequence},
		{"Order", testOrder},
		{"OrderRetry", testOrderRetry},
		{"OrderCancel", testOrderCancel},
		{"Skip", testSkip},
		{"Recoveries", testRecoveries},
		{"RecoverySteps", testRecoverySteps},
		{"RecoveryOutcome", testRecoveryOutcome},
		{"RecoveryOfMany", testRecoveryOfMany},
		{"RecoveryReopened", testRecoveryReopened},
		{"Replays", testReplays},
		{"RecoveryOrder", testRecoveryOrder},
		{"ReplayForgotten", testReplayForgotten},
		{"Over", testOver},
		{"Expire", testExpire},
		{"ExpireLarge", testExpireLarge},
		{"ExpireSkewed", testExpireSkewed},
		{"ExpireWaiting", testExpireWaiting},
		{"Erase", testErase},
	}
	if h.Begin != nil {
		tests = append(tests, test{"EmitTx", testEmitTx}, test{"EmitTxConflict", testEmitTxConflict}, test{"EmitTxLedger", testEmitTxLedger}, test{"ClaimLimit", testClaimLimit}, test{"OrderEmitTx", testOrderEmitTx})
	}
	if h.Second != nil {
		tests = append(tests, test{"TwoNodes", testTwoNodes}, test{"TwoNodesChange", testTwoNodesChange}, test{"TwoNodesOrder", testTwoNodesOrder}, test{"TwoNodesRecover", testTwoNodesRecover}, test{"TwoNodesErase", testTwoNodesErase})
	}
	if !h.NoChains {
		tests = append(tests, test{"Chains", testChains}, test{"ChainGoesOn", testChainGoesOn}, test{"VerifyBesideCommits", testVerifyBesideCommits},
			test{"FloorIsVouchedFor", testFloorIsVouchedFor}, test{"Follow", testFollow})
		if h.Begin != nil {
			tests = append(tests, test{"Links", testLinks}, test{"FollowLinks", testFollowLinks})
		}
		if h.Second != nil {
			tests = append(tests, test{"TwoNodesChain", testTwoNodesChain}, test{"TwoNodesFollow", testTwoNodesFollow})
		}
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			db := h.Open(t)
			if err := db.Join(context.Background()); err != nil {
				t.Fatalf("join: %v", err)
			}
			f := &fixture{T: t, db: db, harness: h}
			t.Cleanup(func() { f.db.Close() })
			test.run(f)
			f.balanced()
		})
	}
}

// A fixture is one test's database and the short forms to use it with.
type fixture struct {
	*testing.T
	db         billhook.Database
	harness    Harness
	deliveries int // made so far
}

// at is a time so many seconds after some noon, with all its nanoseconds.
func at(seconds int) time.Time {
	return time.Date(2026, 3, 1, 12, 0, 0, 123456789, time.UTC).Add(time.Duration(seconds) * time.Second)
}

func lane(storeID, webhookID string) billhook.Lane {
	return billhook.Lane{StoreID: storeID, WebhookID: webhookID}
}

// emit is an event accepted at the second, for the webhooks, due at once.
func (f *fixture) emit(storeID, id string, second int, webhooks ...string) *billhook.Emit {
	e := &billhook.Emit{OwnID: true, Event: billhook.Event{
		StoreID: storeID, ID: id, Type: "order.created", Data: []byte(`{"id":"` + id + `"}`),
		OccurredAt: at(second - 1), CreatedAt: at(second), Deliveries: len(webhooks),
		TraceContext: billhook.ParseTraceContext("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", "shop="+id),
	}}
	for _, webhook := range webhooks {
		f.deliveries++
		e.Deliveries = append(e.Deliveries, billhook.Pending{
			Lane:      lane(storeID, webhook),
			Position:  billhook.Position{DueAt: at(second), ID: fmt.Sprintf("dlv_%06d", f.deliveries)},
			EventID:   id,
			EventType: "order.created",
			CreatedAt: at(second),
		})
	}
	return e
}

// outcome is that of an attempt to send p, made a minute after it was due.
func outcome(p billhook.Pending, status billhook.Status) *billhook.Outcome {
	o := &billhook.Outcome{
		Delivery: p,
		Status:   status,
		Attempt: billhook.Attempt{
			StoreID: p.StoreID, DeliveryID: p.ID, Number: p.Attempts + 1,
			StartedAt: p.DueAt.Add(time.Minute), Duration: 1234567 * time.Nanosecond, URL: "https://shop.example.com/hook",
			StatusCode: 200, ResponseHeaders: "Content-Type: text/plain\nX-Ünicode: ✓", ResponseBody: []byte("ok\x00\xff"),
		},
	}
	if status != billhook.StatusDelivered {
		o.Attempt.StatusCode, o.Attempt.Failure, o.Attempt.Error = 503, billhook.FailureStatus, "503 Service Unavailable"
		o.Reason = "the receiver answered 503"
	}
	if status == billhook.StatusPending {
		o.NextAttemptAt = o.Attempt.StartedAt.Add(time.Hour)
		o.Attempt.BatchID, o.Attempt.BatchSize = "batch_1", 100
	}
	if status == billhook.StatusDead {
		o.Attempt.BatchID, o.Attempt.BatchSize = "batch_2", 1
	}
	return o
}

// waiting is how p reads as a delivery before its first attempt.
func waiting(p billhook.Pending, e billhook.Event) billhook.Delivery {
	return billhook.Delivery{
		StoreID: p.StoreID, ID: p.ID, WebhookID: p.WebhookID, EventID: p.EventID, EventType: p.EventType,
		Status: billhook.StatusPending, Attempts: p.Attempts, AttemptsBefore: p.AttemptsBefore,
		CreatedAt: p.CreatedAt, NextAttemptAt: p.DueAt, Sequence: e.Sequence, Entity: e.Entity, Test: e.IsTest(), Payload: e.Data,
	}
}

// after is how its delivery reads after the outcome.
func after(o *billhook.Outcome, e billhook.Event) billhook.Delivery {
	d := waiting(o.Delivery, e)
	d.Status, d.Attempts, d.StatusCode, d.Reason = o.Status, d.Attempts+1, o.Attempt.StatusCode, o.Reason
	d.LastAttemptAt, d.NextAttemptAt = o.Attempt.StartedAt, o.NextAttemptAt
	if o.Status != billhook.StatusPending {
		d.FinishedAt = o.Attempt.StartedAt.Add(o.Attempt.Duration)
	}
	return d
}

func (f *fixture) commit(b *billhook.Batch) {
	f.Helper()
	if err := f.db.Commit(context.Background(), b); err != nil {
		f.Fatalf("commit: %v", err)
	}
}

func (f *fixture) commitEmits(emits ...*billhook.Emit) {
	f.Helper()
	f.commit(&billhook.Batch{Emits: emits})
}

func (f *fixture) commitOutcomes(outcomes ...*billhook.Outcome) {
	f.Helper()
	f.commit(&billhook.Batch{Outcomes: outcomes})
}

// must is the value of a read that may not fail.
func must[T any](f *fixture) func(T, error) T {
	return func(value T, err error) T {
		f.Helper()
		if err != nil {
			f.Fatalf("read: %v", err)
		}
		return value
	}
}

func (f *fixture) delivery(storeID, id string) billhook.Delivery {
	f.Helper()
	return must[billhook.Delivery](f)(f.db.Delivery(context.Background(), storeID, id))
}

func (f *fixture) attempts(storeID, id string) []billhook.Attempt {
	f.Helper()
	return must[[]billhook.Attempt](f)(f.db.Attempts(context.Background(), storeID, id))
}

func (f *fixture) pending(l billhook.Lane) []billhook.Pending {
	f.Helper()
	return must[[]billhook.Pending](f)(f.db.Pending(context.Background(), l, billhook.Position{}, 1_000_000))
}

// list reads deliveries and keeps their ids.
func (f *fixture) list(filter billhook.DeliveryFilter) []string {
	f.Helper()
	if filter.Limit == 0 {
		filter.Limit = 1000
	}
	all := must[[]billhook.Delivery](f)(f.db.Deliveries(context.Background(), filter))
	ids := make([]string, len(all))
	for i := range all {
		ids[i] = all[i].ID
	}
	return ids
}

// listEvents reads events and keeps their ids.
func (f *fixture) listEvents(filter billhook.EventFilter) []string {
	f.Helper()
	if filter.Limit == 0 {
		filter.Limit = 1000
	}
	all := must[[]billhook.Event](f)(f.db.Events(context.Background(), filter))
	ids := make([]string, len(all))
	for i := range all {
		ids[i] = all[i].ID
	}
	return ids
}

// equal compares; empty slices of any length-0 kind are equal to nil.
func (f *fixture) equal(what string, got, want any) {
	f.Helper()
	g, w := reflect.ValueOf(got), reflect.ValueOf(want)
	if g.Kind() == reflect.Slice && g.Len() == 0 && w.Kind() == reflect.Slice && w.Len() == 0 {
		return
	}
	if !reflect.DeepEqual(got, want) {
		f.Errorf("%s:\n got %+v\nwant %+v", what, got, want)
	}
}
