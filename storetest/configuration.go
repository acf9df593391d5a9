package storetest

import (
	"context"
	"errors"
	"time"

	"github.com/billhook/billhook"
	"github.com/billhook/billhook/profile"
)

func (f *fixture) configuration() ([]billhook.Store, []billhook.Webhook) {
	f.Helper()
	stores, webhooks, err := f.db.Configuration(context.Background())
	if err != nil {
		f.Fatalf("configuration: %v", err)
	}
	return stores, webhooks
}

func testEmpty(f *fixture) {
	ctx := context.Background()
	f.commit(&billhook.Batch{})
	stores, webhooks := f.configuration()
	f.equal("stores", stores, []billhook.Store{})
	f.equal("webhooks", webhooks, []billhook.Webhook{})
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
	two := billhook.Store{ID: "two"}
	first, second := &billhook.StoreWrite{Store: one, Create: true}, &billhook.StoreWrite{Store: two, Create: true}
	f.commit(&billhook.Batch{Stores: []*billhook.StoreWrite{first, second}})
	f.equal("refused", []bool{first.Refused, second.Refused}, []bool{false, false})
	stores, _ := f.configuration()
	f.equal("stores", stores, []billhook.Store{one, two})

	taken := &billhook.StoreWrite{Store: billhook.Store{ID: "one", Name: "another"}, Create: true}
	two.Name, two.UpdatedAt = "Two", at(2)
	replaced := &billhook.StoreWrite{Store: two}
	missing := &billhook.StoreWrite{Store: billhook.Store{ID: "three", Name: "Three"}}
	changed := &billhook.StoreWrite{Store: billhook.Store{ID: "one", Name: "late"}, Was: at(0)} // it was changed since
	f.commit(&billhook.Batch{Stores: []*billhook.StoreWrite{taken, replaced, missing, changed}})
	f.equal("refused", []bool{taken.Refused, replaced.Refused, missing.Refused, changed.Refused}, []bool{true, false, true, true})
	stores, _ = f.configuration()
	f.equal("stores", stores, []billhook.Store{one, two})
}

func testWebhooks(f *fixture) {
	full := billhook.Webhook{
		StoreID: "one", ID: "wh_1", URL: "https://shop.example.com/höök?a=1&b=<2>", Events: []string{"order.*", "übung", "*"},
		Name: "Näme", Description: "line\nline\t\"quoted\" 日本語 \u2028", IsActive: true,
		RetryPolicy: &profile.RetryPolicy{
			MaxAttempts: 7, BackoffMultiplier: 2.5, InitialDelay: 1500 * time.Millisecond, MaxDelay: time.Hour,
			Jitter: 0.125, FirstExponent: 1, RetryOn: profile.RetryOnServerErrors,
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
	_, webhooks := f.configuration()
	f.equal("webhooks", webhooks, []billhook.Webhook{full, bare, elsewhere})

	// Every member can be replaced, and a set one unset.
	taken := &billhook.WebhookWrite{Webhook: billhook.Webhook{StoreID: "two", ID: "wh_1", URL: "https://taken.example"}, Create: true}
	filled, emptied := full, billhook.Webhook{StoreID: "one", ID: "wh_1", URL: "https://example.net"}
	filled.ID = "wh_2"
	late := &billhook.WebhookWrite{Webhook: billhook.Webhook{StoreID: "one", ID: "wh_2", URL: "https://late.example"}}
	f.commit(&billhook.Batch{Webhooks: []*billhook.WebhookWrite{taken, {Webhook: filled}, {Webhook: emptied, Was: at(1)}, late}})
	f.equal("refused", []bool{taken.Refused, late.Refused}, []bool{true, true})
	_, webhooks = f.configuration()
	f.equal("webhooks", webhooks, []billhook.Webhook{emptied, filled, elsewhere})
}
