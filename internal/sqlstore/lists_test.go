package sqlstore_test

import (
	"context"
	"crypto/rand"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/billhook/billhook"
	"github.com/billhook/billhook/profile"
)

// listRows is how many deliveries lists are read of: BILLHOOK_LIST_ROWS, or a few.
func listRows(t *testing.T) int {
	text := os.Getenv("BILLHOOK_LIST_ROWS")
	if text == "" {
		return 50_000
	}
	n, err := strconv.Atoi(text)
	check(t, err)
	return n
}

const (
	// listSpan is how long ago the first of them were made.
	listSpan = 30 * 24 * time.Hour
	// pageLimit is how long a page may take at the quickest of some times, which tells
	// what the statement costs: whatever else runs on the machine only adds to it.
	pageLimit = 100 * time.Millisecond
	// slower is by how much a page may take longer where the race detector counts.
	slower = 10
	// hooks are the webhooks that get all; the quiet one gets an event in a thousand.
	hooks = 20
)

// limit is what a page may take in this run: the race detector's are the short ones.
func limit() time.Duration {
	if testing.Short() {
		return slower * pageLimit
	}
	return pageLimit
}

// TestListsAreFast reads pages of a store's deliveries with every kind of filter, on
// both databases, and says how long they took. With BILLHOOK_LIST_ROWS=5000000 there
// are five million of them, which takes some minutes to write:
//
//	BILLHOOK_LIST_ROWS=5000000 go test ./internal/sqlstore -run TestListsAreFast -v -timeout 60m
func TestListsAreFast(t *testing.T) {
	for _, p := range []place{filePlace(t), serverPlace(t)} {
		t.Run(p.name, func(t *testing.T) {
			db := use(t, p)
			client, err := billhook.New(db, billhook.Config{AllowInsecure: true})
			check(t, err)
			defer client.Close()
			l := &lists{T: t, client: client, db: db, rows: listRows(t)}
			l.fill()
			// A server would come to it by itself, some minutes later.
			tidy := "ANALYZE"
			if p.name == "postgres" {
				tidy = "VACUUM (ANALYZE)"
			}
			_, err = connect(t, p).Exec(tidy)
			check(t, err)
			l.measure()
			l.measurePages()
		})
	}
}

type lists struct {
	*testing.T
	client *billhook.Client
	db     billhook.Database
	rows   int

	webhooks     []string
	quiet, held  string
	middle, some string // deliveries
}

func (l *lists) webhook(id string, active bool) string {
	l.Helper()
	w, err := l.client.Register(context.Background(), billhook.Registration{ID: id, URL: "http://127.0.0.1:9/", Events: []string{"*"}})
	check(l.T, err)
	if !active {
		_, err = l.client.Deactivate(context.Background(), billhook.DefaultStore, w.ID)
		check(l.T, err)
	}
	return w.ID
}

// fill writes the deliveries as a life of thirty days would have left them: nearly all
// were delivered, in a hundred one is dead, and the last are pending, some held.
func (l *lists) fill() {
	l.Helper()
	ctx, began := context.Background(), time.Now()
	for i := range hooks {
		l.webhooks = append(l.webhooks, l.webhook(fmt.Sprint("wh_", i), true))
	}
	l.quiet, l.held = l.webhook("wh_quiet", true), l.webhook("wh_held", false)
	check(l.T, l.db.Join(ctx))
	watching, stop := context.WithCancel(ctx)
	watched := make(chan struct{})
	go func() { defer close(watched); l.db.Watch(watching, func(billhook.Change) {}) }()
	defer func() { stop(); <-watched }()

	format := profile.IDFormat{Prefix: "dlv_", Style: profile.StyleULIDLower}
	id := func(at time.Time) string {
		var random [10]byte
		_, _ = rand.Read(random[:])
		return format.New(at, random)
	}
	each := 5
	events := l.rows / each
	step, first := listSpan/time.Duration(events), began.Add(-listSpan).UTC().Truncate(time.Millisecond)
	var last []*billhook.Emit
	for n := 0; n < events || last != nil; {
		b := &billhook.Batch{}
		for i, e := range last {
			for j := range e.Deliveries {
				p := e.Deliveries[j]
				o := &billhook.Outcome{Delivery: p, Status: billhook.StatusDelivered, Attempt: billhook.Attempt{
					StoreID: p.StoreID, DeliveryID: p.ID, Number: 1, StartedAt: p.CreatedAt, Duration: 2 * time.Millisecond, URL: "http://127.0.0.1:9/",
					StatusCode: 200, ResponseHeaders: "Content-Length: 0\nDate: Mon, 02 Mar 2026 10:00:00 GMT\n",
				}}
				switch {
				case p.WebhookID == l.held || n >= events && i > len(last)*9/10:
					continue
				case (n+i+j)%100 == 0:
					o.Status, o.Reason, o.Attempt.StatusCode = billhook.StatusDead, "your shop answered 500", 500
				}
				b.Outcomes = append(b.Outcomes, o)
			}
		}
		last = nil
		for ; n < events && len(last) < 200; n++ {
			at := first.Add(step * time.Duration(n))
			e := &billhook.Emit{Event: billhook.Event{
				StoreID: billhook.DefaultStore, ID: strings.Replace(id(at), "dlv", "evt", 1), Type: []string{"order.created", "order.paid", "order.shipped"}[n%3],
				Data:   fmt.Appendf(nil, `{"orderId":"ord_%d","customer":{"name":"Ada Lovelace","city":"London"},"lines":[{"sku":"sku_%d","quantity":2,"price":4999}],"note":"%s"}`, n, n%977, strings.Repeat("x", 200)),
				Entity: billhook.Reference{Type: "order", ID: fmt.Sprint("ord_", n)}, OccurredAt: at, CreatedAt: at, Deliveries: each,
			}}
			if n == events/2 {
				e.Event.Type = "product.rare"
			}
			for j := range each {
				hook := l.webhooks[(n*each+j)%hooks]
				switch {
				case j == 0 && n%200 == 0:
					hook = l.quiet
				case j == 1 && n >= events-events/100:
					hook = l.held
				}
				e.Deliveries = append(e.Deliveries, billhook.Pending{
					Lane: billhook.Lane{StoreID: billhook.DefaultStore, WebhookID: hook}, Position: billhook.Position{DueAt: at, ID: id(at)},
					EventID: e.Event.ID, EventType: e.Event.Type, CreatedAt: at, Event: &e.Event,
				})
			}
			if n == events/2 {
				l.middle = e.Deliveries[0].ID
			}
			l.some = e.Deliveries[2].ID
			last = append(last, e)
		}
		b.Emits = last
		check(l.T, l.db.Commit(ctx, b))
		if n%(500_000/each) < 200 && l.rows > 500_000 && last != nil {
			l.Logf("%d of %d written, %.0f/s", n*each, l.rows, float64(n*each)/time.Since(began).Seconds())
		}
	}
	l.Logf("%d deliveries written in %v", l.rows, time.Since(began).Round(time.Second))
}

// measure reads pages and fails where one takes too long, however often it is read.
func (l *lists) measure() {
	l.Helper()
	begin := time.Now().Add(-listSpan)
	day := func(n int) time.Time { return begin.Add(time.Duration(n) * 24 * time.Hour) }
	const nothing = "nothing.has"
	type filter = billhook.DeliveryFilter
	l.Logf("%-42s %6s %10s %10s  %s", "filter", "found", "median", "most", "looked back to")
	for _, test := range []struct {
		name string
		f    filter
		// least is how many are on the first page.
		least int
	}{
		{"store", filter{}, 50},
		{"webhook", filter{WebhookID: "wh_7"}, 50},
		{"quiet webhook", filter{WebhookID: l.quiet}, 50},
		{"pending", filter{Status: billhook.StatusPending}, 20},
		{"held", filter{Status: billhook.StatusHeld}, 20},
		{"delivered", filter{Status: billhook.StatusDelivered}, 50},
		{"dead", filter{Status: billhook.StatusDead}, 50},
		{"cancelled, which none is", filter{Status: billhook.StatusCancelled}, 0},
		{"type", filter{EventType: "order.paid"}, 50},
		{"rare type", filter{EventType: "product.rare"}, 0},
		{"type that nothing has", filter{EventType: nothing}, 0},
		{"webhook, type", filter{WebhookID: "wh_7", EventType: "order.paid"}, 50},
		{"webhook, type that nothing has", filter{WebhookID: "wh_7", EventType: nothing}, 0},
		{"quiet webhook, type that nothing has", filter{WebhookID: l.quiet, EventType: nothing}, 0},
		{"webhook, dead", filter{WebhookID: "wh_12", Status: billhook.StatusDead}, 50},
		{"webhook, delivered", filter{WebhookID: "wh_7", Status: billhook.StatusDelivered}, 50},
		{"webhook, pending", filter{WebhookID: "wh_7", Status: billhook.StatusPending}, 0},
		{"dead, type that nothing has", filter{Status: billhook.StatusDead, EventType: nothing}, 0},
		{"delivered, type that nothing has", filter{Status: billhook.StatusDelivered, EventType: nothing}, 0},
		{"pending, type that nothing has", filter{Status: billhook.StatusPending, EventType: nothing}, 0},
		{"a day", filter{From: day(10), To: day(11)}, 50},
		{"from", filter{From: day(29)}, 50},
		{"to", filter{To: day(2)}, 50},
		{"a day, type", filter{From: day(10), To: day(11), EventType: "order.paid"}, 50},
		{"a day, type that nothing has", filter{From: day(10), To: day(11), EventType: nothing}, 0},
		{"a day, webhook, dead", filter{From: day(10), To: day(11), WebhookID: "wh_12", Status: billhook.StatusDead}, 1},
		{"a day, webhook", filter{From: day(10), To: day(11), WebhookID: "wh_7"}, 50},
		{"to, dead", filter{To: day(2), Status: billhook.StatusDead}, 20},
		{"a time before all", filter{To: day(-9)}, 0},
		{"search: order number", filter{Search: "ord_77"}, 5},
		{"search: delivery", filter{Search: l.some}, 1},
		{"search: a word of all", filter{Search: "lovelace"}, 50},
		{"search: what nothing has", filter{Search: "hopper"}, 0},
		{"search, webhook, dead", filter{Search: "hopper", WebhookID: "wh_12", Status: billhook.StatusDead}, 0},
		{"search, a day", filter{Search: "hopper", From: day(10), To: day(11)}, 0},
	} {
		for i, before := range []string{"", l.middle} {
			name := test.name
			if i == 1 {
				name += ", a later page"
			}
			f := test.f
			f.Limit, f.MaxBytes, f.Before = 50, 8<<20, before
			var took []time.Duration
			var page billhook.DeliveryPage
			for range 7 {
				began := time.Now()
				var err error
				page, err = l.client.FindDeliveries(context.Background(), f)
				check(l.T, err)
				took = append(took, time.Since(began))
			}
			slices.Sort(took)
			to := ""
			if !page.SearchedTo.IsZero() {
				to = fmt.Sprintf("%.1f days ago", time.Since(page.SearchedTo).Hours()/24)
			}
			l.Logf("%-42s %6d %10v %10v  %s", name, len(page.Deliveries), took[3].Round(10*time.Microsecond), took[6].Round(10*time.Microsecond), to)
			if took[0] > limit() {
				l.Errorf("%s: took %v", name, took[0])
			}
			if i == 0 && len(page.Deliveries) < test.least && page.SearchedTo.IsZero() {
				l.Errorf("%s: found %d, not %d at least", name, len(page.Deliveries), test.least)
			}
		}
	}
}
