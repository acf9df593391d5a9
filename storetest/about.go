package storetest

import (
	"context"
	"fmt"
	"slices"

	"github.com/billhook/billhook"
)

// Deliveries are found by what their events are about, each half of the list, and can be
// read without payloads.
func testDeliveriesAbout(f *fixture) {
	order, product := billhook.Reference{Type: "order", ID: "7"}, billhook.Reference{Type: "product", ID: "7"}
	var all []billhook.Delivery
	for i := range 12 {
		store := []string{"default", "other"}[i%4/3]
		e := f.emit(store, fmt.Sprintf("evt_%02d", i), i, "wh_1", "wh_2")
		e.Event.Entity = []billhook.Reference{order, product, {}}[i%3]
		f.commitEmits(e)
		o := outcome(e.Deliveries[0], billhook.StatusDead)
		f.commitOutcomes(o)
		all = append(all, after(o, e.Event), waiting(e.Deliveries[1], e.Event))
	}
	slices.Reverse(all)
	for _, store := range []string{"default", "other"} {
		for _, entity := range []billhook.Reference{order, product, {Type: "order", ID: "8"}, {Type: "customer", ID: "7"}} {
			for _, filter := range []billhook.DeliveryFilter{
				{Limit: 99}, {Limit: 2}, {Limit: 99, Status: billhook.StatusDead}, {Limit: 99, Status: billhook.StatusPending},
				{Limit: 99, WebhookID: "wh_2"}, {Limit: 99, From: at(3), To: at(9)}, {Limit: 99, Before: "dlv_000009"}, {Limit: 99, WithoutPayload: true},
			} {
				filter.StoreID, filter.Entity = store, entity
				var want []billhook.Delivery
				for _, d := range all {
					if d.StoreID == store && d.Entity == entity && matches(filter.Status, d.Status) && matches(filter.WebhookID, d.WebhookID) &&
						within(d.CreatedAt, filter.From, filter.To) && (filter.Before == "" || d.ID < filter.Before) && len(want) < filter.Limit {
						if filter.WithoutPayload {
							d.Payload = nil
						}
						want = append(want, d)
					}
				}
				f.equal(fmt.Sprintf("%+v", filter), must[[]billhook.Delivery](f)(f.db.Deliveries(context.Background(), filter)), want)
			}
		}
	}
}

// What Client.Test has emitted is known again wherever a delivery or an event is read.
func testTests(f *fixture) {
	ctx := context.Background()
	test, real := f.emit("default", "evt_test", 1, "wh_1"), f.emit("default", "evt_real", 2, "wh_1")
	test.Event.IdempotencyKey, real.Event.IdempotencyKey = "test·evt_test", "test-evt_real"
	f.commitEmits(test, real)
	f.equal("the test", f.delivery("default", test.Deliveries[0].ID).Test, true)
	f.equal("the other", f.delivery("default", real.Deliveries[0].ID).Test, false)
	f.commitOutcomes(outcome(test.Deliveries[0], billhook.StatusDead), outcome(real.Deliveries[0], billhook.StatusDead))
	var tests []bool
	for _, d := range must[[]billhook.Delivery](f)(f.db.Over(ctx, billhook.OverFilter{StoreID: "default", Statuses: []billhook.Status{billhook.StatusDead}, Limit: 9})) {
		tests = append(tests, d.Test)
	}
	for _, e := range must[[]billhook.EventFor](f)(f.db.EventsFor(ctx, billhook.EventsForFilter{Lane: lane("default", "wh_2"), From: at(0), Until: at(100), Limit: 9})) {
		tests = append(tests, e.Test)
	}
	f.equal("among what is over, and of the events", tests, []bool{true, false, true, false})
}
