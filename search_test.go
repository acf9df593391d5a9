package billhook_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/billhook/billhook"
)

// pages reads a list to its end and returns the ids, and how many pages were empty.
func pages(t *testing.T, c *billhook.Client, f billhook.DeliveryFilter) (ids []string, empty int) {
	t.Helper()
	for {
		page, err := c.FindDeliveries(context.Background(), f)
		if err != nil {
			t.Fatal(err)
		}
		if len(page.Deliveries) > f.Limit {
			t.Fatalf("%d deliveries on a page of %d", len(page.Deliveries), f.Limit)
		}
		if len(page.Deliveries) == 0 {
			empty++
		}
		if page.SearchedTo.IsZero() && page.Next != "" && len(page.Deliveries) < f.Limit {
			t.Errorf("a page that is not full does not say how far it looked: %+v", f)
		}
		for _, d := range page.Deliveries {
			ids = append(ids, d.ID)
		}
		if page.Next == "" {
			return ids, empty
		}
		if f.Before != "" && page.Next >= f.Before {
			t.Fatalf("the list does not go on: %q after %q", page.Next, f.Before)
		}
		f.Before = page.Next
	}
}

// TestSearchOperator: an operator finds a dead letter by its order number, whatever
// size the pages have, and each delivery once.
func TestSearchOperator(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		w.register("http://127.0.0.1:80/hook")
		var all []billhook.Emission
		for i := range 60 {
			e := billhook.Emission{Type: "order.paid", Data: fmt.Appendf(nil, `{"number":%d,"to":"Grace Hopper"}`, i)}
			if i%10 == 3 {
				e.Entity = billhook.Reference{Type: []string{"order", "basket"}[i/10%2], ID: "A-77"}
			}
			if i%20 == 5 {
				e.Data = []byte(`{"note":"see also A-77"}`)
			}
			all = append(all, e)
			time.Sleep(time.Second)
			if _, err := w.client.Emit(context.Background(), e); err != nil {
				t.Fatal(err)
			}
		}
		newest := w.deliveries(billhook.DeliveryFilter{})
		want := func(has func(i int, e billhook.Emission) bool) (ids []string) {
			for i := range slices.Backward(all) {
				if has(i, all[i]) {
					ids = append(ids, newest[len(all)-1-i].ID)
				}
			}
			return ids
		}
		about := want(func(i int, _ billhook.Emission) bool { return i%10 == 3 })
		mention := want(func(i int, _ billhook.Emission) bool { return i%20 == 5 })
		for limit := 1; limit < 12; limit++ {
			f := billhook.DeliveryFilter{Search: "A-77", Limit: limit}
			got, _ := pages(t, w.client, f)
			if limit >= len(about) {
				same(t, fmt.Sprint("by order number, those about it first, ", limit, " a page"), got, append(slices.Clone(about), mention...))
			}
			slices.Sort(got)
			same(t, fmt.Sprint("each once, ", limit, " a page"), len(slices.Compact(got)), len(about)+len(mention))
			got, _ = pages(t, w.client, billhook.DeliveryFilter{Search: "hopper", Limit: limit})
			same(t, "by a word, in capitals or not", got, want(func(i int, _ billhook.Emission) bool { return i%20 != 5 }))
		}
		got, _ := pages(t, w.client, billhook.DeliveryFilter{Search: newest[7].ID, Limit: 5})
		same(t, "by its own id", got, []string{newest[7].ID})
		got, _ = pages(t, w.client, billhook.DeliveryFilter{Search: newest[7].EventID, Limit: 5})
		same(t, "by its event's", got, []string{newest[7].ID})
		got, _ = pages(t, w.client, billhook.DeliveryFilter{Search: newest[7].ID, Status: billhook.StatusDead, Limit: 5})
		same(t, "which is not dead", got, []string(nil))
		got, _ = pages(t, w.client, billhook.DeliveryFilter{From: newest[9].CreatedAt, To: newest[4].CreatedAt, Limit: 2})
		var between []string
		for _, d := range newest[5:10] {
			between = append(between, d.ID)
		}
		same(t, "between times", got, between)
	})
}

// TestLookingBack: a filter that next to nothing fits is answered after a bounded look,
// with how far that was, and what there is, is found from there on.
func TestLookingBack(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		w.register("http://127.0.0.1:80/hook")
		first := w.emit("order.rare", `1`)
		const many = 24_000
		for range many / 1000 {
			batch := make([]billhook.Emission, 1000)
			for i := range batch {
				batch[i] = billhook.Emission{Type: "order.paid", Data: []byte(`2`)}
			}
			time.Sleep(time.Second)
			if _, err := w.client.EmitBatch(context.Background(), "", batch); err != nil {
				t.Fatal(err)
			}
		}
		f := billhook.DeliveryFilter{EventType: "order.rare", Limit: 10}
		page, err := w.client.FindDeliveries(context.Background(), f)
		if err != nil {
			t.Fatal(err)
		}
		if len(page.Deliveries) != 0 || page.Next == "" || !page.SearchedTo.After(first.CreatedAt) {
			t.Errorf("first page: %d found, looked back to %v", len(page.Deliveries), page.SearchedTo)
		}
		got, empty := pages(t, w.client, f)
		if len(got) != 1 || empty != 1 {
			t.Errorf("found %v after %d empty pages", got, empty)
		}
		same(t, "all that there is", len(w.deliveries(billhook.DeliveryFilter{EventType: "order.rare"})), 1)
	})
}
