package bench

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/billhook/billhook"
)

// TestMain makes the test program stand in for the billhook command, because
// a benchmark runs subcommands of its own executable.
func TestMain(m *testing.M) {
	mains := map[string]func(context.Context, []string, io.Writer) error{
		"bench-receiver": Receiver, "bench-load": Load, "bench-reference": Reference, "serve": serve,
	}
	if len(os.Args) > 1 && mains[os.Args[1]] != nil {
		ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
		defer stop()
		if err := mains[os.Args[1]](ctx, os.Args[2:], os.Stdout); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	// Under the race detector every process would wait a second to exit.
	if err := os.Setenv("GORACE", "atexit_sleep_ms=0 "+os.Getenv("GORACE")); err != nil {
		panic(err)
	}
	os.Exit(m.Run())
}

// loseEvery, where it is set in the environment, makes serve lose every so
// manyth event.
const loseEvery = "BENCH_TEST_LOSE_EVERY"

// serve is the least that the benchmark takes for `billhook serve`.
func serve(ctx context.Context, args []string, _ io.Writer) error {
	flags := flag.NewFlagSet("serve", flag.ContinueOnError)
	addr := flags.String("addr", "", "")
	data := flags.String("data", "", "")
	flags.Bool("dev", false, "")
	if err := flags.Parse(args); err != nil {
		return err
	}
	webhooks, err := readWebhooks(*data)
	if err != nil {
		return err
	}
	every := 0
	_, _ = fmt.Sscan(os.Getenv(loseEvery), &every)
	var emitted atomic.Int64
	f := newForwarder(8, 1000)
	for _, w := range webhooks {
		f.add(w)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /readyz", func(http.ResponseWriter, *http.Request) {})
	mux.HandleFunc("POST /api/webhooks", func(w http.ResponseWriter, r *http.Request) {
		var webhook billhook.Webhook
		if err := json.NewDecoder(r.Body).Decode(&webhook); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		f.add(webhook)
		webhooks = append(webhooks, webhook)
		text, _ := json.Marshal(webhooks)
		if err := os.WriteFile(filepath.Join(*data, "webhooks"), text, 0o600); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		w.WriteHeader(http.StatusCreated)
	})
	mux.HandleFunc("POST /api/events", func(w http.ResponseWriter, r *http.Request) {
		if every > 0 && emitted.Add(1)%int64(every) == 0 {
			w.WriteHeader(http.StatusAccepted)
			return
		}
		f.ServeHTTP(w, r)
	})
	listener, err := net.Listen("tcp", *addr)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	wait := f.run(ctx, 8)
	defer wait()
	defer cancel()
	return serveOn(ctx, listener, mux)
}

func (f *forwarder) add(w billhook.Webhook) {
	target, err := url.Parse(w.URL)
	if err != nil || target.Path == "/hang" || w.Events[0] != eventType {
		return
	}
	f.targets = append(f.targets, target)
}

func readWebhooks(data string) (webhooks []billhook.Webhook, err error) {
	text, err := os.ReadFile(filepath.Join(data, "webhooks"))
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return webhooks, json.Unmarshal(text, &webhooks)
}

// A ledger is a database that only counts what is seeded.
type ledger struct {
	billhook.Database
	webhooks []billhook.Webhook
	pending  map[string]billhook.Pending
	finished int
	closed   bool
}

func (l *ledger) Configuration(context.Context) ([]billhook.Store, []billhook.Webhook, error) {
	return nil, l.webhooks, nil
}

func (l *ledger) Commit(_ context.Context, b *billhook.Batch) error {
	for _, o := range b.Outcomes {
		if _, ok := l.pending[o.Delivery.ID]; !ok {
			o.Stale = true
			continue
		}
		delete(l.pending, o.Delivery.ID)
		l.finished++
	}
	for _, e := range b.Emits {
		for _, p := range e.Deliveries {
			l.pending[p.ID] = p
		}
	}
	return nil
}

func (l *ledger) Close() error { l.closed = true; return nil }

// smoke are options for a run of seconds.
func smoke(t *testing.T) (Options, *[]*ledger) {
	ledgers := new([]*ledger)
	return Options{
		Runs: 1, Duration: 100 * time.Millisecond, Connections: 4,
		BacklogRows: 1100, HistoryRows: 1025,
		Folder: t.TempDir(), Progress: t.Output(),
		OpenDatabase: func(data string) (billhook.Database, error) {
			webhooks, err := readWebhooks(data)
			l := &ledger{webhooks: webhooks, pending: map[string]billhook.Pending{}}
			*ledgers = append(*ledgers, l)
			return l, err
		},
	}, ledgers
}

func TestRunMeasuresEveryScenario(t *testing.T) {
	o, ledgers := smoke(t)
	report, err := Run(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	if len(report.Scenarios) != len(ScenarioNames()) {
		t.Fatalf("%d scenarios are in the report", len(report.Scenarios))
	}
	for _, s := range report.Scenarios {
		if len(s.Systems) < 2 || len(s.Checks) == 0 {
			t.Errorf("%s has %d systems and %d checks", s.Scenario, len(s.Systems), len(s.Checks))
		}
		for _, system := range s.Systems {
			m := system.Median
			if m.Events == 0 || m.DeliveriesPerSecond == 0 || m.P99Millis <= 0 || m.P50Millis > m.MaxMillis {
				t.Errorf("%s, %s: %+v", s.Scenario, system.Name, m)
			}
			if (system.ToReference == nil) != (system.Name == referenceName) {
				t.Errorf("%s, %s: ratios are %v", s.Scenario, system.Name, system.ToReference)
			}
		}
	}
	checkSeeds(t, *ledgers, o)
	if left, err := os.ReadDir(o.Folder); err != nil || len(left) > 0 {
		t.Errorf("%v is left of the data (%v)", left, err)
	}
}

func checkSeeds(t *testing.T, ledgers []*ledger, o Options) {
	t.Helper()
	if len(ledgers) != 2 {
		t.Fatalf("%d databases were seeded, want 2", len(ledgers))
	}
	backlog, history := ledgers[0], ledgers[1]
	due := 0
	for _, p := range backlog.pending {
		if p.DueAt.Before(time.Now()) {
			due++
		}
	}
	if len(backlog.pending) != o.BacklogRows || due != o.BacklogRows/2 || backlog.finished != 0 {
		t.Errorf("backlog: %d wait, %d of them due, %d are over", len(backlog.pending), due, backlog.finished)
	}
	if len(history.pending) != 0 || history.finished != o.HistoryRows {
		t.Errorf("history: %d wait, %d are over", len(history.pending), history.finished)
	}
	if !backlog.closed || !history.closed {
		t.Error("a database was left open")
	}
}

func TestRunFailsWhenEventsAreLost(t *testing.T) {
	t.Setenv(loseEvery, "10")
	o, _ := smoke(t)
	o.Scenarios = []string{"throughput"}
	o.stallLimit = 100 * time.Millisecond
	report, err := Run(t.Context(), o)
	if err == nil || !strings.Contains(err.Error(), "never arrived") {
		t.Errorf("Run: %v", err)
	}
	if report.Met() || len(report.Scenarios) != 1 || report.Scenarios[0].Failure == "" {
		t.Errorf("report is %+v", report)
	}
}

func TestRunStopsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	o, _ := smoke(t)
	o.Duration = time.Hour
	o.OpenDatabase = func(string) (billhook.Database, error) {
		cancel()
		return nil, ctx.Err()
	}
	o.Scenarios = []string{"backlog"}
	if _, err := Run(ctx, o); !errors.Is(err, context.Canceled) {
		t.Errorf("Run: %v", err)
	}
	if left, err := os.ReadDir(o.Folder); err != nil || len(left) > 0 {
		t.Errorf("%v is left of the data (%v)", left, err)
	}
}

func TestRunRefusesAScenarioThatIsNot(t *testing.T) {
	if _, err := Run(t.Context(), Options{Scenarios: []string{"thoughput"}}); err == nil {
		t.Error("no error")
	}
}

func TestRunTellsWhyAServerDied(t *testing.T) {
	o, _ := smoke(t)
	o.Scenarios = []string{"steady"}
	o.Executable = "/bin/false"
	if _, err := os.Stat(o.Executable); err != nil {
		t.Skip("no program that fails")
	}
	if _, err := Run(t.Context(), o); err == nil || !strings.Contains(err.Error(), "bench-receiver: exit status 1") {
		t.Errorf("Run: %v", err)
	}
}

func TestLoadAndReferenceKeepToTheLoopback(t *testing.T) {
	if err := Load(t.Context(), []string{"--addr", "192.0.2.1:80"}, io.Discard); err == nil {
		t.Error("load of another machine")
	}
	if err := Reference(t.Context(), []string{"http://192.0.2.1:80/"}, io.Discard); err == nil {
		t.Error("forwarding to another machine")
	}
}
