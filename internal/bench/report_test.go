package bench

import (
	"encoding/json"
	"strings"
	"testing"
	"time"
)

func TestFiguresOfAMeasurement(t *testing.T) {
	load := loadResult{Accepted: 1000, Elapsed: 2 * time.Second, Accept: new(Histogram)}
	receipts := receiverStats{Total: 2003, Distinct: 2001, First: 1e9, Last: 5e9, Latency: new(Histogram)}
	receipts.Latency.Record(4 * time.Millisecond)
	f := newFigures(load, receipts)
	if f.EventsPerSecond != 500 || f.DeliveriesPerSecond != 500 || f.Duplicates != 2 || f.MaxMillis != 4 {
		t.Errorf("figures are %+v", f)
	}
}

func TestMediansAreTakenFigureByFigure(t *testing.T) {
	m := medians([]Figures{
		{P99Millis: 1, CPUMicros: 30, PeakBytes: 5},
		{P99Millis: 3, CPUMicros: 10, PeakBytes: 7},
		{P99Millis: 2, CPUMicros: 20, PeakBytes: 6},
	})
	if m != (Figures{P99Millis: 2, CPUMicros: 20, PeakBytes: 6}) {
		t.Errorf("medians are %+v", m)
	}
}

func TestChecks(t *testing.T) {
	for _, c := range []struct {
		check Check
		want  Verdict
	}{
		{atLeast("x", 0.6, 0.6), VerdictMet},
		{atLeast("x", 0.59, 0.6), VerdictMissed},
		{atMost("x", 2, 2), VerdictMet},
		{atMost("x", 2.01, 2), VerdictMissed},
		{below("x", 4.9, 5), VerdictMet},
		{below("x", 5, 5), VerdictMissed},
		{atMost("x", ratio(1, 0), 2), VerdictNotMeasured},
		{note("x", 3), VerdictNone},
	} {
		if c.check.Verdict != c.want {
			t.Errorf("%v %s is %q, want %q", c.check.Value, c.check.Target, c.check.Verdict, c.want)
		}
	}
}

// exampleReport is one scenario that missed a target and one that failed.
func exampleReport(t *testing.T) Report {
	t.Helper()
	b := &bench{runs: 1, duration: time.Second, connections: 8, nodes: []int{1}}
	s, err := b.throughput(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	s.name = "throughput"
	result := newResult(s, [][]Figures{
		{{Events: 5000, EventsPerSecond: 5000, DeliveriesPerSecond: 5000, P50Millis: 1.5, P99Millis: 22.25, MaxMillis: 120, CPUMicros: 150, PeakBytes: 40e6}},
		{{Events: 10000, EventsPerSecond: 10000, DeliveriesPerSecond: 10000, P50Millis: 1, P99Millis: 10, MaxMillis: 60, CPUMicros: 100, PeakBytes: 20e6}},
	})
	return Report{
		Machine:   Machine{OS: "linux", Arch: "amd64", Cores: 4, Go: "go1.26", SyncP50Micros: 700, SyncP99Micros: 1500},
		Scenarios: []Result{result, {Scenario: "steady", About: "a", Rounds: 1, Failure: "3 of 5 accepted deliveries never arrived"}},
	}
}

func TestTable(t *testing.T) {
	report := exampleReport(t)
	var text strings.Builder
	if err := report.WriteTable(&text); err != nil {
		t.Fatal(err)
	}
	want := `amd64, 4 cores, linux, go1.26; write and sync of 4 KB: p50 700 µs, p99 1500 µs

THROUGHPUT: 1 webhook, 8 connections that emit without a pause for 1s; median of 1
                        events/s  deliveries/s  p50 ms  p99 ms  max ms  CPU µs/delivery  peak RSS MB
              billhook      5000          5000    1.50    22.2     120              150         40.0
             reference     10000         10000    1.00    10.0    60.0              100         20.0
  billhook ÷ reference      0.50          0.50    1.50    2.23    2.00             1.50         2.00
  deliveries/s ÷ reference      0.50  >= 0.6  MISSED
  CPU per delivery ÷ reference  1.50  <= 2    MET

STEADY: a; median of 1
  FAILED: 3 of 5 accepted deliveries never arrived
`
	if got := text.String(); got != want {
		t.Errorf("table is\n%s\nwant\n%s", got, want)
	}
}

func TestReportIsMetOnlyWhole(t *testing.T) {
	report := exampleReport(t)
	if report.Met() {
		t.Error("a report with a missed target and a failure is met")
	}
	report.Scenarios = report.Scenarios[:1]
	if report.Met() {
		t.Error("a report with a missed target is met")
	}
	report.Scenarios[0].Checks = []Check{atLeast("x", 1, 1), note("y", 1), atMost("z", 0, 1)}
	if !report.Met() {
		t.Error("a report without a missed target is not met")
	}
}

func TestReportLeavesOutOfTheJSONWhatWasNotMeasured(t *testing.T) {
	text, err := json.Marshal(SystemResult{Name: "x"})
	if err != nil {
		t.Fatal(err)
	}
	for _, member := range []string{"cpuMicrosPerDelivery", "cpuTotalMicrosPerDelivery", "peakRSSBytes", "toReference", "nodes"} {
		if strings.Contains(string(text), member) {
			t.Errorf("%s is in %s", member, text)
		}
	}
}

func TestProcFiles(t *testing.T) {
	const stat = "1234 (a ) name) S 17 1234 1234 0 -1 4194560 100 7 8 9 250 50 1200 34 20 0 9 0 100 1 2 3"
	want := processStat{parent: 17, own: 3 * time.Second, children: 12340 * time.Millisecond}
	if got, ok := parseStat([]byte(stat)); !ok || got != want {
		t.Errorf("parseStat = %+v, %v; want %+v", got, ok, want)
	}
	for _, text := range []string{
		"", "1234 (x) S 1", "1234 (x",
		stat[:strings.Index(stat, " 34 ")], // without the last that is read
		strings.Replace(stat, " 50 ", " x ", 1),
		strings.Replace(stat, " 1200 ", " 1e9 ", 1),
	} {
		if got, ok := parseStat([]byte(text)); ok {
			t.Errorf("parseStat(%q) = %+v", text, got)
		}
	}
	if got, ok := parseStatus([]byte("Name:\tx\nVmHWM:\t   20480 kB\nVmRSS:\t 100 kB\n")); !ok || got != 20480*1024 {
		t.Errorf("parseStatus = %v, %v", got, ok)
	}
	if _, ok := parseStatus([]byte("Name:\tx\n")); ok {
		t.Error("parseStatus found what is not there")
	}
	if got := parseCPUModel([]byte("processor\t: 0\nmodel name\t: A CPU @ 3\n")); got != "A CPU @ 3" {
		t.Errorf("parseCPUModel = %q", got)
	}
}

func TestChargeTellsTheDatabaseApart(t *testing.T) {
	at := func(nodes, total time.Duration) spending {
		return spending{nodes: nodes, total: total, nodesKnown: true, totalKnown: total > 0}
	}
	for _, c := range []struct {
		name          string
		before, after spending
		want          Figures
		cpu           float64
	}{
		{"nodes alone", at(time.Second, 0), at(3*time.Second, 0), Figures{CPUMicros: 2000}, 2000},
		{"with a database", at(time.Second, 5*time.Second), at(3*time.Second, 10*time.Second), Figures{CPUMicros: 2000, CPUTotalMicros: 5000}, 5000},
		{"nothing known", spending{}, spending{}, Figures{}, 0},
		{"a server that went", at(time.Second, 5*time.Second), at(3*time.Second, 0), Figures{CPUMicros: 2000}, 2000},
	} {
		var f Figures
		f.charge(c.before, c.after, 1000)
		if f != c.want || f.cpu() != c.cpu {
			t.Errorf("%s: %+v, in all %v", c.name, f, f.cpu())
		}
	}
}

func TestTableOfNodes(t *testing.T) {
	b := &bench{runs: 1, duration: time.Second, connections: 8, nodes: []int{1, 2}, shared: &Shared{ServerPID: 1}}
	s, err := b.throughput(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	s.name = "throughput"
	result := newResult(s, [][]Figures{
		{{EventsPerSecond: 4500, DeliveriesPerSecond: 4500, P50Millis: 2, P99Millis: 20, MaxMillis: 40, CPUMicros: 150, CPUTotalMicros: 250, PeakBytes: 40e6}},
		{{EventsPerSecond: 6000, DeliveriesPerSecond: 6000, P50Millis: 3, P99Millis: 30, MaxMillis: 60, CPUMicros: 160, CPUTotalMicros: 280, PeakBytes: 30e6}},
		{{EventsPerSecond: 10000, DeliveriesPerSecond: 10000, P50Millis: 1, P99Millis: 10, MaxMillis: 20, CPUMicros: 100, PeakBytes: 20e6}},
	})
	report := Report{Machine: Machine{OS: "linux", Arch: "amd64", Cores: 4, Go: "go1.26"}, Database: "PostgreSQL 15.1", Scenarios: []Result{result}}
	var text strings.Builder
	if err := report.WriteTable(&text); err != nil {
		t.Fatal(err)
	}
	want := `amd64, 4 cores, linux, go1.26; write and sync of 4 KB: p50 0 µs, p99 0 µs
PostgreSQL 15.1

THROUGHPUT: 1 webhook, 8 connections that emit without a pause for 1s; median of 1
                                 events/s  deliveries/s  p50 ms  p99 ms  max ms  CPU µs/delivery  with database  peak RSS MB
                       billhook      4500          4500    2.00    20.0    40.0              150            250         40.0
              billhook, 2 nodes      6000          6000    3.00    30.0    60.0              160            280         30.0
                      reference     10000         10000    1.00    10.0    20.0              100              -         20.0
           billhook ÷ reference      0.45          0.45    2.00    2.00    2.00             1.50           2.50         2.00
  billhook, 2 nodes ÷ reference      0.60          0.60    3.00    3.00    3.00             1.60           2.80         1.50
  deliveries/s ÷ reference                          0.45  >= 0.45  MET
  deliveries/s of 2 nodes ÷ reference               0.60           NO TARGET
  CPU per delivery with the database's ÷ reference  2.50           NO TARGET
`
	if got := text.String(); got != want {
		t.Errorf("table is\n%s\nwant\n%s", got, want)
	}
}
