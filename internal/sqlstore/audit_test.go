package sqlstore_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/billhook/billhook"
	"github.com/billhook/billhook/postgres"
	"github.com/billhook/billhook/sqlite"
)

// logged puts events and entries of all kinds into the place's store "default".
func logged(t *testing.T, p place) {
	t.Helper()
	ctx, db := context.Background(), use(t, p)
	defer db.Close()
	check(t, db.Join(ctx))
	for i := range 4 {
		b := &billhook.Batch{}
		for j := range 5 {
			id := fmt.Sprintf("evt_%d%d", i, j)
			b.Emits = append(b.Emits, &billhook.Emit{
				Event: billhook.Event{
					StoreID: "default", ID: id, Type: "order.paid", Data: []byte(`{"n":1}`), IdempotencyKey: "key " + id, RequestID: "req_1",
					Entity: billhook.Reference{Type: "order", ID: "o_1"}, Actor: billhook.Reference{Type: "user", ID: "u_1"},
					OccurredAt: at(i - 1), CreatedAt: at(i), Deliveries: 1,
				},
				Deliveries: []billhook.Pending{{
					Lane: billhook.Lane{StoreID: "default", WebhookID: "wh_1"}, Position: billhook.Position{DueAt: at(i), ID: "dlv_" + id},
					EventID: id, EventType: "order.paid", CreatedAt: at(i),
				}},
			})
		}
		b.Entries = []*billhook.AuditEntry{{
			StoreID: "default", ID: fmt.Sprintf("aud_%d", i), Event: billhook.AuditStoreUpdate, CreatedAt: at(i), RequestID: "req_2",
			Entity: billhook.Reference{Type: "store", ID: "default"}, Actor: billhook.Reference{Type: "apiKey", ID: "root"},
			Old: `{"name":"a"}`, New: `{"name":"b"}`,
		}}
		check(t, db.Commit(ctx, b))
	}
}

func verify(t *testing.T, p place) billhook.AuditProof {
	t.Helper()
	db := use(t, p)
	defer db.Close()
	proof, err := billhook.VerifyAudit(context.Background(), db, "default")
	check(t, err)
	return proof
}

// TestTampering changes every column of an event and of an entry, takes rows out,
// swaps them and puts them in again, by SQL: each is found, and at the right place.
// The 6th of the chain is aud_0, the 7th evt_10.
func TestTampering(t *testing.T) {
	const event, entry = " WHERE id = 'evt_10'", " WHERE id = 'aud_0'"
	type tampering struct {
		statement string
		number    int64
		says      string
	}
	tests := []tampering{
		{"DELETE FROM billhook.events" + event, 7, "it is missing"},
		{"DELETE FROM billhook.audit" + entry, 6, "it is missing"},
		{"DELETE FROM billhook.events WHERE number IN (7, 8, 9)", 7, "it and all up to 9 are missing"},
		{"DELETE FROM billhook.audit WHERE id = 'aud_3'", 24, "it is missing"},
		{"DELETE FROM billhook.events WHERE number > 18", 19, "missing"},
		{"UPDATE billhook.events SET chain = 0, number = 0, hash = NULL" + event, 7, "it is missing"},
		{"UPDATE billhook.events SET number = 15 - number WHERE number IN (7, 8)", 7, "its hash is not that of what it says"},
		{"UPDATE billhook.events SET number = 8" + event, 7, "it is missing"},
		{"UPDATE billhook.audit SET number = 7" + entry, 6, "it is missing"},
		{"UPDATE billhook.events SET number = 6" + event, 6, ""},
		{"UPDATE billhook.events SET hash = NULL" + event, 7, "it has no hash"},
		{"DELETE FROM billhook.audit_heads", 24, "the head of its chain is missing"},
		{"UPDATE billhook.audit_heads SET number = 23", 23, "the chain's head was written for"},
		{"UPDATE billhook.audit_heads SET number = 23, hash = (SELECT hash FROM billhook.events WHERE number = 23)", 24, "it was set back"},
		{"UPDATE billhook.audit_heads SET number = 25", 25, "it is missing"},
		{"UPDATE billhook.audit_heads SET hash = (SELECT hash FROM billhook.events WHERE number = 3)", 24, "the chain's head was written for"},
	}
	for column, value := range map[string]string{
		"id": "'evt_xx'", "type": "'order.sent'", "created_at": "created_at + 1", "occurred_at": "0", "entity_type": "'cart'", "entity_id": "'o_2'",
		"actor_type": "'apiKey'", "actor_id": "NULL", "request_id": "NULL", "idempotency_key": "'key'", "deliveries": "2", "delivery_ids": `'["dlv_x"]'`,
		"data": "(SELECT hash FROM billhook.events WHERE number = 3)", "hash": "(SELECT hash FROM billhook.events WHERE number = 3)",
	} {
		tests = append(tests, tampering{"UPDATE billhook.events SET " + column + " = " + value + event, 7, "its hash is not that of what it says"})
	}
	for column, value := range map[string]string{
		"id": "'aud_x'", "event": "'stores.create'", "created_at": "created_at + 1", "entity_type": "'webhook'", "entity_id": "'x'", "actor_type": "NULL",
		"actor_id": "'other'", "request_id": "'req_3'", "old_value": "NULL", "new_value": `'{"name":"c"}'`, "hash": "(SELECT hash FROM billhook.events WHERE number = 3)",
	} {
		tests = append(tests, tampering{"UPDATE billhook.audit SET " + column + " = " + value + entry, 6, "its hash is not that of what it says"})
	}
	for _, p := range []place{filePlace(t), serverPlace(t)} {
		t.Run(p.name, func(t *testing.T) {
			logged(t, p)
			app := connect(t, p)
			tables := []string{"events", "audit", "audit_heads"}
			execute := func(statement string) {
				t.Helper()
				_, err := app.Exec(p.sql(statement))
				check(t, err)
			}
			for _, table := range tables {
				execute("CREATE TABLE " + table + "_kept AS SELECT * FROM billhook." + table)
			}
			if proof := verify(t, p); proof.Broken != nil || proof.Entries != 24 {
				t.Fatalf("untouched: %+v", proof)
			}
			for _, test := range tests {
				execute(test.statement)
				proof := verify(t, p)
				switch broken := proof.Broken; {
				case broken == nil:
					t.Errorf("%s: not found", test.statement)
				case broken.Number != test.number || !strings.Contains(broken.What, test.says):
					t.Errorf("%s: found as %v; want number %d and %q", test.statement, broken, test.number, test.says)
				}
				for _, table := range tables {
					execute("DELETE FROM billhook." + table)
					execute("INSERT INTO billhook." + table + " SELECT * FROM " + table + "_kept")
				}
			}
			execute("INSERT INTO billhook.audit SELECT * FROM audit_kept WHERE id = 'aud_none'")
			if proof := verify(t, p); proof.Broken != nil || proof.Entries != 24 {
				t.Errorf("as it was: %+v", proof)
			}
		})
	}
}

// TestAuditStores: what is left of a store's log tells of it, and be it the head of
// a chain alone.
func TestAuditStores(t *testing.T) {
	for _, p := range []place{filePlace(t), serverPlace(t)} {
		t.Run(p.name, func(t *testing.T) {
			ctx, db := context.Background(), use(t, p)
			check(t, db.Join(ctx))
			b := &billhook.Batch{}
			for i, store := range []string{"z", "head", "entry"} {
				id := fmt.Sprint(i)
				b.Entries = append(b.Entries, &billhook.AuditEntry{StoreID: store, ID: "aud_" + id, Event: billhook.AuditStoreUpdate, CreatedAt: at(i)})
				b.Emits = append(b.Emits, &billhook.Emit{Event: billhook.Event{StoreID: store, ID: "evt_" + id, CreatedAt: at(i)}})
			}
			b.Emits = append(b.Emits, &billhook.Emit{Event: billhook.Event{StoreID: "event", ID: "evt_x", CreatedAt: at(9)}})
			check(t, db.Commit(ctx, b))
			app := connect(t, p)
			for _, statement := range []string{
				"DELETE FROM billhook.events WHERE store_id IN ('head', 'entry')",
				"DELETE FROM billhook.audit WHERE store_id = 'head'",
				"DELETE FROM billhook.audit_heads WHERE store_id <> 'head'",
			} {
				_, err := app.Exec(p.sql(statement))
				check(t, err)
			}
			log, ok := reader(t, p).(interface {
				AuditStores(context.Context) ([]string, error)
			})
			if !ok {
				t.Fatal("the view does not tell")
			}
			got, err := log.AuditStores(ctx)
			check(t, err)
			equal(t, "stores", got, []string{"entry", "event", "head", "z"})
		})
	}
}

// reader is what the command reads a place with.
func reader(t *testing.T, p place) any {
	t.Helper()
	if p.name == "sqlite" {
		v, err := sqlite.OpenView(context.Background(), p.at)
		check(t, err)
		t.Cleanup(func() { v.Close() })
		return v
	}
	v, err := postgres.OpenView(context.Background(), p.at)
	check(t, err)
	t.Cleanup(func() { v.Close() })
	return v
}

// TestCopyKeepsChains: what was proved in one place is proved in the other, and the
// chains go on there.
func TestCopyKeepsChains(t *testing.T) {
	from, to := filePlace(t), serverPlace(t)
	logged(t, from)
	before := verify(t, from)
	proof, err := copyOnce(t, from, to, 3, nil)
	proved(t, proof, err)
	equal(t, "proof", verify(t, to), before)
	ctx, db := context.Background(), use(t, to)
	check(t, db.Join(ctx))
	check(t, db.Commit(ctx, &billhook.Batch{Emits: []*billhook.Emit{{Event: billhook.Event{StoreID: "default", ID: "evt_new", CreatedAt: at(9)}}}}))
	if proof, err := billhook.VerifyAudit(ctx, db, "default"); err != nil || proof.Broken != nil || proof.Entries != before.Entries+1 {
		t.Errorf("after an event there: %+v, %v", proof, err)
	}
}
