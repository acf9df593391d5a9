package storetest

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/billhook/billhook"
)

func testLanes(f *fixture) {
	want := []billhook.Lane{lane("a", "wh_1"), lane("a", "wh_2"), lane("ab", "wh_1"), lane("b", "wh_0"), lane("b", "wh_1")}
	var drained []*billhook.Outcome
	for i, l := range want {
		for j := range 5 {
			f.commitEmits(f.emit(l.StoreID, fmt.Sprintf("evt_%d_%d", i, j), j, l.WebhookID))
		}
	}
	gone := f.emit("a", "evt_gone", 1, "wh_3")
	f.commitEmits(gone)
	f.commitOutcomes(append(drained, outcome(gone.Deliveries[0], billhook.StatusDelivered))...)
	got := must[[]billhook.Lane](f)(f.db.Lanes(context.Background()))
	slices.SortFunc(got, func(a, b billhook.Lane) int {
		return cmp.Or(cmp.Compare(a.StoreID, b.StoreID), cmp.Compare(a.WebhookID, b.WebhookID))
	})
	f.equal("lanes", got, want)
}

func testPending(f *fixture) {
	var want []billhook.Pending
	for i := range 60 {
		e := f.emit("default", fmt.Sprintf("evt_%d", i), 1, "wh_1", "wh_2")
		e.Deliveries[0].DueAt = at(i * 7 % 20) // three of each
		want = append(want, e.Deliveries[0])
		f.commitEmits(e)
	}
	want[3].DueAt = time.Time{} // due since ever
	f.retry("default", want[3].ID, time.Time{})
	slices.SortFunc(want, func(a, b billhook.Pending) int { return a.Position.Compare(b.Position) })
	f.equal("all", f.pending(lane("default", "wh_1")), want)
	for after := range want {
		got := must[[]billhook.Pending](f)(f.db.Pending(context.Background(), lane("default", "wh_1"), want[after].Position, 4))
		f.equal(fmt.Sprintf("after %d", after), got, want[after+1:min(after+5, len(want))])
	}
	between := billhook.Position{DueAt: want[30].DueAt, ID: want[30].ID + "x"}
	got := must[[]billhook.Pending](f)(f.db.Pending(context.Background(), lane("default", "wh_1"), between, 1))
	f.equal("after a position that no delivery has", got, want[31:32])
	f.equal("of another store", f.pending(lane("other", "wh_1")), []billhook.Pending{})
}

func testEventFilters(f *fixture) {
	var all []billhook.Event
	for i := range 40 {
		e := f.emit("default", fmt.Sprintf("evt_%02d", i*7%40), i/2, "wh_1") // two at a time
		e.Event.Type = []string{"order.created", "order.paid", "product.updated"}[i%3]
		e.Event.Entity = billhook.Reference{Type: []string{"order", "product"}[i%2], ID: fmt.Sprint(i % 5)}
		f.commitEmits(e)
		all = append(all, e.Event)
	}
	slices.SortFunc(all, func(a, b billhook.Event) int {
		return cmp.Or(b.CreatedAt.Compare(a.CreatedAt), cmp.Compare(b.ID, a.ID))
	})
	full := must[[]billhook.Event](f)(f.db.Events(context.Background(), billhook.EventFilter{StoreID: "default", Limit: 100}))
	f.equal("all", full, all)
	for _, filter := range []billhook.EventFilter{
		{}, {StoreID: "default"}, {StoreID: "other"},
		{Type: "order.paid"}, {EntityType: "product"}, {EntityID: "3"}, {EntityType: "order", EntityID: "3"},
		{From: at(5)}, {To: at(5)}, {From: at(5), To: at(9)}, {From: at(9), To: at(5)}, {From: at(5).Add(1), To: at(9).Add(1)},
		{Before: billhook.EventPosition{CreatedAt: all[11].CreatedAt, ID: all[11].ID}},
		{Before: billhook.EventPosition{CreatedAt: at(9), ID: "zzz"}, Limit: 7},
		{StoreID: "default", Type: "order.created", EntityType: "order", EntityID: "2", From: at(1), To: at(18), Limit: 2},
		{StoreID: "default", Type: "order", Limit: 2},
	} {
		want := []string{}
		for _, e := range all {
			before := filter.Before == (billhook.EventPosition{}) || e.CreatedAt.Before(filter.Before.CreatedAt) ||
				e.CreatedAt.Equal(filter.Before.CreatedAt) && e.ID < filter.Before.ID
			if before && matches(filter.StoreID, e.StoreID) && matches(filter.Type, e.Type) && matches(filter.EntityType, e.Entity.Type) &&
				matches(filter.EntityID, e.Entity.ID) && within(e.CreatedAt, filter.From, filter.To) &&
				(filter.Limit == 0 || len(want) < filter.Limit) {
				want = append(want, e.ID)
			}
		}
		f.equal(fmt.Sprintf("%+v", filter), f.listEvents(filter), want)
	}
}

func matches[T comparable](asked, value T) bool {
	var any T
	return asked == any || asked == value
}

func within(t, from, to time.Time) bool {
	return (from.IsZero() || !t.Before(from)) && (to.IsZero() || t.Before(to))
}

// Pages stay complete and without repeats while newer events come in.
func testEventPages(f *fixture) {
	var want []string
	for i := range 100 {
		e := f.emit("default", fmt.Sprintf("evt_%03d", i), i/10)
		want = append(want, e.Event.ID)
		f.commitEmits(e)
	}
	slices.Reverse(want)
	filter := billhook.EventFilter{StoreID: "default", Limit: 7}
	var got []string
	for {
		page := must[[]billhook.Event](f)(f.db.Events(context.Background(), filter))
		if len(page) == 0 {
			break
		}
		for _, e := range page {
			got = append(got, e.ID)
		}
		last := page[len(page)-1]
		filter.Before = billhook.EventPosition{CreatedAt: last.CreatedAt, ID: last.ID}
		f.commitEmits(f.emit("default", fmt.Sprintf("new_%d", len(got)), 100))
	}
	f.equal("pages", got, want)
}

// mixed commits 120 deliveries of two stores in all states, some tried before,
// and returns them as they should read, the newest first.
func (f *fixture) mixed() []billhook.Delivery {
	f.Helper()
	r := rand.New(rand.NewPCG(1, 2))
	var all []billhook.Delivery
	for i := range 40 {
		store := []string{"default", "default", "other"}[i%3]
		e := f.emit(store, fmt.Sprintf("evt_%02d", i), i, "wh_1", "wh_2", fmt.Sprintf("wh_%d", i%4))
		e.Event.Type = []string{"order.created", "order.paid"}[i/3%2]
		for j := range e.Deliveries {
			e.Deliveries[j].EventType = e.Event.Type
		}
		f.commitEmits(e)
		for _, p := range e.Deliveries {
			d := waiting(p, e.Event)
			status := []billhook.Status{"", billhook.StatusPending, billhook.StatusDelivered, billhook.StatusDelivered, billhook.StatusDead, billhook.StatusCancelled}[r.IntN(6)]
			if status != "" {
				o := outcome(p, status)
				f.commitOutcomes(o)
				d = after(o, e.Event)
			}
			all = append(all, d)
		}
	}
	slices.Reverse(all)
	return all
}

func testDeliveryFilters(f *fixture) {
	all := f.mixed()
	for _, store := range []string{"", "default"} {
		for _, webhook := range []string{"", "wh_1", "wh_3", "wh_9"} {
			for _, event := range []string{"", "evt_07", "evt_39"} {
				for _, status := range []billhook.Status{"", billhook.StatusPending, billhook.StatusDelivered, billhook.StatusDead, billhook.StatusCancelled} {
					for _, filter := range []billhook.DeliveryFilter{
						{}, {EventType: "order.paid"}, {From: at(7)}, {To: at(30)}, {From: at(7), To: at(30), EventType: "order.created"},
						{Before: "dlv_000060", Limit: 5}, {Before: "dlv_000060", From: at(2), Limit: 1},
					} {
						filter.StoreID, filter.WebhookID, filter.EventID, filter.Status = store, webhook, event, status
						f.deliveriesMatch(filter, all)
					}
				}
			}
		}
	}
}

func (f *fixture) deliveriesMatch(filter billhook.DeliveryFilter, all []billhook.Delivery) {
	f.Helper()
	if filter.Limit == 0 {
		filter.Limit = len(all)
	}
	var want []billhook.Delivery
	for _, d := range all {
		if matches(filter.StoreID, d.StoreID) && matches(filter.WebhookID, d.WebhookID) && matches(filter.EventID, d.EventID) &&
			matches(filter.Status, d.Status) && matches(filter.EventType, d.EventType) && within(d.CreatedAt, filter.From, filter.To) &&
			(filter.Before == "" || d.ID < filter.Before) && len(want) < filter.Limit {
			want = append(want, d)
		}
	}
	f.equal(fmt.Sprintf("%+v", filter), must[[]billhook.Delivery](f)(f.db.Deliveries(context.Background(), filter)), want)
}

// Between pages some of what waits is finished, and moves from one half of the
// list to the other.
func testDeliveryPages(f *fixture) {
	var want []string
	var waiting []billhook.Pending
	for i := range 50 {
		e := f.emit("default", fmt.Sprintf("evt_%d", i), i, "wh_1", "wh_2")
		f.commitEmits(e)
		want = append(want, e.Deliveries[0].ID, e.Deliveries[1].ID)
		f.commitOutcomes(outcome(e.Deliveries[0], billhook.StatusDelivered))
		waiting = append(waiting, e.Deliveries[1])
	}
	slices.Reverse(want)
	filter := billhook.DeliveryFilter{StoreID: "default", Limit: 7}
	var got []string
	for {
		page := f.list(filter)
		if len(page) == 0 {
			break
		}
		got = append(got, page...)
		filter.Before = page[len(page)-1]
		f.commitOutcomes(outcome(waiting[0], billhook.StatusDead), outcome(waiting[len(waiting)-1], billhook.StatusDelivered))
		waiting = waiting[1 : len(waiting)-1]
		f.commitEmits(f.emit("default", fmt.Sprintf("new_%d", len(got)), 100, "wh_1"))
	}
	f.equal("pages", got, want)
}

// Nothing of one store can be reached by way of another, same ids or not.
func testIsolation(f *fixture) {
	ctx := context.Background()
	ours, theirs := f.emit("ours", "evt_same", 1, "wh_same"), f.emit("theirs", "evt_same", 1, "wh_same")
	theirs.Event.Data = []byte(`"theirs"`)
	theirs.Deliveries[0].ID = ours.Deliveries[0].ID
	only := f.emit("theirs", "evt_only", 2, "wh_same")
	f.commitEmits(ours, theirs, only)
	id := ours.Deliveries[0].ID
	f.equal("our event", f.event("ours", "evt_same"), ours.Event)
	f.equal("their event", f.event("theirs", "evt_same"), theirs.Event)
	f.equal("our delivery", f.delivery("ours", id), waiting(ours.Deliveries[0], ours.Event))

	o := outcome(theirs.Deliveries[0], billhook.StatusDead)
	f.commitOutcomes(o)
	f.equal("our delivery", f.delivery("ours", id), waiting(ours.Deliveries[0], ours.Event))
	f.equal("their delivery", f.delivery("theirs", id), after(o, theirs.Event))
	f.equal("our attempts", f.attempts("ours", id), []billhook.Attempt{})
	f.equal("our deliveries", f.list(billhook.DeliveryFilter{StoreID: "ours"}), []string{id})
	f.equal("our webhook's", f.list(billhook.DeliveryFilter{StoreID: "ours", WebhookID: "wh_same"}), []string{id})
	f.equal("our event's", f.list(billhook.DeliveryFilter{StoreID: "ours", EventID: "evt_same"}), []string{id})
	f.equal("our dead", f.list(billhook.DeliveryFilter{StoreID: "ours", Status: billhook.StatusDead}), []string{})
	f.equal("our events", f.listEvents(billhook.EventFilter{StoreID: "ours"}), []string{"evt_same"})
	f.equal("our lane", f.pending(lane("ours", "wh_same")), ours.Deliveries)
	f.equal("our cancelled", f.cancel(lane("ours", "wh_same"), 9), 1)
	f.equal("their lane", f.pending(lane("theirs", "wh_same")), only.Deliveries)
	if _, err := f.db.Event(ctx, "ours", "evt_only"); !errors.Is(err, billhook.ErrNotFound) {
		f.Errorf("their event read as ours: %v", err)
	}
	if _, err := f.db.Delivery(ctx, "ours", only.Deliveries[0].ID); !errors.Is(err, billhook.ErrNotFound) {
		f.Errorf("their delivery read as ours: %v", err)
	}
}

// What goes beyond the bound is the last that is read, and never the first.
func testMaxBytes(f *fixture) {
	for i := range 5 {
		e := f.emit("default", fmt.Sprintf("evt_%d", i), i, "wh_1")
		e.Event.Data = []byte(`"` + strings.Repeat("x", 98) + `"`)
		f.commitEmits(e)
	}
	for most, want := range map[int]int{0: 5, 1: 2, 99: 2, 100: 2, 199: 2, 200: 3, 400: 5, 1000: 5} {
		f.equal(fmt.Sprintf("events of %d bytes", most), len(f.listEvents(billhook.EventFilter{StoreID: "default", MaxBytes: most})), want)
		f.equal(fmt.Sprintf("deliveries of %d bytes", most), len(f.list(billhook.DeliveryFilter{StoreID: "default", MaxBytes: most})), want)
	}
}
