package bench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/billhook/billhook"
	"github.com/billhook/billhook/internal/postgrestest"
)

// TestMain makes the test program stand in for the billhook command, because
// a benchmark runs subcommands of its own executable.
func TestMain(m *testing.M) {
	mains := map[string]func(context.Context, []string, io.Writer) error{
		"bench-receiver": Receiver, "bench-load": Load, "bench-reference": Reference, "serve": serve, "spin": spin,
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
	os.Exit(postgrestest.Main(m))
}

// smoke are options for a run of seconds.
func smoke(t *testing.T) (Options, *[]*ledger) {
	ledgers := new([]*ledger)
	return Options{
		Runs: 1, Duration: 100 * time.Millisecond, Connections: 4,
		BacklogRows: 1100, HistoryRows: 1025, HostileHooks: 205,
		Folder: t.TempDir(), Progress: t.Output(),
		OpenDatabase: func(_ context.Context, p Place) (billhook.Database, error) {
			webhooks, err := readWebhooks(p.Folder + folderOf(p.URL))
			l := &ledger{webhooks: webhooks, pending: map[string]billhook.Pending{}, unowned: 1}
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
		checkResult(t, s)
	}
	if len(*ledgers) != 3 {
		t.Fatalf("%d databases were seeded, want 3", len(*ledgers))
	}
	if n := len((*ledgers)[0].pending); n != o.HostileHooks*hostileWaiting {
		t.Errorf("hostile: %d wait", n)
	}
	checkSeeds(t, (*ledgers)[1], (*ledgers)[2], o)
	checkEmpty(t, o.Folder)
}

func checkResult(t *testing.T, s Result) {
	t.Helper()
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

func checkEmpty(t *testing.T, folder string) {
	t.Helper()
	if left, err := os.ReadDir(folder); err != nil || len(left) > 0 {
		t.Errorf("%v is left of the data (%v)", left, err)
	}
}

func TestRunMeasuresNodesOnASharedDatabase(t *testing.T) {
	s := &shelf{folder: t.TempDir()}
	o, ledgers := smoke(t)
	o.Shared, o.Nodes, o.Scenarios = s.shared(), []int{2, 1}, []string{"throughput", "backlog", "history"}
	report, err := Run(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	if report.Database != "Shelf 1" {
		t.Errorf("report is on %q", report.Database)
	}
	names := map[string][]string{}
	for _, result := range report.Scenarios {
		checkResult(t, result)
		for _, system := range result.Systems {
			names[result.Scenario] = append(names[result.Scenario], system.Name)
			own := strings.HasPrefix(system.Name, billhookName)
			m := system.Median
			if (system.Nodes > 0) != own || (runtime.GOOS == "linux" && own != (m.CPUTotalMicros > 0)) || m.CPUTotalMicros > 0 && m.CPUTotalMicros < m.CPUMicros {
				t.Errorf("%s, %s has %d nodes and took %v and %v µs", result.Scenario, system.Name, system.Nodes, m.CPUMicros, m.CPUTotalMicros)
			}
		}
	}
	for scenario, want := range map[string][]string{
		"throughput": {"billhook, 2 nodes", "billhook", "reference"},
		"backlog":    {"billhook, 2 nodes", "billhook, 2 nodes, 1100 wait", "reference"},
		"history":    {"billhook, 2 nodes, empty database", "billhook, 2 nodes, 1025 over", "reference"},
	} {
		if !slices.Equal(names[scenario], want) {
			t.Errorf("%s measured %q, want %q", scenario, names[scenario], want)
		}
	}
	// Both seeded ones are filled through one ledger and looked at through
	// another.
	if len(*ledgers) != 4 || s.settled != 2 || s.made != 2+2+2 {
		t.Errorf("%d were opened, %d settled, %d made", len(*ledgers), s.settled, s.made)
	}
	checkSeeds(t, (*ledgers)[0], (*ledgers)[2], o)
	for i, l := range *ledgers {
		if !l.left || !l.closed || (l.unowned == 0) != (i%2 == 1) {
			t.Errorf("database %d: left %v, closed %v, %d not taken over", i, l.left, l.closed, l.unowned)
		}
	}
	checkEmpty(t, o.Folder)
	checkEmpty(t, s.folder)
}

func TestRunFailsWithANode(t *testing.T) {
	t.Setenv(dieAfter, "40")
	s := &shelf{folder: t.TempDir()}
	o, _ := smoke(t)
	o.Shared, o.Nodes, o.Scenarios = s.shared(), []int{3}, []string{"throughput"}
	if _, err := Run(t.Context(), o); err == nil || !strings.Contains(err.Error(), "exit status 7") {
		t.Errorf("Run: %v", err)
	}
	checkEmpty(t, s.folder)
}

func TestRunTellsWhatItCouldNotDrop(t *testing.T) {
	s := &shelf{folder: t.TempDir()}
	o, _ := smoke(t)
	o.Shared, o.Scenarios = s.shared(), []string{"steady"}
	o.Shared.Drop = func(context.Context, string) error { return errors.New("in use") }
	if _, err := Run(t.Context(), o); err == nil || !strings.Contains(err.Error(), "drop database: in use") {
		t.Errorf("Run: %v", err)
	}
}

func checkSeeds(t *testing.T, backlog, history *ledger, o Options) {
	t.Helper()
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
	if !backlog.closed || !history.closed || !backlog.left || !history.left {
		t.Error("a database was left open, or owned")
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
	o.OpenDatabase = func(context.Context, Place) (billhook.Database, error) {
		cancel()
		return nil, ctx.Err()
	}
	s := &shelf{folder: t.TempDir()}
	o.Scenarios, o.Shared = []string{"backlog"}, s.shared()
	drop := o.Shared.Drop
	o.Shared.Drop = func(ctx context.Context, url string) error {
		return errors.Join(ctx.Err(), drop(ctx, url)) // as a server is told nothing any more
	}
	if _, err := Run(ctx, o); !errors.Is(err, context.Canceled) {
		t.Errorf("Run: %v", err)
	}
	checkEmpty(t, o.Folder)
	checkEmpty(t, s.folder)
	if s.made != 1 {
		t.Errorf("%d databases were made", s.made)
	}
}

func TestRunRefusesWhatCannotBeMeasured(t *testing.T) {
	shared := &Shared{Create: func(context.Context) (string, error) { return "", errors.New("tried") }}
	for _, c := range []struct {
		o    Options
		want string
	}{
		{Options{Scenarios: []string{"thoughput"}}, "no scenario"},
		{Options{Nodes: []int{1, 0}}, "at least 1"},
		{Options{Nodes: []int{1, 2}}, "need a database server"},
		{Options{Nodes: []int{2, 2}, Shared: shared}, "twice"},
		{Options{Nodes: []int{9}, Shared: shared, Connections: 8}, "connections"},
	} {
		if _, err := Run(t.Context(), c.o); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v nodes: %v, want %q", c.o.Nodes, err, c.want)
		}
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
	for _, addr := range []string{"192.0.2.1:80", "127.0.0.1:1,192.0.2.1:80", "127.0.0.1:1,"} {
		if err := Load(t.Context(), []string{"--addr", addr}, io.Discard); err == nil || !strings.Contains(err.Error(), "address") {
			t.Errorf("load of %s: %v", addr, err)
		}
	}
	if err := Reference(t.Context(), []string{"http://192.0.2.1:80/"}, io.Discard); err == nil {
		t.Error("forwarding to another machine")
	}
}
