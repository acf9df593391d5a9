package bench

import (
	"bytes"
	"fmt"
	"io"
	"strconv"
	"strings"
	"text/tabwriter"
)

const megabyte = 1e6

// WriteTable prints the report for people.
func (r *Report) WriteTable(w io.Writer) error {
	var text bytes.Buffer
	fmt.Fprintf(&text, "%s\n", r.Machine)
	for _, s := range r.Scenarios {
		fmt.Fprintf(&text, "\n%s: %s; median of %d\n", strings.ToUpper(s.Scenario), s.About, s.Rounds)
		if s.Failure != "" {
			fmt.Fprintf(&text, "  FAILED: %s\n", s.Failure)
			continue
		}
		if err := s.writeSystems(&text); err != nil {
			return err
		}
		if err := s.writeChecks(&text); err != nil {
			return err
		}
	}
	_, err := w.Write(text.Bytes())
	return err
}

// header names the columns; row and ratioRow follow it.
var header = []string{"", "events/s", "deliveries/s", "p50 ms", "p99 ms", "max ms", "CPU µs/delivery", "peak RSS MB"}

func (s *Result) writeSystems(w io.Writer) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	writeRow(table, header)
	for _, system := range s.Systems {
		writeRow(table, row(system.Name, system.Median))
	}
	for _, system := range s.Systems {
		if system.ToReference != nil {
			writeRow(table, ratioRow(system.Name+" ÷ reference", *system.ToReference))
		}
	}
	return table.Flush()
}

func (s *Result) writeChecks(w io.Writer) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, c := range s.Checks {
		fmt.Fprintf(table, "  %s\t%s\t%s\t%s\n", c.Name, number(c.Value), c.Target, strings.ToUpper(string(c.Verdict)))
	}
	return table.Flush()
}

func writeRow(w io.Writer, cells []string) {
	fmt.Fprintf(w, "%s\t\n", strings.Join(cells, "\t"))
}

func row(name string, f Figures) []string {
	return []string{
		name, number(f.EventsPerSecond), number(f.DeliveriesPerSecond),
		number(f.P50Millis), number(f.P99Millis), number(f.MaxMillis),
		number(f.CPUMicros), number(float64(f.PeakBytes) / megabyte),
	}
}

func ratioRow(name string, r Ratios) []string {
	return []string{
		name, number(r.EventsPerSecond), number(r.DeliveriesPerSecond),
		number(r.P50), number(r.P99), number(r.Max), number(r.CPU), number(r.PeakRSS),
	}
}

// number prints v with as many decimals as tell something; 0 is a figure that
// was not measured.
func number(v float64) string {
	switch {
	case v == 0:
		return "-"
	case v < 10:
		return strconv.FormatFloat(v, 'f', 2, 64)
	case v < 100:
		return strconv.FormatFloat(v, 'f', 1, 64)
	}
	return strconv.FormatFloat(v, 'f', 0, 64)
}
