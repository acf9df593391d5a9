package billhook_test

import (
	"context"
	"database/sql"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/billhook/billhook"
	"github.com/billhook/billhook/filter"
	"github.com/billhook/billhook/profile"
	"github.com/billhook/billhook/schema"
)

// speak gives a world's Client the languages of schemas and filters.
func speak(c *billhook.Config) { c.Schemas, c.Filters = schema.Language{}, filter.New() }

// define adds an event type to the default store.
func (w *world) define(name, schema string) billhook.EventType {
	w.t.Helper()
	t, err := w.client.CreateEventType(context.Background(), "default", name, billhook.EventTypeChange{Schema: &schema})
	if err != nil {
		w.t.Fatal(err)
	}
	return t
}

// validate sets the default store's validation.
func (w *world) validate(validation string) {
	w.t.Helper()
	if _, err := w.client.UpdateStore(context.Background(), "default", billhook.StoreChange{Validation: &validation}); err != nil {
		w.t.Fatal(err)
	}
}

const giftcard = `{"type":"object","required":["id"],"properties":{"id":{"type":"string"},"value":{"type":"number"}}}`

func TestEventTypes(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		ctx := context.Background()
		w.reopen(speak)
		w.store("closed", "elective-commerce")
		say := func(s string) *string { return &s }
		client := w.client

		// A closed catalogue takes events of an added type, and webhooks for it.
		emission := billhook.Emission{StoreID: "closed", Type: "giftcard.redeemed", Data: []byte(`{"card":{"id":"g_1"}}`)}
		if _, err := client.Emit(ctx, emission); billhook.ErrorCode(err) != billhook.CodeUnknownEventType {
			t.Fatalf("an unknown type: %v", err)
		}
		added, err := client.CreateEventType(ctx, "closed", "giftcard.redeemed", billhook.EventTypeChange{
			Description: say("redeemed"), Entity: &profile.Entity{Type: "giftcard", ID: "/card/id"},
			Examples: &[]string{` {"card": {"id": "g_0"}} `}, Schema: say(` {"type" : "object"} `),
		})
		if err != nil {
			t.Fatal(err)
		}
		if added.Version() != 1 || added.Schema() != `{"type":"object"}` || added.Examples[0] != `{"card":{"id":"g_0"}}` {
			t.Errorf("added: %+v", added)
		}
		e, err := client.Emit(ctx, emission)
		if err != nil || e.Entity != (billhook.Reference{Type: "giftcard", ID: "g_1"}) {
			t.Fatalf("an added type: %v, %+v", err, e)
		}
		hook, err := client.Register(ctx, billhook.Registration{StoreID: "closed", URL: "http://127.0.0.1:1/", Events: []string{"giftcard.*", "giftcard.redeemed"}})
		if err != nil {
			t.Fatal(err)
		}
		if d, err := client.Test(ctx, "closed", hook.ID, ""); err != nil || !strings.Contains(string(d.Payload), "g_0") {
			t.Errorf("a test sends %s, %v", d.Payload, err)
		}
		if _, err := client.CreateEventType(ctx, "closed", "giftcard.redeemed", billhook.EventTypeChange{}); billhook.ErrorCode(err) != billhook.CodeDuplicate {
			t.Errorf("added twice: %v", err)
		}

		// One of the profile's is listed, changed and goes back.
		if got, _, err := client.EventType(ctx, "closed", "order.paid"); err != nil || got.Description == "" || !got.CreatedAt.IsZero() {
			t.Errorf("one of the profile's: %+v, %v", got, err)
		}
		if err := client.DeleteEventType(ctx, "closed", "order.paid"); billhook.ErrorCode(err) != billhook.CodeConflict {
			t.Errorf("one of the profile's is deleted: %v", err)
		}
		changed, err := client.UpdateEventType(ctx, "closed", "order.paid", billhook.EventTypeChange{Schema: say(`{}`)})
		if err != nil || changed.Description == "" || len(changed.Examples) != 1 || changed.Entity.Type == "" {
			t.Errorf("one of the profile's is changed: %+v, %v", changed, err)
		}
		all, err := client.EventTypes(ctx, "closed", "", 1000)
		if err != nil || len(all) < 4 {
			t.Fatalf("%d types, %v", len(all), err)
		}
		for i, one := range all {
			if own := one.Name == "giftcard.redeemed" || one.Name == "order.paid"; own == one.CreatedAt.IsZero() || i > 0 && all[i-1].Name >= one.Name {
				t.Errorf("listed: %+v", one)
			}
		}

		// A deleted type is no more; its numbers are not given again.
		time.Sleep(time.Millisecond)
		if err := client.DeleteEventType(ctx, "closed", "giftcard.redeemed"); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Millisecond)
		if _, err := client.Emit(ctx, emission); billhook.ErrorCode(err) != billhook.CodeUnknownEventType {
			t.Errorf("a deleted type: %v", err)
		}
		again, err := client.CreateEventType(ctx, "closed", "giftcard.redeemed", billhook.EventTypeChange{})
		if err != nil || again.Version() != 2 || again.Schema() != "" || again.Description != "" && again.Description != "redeemed" {
			t.Errorf("added again: %+v, %v", again, err)
		}
		time.Sleep(time.Millisecond)
		put, created, err := client.PutEventType(ctx, "closed", "giftcard.redeemed", billhook.EventTypeChange{})
		if err != nil || created || put.Description != "" || put.Examples != nil || put.Version() != 2 {
			t.Errorf("put: %+v, %v, %v", put, created, err)
		}

		// Another process, and another store, know what they should.
		if _, err := client.CreateStore(ctx, billhook.Store{ID: "other", Profile: "elective-commerce"}); err != nil {
			t.Fatal(err)
		}
		if _, _, err := client.EventType(ctx, "other", "giftcard.redeemed"); billhook.ErrorCode(err) != billhook.CodeNotFound {
			t.Errorf("another store's: %v", err)
		}
		w.reopen()
		if got, _, err := w.client.EventType(ctx, "closed", "order.paid"); err != nil || got.Version() != 1 {
			t.Errorf("after a restart: %+v, %v", got, err)
		}
		entries, err := w.client.Audit(ctx, billhook.AuditFilter{StoreID: "closed", EntityType: "eventType", EntityID: "giftcard.redeemed", Limit: 10})
		if err != nil {
			t.Fatal(err)
		}
		var done []string
		for _, e := range entries {
			done = append(done, e.Event)
		}
		if got := strings.Join(done, " "); got != "eventTypes.update eventTypes.create eventTypes.delete eventTypes.create" {
			t.Errorf("on record: %s", got)
		}
	})
}

func TestRefusedEventTypes(t *testing.T) {
	say := func(s string) *string { return &s }
	for name, tt := range map[string]struct {
		name    string
		change  billhook.EventTypeChange
		code    billhook.Code
		pointer string
	}{
		"no name":          {"", billhook.EventTypeChange{}, billhook.CodeInvalid, "/name"},
		"odd name":         {"a b", billhook.EventTypeChange{}, billhook.CodeInvalid, "/name"},
		"description":      {"a", billhook.EventTypeChange{Description: say(strings.Repeat("x", 3000))}, billhook.CodeInvalid, "/description"},
		"half an entity":   {"a", billhook.EventTypeChange{Entity: &profile.Entity{Type: "order"}}, billhook.CodeInvalid, "/entity"},
		"no pointer":       {"a", billhook.EventTypeChange{Entity: &profile.Entity{Type: "order", ID: "id"}}, billhook.CodeInvalid, "/entity/id"},
		"many examples":    {"a", billhook.EventTypeChange{Examples: &[]string{"1", "1", "1", "1", "1", "1", "1", "1", "1", "1", "1"}}, billhook.CodeInvalid, "/examples"},
		"example not JSON": {"a", billhook.EventTypeChange{Examples: &[]string{"{}", "{"}}, billhook.CodeInvalid, "/examples/1"},
		"long example":     {"a", billhook.EventTypeChange{Examples: &[]string{`"` + strings.Repeat("x", 20000) + `"`}}, billhook.CodeTooLarge, "/examples/0"},
		"schema not JSON":  {"a", billhook.EventTypeChange{Schema: say(`{"type":`)}, billhook.CodeInvalid, "/schema/type"},
		"no schema":        {"a", billhook.EventTypeChange{Schema: say(`{"properties":{"a":{"type":"strnig"}}}`)}, billhook.CodeInvalid, "/schema/properties/a/type"},
		"long schema":      {"a", billhook.EventTypeChange{Schema: say(`{"title":"` + strings.Repeat("x", 70000) + `"}`)}, billhook.CodeTooLarge, "/schema"},
		"a reference out":  {"a", billhook.EventTypeChange{Schema: say(`{"$ref":"https://example.com/"}`)}, billhook.CodeInvalid, "/schema"},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T, w *world) {
				w.reopen(speak)
				_, err := w.client.CreateEventType(context.Background(), "default", tt.name, tt.change)
				wantRefusal(t, err, tt.code, tt.pointer)
				all, err := w.client.Audit(context.Background(), billhook.AuditFilter{EntityType: "eventType", Limit: 10})
				if err != nil || len(all) > 0 {
					t.Errorf("left a trace: %+v, %v", all, err)
				}
			})
		})
	}
	bubble(t, func(t *testing.T, w *world) { // without the languages
		_, err := w.client.CreateEventType(context.Background(), "default", "a", billhook.EventTypeChange{Schema: say(`{}`)})
		wantRefusal(t, err, billhook.CodeInvalid, "")
		_, err = w.client.Register(context.Background(), billhook.Registration{URL: "http://127.0.0.1:1/", Events: []string{"*"}, WebhookSettings: billhook.WebhookSettings{Filter: "true"}})
		wantRefusal(t, err, billhook.CodeInvalid, "/filter")
		w.reopen(func(c *billhook.Config) { speak(c); c.MaxEventTypes = 1 })
		w.define("a", `{}`)
		_, err = w.client.CreateEventType(context.Background(), "default", "b", billhook.EventTypeChange{})
		wantRefusal(t, err, billhook.CodeConflict, "")
	})
}

func wantRefusal(t *testing.T, err error, code billhook.Code, pointer string) {
	t.Helper()
	e, ok := err.(*billhook.Error)
	if !ok || e.Code != code || e.Pointer != pointer {
		t.Errorf("got %v, not %s at %q", err, code, pointer)
	}
}

// TestValidation: every way into the store is looked at, as it wants.
func TestValidation(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		ctx := context.Background()
		w.reopen(speak)
		w.define("giftcard.redeemed", giftcard)
		good := billhook.Emission{Type: "giftcard.redeemed", Data: []byte(`{"id":"g_1","value":25}`)}
		bad := billhook.Emission{Type: "giftcard.redeemed", Data: []byte(`{"id":7,"value":"secret-25"}`)}
		count := func() int {
			all, err := w.client.Events(ctx, billhook.EventFilter{StoreID: "default", Limit: 100})
			if err != nil {
				t.Fatal(err)
			}
			return len(all)
		}
		failures := func() int64 {
			_, f, err := w.client.EventType(ctx, "default", "giftcard.redeemed")
			if err != nil {
				t.Fatal(err)
			}
			return f.Count
		}
		accept := func(e billhook.Emission) {
			t.Helper()
			if _, err := w.client.Emit(ctx, e); err != nil {
				t.Error(err)
			}
		}
		accept(bad) // off
		if failures() != 0 {
			t.Error("somebody looked")
		}
		w.validate(billhook.ValidationWarn)
		accept(bad)
		accept(good)
		if failures() != 1 {
			t.Errorf("%d failures", failures())
		}
		if told := w.log.text.String(); !strings.Contains(told, "pointer=/data/id") || strings.Contains(told, "secret-25") {
			t.Errorf("the log has %s", told)
		}
		w.validate(billhook.ValidationEnforce)
		accept(good)
		accept(billhook.Emission{Type: "order.paid", Data: []byte(`7`)}) // no schema
		before := count()
		_, err := w.client.Emit(ctx, bad)
		wantRefusal(t, err, billhook.CodeSchemaMismatch, "/data/id")
		if e, ok := err.(*billhook.Error); !ok || len(e.Details) != 2 || e.Details[1].Pointer != "/data/value" {
			t.Errorf("details of %v", err)
		}
		_, err = w.client.EmitBatch(ctx, "default", []billhook.Emission{good, bad})
		wantRefusal(t, err, billhook.CodeSchemaMismatch, "/events/1/data/id")
		db, err := sql.Open("sqlite", "file:"+w.path+"?_pragma=busy_timeout(5000)&_txlock=immediate")
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		tx, err := db.BeginTx(ctx, nil)
		if err != nil {
			t.Fatal(err)
		}
		_, err = w.client.EmitTx(ctx, tx, bad)
		wantRefusal(t, err, billhook.CodeSchemaMismatch, "/data/id")
		if err := tx.Commit(); err != nil {
			t.Fatal(err)
		}
		if count() != before {
			t.Errorf("%d events, not %d", count(), before)
		}

		// A process without the language lets nothing pass unseen.
		w.reopen(func(c *billhook.Config) { c.Schemas = nil })
		_, err = w.client.Emit(ctx, good)
		wantRefusal(t, err, billhook.CodeUnavailable, "")
		bogus := "sometimes"
		_, err = w.client.UpdateStore(ctx, "default", billhook.StoreChange{Validation: &bogus})
		wantRefusal(t, err, billhook.CodeInvalid, "/validation")
	})
}

// TestVersions: each webhook gets the data that it was made for, once.
func TestVersions(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		ctx := context.Background()
		w.reopen(speak)
		w.define("giftcard.redeemed", giftcard)
		w.validate(billhook.ValidationEnforce)
		pinned := func(to int) func(*billhook.Registration) {
			return func(r *billhook.Registration) { r.EventVersions = map[string]int{"giftcard.redeemed": to} }
		}
		follows, first := w.register("http://127.0.0.1:1/a"), w.register("http://127.0.0.1:1/b", pinned(1))
		_, err := w.client.Register(ctx, billhook.Registration{URL: "http://127.0.0.1:1/", Events: []string{"*"}, WebhookSettings: billhook.WebhookSettings{EventVersions: map[string]int{"giftcard.redeemed": 2}}})
		wantRefusal(t, err, billhook.CodeInvalid, "/eventVersions/giftcard.redeemed")

		change := func(schema string, force bool) (billhook.EventType, error) {
			return w.client.UpdateEventType(ctx, "default", "giftcard.redeemed", billhook.EventTypeChange{Schema: &schema, Force: force})
		}
		same, err := change(giftcard, false)
		if err != nil || same.Version() != 1 {
			t.Errorf("the same schema: %+v, %v", same, err)
		}
		wider, err := change(strings.Replace(giftcard, `"value":`, `"currency":{"type":"string"},"value":`, 1), false)
		if err != nil || wider.Version() != 2 || wider.Versions[1].Breaking {
			t.Errorf("a compatible change: %+v, %v", wider, err)
		}
		const cents = `{"type":"object","required":["id","cents"],"properties":{"id":{"type":"string"},"cents":{"type":"integer"}}}`
		_, err = change(cents, false)
		wantRefusal(t, err, billhook.CodeBreakingChange, "/schema/properties/currency")
		if e, ok := err.(*billhook.Error); !ok || len(e.Details) != 3 {
			t.Errorf("details of %v", err)
		}
		forced, err := change(cents, true)
		if err != nil || forced.Version() != 3 || !forced.Versions[2].Breaking {
			t.Errorf("a forced change: %+v, %v", forced, err)
		}
		second := w.register("http://127.0.0.1:1/c", pinned(2))
		names := map[string]string{follows.ID: "follows", first.ID: "first", second.ID: "second"}
		for _, tt := range []struct {
			version int
			data    string
			want    string
		}{
			{0, `{"id":"g","cents":1}`, "follows"}, {3, `{"id":"g","cents":1}`, "follows"},
			{2, `{"id":"g","currency":"EUR"}`, "first second"}, {1, `{"id":"g"}`, "first"},
		} {
			e, err := w.client.Emit(ctx, billhook.Emission{Type: "giftcard.redeemed", Version: tt.version, Data: []byte(tt.data)})
			if err != nil {
				t.Errorf("version %d: %v", tt.version, err)
				continue
			}
			var got []string
			for _, d := range w.deliveries(billhook.DeliveryFilter{EventID: e.ID}) {
				got = append(got, names[d.WebhookID])
			}
			if sorted(got) != tt.want || e.Deliveries != len(got) {
				t.Errorf("version %d is for %s (%d), not %s", tt.version, sorted(got), e.Deliveries, tt.want)
			}
		}
		for _, version := range []int{-1, 4} {
			_, err := w.client.Emit(ctx, billhook.Emission{Type: "giftcard.redeemed", Version: version, Data: []byte(`{}`)})
			wantRefusal(t, err, billhook.CodeInvalid, "/version")
		}
		_, err = w.client.Emit(ctx, billhook.Emission{Type: "order.paid", Version: 1, Data: []byte(`{}`)})
		wantRefusal(t, err, billhook.CodeInvalid, "/version")
		_, err = w.client.Emit(ctx, billhook.Emission{Type: "giftcard.redeemed", Version: 1, Data: []byte(`{"id":1}`)})
		wantRefusal(t, err, billhook.CodeSchemaMismatch, "/data/id")
	})
}

// TestFilters: what a filter does not let through makes no delivery.
func TestFilters(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		ctx := context.Background()
		w.reopen(speak)
		inbox := &inbox{}
		url := w.serve(8080, inbox)
		large := w.register(url, func(r *billhook.Registration) { r.Filter = `data.total > 100` })
		w.run()
		for _, data := range []string{`{"total":99.99}`, `{"total":100.01}`, `{"total":5000}`, `{}`, `{"total":"many"}`} {
			w.emit("order.paid", data)
			time.Sleep(time.Millisecond)
		}
		settle(time.Second)
		var got []string
		for _, r := range inbox.all() {
			var body struct{ Data json.RawMessage }
			if err := json.Unmarshal([]byte(r.body), &body); err != nil {
				t.Fatal(err)
			}
			got = append(got, string(body.Data))
		}
		if want := `{"total":100.01} {"total":5000}`; sorted(got) != want {
			t.Errorf("delivered are %s, not %s", sorted(got), want)
		}
		if all := w.deliveries(billhook.DeliveryFilter{}); len(all) != 2 {
			t.Errorf("%d deliveries", len(all))
		}
		failures, err := w.client.FilterFailures(ctx, "default", large.ID)
		if err != nil || failures.Count != 2 {
			t.Errorf("failures: %+v, %v", failures, err)
		}

		run, err := w.client.TryFilter(ctx, billhook.FilterRun{WebhookID: large.ID})
		if err != nil || run.Looked != 5 || run.Matched != 2 || run.Failed != 2 || len(run.Others) != 1 || run.More {
			t.Errorf("a run with the webhook's filter: %+v, %v", run, err)
		}
		run, err = w.client.TryFilter(ctx, billhook.FilterRun{Filter: `has(data.total)`, Events: []string{"order.paid"}, Limit: 2})
		if err != nil || run.Looked != 2 || run.Matched != 1 || !run.More {
			t.Errorf("a run of two: %+v, %v", run, err)
		}
		run, err = w.client.TryFilter(ctx, billhook.FilterRun{Filter: `true`, Since: time.Now().Add(time.Hour)})
		if err != nil || run.Looked != 0 {
			t.Errorf("a run of none: %+v, %v", run, err)
		}
		_, err = w.client.TryFilter(ctx, billhook.FilterRun{})
		wantRefusal(t, err, billhook.CodeInvalid, "/filter")
		_, err = w.client.TryFilter(ctx, billhook.FilterRun{Filter: `true`, Limit: 1001})
		wantRefusal(t, err, billhook.CodeInvalid, "/limit")

		bad, none := `data.total >`, ""
		_, err = w.client.Update(ctx, "default", large.ID, billhook.WebhookChange{Filter: &bad})
		wantRefusal(t, err, billhook.CodeInvalid, "/filter")
		if _, err := w.client.Update(ctx, "default", large.ID, billhook.WebhookChange{Filter: &none}); err != nil {
			t.Fatal(err)
		}
		if e := w.emit("order.paid", `{}`); e.Deliveries != 1 {
			t.Errorf("without its filter %d deliveries", e.Deliveries)
		}
		// A test goes out whatever the filter says.
		never := `false`
		if _, err := w.client.Update(ctx, "default", large.ID, billhook.WebhookChange{Filter: &never}); err != nil {
			t.Fatal(err)
		}
		if _, err := w.client.Test(ctx, "default", large.ID, "order.paid"); err != nil {
			t.Error(err)
		}
	})
}

func sorted(all []string) string {
	all = slices.Clone(all)
	slices.Sort(all)
	return strings.Join(all, " ")
}
