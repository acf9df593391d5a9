package billhook_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/billhook/billhook"
	"github.com/billhook/billhook/internal/tlstest"
	"github.com/billhook/billhook/profile"
)

// A span is a time.Duration that JSON writes as Go does: "2h30m".
type span time.Duration

func (s *span) UnmarshalText(text []byte) error {
	d, err := time.ParseDuration(string(text))
	*s = span(d)
	return err
}

// A scenario is a receiver over days, and what must come of each event.
type scenario struct {
	Title string
	// Policy is a preset's name.
	Policy string
	// Receiver is what it does, in order of time.
	Receiver []behaviour
	// Certificate is until when its certificate is valid, and Name until when its name
	// has an address; 0 for ever.
	Certificate, Name span
	Events            []outcome
	// Inactive: Billhook has made the webhook inactive in the end.
	Inactive bool

	authority *tlstest.Authority
}

// A behaviour is what a receiver does from a time on: answer with a status code, at
// once or, with "slow", after two seconds, or "hang", or "refuse" the connection.
type behaviour struct {
	From       span
	Does       string
	RetryAfter string
}

// An outcome is an event that is emitted at a time, when each attempt must begin, how
// the delivery must end, and what its reason must say.
type outcome struct {
	At       span
	Attempts []span
	Status   billhook.Status
	Reason   string
}

// scenarioDays is how long each scenario goes on.
const scenarioDays = 6 * 24 * time.Hour

// TestScenarios: receivers over days, by testdata/scenarios.json: each attempt when the
// policy says, to the nanosecond, and every delivery accounted for in the end.
func TestScenarios(t *testing.T) {
	text, err := os.ReadFile("testdata/scenarios.json")
	if err != nil {
		t.Fatal(err)
	}
	var all []scenario
	if err := json.Unmarshal(text, &all); err != nil {
		t.Fatal(err)
	}
	if len(all) < 20 {
		t.Fatalf("%d scenarios", len(all))
	}
	for i, sc := range all {
		if i%sized(1, 4, 1) != 0 {
			continue // days of time cost the race detector much
		}
		t.Run(sc.Title+", "+sc.Policy, func(t *testing.T) {
			dir := t.TempDir()
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, dir, billhook.Config{Resolver: &expiring{until: time.Now().Add(time.Duration(sc.Name)), always: sc.Name == 0}}.WithRandom(without))
				defer w.stop()
				sc.play(t, w)
			})
		})
	}
}

func (sc *scenario) play(t *testing.T, w *world) {
	w.run()
	began := time.Now()
	policy, ok := profile.Preset(sc.Policy)
	if !ok {
		t.Fatalf("there is no preset %q", sc.Policy)
	}
	url := sc.serve(t, w, began)
	hook := w.register(url, policyOf(policy), sc.trust)
	ids := make([]string, len(sc.Events))
	for i, e := range sc.Events {
		settle(time.Until(began.Add(time.Duration(e.At))))
		ids[i] = w.emit("order.paid", strconv.Itoa(i)).ID
	}
	settle(time.Until(began.Add(scenarioDays)))
	for i, want := range sc.Events {
		d := w.deliveries(billhook.DeliveryFilter{EventID: ids[i]})
		if len(d) != 1 {
			t.Fatalf("event %d has %d deliveries", i, len(d))
		}
		made, err := w.client.Attempts(context.Background(), d[0].StoreID, d[0].ID)
		if err != nil {
			t.Fatal(err)
		}
		var at []span
		for _, a := range made {
			at = append(at, span(a.StartedAt.Sub(began)))
		}
		if !slices.Equal(at, want.Attempts) {
			t.Errorf("event %d: attempts at\n%v, want\n%v", i, at, want.Attempts)
		}
		if d[0].Status != want.Status || !strings.Contains(d[0].Reason, want.Reason) || (want.Reason == "") != (d[0].Reason == "") {
			t.Errorf("event %d: %s, %q; want %s, %q", i, d[0].Status, d[0].Reason, want.Status, want.Reason)
		}
	}
	h, err := w.client.Get(context.Background(), hook.StoreID, hook.ID)
	if err != nil {
		t.Fatal(err)
	}
	if h.IsActive == sc.Inactive {
		t.Errorf("active: %t, since %q", h.IsActive, h.InactiveReason)
	}
	sc.balance(t, w, hook.ID)
}

// balance wants the ledger to be as the outcomes are, and as the rows.
func (sc *scenario) balance(t *testing.T, w *world, hookID string) {
	want := map[billhook.Status]int64{}
	for _, e := range sc.Events {
		want[e.Status]++
	}
	ledger, err := w.client.Ledger(context.Background(), billhook.LedgerFilter{StoreID: "default", WebhookID: hookID})
	if err != nil {
		t.Fatal(err)
	}
	got, matched := map[billhook.Status]int64{}, int64(0)
	for _, day := range ledger.Days {
		matched += day.Matched
		for status, n := range map[billhook.Status]int64{billhook.StatusDelivered: day.Delivered, billhook.StatusDead: day.Dead, billhook.StatusHeld: day.Held, billhook.StatusPending: day.Pending} {
			got[status] += n
		}
		if day.Sum() != day.Matched {
			t.Errorf("%v: %d matched, and %d accounted for", day.Day, day.Matched, day.Sum())
		}
	}
	for status, n := range got {
		if n != want[status] {
			t.Errorf("the ledger has %d %s, want %d", n, status, want[status])
		}
	}
	if matched != int64(len(sc.Events)) {
		t.Errorf("the ledger has %d events, want %d", matched, len(sc.Events))
	}
}

// now is what the receiver does at a time.
func (sc *scenario) now(began time.Time) behaviour {
	var does behaviour
	for _, b := range sc.Receiver {
		if time.Since(began) >= time.Duration(b.From) {
			does = b
		}
	}
	return does
}

// serve puts the receiver into the network and returns its URL.
func (sc *scenario) serve(t *testing.T, w *world, began time.Time) string {
	answer := func(rw http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body) // or nobody notices that the sender hangs up
		b := sc.now(began)
		switch b.Does {
		case "hang":
			<-r.Context().Done()
			return
		case "slow":
			time.Sleep(2 * time.Second)
			return
		}
		if b.RetryAfter != "" {
			rw.Header().Set("Retry-After", b.retryAfter(t, began))
		}
		code, err := strconv.Atoi(b.Does)
		if err != nil {
			t.Errorf("a receiver does not %q", b.Does)
		}
		if code == http.StatusMovedPermanently {
			rw.Header().Set("Location", "/login")
		}
		rw.WriteHeader(code)
	}
	w.refuses = func() bool { return sc.now(began).Does == "refuse" }
	if sc.Certificate == 0 {
		w.serve(9000, http.HandlerFunc(answer))
		return "http://shop.example:9000/hook"
	}
	sc.authority = tlstest.NewAuthority(t, "the shop's")
	c := sc.authority.Issue("shop.example", func(c *x509.Certificate) { c.NotAfter = began.Add(time.Duration(sc.Certificate)) })
	// With 1.3 the two ends of a connection without buffers wait for each other when
	// one refuses.
	w.serveTLS(9000, &tls.Config{Certificates: []tls.Certificate{c.Certificate}, MaxVersion: tls.VersionTLS12}, func(c *tls.Conn) { eachRequest(c, func(*http.Request) {}) })
	return "https://127.0.0.1:9000/hook"
}

// trust has the webhook know the authority of the receiver's certificate.
func (sc *scenario) trust(r *billhook.Registration) {
	if sc.authority != nil {
		r.TLS = &billhook.WebhookTLS{CACertificates: sc.authority.PEM}
	}
}

// retryAfter is the header's value: seconds, or of "at 30m" the date.
func (b behaviour) retryAfter(t *testing.T, began time.Time) string {
	at, isDate := strings.CutPrefix(b.RetryAfter, "at ")
	if !isDate {
		return b.RetryAfter
	}
	d, err := time.ParseDuration(at)
	if err != nil {
		t.Error(err)
	}
	return began.Add(d).UTC().Format(http.TimeFormat)
}

// An expiring name has the address of the receiver until its time is over.
type expiring struct {
	until  time.Time
	always bool
}

func (e *expiring) LookupNetIP(_ context.Context, _, host string) ([]netip.Addr, error) {
	if e.always || time.Now().Before(e.until) {
		return []netip.Addr{netip.MustParseAddr("127.0.0.1")}, nil
	}
	return nil, &net.DNSError{Err: "no such host", Name: host, IsNotFound: true}
}

func (s span) String() string { return fmt.Sprintf("%q", time.Duration(s)) }
