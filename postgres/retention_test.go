package postgres

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/billhook/billhook"
)

const oneDay = 24 * time.Hour

// tenWeeks are what stores have emitted in ten weeks, and for how long they keep it.
type tenWeeks struct {
	t    *testing.T
	db   *Database
	now  time.Time
	keep map[string]billhook.Retention
	ages []time.Duration
	// waiting is the age of what is pending; zero once that is over.
	waiting time.Duration
}

// TestRetentionOfClients: nodes that come one after the other keep of ten weeks of
// three stores what each store says, drop the weeks that none needs, and send what has
// waited for nine weeks with its payload, before that goes too.
func TestRetentionOfClients(t *testing.T) {
	ctx := context.Background()
	h := &tenWeeks{t: t, now: time.Now().UTC().Round(0), keep: map[string]billhook.Retention{
		"default": {PayloadDays: 10, AttemptDays: 20, AuditDays: 40}, // the deployment's
		"short":   {PayloadDays: 3, AttemptDays: 5, AuditDays: 8},
		"long":    {PayloadDays: 15, AttemptDays: 30, AuditDays: 50},
	}}
	for age := 12 * time.Hour; age < 70*oneDay; age += 84 * time.Hour {
		h.ages = append(h.ages, age)
	}
	var mu sync.Mutex
	came := map[string]string{}
	receiver := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		mu.Lock()
		defer mu.Unlock()
		came[r.Header.Get("Webhook-Id")] = string(body)
	}))
	defer receiver.Close()
	h.waiting = 63 * oneDay
	h.emit(receiver.URL)
	on := session(t, h.db)
	full, weeks := ask[int64](t, on, bytesOfEvents), ask[int](t, on, weeksOfEvents)

	// The first node moves the beginnings of the audit log, and the next has the weeks
	// go whose entries were needed until then.
	_, stop := h.run()
	h.eventually(func() string { return h.left(false) })
	stop()
	client, stop := h.run()
	h.eventually(func() string { return h.left(true) })
	for id := range h.keep {
		e, err := client.Event(ctx, id, id+"_waits")
		check(t, err)
		equal(t, "what waits has its payload", strings.Contains(string(e.Data), id+"_waits"), true)
		p, err := client.VerifyAudit(ctx, id)
		check(t, err)
		equal(t, "the audit log", p.Broken == nil, true)
		k, err := client.CheckLedger(ctx, id)
		check(t, err)
		equal(t, id+"'s ledger differs", k.Differences, nil)
		equal(t, id+"'s ledger has days", k.Days > 0, true)
		active := true
		_, err = client.Update(ctx, id, "wh_"+id, billhook.WebhookChange{IsActive: &active})
		check(t, err)
	}
	h.eventually(func() string {
		mu.Lock()
		defer mu.Unlock()
		for id := range h.keep {
			if !strings.Contains(came[id+"_waits"], id+"_waits") {
				return id + ": what waited has not come"
			}
		}
		return ""
	})
	stop() // and write what came of it
	h.waiting = 0
	_, stop = h.run()
	defer stop()
	h.eventually(func() string {
		for id := range h.keep {
			if has := h.event(id, id+"_waits"); has != nil {
				return id + ": what waited is there"
			}
		}
		return h.left(true)
	})
	left, weeksLeft := ask[int64](t, on, bytesOfEvents), ask[int](t, on, weeksOfEvents)
	t.Logf("%d KiB of %d of events, and %d weeks of %d, are left", left>>10, full>>10, weeksLeft, weeks)
	if left > full*3/4 || weeksLeft >= weeks {
		t.Error("that is too much")
	}
}

const (
	bytesOfEvents = "SELECT SUM(pg_total_relation_size(c.oid))::bigint FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = 'billhook' AND c.relname LIKE 'events_2%' AND c.relkind = 'r'"
	weeksOfEvents = "SELECT COUNT(*) FROM pg_inherits WHERE inhparent = 'billhook.events'::regclass AND inhrelid <> 'billhook.events_default'::regclass"
)

// emit has the stores emit, the oldest first, as their chains have it: most of it was
// delivered, and one event of each waits since then. Their webhooks are not active.
func (h *tenWeeks) emit(url string) {
	h.t.Helper()
	ctx := context.Background()
	h.db = joined(h.t, Options{Since: h.now.AddDate(0, 0, -75), Lease: time.Second, Logger: slog.New(slog.DiscardHandler)})
	for i := len(h.ages) - 1; i >= 0; i-- {
		age := h.ages[i]
		emits, outcomes := &billhook.Batch{}, &billhook.Batch{}
		for id := range h.keep {
			if age < h.waiting && h.ages[i+1] >= h.waiting {
				emits.Emits = append(emits.Emits, emitOf(id, id+"_waits", h.now.Add(-h.waiting)))
			}
			for n := range 10 {
				e := emitOf(id, eventOf(id, age, n), h.now.Add(-age))
				o := delivered(e.Deliveries[0])
				o.Attempt.StartedAt = h.now.Add(-age)
				emits.Emits, outcomes.Outcomes = append(emits.Emits, e), append(outcomes.Outcomes, o)
			}
		}
		check(h.t, h.db.Commit(ctx, emits))
		check(h.t, h.db.Commit(ctx, outcomes))
	}
	client, err := billhook.New(h.db, billhook.Config{AllowInsecure: true, Logger: slog.New(slog.DiscardHandler)})
	check(h.t, err)
	defer client.Close()
	for id, keep := range h.keep {
		if id != "default" {
			_, err := client.CreateStore(ctx, billhook.Store{ID: id, Profile: "standard", StoreSettings: billhook.StoreSettings{Retention: &keep}})
			check(h.t, err)
		}
		_, err := client.Register(ctx, billhook.Registration{
			StoreID: id, ID: "wh_" + id, URL: url, Events: []string{"*"}, Inactive: true,
			WebhookSettings: billhook.WebhookSettings{WhenInactive: billhook.InactiveHold, Held: &billhook.HeldLimits{MaxAgeSeconds: 365 * 24 * 3600}},
		})
		check(h.t, err)
	}
}

func eventOf(storeID string, age time.Duration, n int) string {
	return fmt.Sprintf("%s_%v_%d", storeID, age, n)
}

// emitOf is an event of a store with a delivery, of a time.
func emitOf(storeID, id string, at time.Time) *billhook.Emit {
	e := emit(id, "wh_"+storeID)
	d := &e.Deliveries[0]
	e.Event.StoreID, e.Event.CreatedAt, e.Event.OccurredAt = storeID, at, at
	pad := make([]byte, 900) // which nothing can make smaller
	_, _ = rand.Read(pad)
	e.Event.Data = fmt.Appendf(nil, `{"id":%q,"pad":"%x"}`, id, pad)
	d.StoreID, d.CreatedAt, d.DueAt = storeID, at, at
	return e
}

// run has another node run, until it is told to stop.
func (h *tenWeeks) run() (*billhook.Client, func()) {
	h.t.Helper()
	h.db = openAt(h.t, h.db.config.ConnString(), Options{Lease: time.Second, Logger: slog.New(slog.DiscardHandler)})
	client, err := billhook.New(h.db, billhook.Config{AllowInsecure: true, Retention: h.keep["default"], Logger: slog.New(slog.DiscardHandler)})
	check(h.t, err)
	ctx, cancel := context.WithCancel(context.Background())
	ran := make(chan error, 1)
	go func() { ran <- client.Run(ctx) }()
	return client, func() {
		cancel()
		check(h.t, <-ran)
		check(h.t, client.Close())
	}
}

func (h *tenWeeks) eventually(wrong func() string) {
	h.t.Helper()
	last := ""
	for until := time.Now().Add(patience); time.Now().Before(until); pause(context.Background(), 20*time.Millisecond) {
		if last = wrong(); last == "" {
			return
		}
	}
	h.t.Fatal(last)
}

// event reads one; nil where it has gone.
func (h *tenWeeks) event(storeID, id string) *billhook.Event {
	h.t.Helper()
	e, err := h.db.Event(context.Background(), storeID, id)
	if errors.Is(err, billhook.ErrNotFound) {
		return nil
	}
	check(h.t, err)
	return &e
}

// left says what is there and should not be, and fails where something has gone that
// should be there. weeks: also those have gone whose records nobody keeps.
func (h *tenWeeks) left(weeks bool) (wrong string) {
	h.t.Helper()
	for id, keep := range h.keep {
		for _, age := range h.ages {
			// What is kept the longest goes by the week, and an hour later; not the week
			// of what waits.
			slack := 2 * time.Hour
			if id == "long" {
				slack += 7 * oneDay
				if h.waiting > 0 && (age-h.waiting).Abs() < 7*oneDay {
					continue
				}
			}
			of := func(what string, there bool, days int, slack time.Duration) {
				kept := time.Duration(days) * oneDay
				if !there && age < kept {
					h.t.Fatalf("%s: %s of %v ago has gone, which is kept for %d days", id, what, age, days)
				}
				if there && age > kept+slack {
					wrong = fmt.Sprintf("%s: %s of %v ago is there, which is kept for %d days", id, what, age, days)
				}
			}
			e := h.event(id, eventOf(id, age, 0))
			of("a payload", e != nil && len(e.Data) > 0, keep.PayloadDays, slack)
			if weeks {
				of("a record", e != nil, keep.AuditDays, slack+oneDay)
			}
			_, err := h.db.Delivery(context.Background(), id, "dlv_"+eventOf(id, age, 0)+"_0")
			if err != nil && !errors.Is(err, billhook.ErrNotFound) {
				h.t.Fatal(err)
			}
			of("a delivery", err == nil, keep.AttemptDays, slack)
		}
	}
	return wrong
}
