package storetest

import (
	"context"
	"errors"
	"time"

	"github.com/billhook/billhook"
	"github.com/billhook/billhook/profile"
)

func (f *fixture) configuration() billhook.Configuration {
	f.Helper()
	return must[billhook.Configuration](f)(f.db.Configuration(context.Background()))
}

func testEmpty(f *fixture) {
	ctx := context.Background()
	f.commit(&billhook.Batch{})
	f.commit(&billhook.Batch{Probe: true}) // which nobody sees anything of
	all := f.configuration()
	f.equal("stores", all.Stores, []billhook.Store{})
	f.equal("webhooks", all.Webhooks, []billhook.Webhook{})
	f.equal("keys", all.Keys, []billhook.APIKey{})
	f.equal("event types", all.EventTypes, []billhook.EventType{})
	f.equal("lanes", must[[]billhook.Lane](f)(f.db.Lanes(ctx)), []billhook.Lane{})
	f.equal("pending", f.pending(lane("default", "wh_1")), []billhook.Pending{})
	f.equal("events", f.listEvents(billhook.EventFilter{}), []string{})
	f.equal("deliveries", f.list(billhook.DeliveryFilter{}), []string{})
	f.equal("attempts", f.attempts("default", "dlv_1"), []billhook.Attempt{})
	if _, err := f.db.Event(ctx, "default", "evt_1"); !errors.Is(err, billhook.ErrNotFound) {
		f.Errorf("event: got %v, want ErrNotFound", err)
	}
	if _, err := f.db.Delivery(ctx, "default", "dlv_1"); !errors.Is(err, billhook.ErrNotFound) {
		f.Errorf("delivery: got %v, want ErrNotFound", err)
	}
}

func testStores(f *fixture) {
	one := billhook.Store{ID: "one", Name: "Bäckerei „Eins“ 🥐", Profile: "litestore", CreatedAt: at(0), UpdatedAt: at(1), DeletedAt: at(2)}
	one.StoreSettings = billhook.StoreSettings{Validation: billhook.ValidationWarn, RetryPolicy: &profile.RetryPolicy{
		MaxAttempts: 3, BackoffMultiplier: 1, RetryOn: profile.RetryOnListed, RetryCodes: []int{429, 503},
		Delays: []time.Duration{0, 30 * 24 * time.Hour}, MaxAge: 365 * 24 * time.Hour, Timeout: time.Minute,
	}}
	two := billhook.Store{ID: "two"}
	first, second := &billhook.StoreWrite{Store: one, Create: true}, &billhook.StoreWrite{Store: two, Create: true}
	f.commit(&billhook.Batch{Stores: []*billhook.StoreWrite{first, second}})
	f.equal("refused", []bool{first.Refused, second.Refused}, []bool{false, false})
	f.equal("stores", f.configuration().Stores, []billhook.Store{one, two})

	taken := &billhook.StoreWrite{Store: billhook.Store{ID: "one", Name: "another"}, Create: true}
	two.Name, two.UpdatedAt = "Two", at(2)
	replaced := &billhook.StoreWrite{Store: two}
	missing := &billhook.StoreWrite{Store: billhook.Store{ID: "three", Name: "Three"}}
	changed := &billhook.StoreWrite{Store: billhook.Store{ID: "one", Name: "late"}, Was: at(0)} // it was changed since
	f.commit(&billhook.Batch{Stores: []*billhook.StoreWrite{taken, replaced, missing, changed}})
	f.equal("refused", []bool{taken.Refused, replaced.Refused, missing.Refused, changed.Refused}, []bool{true, false, true, true})
	f.equal("stores", f.configuration().Stores, []billhook.Store{one, two})
}

func testWebhooks(f *fixture) {
	full := billhook.Webhook{
		StoreID: "one", ID: "wh_1", URL: "https://shop.example.com/höök?a=1&b=<2>", Events: []string{"order.*", "übung", "*"},
		Name: "Näme", Description: "line\nline\t\"quoted\" 日本語 \u2028", IsActive: true,
		WebhookSettings: billhook.WebhookSettings{InactiveReason: "the receiver answered 410 Gone", Filter: `data.a < 1 && data.b == "é"`, EventVersions: map[string]int{"order.paid": 2}},
		RetryPolicy: &profile.RetryPolicy{
			MaxAttempts: 7, BackoffMultiplier: 2.5, InitialDelay: 1500 * time.Millisecond, MaxDelay: time.Hour,
			Jitter: 0.125, FirstExponent: 1, RetryOn: profile.RetryOnServerErrors,
			Delays: []time.Duration{time.Second, 3 * 24 * time.Hour}, MaxAge: time.Hour, Timeout: 100 * time.Millisecond, RetryCodes: []int{429},
		},
		Headers:          map[string]string{"X-Tenant": "a&b", "X-Empty": ""},
		Secrets:          []billhook.Secret{{Sealed: "v1:a:c2VhbGVk"}, {Value: "whsec_new"}, {Value: "whsec_öld", ExpiresAt: at(60)}},
		KeyPairs:         []billhook.KeyPair{{Public: "whpk_new", Secret: billhook.Secret{Sealed: "v1:a:a2V5"}}, {Public: "whpk_old", Secret: billhook.Secret{Value: "whsk_old", ExpiresAt: at(60)}}},
		OverlapSignature: billhook.SignNew,
		CreatedAt:        at(0), UpdatedAt: at(1), DeletedAt: at(2),
	}
	bare := billhook.Webhook{StoreID: "one", ID: "wh_2", URL: "https://example.com"}
	elsewhere := billhook.Webhook{StoreID: "two", ID: "wh_1", URL: "https://example.org", CreatedAt: at(3)}
	var writes []*billhook.WebhookWrite
	for _, h := range []billhook.Webhook{full, bare, elsewhere} {
		writes = append(writes, &billhook.WebhookWrite{Webhook: h, Create: true})
	}
	f.commit(&billhook.Batch{Webhooks: writes})
	for _, w := range writes {
		f.equal("refused "+w.Webhook.ID, w.Refused, false)
	}
	f.equal("webhooks", f.configuration().Webhooks, []billhook.Webhook{full, bare, elsewhere})

	// Every member can be replaced, and a set one unset.
	taken := &billhook.WebhookWrite{Webhook: billhook.Webhook{StoreID: "two", ID: "wh_1", URL: "https://taken.example"}, Create: true}
	filled, emptied := full, billhook.Webhook{StoreID: "one", ID: "wh_1", URL: "https://example.net"}
	filled.ID = "wh_2"
	late := &billhook.WebhookWrite{Webhook: billhook.Webhook{StoreID: "one", ID: "wh_2", URL: "https://late.example"}}
	f.commit(&billhook.Batch{Webhooks: []*billhook.WebhookWrite{taken, {Webhook: filled}, {Webhook: emptied, Was: at(1)}, late}})
	f.equal("refused", []bool{taken.Refused, late.Refused}, []bool{true, true})
	f.equal("webhooks", f.configuration().Webhooks, []billhook.Webhook{emptied, filled, elsewhere})
}

func testEventTypes(f *fixture) {
	full := billhook.EventType{StoreID: "one", Name: "order.paid", CreatedAt: at(0), UpdatedAt: at(1), DeletedAt: at(2)}
	full.Description, full.Entity = "Bezahlt „<&>“", profile.Entity{Type: "order", ID: "/id"}
	full.Examples = []string{`{"id":"o_1","a":"<&>"}`, `null`}
	full.Versions = []billhook.SchemaVersion{
		{Number: 1, Schema: `{"type":"object","description":"<&>\u2028"}`, CreatedAt: at(0)},
		{Number: 2, Breaking: true, CreatedAt: at(1)},
	}
	bare := billhook.EventType{StoreID: "one", Name: "a/b", UpdatedAt: at(1)}
	elsewhere := billhook.EventType{StoreID: "two", Name: "order.paid", CreatedAt: at(3)}
	var writes []*billhook.EventTypeWrite
	for _, t := range []billhook.EventType{full, elsewhere, bare} {
		writes = append(writes, &billhook.EventTypeWrite{EventType: t, Create: true})
	}
	f.commit(&billhook.Batch{EventTypes: writes})
	for _, w := range writes {
		f.equal("refused "+w.EventType.Name, w.Refused, false)
	}
	f.equal("event types", f.configuration().EventTypes, []billhook.EventType{bare, full, elsewhere})

	// Every member can be replaced, and a set one unset.
	taken := &billhook.EventTypeWrite{EventType: billhook.EventType{StoreID: "two", Name: "order.paid", UpdatedAt: at(9)}, Create: true}
	missing := &billhook.EventTypeWrite{EventType: billhook.EventType{StoreID: "two", Name: "a/b", UpdatedAt: at(9)}}
	late := &billhook.EventTypeWrite{EventType: billhook.EventType{StoreID: "one", Name: "order.paid", UpdatedAt: at(9)}, Was: at(0)}
	filled, emptied := full, billhook.EventType{StoreID: "one", Name: "order.paid", UpdatedAt: at(4)}
	filled.Name = "a/b"
	f.commit(&billhook.Batch{EventTypes: []*billhook.EventTypeWrite{taken, missing, late, {EventType: filled, Was: at(1)}, {EventType: emptied, Was: at(1)}}})
	f.equal("refused", []bool{taken.Refused, missing.Refused, late.Refused}, []bool{true, true, true})
	f.equal("event types", f.configuration().EventTypes, []billhook.EventType{filled, emptied, elsewhere})
}

func testKeys(f *fixture) {
	full := billhook.APIKey{
		StoreID: "one", ID: "key_1", Name: "Kässe „3“", Prefix: "bhk_ABCDEFGHIJKL", Salt: []byte{0, 0xff, 1}, Hash: []byte{0xfe, 0, 2},
		Permissions: []string{"events:emit", "webhooks:read"}, CreatedAt: at(0), UpdatedAt: at(1), ExpiresAt: at(60), RevokedAt: at(1),
	}
	// Keys for all stores come before all others.
	bare := billhook.APIKey{ID: "key_1", Salt: []byte("s"), Hash: []byte("h"), Permissions: []string{"*"}, UpdatedAt: at(1)}
	elsewhere := billhook.APIKey{StoreID: "two", ID: "key_1", Salt: []byte("s"), Hash: []byte("h"), Permissions: []string{"*"}}
	var writes []*billhook.KeyWrite
	for _, k := range []billhook.APIKey{full, elsewhere, bare} {
		writes = append(writes, &billhook.KeyWrite{Key: k, Create: true})
	}
	f.commit(&billhook.Batch{Keys: writes})
	for _, w := range writes {
		f.equal("refused "+w.Key.StoreID, w.Refused, false)
	}
	f.equal("keys", f.configuration().Keys, []billhook.APIKey{bare, full, elsewhere})

	taken := &billhook.KeyWrite{Key: billhook.APIKey{StoreID: "two", ID: "key_1", Name: "taken"}, Create: true}
	missing := &billhook.KeyWrite{Key: billhook.APIKey{StoreID: "two", ID: "key_2"}}
	late := &billhook.KeyWrite{Key: billhook.APIKey{StoreID: "one", ID: "key_1", Name: "late"}, Was: at(0)} // it was changed since
	revoked := bare
	revoked.UpdatedAt, revoked.RevokedAt = at(2), at(2)
	f.commit(&billhook.Batch{Keys: []*billhook.KeyWrite{taken, missing, late, {Key: revoked, Was: at(1)}}})
	f.equal("refused", []bool{taken.Refused, missing.Refused, late.Refused}, []bool{true, true, true})
	f.equal("keys", f.configuration().Keys, []billhook.APIKey{revoked, full, elsewhere})
}
