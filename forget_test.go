package billhook_test

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/billhook/billhook"
	"github.com/billhook/billhook/profile"
)

// sizes are of the database's file and of its log, in bytes.
func (w *world) sizes() (file, log int64) {
	w.t.Helper()
	for name, size := range map[string]*int64{w.path: &file, w.path + "-wal": &log} {
		info, err := os.Stat(name)
		if err != nil {
			w.t.Fatal(err)
		}
		*size = info.Size()
	}
	return file, log
}

func (w *world) verify(storeID string) billhook.AuditProof {
	w.t.Helper()
	p, err := w.client.VerifyAudit(context.Background(), storeID)
	if err != nil {
		w.t.Fatal(err)
	}
	if p.Broken != nil {
		w.t.Fatalf("%v: the audit log: %v", time.Now(), p.Broken)
	}
	return p
}

// emitData emits events of a type with so many bytes each.
func (w *world) emitData(random *rand.ChaCha8, n, size int) {
	w.t.Helper()
	var all []billhook.Emission
	for range n {
		data := make([]byte, size/2)
		_, _ = random.Read(data)
		all = append(all, billhook.Emission{
			Type: "order.paid", Data: fmt.Appendf(nil, `{"text":"%x"}`, data), IdempotencyKey: fmt.Sprintf("%x", data[:8]),
			Entity: billhook.Reference{Type: "order", ID: fmt.Sprintf("%x", data[:4])},
		})
	}
	if _, err := w.client.EmitBatch(context.Background(), "default", all); err != nil {
		w.t.Fatal(err)
	}
}

// TestDiskStaysFlat emits for half a year, with days of retention: after it the file
// is hardly larger than after the first month, and the log is proved throughout.
func TestDiskStaysFlat(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		w.reopen(func(c *billhook.Config) {
			c.Retention = billhook.Retention{PayloadDays: 5, AttemptDays: 10, AuditDays: 20}
		})
		var box inbox
		box.answer = func(n int, _ received) int {
			box.mu.Lock()
			box.requests = nil
			box.mu.Unlock()
			return []int{200, 200, 200, 500}[n%4]
		}
		w.register(w.serve(1, &box))
		w.run()
		random := rand.NewChaCha8([32]byte{1})
		var first int64
		const daysOfMonth, size = 30, 3000
		perDay := sized(60, 20, 60)
		months := sized(2, 2, 6) // more than one, for there is something to compare
		for month := range months {
			for range daysOfMonth {
				w.emitData(random, perDay/2, size)
				settle(12*time.Hour + time.Duration(random.Uint64()%1e9))
				w.emitData(random, perDay/2, 40)
				settle(12 * time.Hour)
			}
			proof := w.verify("default")
			file, log := w.sizes()
			t.Logf("month %d: %d KiB in the file, %d in its log; %d entries proved, from %v on", month+1, file>>10, log>>10, proof.Entries, proof.Floors)
			if least, most := int64(perDay*19), int64(perDay*23); month > 0 && (proof.Entries < least || proof.Entries > most) {
				t.Errorf("%d entries are left, not %d to %d", proof.Entries, least, most)
			}
			if month == 0 {
				first = file
			}
			if float64(file) > 1.3*float64(first) {
				t.Errorf("month %d: the file has %d bytes, %d after the first month", month+1, file, first)
			}
		}
		w.keptFor(5, 10, 20)
		w.balanced()
	})
}

// keptFor holds what there is against the days that it is kept for.
func (w *world) keptFor(payload, attempt, audit int) {
	w.t.Helper()
	events, err := w.client.Events(context.Background(), billhook.EventFilter{Limit: 100_000})
	if err != nil {
		w.t.Fatal(err)
	}
	const day, slack = 24 * time.Hour, time.Hour
	for _, e := range events {
		age := time.Since(e.CreatedAt)
		if days := time.Duration(audit) * day; age > days+day+slack {
			w.t.Errorf("an event of %v ago is there", age)
		}
		if days := time.Duration(payload) * day; age < days && len(e.Data) == 0 || age > days+slack && len(e.Data) > 0 {
			w.t.Errorf("an event of %v ago has %d bytes of data", age, len(e.Data))
		}
	}
	oldest := time.Now()
	for _, d := range w.deliveries(billhook.DeliveryFilter{}) {
		if d.CreatedAt.Before(oldest) {
			oldest = d.CreatedAt
		}
	}
	if age, days := time.Since(oldest), time.Duration(attempt)*day; age > days+slack || age < days-day {
		w.t.Errorf("the oldest delivery is of %v ago, not %v", age, days)
	}
	if len(events) == 0 {
		w.t.Error("no event is left")
	}
}

// A store's own choice, made while it runs, is heeded; what it does not tell is the
// deployment's.
func TestStoresOwnRetention(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		ctx := context.Background()
		w.reopen(func(c *billhook.Config) { c.Retention = billhook.Retention{PayloadDays: 30} })
		var box inbox
		w.register(w.serve(1, &box))
		w.run()
		e := w.emit("order.paid", `{"id":1}`)
		settle(10 * 24 * time.Hour)
		own := &billhook.Retention{PayloadDays: 40_000}
		if _, err := w.client.UpdateStore(ctx, "default", billhook.StoreChange{Retention: &own}); billhook.ErrorCode(err) != billhook.CodeInvalid {
			t.Errorf("40,000 days: %v", err)
		}
		own = &billhook.Retention{PayloadDays: 9, AttemptDays: 11}
		if _, err := w.client.UpdateStore(ctx, "default", billhook.StoreChange{Retention: &own}); err != nil {
			t.Fatal(err)
		}
		d := w.deliveries(billhook.DeliveryFilter{})[0]
		settle(time.Hour)
		if _, err := w.client.Retry(ctx, "default", d.ID); billhook.ErrorCode(err) != billhook.CodeConflict {
			t.Errorf("a retry without a payload: %v", err)
		}
		if got, err := w.client.Event(ctx, "default", e.ID); err != nil || got.Data != nil || got.ErasedAt.IsZero() {
			t.Errorf("after 10 days: %v, %v", got, err)
		}
		settle(24 * time.Hour)
		if left := w.deliveries(billhook.DeliveryFilter{}); len(left) > 0 {
			t.Errorf("after 11 days: %v", left)
		}
		settle(time.Duration(sized(15, 5, 60)) * 24 * time.Hour)
		if _, err := w.client.Event(ctx, "default", e.ID); err != nil {
			t.Errorf("its record, which is kept for ever: %v", err)
		}
		w.verify("default")
	})
}

// What waits is sent with its payload, however old it is.
func TestWaitingOutlivesRetention(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		w.reopen(func(c *billhook.Config) {
			c.Retention = billhook.Retention{PayloadDays: 1, AttemptDays: 1, AuditDays: 1}
		})
		var box inbox
		box.answer = func(n int, _ received) int { return map[bool]int{true: 200, false: 500}[n > 4] }
		delay := 3 * 24 * time.Hour
		w.register(w.serve(1, &box), func(r *billhook.Registration) {
			r.RetryPolicy = &profile.RetryPolicy{MaxAttempts: 10, BackoffMultiplier: 1, InitialDelay: delay, MaxDelay: delay}
		})
		w.run()
		e := w.emit("order.paid", `{"id":1}`)
		settle(13 * 24 * time.Hour)
		got := box.all()
		if len(got) != 5 || slices.ContainsFunc(got, func(r received) bool { return r.body != got[0].body || !strings.Contains(r.body, `{"id":1}`) }) {
			t.Errorf("received %v", got)
		}
		settle(24 * time.Hour)
		if _, err := w.client.Event(context.Background(), "default", e.ID); billhook.ErrorCode(err) != billhook.CodeNotFound {
			t.Errorf("once it was delivered: %v", err)
		}
		w.verify("default")
	})
}

// holds reports whether a file of the database has the text in it anywhere.
func (w *world) holds(text string) (where []string) {
	w.t.Helper()
	for _, name := range []string{w.path, w.path + "-wal"} {
		content, err := os.ReadFile(name)
		if err != nil {
			w.t.Fatal(err)
		}
		if n := bytes.Count(content, []byte(text)); n > 0 {
			where = append(where, fmt.Sprintf("%s: %d times", name, n))
		}
	}
	return where
}

// TestEraseLeavesNoBytes looks for what was erased in the files themselves, while
// they are in use. It was in payloads of all sizes and in answers, delivered and
// waiting, in memory and on disk.
func TestEraseLeavesNoBytes(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		ctx := context.Background()
		const secret, public = "Erika-Mustermann-1964", "Otto-Normalverbraucher"
		handler := http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
			body, _ := io.ReadAll(r.Body)
			if bytes.Contains(body, []byte(secret)) {
				rw.Header().Set("X-Echo", secret)
			}
			if strings.HasSuffix(r.URL.Path, "/down") {
				rw.WriteHeader(503)
			}
			_, _ = rw.Write(bytes.ReplaceAll(body, []byte("name"), []byte("seen")))
		})
		url := w.serve(1, handler)
		w.register(url)
		w.register(url + "/down")
		w.run()
		customer := billhook.Reference{Type: "customer", ID: "c_1"}
		for i := range 300 {
			e := billhook.Emission{Type: "order.paid", Entity: customer, Data: fmt.Appendf(nil, `{"name":"%[1]s","pad":"%[2]s","name2":"%[1]s"}`, secret, strings.Repeat("x", i*i%30_000))}
			if i == 0 {
				e.IdempotencyKey = "once"
			}
			if i%3 == 1 {
				e.Entity, e.Actor = billhook.Reference{Type: "order", ID: fmt.Sprint(i)}, customer
			}
			trace := billhook.ParseTraceContext("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", "shop="+secret)
			if _, err := w.client.Emit(billhook.WithTraceContext(ctx, trace), e); err != nil {
				t.Fatal(err)
			}
			w.emit("order.sent", `{"name":"`+public+`"}`)
		}
		settle(5 * time.Second)
		if len(w.holds(secret)) == 0 {
			t.Fatal("nothing is to be found before it: this shows nothing")
		}
		order, err := w.client.Erase(ctx, "default", customer)
		if err != nil {
			t.Fatal(err)
		}
		again, err := w.client.Erase(ctx, "default", customer)
		if err != nil || again.ID != order.ID {
			t.Errorf("asked for again: %v, %v", again, err)
		}
		settle(20 * time.Second)
		done, err := w.client.Erasure(ctx, "default", order.ID)
		if err != nil || done.FinishedAt.IsZero() || done.Events != 300 {
			t.Fatalf("erasure: %+v, %v", done, err)
		}
		answers := 0
		for _, d := range w.deliveries(billhook.DeliveryFilter{EventType: "order.paid"}) {
			if d.Status == billhook.StatusPending || len(d.Payload) > 0 || d.ErasedAt.IsZero() {
				t.Errorf("a delivery is %s with %d bytes", d.Status, len(d.Payload))
			}
			attempts, err := w.client.Attempts(ctx, "default", d.ID)
			if err != nil {
				t.Fatal(err)
			}
			for _, a := range attempts {
				answers++
				if a.ResponseHeaders != "" || len(a.ResponseBody) > 0 {
					t.Errorf("an answer is kept: %v", a)
				}
			}
		}
		if answers <= 300 { // one that answers 503 is sent less
			t.Errorf("only %d answers", answers)
		}
		repeat := billhook.Emission{Type: "order.paid", Entity: customer, Data: []byte(`{"name":"` + secret + `"}`), IdempotencyKey: "once"}
		if got, err := w.client.Emit(ctx, repeat); err != nil || got.ErasedAt.IsZero() || got.Data != nil {
			t.Errorf("a repeat of what was erased: %v, %v", got, err)
		}
		w.verify("default")
		if got := slices.Concat(w.holds(`"name":"`+secret), w.holds(`"name2":"`+secret), w.holds("shop="+secret)); len(got) > 0 {
			t.Errorf("payloads are to be found in %v", got)
		}
		// Answers are in tables whose pages were split, which leaves bytes of what was
		// moved to another page: only a VACUUM makes all pages anew.
		before := w.holds(secret)
		app, err := sql.Open("sqlite", "file:"+w.path)
		if err != nil {
			t.Fatal(err)
		}
		for _, text := range []string{"VACUUM", "PRAGMA wal_checkpoint(TRUNCATE)"} {
			if _, err := app.Exec(text); err != nil {
				t.Fatal(err)
			}
		}
		app.Close()
		if got := w.holds(secret); len(got) > 0 {
			t.Errorf("it is to be found in %v, before VACUUM in %v", got, before)
		}
		if len(w.holds(public)) == 0 {
			t.Error("what was not to be erased is gone")
		}
	})
}

// Where a whole month's payloads have gone, so have their bytes.
func TestExpiryLeavesNoBytes(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		w.reopen(func(c *billhook.Config) { c.Retention = billhook.Retention{PayloadDays: 2} })
		var box inbox
		w.register(w.serve(1, &box))
		w.run()
		for i := range 200 {
			w.emit("order.paid", fmt.Sprintf(`{"name":"Erika-Mustermann","pad":"%s","again":"Erika-Mustermann"}`, strings.Repeat("x", i*i%20_000)))
		}
		settle(50 * time.Hour)
		w.halt()
		w.stopDatabase() // which folds the log
		content, err := os.ReadFile(w.path)
		if err != nil {
			t.Fatal(err)
		}
		if n := bytes.Count(content, []byte("Erika-Mustermann")); n > 0 {
			t.Errorf("it is to be found %d times", n)
		}
		w.open()
		w.verify("default")
	})
}
