package storetest

import (
	"context"
	"fmt"
	"slices"

	"github.com/billhook/billhook"
)

// testSearch: text is found in a payload, a type and a reason, whatever the case of
// ASCII letters, and what is named by an id.
func testSearch(f *fixture) {
	var all []*billhook.Emit
	for i, data := range []string{`{"to":"Ada LOVELACE"}`, `{"city":"Århus"}`, `"100%_x"`, `{"n":1}`} {
		e := f.emit("default", fmt.Sprintf("evt_%d", i), i, "wh_1", "wh_2")
		e.Event.Data = []byte(data)
		e.Event.Entity = billhook.Reference{Type: []string{"order", "Basket"}[i%2], ID: "A-77"}
		if i == 3 {
			e.Event.Type, e.Event.Entity.ID = "product.Updated", "A-770"
		}
		for j := range e.Deliveries {
			e.Deliveries[j].EventType = e.Event.Type
		}
		f.commitEmits(e)
		all = append(all, e)
	}
	theirs := f.emit("other", "evt_9", 9, "wh_1")
	theirs.Event.Data, theirs.Event.Entity = []byte(`"lovelace"`), billhook.Reference{Type: "order", ID: "A-77"}
	f.commitEmits(theirs)
	f.commitOutcomes(outcome(all[1].Deliveries[0], billhook.StatusDead), outcome(all[2].Deliveries[1], billhook.StatusDelivered))
	ids := func(of ...int) (ids []string) {
		for _, i := range slices.Backward(of) {
			ids = append(ids, all[i].Deliveries[1].ID, all[i].Deliveries[0].ID)
		}
		return ids
	}
	for text, want := range map[string][]string{
		"lovelace": ids(0), "ADA": ids(0), "Århus": ids(1), "århus": {}, "%_x": ids(2), "100%": ids(2), "nothing": {},
		"PRODUCT.": ids(3), "answered 503": {all[1].Deliveries[0].ID}, "A-77": ids(0, 1, 2), "A-770": ids(3), "a-77": {},
		"evt_2": ids(2), all[0].Deliveries[1].ID: {all[0].Deliveries[1].ID}, "evt_": {},
	} {
		f.equal("search "+text, f.list(billhook.DeliveryFilter{StoreID: "default", Search: text}), want)
	}
	f.equal("with others", f.list(billhook.DeliveryFilter{StoreID: "default", Search: "a", WebhookID: "wh_1", Status: billhook.StatusDead}), []string{all[1].Deliveries[0].ID})
	f.equal("among webhooks", f.list(billhook.DeliveryFilter{StoreID: "default", Among: []string{"wh_2", "wh_3"}, Limit: 2}), []string{all[3].Deliveries[1].ID, all[2].Deliveries[1].ID})
	f.equal("among none", f.list(billhook.DeliveryFilter{StoreID: "default", Among: []string{}}), []string{})
	f.equal("not before", f.list(billhook.DeliveryFilter{StoreID: "default", NotBefore: all[3].Deliveries[0].ID}), ids(3))

	about := func(storeID, id string, limit int) []string {
		f.Helper()
		return must[[]string](f)(f.db.EventsAbout(context.Background(), storeID, id, limit))
	}
	f.equal("about an entity of two types", about("default", "A-77", 9), []string{"evt_2", "evt_1", "evt_0"})
	f.equal("the newest", about("default", "A-77", 1), []string{"evt_2"})
	f.equal("theirs", about("other", "A-77", 9), []string{"evt_9"})
	f.equal("about nothing", about("default", "A-7", 9), []string{})
	f.equal("in no store", about("nobody", "A-77", 9), []string{})
}

// testEdge: from an edge on is all that the filter selects, however it is split into
// what waits and what is over, and the edges lead to the end.
func testEdge(f *fixture) {
	all := f.mixed()
	for _, filter := range []billhook.DeliveryFilter{
		{}, {WebhookID: "wh_1"}, {EventType: "order.paid"}, {Status: billhook.StatusPending}, {Status: billhook.StatusDead},
		{Status: billhook.StatusDelivered, WebhookID: "wh_2"}, {WebhookID: "wh_9"}, {NotBefore: "dlv_000020", Before: "dlv_000090"},
	} {
		filter.StoreID, filter.Limit = "default", len(all)
		want := f.list(filter)
		for _, n := range []int{1, 2, 7, 100} {
			var got []string
			part := filter
			for steps := 0; ; steps++ {
				edge := must[billhook.DeliveryEdge](f)(f.db.Edge(context.Background(), part, n))
				step := part
				step.NotBefore = max(part.NotBefore, edge.ID)
				found := f.list(step)
				if len(found) > 2*n && edge.ID != "" || steps > len(all) {
					f.Fatalf("%+v: %d found in step %d of %d", part, len(found), steps, n)
				}
				got = append(got, found...)
				if edge.ID == "" {
					break
				}
				if d := f.delivery("default", edge.ID); !d.CreatedAt.Equal(edge.CreatedAt) {
					f.Errorf("%+v: was made at %v", edge, d.CreatedAt)
				}
				part.Before = edge.ID
			}
			f.equal(fmt.Sprintf("%+v by %d", filter, n), got, want)
		}
	}
}

// testNodes: this process is a node, and what it owns is counted.
func testNodes(f *fixture) {
	own := func() billhook.Node {
		f.Helper()
		for _, n := range must[[]billhook.Node](f)(f.db.Nodes(context.Background())) {
			if n.Own {
				return n
			}
		}
		f.Fatal("this process is no node")
		return billhook.Node{}
	}
	e := f.emit("default", "evt_1", 1, "wh_1", "wh_2")
	f.commitEmits(e)
	n := own()
	f.equal("alive", n.Alive, true)
	f.equal("owns", n.Deliveries, int64(2))
	if n.ID == 0 || n.StartedAt.IsZero() || n.BeatAt.Before(n.StartedAt) {
		f.Errorf("node %+v", n)
	}
	f.commitOutcomes(outcome(e.Deliveries[0], billhook.StatusDelivered))
	f.equal("owns then", own().Deliveries, int64(1))
	if f.harness.Second == nil {
		return
	}
	other := f.harness.Second(f.T, f.db)
	defer other.Close()
	if err := other.Join(context.Background()); err != nil {
		f.Fatal(err)
	}
	all := must[[]billhook.Node](f)(other.Nodes(context.Background()))
	f.equal("two", len(all), 2)
	f.equal("whose", []any{all[0].Own, all[1].Own, all[0].Deliveries, all[1].Deliveries}, []any{false, true, int64(1), int64(0)})
}
