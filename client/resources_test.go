package client_test

import (
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/billhook/billhook/api"
	"github.com/billhook/billhook/client"
)

// TestEveryOperation calls each operation of the document, and finds what it did.
func TestEveryOperation(t *testing.T) {
	inBubble(t, api.Config{}, func(t *testing.T, s *service) {
		tryService(t, s)
		tryStores(t, s)
		tryKeys(t, s)
		tryEventTypes(t, s)
		tryWebhooks(t, s)
		tryDeliveries(t, s)
		tryErasures(t, s)
		tryAudit(t, s)
		tryStream(t, s)
		for _, operation := range operations(t) {
			if s.operations[operation] == 0 && !strings.HasSuffix(operation, "V2") { // the same at another path
				t.Errorf("no method has called %s", operation)
			}
		}
	})
}

// operations are those of the document.
func operations(t *testing.T) []string {
	t.Helper()
	text, err := os.ReadFile("../api/openapi.json")
	if err != nil {
		t.Fatal(err)
	}
	var d struct {
		Paths map[string]map[string]json.RawMessage
	}
	if err := json.Unmarshal(text, &d); err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, path := range d.Paths {
		for _, text := range path {
			var operation struct{ OperationID string }
			if json.Unmarshal(text, &operation) == nil && operation.OperationID != "" { // and not the parameters of all
				all = append(all, operation.OperationID)
			}
		}
	}
	if len(all) < 70 {
		t.Fatalf("%d operations: the document is not read", len(all))
	}
	return all
}

func tryService(t *testing.T, s *service) {
	ctx := t.Context()
	if h := must(s.Health(ctx))(t); h.Status != "ok" || h.Version != "dev" {
		t.Errorf("%+v", h)
	}
	if r := must(s.Ready(ctx))(t); r.Status != "ready" {
		t.Errorf("%+v", r)
	}
	if nodes := must(s.Nodes(ctx))(t); len(nodes) != 1 || !nodes[0].Own || !nodes[0].Alive {
		t.Errorf("%+v", nodes)
	}
	if text := must(s.Metrics(ctx))(t); text != "up 1\n" {
		t.Errorf("%q", text)
	}
	if text := must(s.OpenAPI(ctx))(t); !json.Valid(text) {
		t.Errorf("%.80s", text)
	}
	if a := must(s.Activity(ctx, client.ActivityFilter{StepSeconds: 300, AllStores: true}))(t); a.StepSeconds != 300 || len(a.Data) == 0 {
		t.Errorf("%+v", a)
	}
	var store client.Store
	if err := s.Do(ctx, "GET", "/api/stores/default", nil, &store); err != nil || store.ID != "default" {
		t.Errorf("%+v, %v", store, err)
	}
}

func tryStores(t *testing.T, s *service) {
	ctx := t.Context()
	if _, err := s.Stores.Create(ctx, client.NewStore{ID: "shop/1"}); !client.IsCode(err, "invalid") {
		t.Errorf("a slash in an id: %v", err)
	}
	one := must(s.Stores.Create(ctx, client.NewStore{
		ID: "shop", Name: "Shop", RetryPolicy: &client.NewRetryPolicy{Named: "five"}, Retention: &client.Retention{PayloadDays: new(7)},
		Limits: &client.Limits{Concurrency: new(3)}, Egress: &client.Egress{Ports: []int{443}},
	}))(t)
	if one.RetryPolicy == nil || one.RetryPolicy.MaxAttempts != 6 || *one.Limits.Concurrency != 3 || one.Limits.RatePerSecond != nil {
		t.Errorf("%+v", one)
	}
	changed := must(s.Stores.Update(ctx, "shop", client.StoreChange{
		Name: client.To("Other"), RetryPolicy: client.ToDefault[client.NewRetryPolicy](), DeactivateAfterSeconds: client.To(3600),
	}))(t)
	if changed.Name != "Other" || changed.RetryPolicy != nil || *changed.DeactivateAfterSeconds != 3600 || changed.Egress == nil {
		t.Errorf("%+v", changed)
	}
	if got := must(s.Stores.Get(ctx, "shop"))(t); got.Name != "Other" {
		t.Errorf("%+v", got)
	}
	if keys := must(s.Stores.PublicKeys(ctx, "shop"))(t); len(keys.Keys) != 0 {
		t.Errorf("%+v", keys)
	}
	if page := must(s.Stores.List(ctx, client.Paging{Limit: 1}))(t); len(page.Data) != 1 || page.NextCursor == nil {
		t.Errorf("%+v", page)
	}
	if all := listed(t, s.Stores.All(ctx, client.Paging{Limit: 1})); len(all) < 2 {
		t.Errorf("%+v", all)
	}
	if err := s.Stores.Delete(ctx, "shop"); err != nil {
		t.Error(err)
	}
	for _, id := range []string{"shop", "", "..", ".", "../webhooks", "a/b?c"} {
		if got, err := s.Stores.Get(ctx, id); !client.IsCode(err, "not_found") {
			t.Errorf("%s: %+v, %v", id, got, err)
		}
	}
}

func tryKeys(t *testing.T, s *service) {
	ctx := t.Context()
	until := time.Now().Add(time.Hour)
	made := must(s.Keys.Create(ctx, client.NewAPIKey{Name: "emitter", Permissions: []string{"events:emit"}, ExpiresAt: &until}))(t)
	if *made.StoreID != "default" || !strings.HasPrefix(made.Key, made.Prefix) || !made.ExpiresAt.Equal(until.Truncate(time.Millisecond)) {
		t.Errorf("%+v", made.APIKey)
	}
	weak := s.as(t, client.Config{APIKey: made.Key})
	if _, err := weak.Stores.List(ctx, client.Paging{}); !client.IsCode(err, "forbidden") {
		t.Error(err)
	}
	if got := must(s.Keys.Get(ctx, made.ID))(t); got.Name != "emitter" {
		t.Errorf("%+v", got)
	}
	everywhere := must(s.Keys.Create(ctx, client.NewAPIKey{Name: "ops", Permissions: []string{"*"}, AllStores: true}))(t)
	if all := listed(t, s.Keys.All(ctx, client.KeyFilter{AllStores: true})); len(all) != 1 || all[0].ID != everywhere.ID {
		t.Errorf("%+v", all)
	}
	if err := s.Keys.Revoke(ctx, made.ID); err != nil {
		t.Error(err)
	}
	if page := must(s.Keys.List(ctx, client.KeyFilter{}))(t); len(page.Data) != 0 {
		t.Errorf("%+v", page)
	}
	if _, err := weak.Events.Emit(ctx, paid); !client.IsCode(err, "unauthorized") {
		t.Error(err)
	}
}

func tryEventTypes(t *testing.T, s *service) {
	ctx := t.Context()
	n := client.NewEventType{
		Name: "cart.emptied", Entity: &client.EventTypeEntity{Type: "cart", ID: "/cart"},
		Examples: []json.RawMessage{[]byte(`{"cart":"c_1"}`)}, Schema: []byte(`{"type":"object","required":["cart"]}`),
	}
	if made := must(s.EventTypes.Create(ctx, n))(t); *made.Version != 1 || made.Source != "store" {
		t.Errorf("%+v", made)
	}
	if _, err := s.EventTypes.Update(ctx, n.Name, client.EventTypeChange{Schema: client.To(json.RawMessage(`{"type":"string"}`))}); !client.IsCode(err, "breaking_change") {
		t.Error(err)
	}
	forced := client.EventTypeChange{Schema: client.To(json.RawMessage(`{"type":"object"}`)), Force: client.To(true)}
	if put := must(s.EventTypes.Put(ctx, n.Name, forced))(t); *put.Version != 2 || put.Entity != nil {
		t.Errorf("%+v", put)
	}
	if got := must(s.EventTypes.Get(ctx, n.Name))(t); len(got.Versions) != 2 || got.Failures == nil || string(got.Versions[0].Schema) == "" {
		t.Errorf("%+v", got)
	}
	if page := must(s.EventTypes.List(ctx, client.Paging{Limit: 1}))(t); len(page.Data) != 1 {
		t.Errorf("%+v", page)
	}
	named := func(e client.EventType) bool { return e.Name == n.Name }
	if all := listed(t, s.EventTypes.All(ctx, client.Paging{})); !slices.ContainsFunc(all, named) {
		t.Errorf("%+v", all)
	}
	if err := s.EventTypes.Delete(ctx, n.Name); err != nil {
		t.Error(err)
	}
}

func tryWebhooks(t *testing.T, s *service) {
	ctx := t.Context()
	made := must(s.Webhooks.Create(ctx, client.NewWebhook{
		URL: "http://127.0.0.1:9/hook", Events: []string{"order.*"}, Headers: map[string]string{"X-Shop": "7"},
		RetryPolicy: &client.NewRetryPolicy{MaxAttempts: 2, Jitter: new(0.0)}, Batch: &client.NewBatching{MaxEvents: 5},
		Filter: `data.total > 1`, TLS: nil, IsActive: new(true), Ed25519: true,
	}))(t)
	if made.Secret == "" || made.PublicKey == nil || made.Headers["X-Shop"] != "7" || made.RetryPolicy.MaxAttempts != 2 || made.Batch.MaxEvents != 5 {
		t.Errorf("%+v", made.Webhook)
	}
	id := made.ID
	changed := must(s.Webhooks.Update(ctx, id, client.WebhookChange{
		Name: client.To("shop"), Filter: client.ToDefault[string](), Batch: client.ToDefault[client.NewBatching](), WhenInactive: client.To("hold"),
	}))(t)
	if changed.Name != "shop" || changed.Filter != nil || changed.Batch != nil || *changed.WhenInactive != "hold" {
		t.Errorf("%+v", changed)
	}
	if got := must(s.Webhooks.Get(ctx, id))(t); got.Name != "shop" || got.Headers["X-Shop"] != "***" {
		t.Errorf("%+v", got)
	}
	if page := must(s.Webhooks.List(ctx, client.Paging{}))(t); len(page.Data) != 1 || page.NextCursor != nil {
		t.Errorf("%+v", page)
	}
	if same := must(s.Webhooks.CompareSecret(ctx, id, client.SecretsToCompare{Secret: made.Secret, Headers: map[string]string{"X-None": "1"}}))(t); same.Secret == nil || !*same.Secret || same.Headers["X-None"] {
		t.Errorf("compared: %+v", same)
	}
	rotated := must(s.Webhooks.RotateSecret(ctx, id, client.Rotation{GracePeriodSeconds: new(60)}))(t)
	if shown := must(s.Webhooks.Secrets(ctx, id))(t); shown.Secret != rotated.Secret || shown.Previous[0].Secret != made.Secret || len(shown.Headers) != 1 {
		t.Error("the secrets are not those of the rotation")
	}
	if h := must(s.Webhooks.Health(ctx, id))(t); h.State != "closed" || len(h.Windows) != 3 {
		t.Errorf("%+v", h)
	}
	if f := must(s.Webhooks.Filter(ctx, id))(t); f.Filter != nil {
		t.Errorf("%+v", f)
	}
	must(s.Events.Emit(ctx, paid))(t)
	if r := must(s.Webhooks.TryFilter(ctx, client.FilterTrial{Filter: "data.total > 5000"}))(t); r.Looked != 1 || r.Matched != 0 || len(r.Others) != 1 {
		t.Errorf("%+v", r)
	}
	if r := must(s.Webhooks.TryFilterOf(ctx, id, client.WebhookFilterTrial{Filter: "data.nothing > 1"}))(t); r.Failed != 1 || r.Failures[0].Message == "" {
		t.Errorf("%+v", r)
	}
	if d := must(s.Webhooks.Test(ctx, id, "order.paid"))(t); d.Status != client.DeliveryPending || d.WebhookID != id {
		t.Errorf("%+v", d)
	}
	if l := must(s.Webhooks.Ledger(ctx, id, time.Time{}, time.Time{}))(t); len(l.Data) != 1 || l.Data[0].Pending != 2 {
		t.Errorf("%+v", l)
	}
	if all := listed(t, s.Webhooks.Deliveries(ctx, id, client.DeliveryFilter{Event: "order.paid"})); len(all) != 2 {
		t.Errorf("%+v", all)
	}
	since := time.Now().Add(-time.Hour)
	if n := must(s.Webhooks.CountReplay(ctx, id, client.WebhookReplay{Since: since, Types: []string{"order.paid"}}))(t); !n.DryRun || n.Found != 0 {
		t.Errorf("%+v", n)
	}
	if n := must(s.Webhooks.CountRecover(ctx, id, client.WebhookRecover{Since: since}))(t); !n.DryRun {
		t.Errorf("%+v", n)
	}
	if r := must(s.Webhooks.Recover(ctx, id, client.WebhookRecover{Since: since, RatePerSecond: 5}))(t); r.Kind != "recover" || r.RatePerSecond != 5 {
		t.Errorf("%+v", r)
	}
	if r := must(s.Webhooks.Replay(ctx, id, client.WebhookReplay{Since: since}))(t); *r.WebhookID != id || r.Filter.From == nil {
		t.Errorf("%+v", r)
	}
	if err := s.Webhooks.Delete(ctx, id); err != nil {
		t.Error(err)
	}
	if all := listed(t, s.Webhooks.All(ctx, client.Paging{})); len(all) != 0 {
		t.Errorf("%+v", all)
	}
}

func tryDeliveries(t *testing.T, s *service) {
	ctx := t.Context()
	hook := must(s.Webhooks.Create(ctx, client.NewWebhook{URL: "http://127.0.0.1:9/hook", Events: []string{"*"}}))(t)
	about := paid
	about.Entity, about.Actor = &client.Reference{Type: "order", ID: "o_9"}, &client.Reference{Type: "user", ID: "u_1"}
	event := must(s.Events.Emit(ctx, about))(t)
	if event.Deliveries != 1 {
		t.Fatalf("%+v", event)
	}
	if got := must(s.Events.Get(ctx, event.ID))(t); got.Entity.ID != "o_9" || got.ErasedAt != nil {
		t.Errorf("%+v", got)
	}
	taken := about
	taken.ID = event.ID
	results := must(s.Events.EmitBatch(ctx, []client.NewEvent{about, taken}))(t)
	if results[0].Refused != nil || results[0].Deliveries != 1 || results[1].Refused == nil || results[1].Refused.Code != "duplicate" || results[1].Refused.Pointer != "/events/1/id" {
		t.Errorf("%+v", results)
	}
	if page := must(s.Events.List(ctx, client.EventFilter{Type: "order.paid", EntityType: "order", EntityID: "o_9", From: time.Now().Add(-time.Minute)}))(t); len(page.Data) != 2 || *page.Data[0].Sequence+*page.Data[1].Sequence != 1+2 || page.Data[1].Actor.ID != "u_1" {
		t.Errorf("%+v", page)
	}
	page := must(s.Deliveries.List(ctx, client.DeliveryFilter{WebhookID: hook.ID, EventID: event.ID, Status: client.DeliveryPending}))(t)
	if len(page.Data) != 1 || string(page.Data[0].Payload) != `{"orderId":"o_1","total":4999}` {
		t.Fatalf("%+v", page)
	}
	if found := listed(t, s.Deliveries.All(ctx, client.DeliveryFilter{Search: event.ID})); len(found) != 1 {
		t.Errorf("%+v", found)
	}
	id := page.Data[0].ID
	var raw json.RawMessage
	heard := client.WithAnswers(ctx, func(text json.RawMessage) { raw = text })
	got := must(s.Deliveries.Get(heard, id))(t)
	if got.ID != id || len(got.AttemptLog) != 0 || !strings.Contains(string(raw), `"attemptLog"`) {
		t.Errorf("%+v, %s", got, raw)
	}
	if r := must(s.Deliveries.Request(ctx, id))(t); r.Sent || r.URL != hook.URL || !strings.Contains(string(r.Body), `"total":4999`) || !strings.HasSuffix(string(r.SignatureBase), string(r.Body)) {
		t.Errorf("%+v", r)
	}
	if d := must(s.Deliveries.Retry(ctx, id))(t); d.ID != id {
		t.Errorf("%+v", d)
	}
	if n := must(s.Deliveries.CountRetry(ctx, client.DeliveriesRetry{}))(t); n.Found != 0 {
		t.Errorf("%+v", n)
	}
	r := must(s.Deliveries.RetryMany(ctx, client.DeliveriesRetry{WebhookID: hook.ID, Event: "order.*"}))(t)
	if got := must(s.Recoveries.Get(ctx, r.ID))(t); got.Kind != "retry" || got.Status != client.RecoveryRunning || got.Outcome == nil {
		t.Errorf("%+v", got)
	}
	if c := must(s.Recoveries.Cancel(ctx, r.ID))(t); c.Status != client.RecoveryCancelled {
		t.Errorf("%+v", c)
	}
	if page := must(s.Recoveries.List(ctx, client.RecoveryCancelled, client.Paging{}))(t); len(page.Data) != 1 {
		t.Errorf("%+v", page)
	}
}

func tryErasures(t *testing.T, s *service) {
	ctx := t.Context()
	made := must(s.Erasures.Create(ctx, client.Reference{Type: "order", ID: "o_9"}))(t)
	if got := must(s.Erasures.Get(ctx, made.ID))(t); got.Entity.ID != "o_9" || got.Status != "running" {
		t.Errorf("%+v", got)
	}
	if page := must(s.Erasures.List(ctx, client.Paging{}))(t); len(page.Data) != 1 {
		t.Errorf("%+v", page)
	}
	if all := listed(t, s.Erasures.All(ctx, client.Paging{})); len(all) != 1 {
		t.Errorf("%+v", all)
	}
	// The key has an id, by which it can be seen that it is gone.
	key := must(s.Keys.Create(ctx, client.NewAPIKey{Name: "portal", Permissions: []string{"webhooks:read", "deliveries:read"}}))(t)
	session := must(s.as(t, client.Config{APIKey: key.Key}).PortalSessions.Create(ctx, client.NewPortalSession{Capabilities: []string{"read"}, Theme: "dark"}))(t)
	if !strings.Contains(session.URL, "#") || session.Token == "" {
		t.Errorf("%+v", session)
	}
}

func tryAudit(t *testing.T, s *service) {
	ctx := t.Context()
	var texts int
	heard := client.WithAnswers(ctx, func(json.RawMessage) { texts++ })
	all := listed(t, s.Audit.All(heard, client.AuditFilter{Event: "webhooks.update"}))
	if len(all) != 1 || *all[0].EntityType != "webhook" || !strings.Contains(string(all[0].NewValue), "shop") || texts != 1 {
		t.Fatalf("%+v, told of %d", all, texts)
	}
	webhook := client.Reference{Type: "webhook", ID: *all[0].EntityID}
	if of := listed(t, s.Audit.Of(ctx, webhook, client.AuditFilter{})); len(of) != 6 || !slices.ContainsFunc(of, func(e client.AuditEntry) bool { return e.Event == "webhooks.create" }) {
		t.Errorf("%d entries", len(of))
	}
	odd := paid
	odd.Entity = &client.Reference{Type: "order", ID: "a/b?c d%2F"}
	must(s.Events.Emit(ctx, odd))(t)
	if of := listed(t, s.Audit.Of(ctx, *odd.Entity, client.AuditFilter{})); len(of) != 1 || *of[0].EntityID != odd.Entity.ID {
		t.Errorf("%d entries about %q", len(of), odd.Entity.ID)
	}
	if page := must(s.Audit.List(ctx, client.AuditFilter{AllStores: true, Paging: client.Paging{Limit: 5}}))(t); len(page.Data) != 1 || page.Data[0].Event != "keys.create" {
		t.Errorf("%+v", page)
	}
}
