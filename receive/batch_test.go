package receive

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/billhook/billhook/profile"
	"github.com/billhook/billhook/receive/receivetest"
)

func someEvents(n int) (all []profile.Event) {
	for i := range n {
		all = append(all, profile.Event{ID: fmt.Sprint("evt_", i+1), Type: "order.paid", Time: time.Unix(1767225600, 0), Data: fmt.Appendf(nil, `{"n":%d}`, i+1)})
	}
	return all
}

// TestVerifyBatch: a batch is verified once, by either scheme and for every profile, and
// each event is what it would have been alone.
func TestVerifyBatch(t *testing.T) {
	now := time.Now()
	for _, name := range profile.Names() {
		p, _ := profile.Named(name)
		for scheme := range ProfileHeader + 1 {
			if scheme == ProfileHeader && p.Signature == nil {
				continue
			}
			v := verifier(t, Config{Secrets: []string{secret}, Profile: name, Scheme: scheme})
			events := someEvents(3)
			d := receivetest.SignBatch(p, []string{secret}, "batch_1", now, events...)
			got, err := v.VerifyBatch(d.Header, d.Body)
			if err != nil || len(got) != 3 {
				t.Fatalf("%s: %d, %v", name, len(got), err)
			}
			for i, e := range events {
				single := receivetest.Sign(p, []string{secret}, e, now)
				want, err := v.Verify(single.Header, single.Body)
				if err != nil {
					t.Fatal(err)
				}
				want.ID, want.Type = e.ID, e.Type
				if fmt.Sprint(got[i]) != fmt.Sprint(want) || string(got[i].Body) != string(single.Body) {
					t.Errorf("%s: got %v, want %v", name, got[i], want)
				}
			}
			// One envelope, from before there were batches.
			single := receivetest.Sign(p, []string{secret}, events[0], now)
			if got, err := v.VerifyBatch(single.Header, single.Body); err != nil || len(got) != 1 || got[0].ID != "evt_1" {
				t.Errorf("%s, single: %v, %v", name, got, err)
			}
			// And who expects that takes no batch.
			if _, err := v.Verify(d.Header, d.Body); !errors.Is(err, ErrEnvelope) {
				t.Errorf("%s: a batch in place of one: %v", name, err)
			}
			d.Body = []byte(strings.Replace(string(d.Body), `"n":2`, `"n":4`, 1))
			if _, err := v.VerifyBatch(d.Header, d.Body); !errors.Is(err, ErrMismatch) {
				t.Errorf("%s, changed: %v", name, err)
			}
		}
	}
}

func TestVerifyBatchRefuses(t *testing.T) {
	p, _ := profile.Named("standard")
	now := time.Now()
	v := verifier(t, Config{Secrets: []string{secret}})
	anyBody := verifier(t, Config{Secrets: []string{secret}, AnyBody: true})
	small := verifier(t, Config{Secrets: []string{secret}, MaxBody: 10})
	sign := func(id, body string, at time.Time) *receivetest.Delivery {
		d := receivetest.SignBatch(p, []string{secret}, id, at)
		d.Body = []byte(body)
		for _, h := range p.Headers([]string{secret}, id, at, d.Body) {
			d.Header.Set(h.Name, h.Value)
		}
		return d
	}
	envelope := `{"id":"evt_1","type":"a","timestamp":"2026-03-15T10:30:00.000Z","data":1}`
	for _, test := range []struct {
		v    *Verifier
		d    *receivetest.Delivery
		want error
		says string
	}{
		{v, sign("batch_1", `[`+envelope+`]`, now), nil, ""},
		{v, sign("batch_1", `[]`, now), ErrEnvelope, "array"},
		{v, sign("batch_1", `[`+envelope, now), ErrEnvelope, "array"},
		{v, sign("batch_1", `[`+envelope+`,1]`, now), ErrEnvelope, "number 2"},
		{v, sign("batch_1", `[`+envelope+`,{"id":"evt_2"}]`, now), ErrEnvelope, "number 2"},
		{v, sign("batch_1.2", `[`+envelope+`]`, now), ErrMalformed, "dot"},
		{v, sign("batch_1", `[`+envelope+`]`, now.Add(-time.Hour)), ErrStale, ""},
		{small, sign("batch_1", `[`+envelope+`]`, now), ErrTooLarge, ""},
		{anyBody, sign("batch_1", `[{"id":"evt_1"}]`, now), nil, ""},
		{anyBody, sign("batch_1", `[{"type":"a"}]`, now), ErrEnvelope, "number 1"},
	} {
		_, err := test.v.VerifyBatch(test.d.Header, test.d.Body)
		if !errors.Is(err, test.want) || err != nil && !strings.Contains(err.Error(), test.says) {
			t.Errorf("%s: %v", test.d.Body, err)
		}
	}
}

// TestBatchHandler: one that fails keeps none of the others, and what went well is not
// done again when all of them come once more, in other company.
func TestBatchHandler(t *testing.T) {
	p, _ := profile.Named("standard")
	v, log := logged(t, Config{Secrets: []string{secret}})
	var handled []string
	bad := true
	h := v.BatchHandler(Memory(0, 0).Each(func(_ context.Context, m Message) error {
		if m.ID == "evt_2" && bad {
			return errors.New("no such order")
		}
		handled = append(handled, m.ID)
		return nil
	}))
	events := someEvents(4)
	send := func(id string, events ...profile.Event) (int, string) {
		return answered(t, h, receivetest.SignBatch(p, []string{secret}, id, time.Now(), events...).Request())
	}
	if status, code := send("batch_1", events[:3]...); status != 500 || code != "internal" {
		t.Errorf("answered %d %s", status, code)
	}
	if said := log.take(); !strings.Contains(said, "evt_2") || !strings.Contains(said, "no such order") {
		t.Errorf("logged %s", said)
	}
	bad = false
	if status, _ := send("batch_2", events[1], events[2], events[3]); status != 204 {
		t.Errorf("answered %d", status)
	}
	if want := []string{"evt_1", "evt_3", "evt_2", "evt_4"}; !slices.Equal(handled, want) {
		t.Errorf("handled %v, want %v", handled, want)
	}
	d := receivetest.SignBatch(p, []string{"another"}, "batch_3", time.Now(), events...)
	if status, code := answered(t, h, d.Request()); status != 401 || code != "invalid_signature" {
		t.Errorf("answered %d %s", status, code)
	}
}

// TestBatchHandlerTellsAll: each failure is told to the Logger, also behind one that is
// none, and the answer is of what failed.
func TestBatchHandlerTellsAll(t *testing.T) {
	p, _ := profile.Named("standard")
	v, log := logged(t, Config{Secrets: []string{secret}})
	fails := map[string]error{"evt_1": ErrInWork, "evt_2": errors.New("no such order"), "evt_3": ErrFull, "evt_4": errors.New("no such item")}
	h := v.BatchHandler(func(_ context.Context, m Message) error { return fails[m.ID] })
	send := func(n int) (int, string) {
		return answered(t, h, receivetest.SignBatch(p, []string{secret}, "batch_1", time.Now(), someEvents(n)...).Request())
	}
	if status, code := send(4); status != 500 || code != "internal" {
		t.Errorf("answered %d %s", status, code)
	}
	if said := log.take(); strings.Count(said, "not handled") != 2 || !strings.Contains(said, "no such order") || !strings.Contains(said, "no such item") {
		t.Errorf("logged %s", said)
	}
	if status, code := send(1); status != 503 || code != "busy" || log.take() != "" {
		t.Errorf("answered %d %s", status, code)
	}
}
