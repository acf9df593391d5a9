package telemetry_test

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/billhook/billhook"
	"github.com/billhook/billhook/profile"
	"github.com/billhook/billhook/sqlite"
	"github.com/billhook/billhook/telemetry"
)

// A service is a Client that delivers, watched by Metrics and a log of all attempts.
type service struct {
	t       *testing.T
	client  *billhook.Client
	metrics *telemetry.Metrics
	log     *strings.Builder
	stop    func()
}

func newService(t *testing.T) *service {
	t.Helper()
	return newServiceOn(t, func(db billhook.Database) billhook.Database { return db })
}

// newServiceOn has the Client's database wrapped.
func newServiceOn(t *testing.T, wrap func(billhook.Database) billhook.Database) *service {
	t.Helper()
	s := &service{t: t, metrics: telemetry.NewMetrics(), log: &strings.Builder{}}
	db, err := sqlite.Open(filepath.Join(t.TempDir(), "billhook.db"), sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	attempts := telemetry.AttemptLog{Logger: slog.New(slog.NewTextHandler(s.log, nil))}
	s.client, err = billhook.New(wrap(db), billhook.Config{
		AllowInsecure: true, Logger: slog.New(slog.DiscardHandler), Observer: telemetry.Observers{s.metrics, attempts},
	})
	if err != nil {
		t.Fatal(err)
	}
	s.metrics.Watch(s.client)
	ctx, cancel := context.WithCancel(context.Background())
	ran := make(chan error, 1)
	go func() { ran <- s.client.Run(ctx) }()
	s.stop = func() {
		cancel()
		if err := <-ran; err != nil {
			t.Error(err)
		}
	}
	t.Cleanup(func() {
		s.client.Close()
		db.Close()
	})
	return s
}

// register makes a webhook whose receiver gives one answer to all requests, and
// which tries once.
func (s *service) register(status int) {
	s.t.Helper()
	receiver := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.WriteHeader(status)
	}))
	s.t.Cleanup(receiver.Close)
	_, err := s.client.Register(s.t.Context(), billhook.Registration{
		URL: receiver.URL + "/?token=hidden", Events: []string{"*"},
		RetryPolicy: &profile.RetryPolicy{MaxAttempts: 1, BackoffMultiplier: 1, RetryOn: profile.RetryOnAny},
	})
	if err != nil {
		s.t.Fatal(err)
	}
}

// scrape reads all series, by name and labels as Prometheus writes them.
func (s *service) scrape() map[string]float64 {
	s.t.Helper()
	answer := httptest.NewRecorder()
	s.metrics.Handler().ServeHTTP(answer, httptest.NewRequest("GET", "/metrics", nil))
	series := map[string]float64{}
	for line := range strings.Lines(answer.Body.String()) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		at := strings.LastIndexByte(line, ' ')
		value, err := strconv.ParseFloat(strings.TrimSpace(line[at:]), 64)
		if err != nil {
			s.t.Fatalf("%q: %v", line, err)
		}
		series[line[:at]] = value
	}
	return series
}

// until scrapes until a series has a value.
func (s *service) until(name string, want float64) map[string]float64 {
	s.t.Helper()
	for limit := time.Now().Add(10 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		series := s.scrape()
		if series[name] == want {
			return series
		}
		if time.Now().After(limit) {
			s.t.Fatalf("%s is %v, want %v:\n%s", name, series[name], want, s.log)
		}
	}
}

// A forgetful database has no payload of any event, or no event at all.
type forgetful struct {
	billhook.Database
	events bool
}

func (f forgetful) Event(ctx context.Context, storeID, id string) (billhook.Event, error) {
	e, err := f.Database.Event(ctx, storeID, id)
	if e.Data, e.ErasedAt = nil, time.Now(); !f.events {
		err = billhook.ErrNotFound
	}
	return e, err
}

// TestNotKeptIsCounted: what ends since there is nothing left of it to send is counted
// and logged as other attempts are.
func TestNotKeptIsCounted(t *testing.T) {
	for _, events := range []bool{true, false} {
		for _, batch := range []int{0, 3} {
			s := newServiceOn(t, func(db billhook.Database) billhook.Database { return forgetful{db, events} })
			r := billhook.Registration{URL: "http://127.0.0.1:9/", Events: []string{"*"}, Inactive: true}
			r.WhenInactive = billhook.InactiveHold
			if batch > 0 {
				r.Batch = billhook.Batching{MaxEvents: batch}
			}
			hook, err := s.client.Register(t.Context(), r)
			if err != nil {
				t.Fatal(err)
			}
			for range 3 {
				if _, err := s.client.Emit(t.Context(), billhook.Emission{Type: "order.paid", Data: []byte(`1`)}); err != nil {
					t.Fatal(err)
				}
			}
			// They were held, and memory has nothing of them.
			on := true
			if _, err := s.client.Update(t.Context(), hook.StoreID, hook.ID, billhook.WebhookChange{IsActive: &on}); err != nil {
				t.Fatal(err)
			}
			got := s.until(`billhook_deliveries_ended_total{status="dead"}`, 3)
			if n := got[`billhook_attempts_total{result="expired"}`]; n != 3 {
				t.Errorf("%v attempts are expired, want 3", n)
			}
			s.stop()
			if n := strings.Count(s.log.String(), "failure=expired"); n != 3 || strings.Count(s.log.String(), "event=evt_") != 3 {
				t.Errorf("the log has %d lines of 3:\n%s", n, s.log)
			}
		}
	}
}

// TestMetrics: what a Client does is counted, once each.
func TestMetrics(t *testing.T) {
	s := newService(t)
	s.register(200)
	s.register(500)
	for range 10 {
		if _, err := s.client.Emit(t.Context(), billhook.Emission{Type: "order.paid", Data: []byte(`{"card":"4711"}`)}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := s.client.Emit(t.Context(), billhook.Emission{Type: "order.paid", Data: []byte(`{`)}); err == nil {
		t.Fatal("half an object was accepted")
	}
	s.until(`billhook_attempts_total{result="status"}`, 10)
	series := s.until(`billhook_attempts_total{result="delivered"}`, 10)
	for name, want := range map[string]float64{
		`billhook_events_accepted_total`:                                    10,
		`billhook_deliveries_created_total`:                                 20,
		`billhook_emits_refused_total{code="invalid_json"}`:                 1,
		`billhook_attempts_total{result="timeout"}`:                         0,
		`billhook_deliveries_ended_total{status="delivered"}`:               10,
		`billhook_deliveries_ended_total{status="dead"}`:                    10,
		`billhook_attempt_duration_seconds_count{result="delivered"}`:       10,
		`billhook_delivery_latency_seconds_count`:                           10,
		`billhook_commits_total{result="failed"}`:                           0,
		`billhook_database_writable`:                                        1,
		`billhook_node_lease_held`:                                          1,
		`billhook_requests_in_flight`:                                       0,
		`billhook_deliveries_waiting_in_memory`:                             0,
		`billhook_overdue_seconds`:                                          0,
		`billhook_webhooks_busy{standing="slow"}`:                           0,
		`billhook_api_requests_total{operation="emitEvent",status="2xx"}`:   0,
		`billhook_api_requests_total{operation="emitEvent",status="other"}`: 0,
	} {
		if series[name] != want {
			t.Errorf("%s is %v, want %v", name, series[name], want)
		}
	}
	if series["billhook_commits_total{result=\"ok\"}"] == 0 || series["billhook_commit_parts_sum"] < 30 {
		t.Errorf("transactions: %v with %v parts", series["billhook_commits_total{result=\"ok\"}"], series["billhook_commit_parts_sum"])
	}
	s.metrics.Request("emitEvent", 202, time.Millisecond)
	s.metrics.Request("emitEvent", 422, time.Millisecond)
	if got := s.scrape()[`billhook_api_requests_total{operation="emitEvent",status="4xx"}`]; got != 1 {
		t.Errorf("%v requests refused, want 1", got)
	}
	s.metrics.Page("GET /stores/{store}", 200, time.Millisecond)
	if got := s.scrape()[`billhook_dashboard_requests_total{page="GET /stores/{store}",status="2xx"}`]; got != 1 {
		t.Errorf("%v pages shown, want 1", got)
	}

	s.stop()
	if got := s.scrape()["billhook_node_lease_held"]; got != 0 {
		t.Errorf("the lease is held after the end: %v", got)
	}
	log := s.log.String()
	if n := strings.Count(log, "msg=attempt "); n != 20 {
		t.Errorf("%d lines for 20 attempts", n)
	}
	if !strings.Contains(log, "failure=status") || !strings.Contains(log, "code=500") || !strings.Contains(log, "status=dead") {
		t.Errorf("the log does not tell what failed:\n%s", log)
	}
	for _, hidden := range []string{"4711", "hidden", "127.0.0.1"} {
		if strings.Contains(log, hidden) {
			t.Errorf("the log tells %q", hidden)
		}
	}
}

// TestFewSeries: the number of series does not grow with stores and webhooks.
func TestFewSeries(t *testing.T) {
	s := newService(t)
	before := len(s.scrape())
	for range 30 {
		s.register(200)
	}
	if _, err := s.client.Emit(t.Context(), billhook.Emission{Type: "order.paid", Data: []byte(`1`)}); err != nil {
		t.Fatal(err)
	}
	after := len(s.until(`billhook_attempts_total{result="delivered"}`, 30))
	s.stop()
	// The histogram of one more result.
	if after > before+20 {
		t.Errorf("%d series with one webhook less than thirty, %d with them", before, after)
	}
}
