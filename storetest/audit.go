package storetest

import (
	"context"
	"fmt"
	"sync"

	"github.com/billhook/billhook"
)

func (f *fixture) entry(storeID, id, event string, second int, entity billhook.Reference) *billhook.AuditEntry {
	return &billhook.AuditEntry{StoreID: storeID, ID: id, Event: event, Entity: entity, CreatedAt: at(second)}
}

func (f *fixture) audit(filter billhook.AuditFilter) []billhook.AuditEntry {
	f.Helper()
	if filter.Limit == 0 {
		filter.Limit = 1000
	}
	return must[[]billhook.AuditEntry](f)(f.db.Audit(context.Background(), filter))
}

// entryIDs keeps the ids of a list.
func entryIDs(all []billhook.AuditEntry) []string {
	ids := make([]string, len(all))
	for i := range all {
		ids[i] = all[i].ID
	}
	return ids
}

// told is the entry without its place in a chain, which is the database's own.
func told(e billhook.AuditEntry) billhook.AuditEntry {
	e.Chain, e.Number, e.Hash = 0, 0, nil
	return e
}

// What is done is on record with it, and what is refused is not.
func testAudit(f *fixture) {
	webhook := billhook.Reference{Type: "webhook", ID: "wh/1 ü"}
	created := f.entry("one", "aud_1", billhook.AuditStoreCreate, 1, billhook.Reference{Type: "store", ID: "one"})
	full := f.entry("one", "aud_2", billhook.AuditWebhookUpdate, 2, webhook)
	full.Actor, full.RequestID = billhook.Reference{Type: "apiKey", ID: "root"}, "req_1"
	full.Old, full.New = `{"name":"ä"}`, `{"name":"</>\u0000"}`
	refused := f.entry("one", "aud_no", billhook.AuditStoreCreate, 3, billhook.Reference{Type: "store", ID: "one"})
	late := f.entry("one", "aud_late", billhook.AuditWebhookUpdate, 3, webhook)
	e := f.emit("one", "evt_1", 4, "wh_1")
	e.Event.Entity, e.Event.Actor, e.Event.RequestID = billhook.Reference{Type: "order", ID: "o/1"}, billhook.Reference{Type: "user", ID: "u"}, "req_2"
	revealed := f.entry("one", "aud_3", billhook.AuditSecretReveal, 5, webhook)
	f.commit(&billhook.Batch{
		Stores: []*billhook.StoreWrite{
			{Store: billhook.Store{ID: "one"}, Create: true, Audit: created},
			{Store: billhook.Store{ID: "one"}, Create: true, Audit: refused},
		},
		Webhooks: []*billhook.WebhookWrite{
			{Webhook: billhook.Webhook{StoreID: "one", ID: "wh/1 ü", CreatedAt: at(1)}, Create: true, Audit: full},
			{Webhook: billhook.Webhook{StoreID: "one", ID: "wh/1 ü"}, Was: at(7), Audit: late},
		},
		Emits:   []*billhook.Emit{e},
		Entries: []*billhook.AuditEntry{revealed},
	})
	f.equal("event's request", f.event("one", "evt_1").RequestID, "req_2")
	f.commit(&billhook.Batch{Retries: []*billhook.Retry{
		{StoreID: "one", DeliveryID: e.Deliveries[0].ID, DueAt: at(6), Audit: f.entry("one", "aud_4", billhook.AuditDeliveryRetry, 6, billhook.Reference{Type: "delivery", ID: "d"})},
		{StoreID: "one", DeliveryID: "none", DueAt: at(6), Audit: f.entry("one", "aud_none", billhook.AuditDeliveryRetry, 7, billhook.Reference{Type: "delivery", ID: "none"})},
	}})
	all := f.audit(billhook.AuditFilter{StoreID: "one"})
	f.equal("entries", entryIDs(all), []string{"aud_4", "aud_3", "evt_1", "aud_2", "aud_1"})
	f.equal("full", told(all[3]), *full)
	event := told(all[2])
	f.equal("event", []any{event.Emitted, event.Event, event.Entity, event.Actor, event.RequestID, event.CreatedAt},
		[]any{true, "order.created", e.Event.Entity, e.Event.Actor, "req_2", at(4)})
	f.equal("another store's", f.audit(billhook.AuditFilter{StoreID: "two"}), []billhook.AuditEntry{})
}

func testAuditFilters(f *fixture) {
	order, user, root := billhook.Reference{Type: "order", ID: "o 1"}, billhook.Reference{Type: "user", ID: "u_1"}, billhook.Reference{Type: "apiKey", ID: "root"}
	b := &billhook.Batch{}
	for i := range 20 {
		e := f.emit("default", fmt.Sprintf("evt_%02d", i), 2*i)
		e.Event.Type, e.Event.Actor = []string{"order.paid", "order.sent", billhook.AuditWebhookUpdate}[i%3], user
		if i%2 == 0 {
			e.Event.Entity = order
		}
		done := f.entry("default", fmt.Sprintf("aud_%02d", i), billhook.AuditWebhookUpdate, 2*i+1, billhook.Reference{Type: "webhook", ID: fmt.Sprint("wh_", i%4)})
		done.Actor = root
		b.Emits, b.Entries = append(b.Emits, e), append(b.Entries, done)
	}
	f.commit(b)
	for _, test := range []struct {
		name        string
		filter      billhook.AuditFilter
		n           int
		first, last string
	}{
		{"all", billhook.AuditFilter{}, 40, "aud_19", "evt_00"},
		{"an entity type of events", billhook.AuditFilter{EntityType: "order"}, 10, "evt_18", "evt_00"},
		{"an entity type of entries", billhook.AuditFilter{EntityType: "webhook"}, 20, "aud_19", "aud_00"},
		{"an entity of events", billhook.AuditFilter{EntityType: "order", EntityID: "o 1"}, 10, "evt_18", "evt_00"},
		{"an entity of entries", billhook.AuditFilter{EntityType: "webhook", EntityID: "wh_3"}, 5, "aud_19", "aud_03"},
		{"an entity id alone", billhook.AuditFilter{EntityID: "wh_3"}, 5, "aud_19", "aud_03"},
		{"an event type", billhook.AuditFilter{Event: "order.sent"}, 7, "evt_19", "evt_01"},
		{"a name of our own finds no events", billhook.AuditFilter{Event: billhook.AuditWebhookUpdate}, 20, "aud_19", "aud_00"},
		{"an actor of events", billhook.AuditFilter{ActorID: "u_1"}, 20, "evt_19", "evt_00"},
		{"an actor of entries", billhook.AuditFilter{ActorID: "root"}, 20, "aud_19", "aud_00"},
		{"a time", billhook.AuditFilter{From: at(3), To: at(7)}, 4, "evt_03", "aud_01"},
		{"all at once", billhook.AuditFilter{EntityType: "webhook", EntityID: "wh_1", Event: billhook.AuditWebhookUpdate, ActorID: "root", From: at(3), To: at(20)}, 3, "aud_09", "aud_01"},
		{"nobody", billhook.AuditFilter{ActorID: "nobody"}, 0, "", ""},
		{"the first ones", billhook.AuditFilter{Limit: 3}, 3, "aud_19", "aud_18"},
	} {
		test.filter.StoreID = "default"
		ids := entryIDs(f.audit(test.filter))
		if len(ids) != test.n || test.n > 0 && (ids[0] != test.first || ids[test.n-1] != test.last) {
			f.Errorf("%s: got %v, want %d from %s to %s", test.name, ids, test.n, test.first, test.last)
		}
	}
}

// Pages hold everything once, both ways, also where many have one time.
func testAuditPages(f *fixture) {
	b := &billhook.Batch{}
	for i := range 30 {
		b.Emits = append(b.Emits, f.emit("default", fmt.Sprintf("evt_%02d", i), i/10))
		b.Entries = append(b.Entries, f.entry("default", fmt.Sprintf("aud_%02d", i), billhook.AuditSecretReveal, i/10, billhook.Reference{Type: "webhook", ID: "w"}))
	}
	f.commit(b)
	want := entryIDs(f.audit(billhook.AuditFilter{StoreID: "default"}))
	f.equal("all", len(want), 60)
	var got []string
	for filter := (billhook.AuditFilter{StoreID: "default", Limit: 7}); ; {
		page := f.audit(filter)
		got = append(got, entryIDs(page)...)
		if len(page) < filter.Limit {
			break
		}
		filter.Before = billhook.EventPosition{CreatedAt: page[6].CreatedAt, ID: page[6].ID}
	}
	f.equal("newest first", got, want)
	var oldest []string
	for after := (billhook.EventPosition{}); ; {
		page := must[[]billhook.AuditEntry](f)(f.db.AuditSince(context.Background(), "default", after, at(2), 7))
		for i := range page {
			oldest = append([]string{page[i].ID}, oldest...)
		}
		if len(page) < 7 {
			break
		}
		after = billhook.EventPosition{CreatedAt: page[6].CreatedAt, ID: page[6].ID}
	}
	f.equal("oldest first, before the last second", oldest, want[20:])
}

// proved wants so many entries in the store's chains, and others in none.
func (f *fixture) proved(what, storeID string, entries, unlinked int64) billhook.AuditProof {
	f.Helper()
	p, err := billhook.VerifyAudit(context.Background(), f.db, storeID)
	if err != nil {
		f.Fatalf("%s: verify: %v", what, err)
	}
	if p.Broken != nil {
		f.Fatalf("%s: %v", what, p.Broken)
	}
	f.equal(what+": entries", []int64{p.Entries, p.Unlinked}, []int64{entries, unlinked})
	return p
}

// link takes at most limit entries into a chain.
func (f *fixture) link(limit int) int {
	f.Helper()
	l := &billhook.Link{Limit: limit}
	f.commit(&billhook.Batch{Links: []*billhook.Link{l}})
	return l.Linked
}

// A chain has what was written, and nothing that was refused: of repeats within a
// batch and of before, in large and in small batches, of several stores.
func testChains(f *fixture) {
	f.proved("nothing", "a", 0, 0)
	taken := f.emit("a", "evt_taken", 0)
	f.commitEmits(taken)
	written := map[string]int64{"a": 1}
	for round := range 4 {
		b := &billhook.Batch{}
		for i := range 40 {
			store := string(rune('a' + (i+round)%3))
			e := f.emit(store, fmt.Sprintf("evt_%d_%d", round, i), i, "wh_1")
			switch i % 10 {
			case 3:
				e = f.emit("a", "evt_taken", i)
			case 4:
				e.Event.IdempotencyKey = fmt.Sprint("key ", round)
			case 5:
				e.Event.StoreID = b.Emits[4].Event.StoreID
				e.Deliveries = nil
				e.Event.Deliveries = 0
				e.Event.IdempotencyKey = fmt.Sprint("key ", round)
			}
			b.Emits = append(b.Emits, e)
			if i%9 == 0 {
				b.Entries = append(b.Entries, f.entry(store, fmt.Sprintf("aud_%d_%d", round, i), billhook.AuditSecretReveal, i, billhook.Reference{Type: "webhook", ID: "w"}))
				written[store]++
			}
		}
		f.commit(b)
		refused := 0
		for _, e := range b.Emits {
			if e.Existing == nil {
				written[e.Event.StoreID]++
			} else {
				refused++
			}
		}
		if refused < 8 {
			f.Errorf("only %d of the batch were refused: this shows little", refused)
		}
	}
	for store, n := range written {
		p := f.proved(store, store, n, 0)
		f.equal("chains", len(p.Chains), 1)
	}
}

// A transaction that failed leaves no gap, and neither does a recovery or a new
// start.
func testChainGoesOn(f *fixture) {
	ctx := context.Background()
	n := int64(0)
	commit := func(id string) {
		f.Helper()
		f.commitEmits(f.emit("default", id, int(n), "wh_1"))
		n++
	}
	commit("evt_1")
	impossible := f.emit("default", "evt_impossible", 2, "wh_1", "wh_1")
	impossible.Deliveries[1].ID = impossible.Deliveries[0].ID // two deliveries with one id
	if err := f.db.Commit(ctx, &billhook.Batch{Emits: []*billhook.Emit{f.emit("default", "evt_with_it", 2), impossible}}); err == nil {
		f.Fatal("commit of two deliveries with one id: no error")
	}
	f.proved("after a failure", "default", n, 0)
	if err := f.db.Recover(ctx); err != nil {
		f.Fatalf("recover: %v", err)
	}
	commit("evt_2")
	commit("evt_3")
	f.equal("chains", len(f.proved("after recovery", "default", n, 0).Chains), 1)
	f.db = f.harness.Reopen(f.T, f.db)
	if err := f.db.Join(ctx); err != nil {
		f.Fatalf("join: %v", err)
	}
	commit("evt_4")
	commit("evt_5")
	f.proved("after a new start", "default", n, 0)
}

// What a caller's transaction commits is in no chain until it is linked, what it
// rolls back never was there, and a refused one leaves nothing to link.
func testLinks(f *fixture) {
	f.commitEmits(f.emit("default", "evt_before", 0))
	f.emitTx(false, f.emit("default", "evt_undone", 1))
	f.proved("rolled back", "default", 1, 0)
	var emits []*billhook.Emit
	for i := range 25 {
		emits = append(emits, f.emit([]string{"default", "other"}[i%2], fmt.Sprintf("evt_%02d", i), 1+i))
	}
	f.emitTx(true, append(emits, f.emit("default", "evt_before", 30))...)
	f.proved("committed", "default", 1, 13)
	f.proved("committed", "other", 0, 12)
	f.equal("found in the list", len(f.audit(billhook.AuditFilter{StoreID: "default"})), 14)
	for _, want := range []int{10, 10, 5, 0} {
		f.equal("linked", f.link(10), want)
		f.commitEmits(f.emit("default", fmt.Sprintf("evt_between_%d", want), 50)) // the chain goes on
	}
	f.proved("linked", "default", 18-1, 0) // two of those between are one
	f.proved("linked", "other", 12, 0)
}

// Each node has a chain of its own, and what a process writes that is no node is
// in none before a node comes by.
func testTwoNodesChain(f *fixture) {
	ctx := context.Background()
	other := &fixture{T: f.T, db: f.harness.Second(f.T, f.db), harness: f.harness, deliveries: 1000}
	defer other.db.Close()
	done := other.entry("default", "aud_1", billhook.AuditSecretReveal, 1, billhook.Reference{Type: "webhook", ID: "w"})
	other.commit(&billhook.Batch{Emits: []*billhook.Emit{other.emit("default", "evt_0", 1)}, Entries: []*billhook.AuditEntry{done}})
	f.equal("linked by what is no node", other.link(10), 0)
	f.proved("of no node", "default", 0, 2)
	if err := other.db.Join(ctx); err != nil {
		f.Fatalf("join: %v", err)
	}
	for i := range 10 {
		f.commitEmits(f.emit("default", fmt.Sprintf("evt_a%d", i), i))
		other.commitEmits(other.emit("default", fmt.Sprintf("evt_b%d", i), i), other.emit("default", fmt.Sprintf("evt_a%d", i), i))
	}
	p := f.proved("of two nodes", "default", 20, 2)
	f.equal("chains", len(p.Chains), 2)
	f.link(10)
	f.proved("linked", "default", 22, 0)
}

// Who proves the log while it is written to finds nothing wrong.
func testVerifyBesideCommits(f *fixture) {
	ctx, done := context.WithCancel(context.Background())
	var provers sync.WaitGroup
	for range 2 {
		provers.Go(func() {
			for last := int64(0); ctx.Err() == nil; {
				p, err := billhook.VerifyAudit(context.Background(), f.db, "default")
				if err != nil || p.Broken != nil || p.Entries < last {
					f.Errorf("after %d entries: %d, broken at %v, error %v", last, p.Entries, p.Broken, err)
					return
				}
				last = p.Entries
			}
		})
	}
	n := int64(0)
	for b := range 40 {
		batch := &billhook.Batch{}
		for i := range 25 {
			batch.Emits = append(batch.Emits, f.emit("default", fmt.Sprintf("evt_%d_%d", b, i), b))
			n++
		}
		batch.Entries = append(batch.Entries, f.entry("default", fmt.Sprint("aud_", b), billhook.AuditSecretReveal, b, billhook.Reference{Type: "webhook", ID: "w"}))
		n++
		f.commit(batch)
	}
	done()
	provers.Wait()
	f.proved("all", "default", n, 0)
}
