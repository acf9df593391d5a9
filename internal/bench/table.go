package bench

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
)

const megabyte = 1e6

// WriteTable prints the report for people.
func (r *Report) WriteTable(w io.Writer) error {
	var text bytes.Buffer
	fmt.Fprintf(&text, "%s\n", r.Machine)
	if r.Database != "" {
		fmt.Fprintf(&text, "%s\n", r.Database)
	}
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

// A column is one figure of the table.
type column struct {
	header string
	figure func(Figures) float64
	ratio  func(Ratios) float64
}

// columns are the table's; the sum with the database server's CPU is among them
// where that was measured.
func (s *Result) columns() []column {
	all := []column{
		{"events/s", func(f Figures) float64 { return f.EventsPerSecond }, func(r Ratios) float64 { return r.EventsPerSecond }},
		{"deliveries/s", func(f Figures) float64 { return f.DeliveriesPerSecond }, func(r Ratios) float64 { return r.DeliveriesPerSecond }},
		{"p50 ms", func(f Figures) float64 { return f.P50Millis }, func(r Ratios) float64 { return r.P50 }},
		{"p99 ms", func(f Figures) float64 { return f.P99Millis }, func(r Ratios) float64 { return r.P99 }},
		{"max ms", func(f Figures) float64 { return f.MaxMillis }, func(r Ratios) float64 { return r.Max }},
		{"CPU µs/delivery", func(f Figures) float64 { return f.CPUMicros }, func(r Ratios) float64 { return r.CPU }},
	}
	if slices.ContainsFunc(s.Systems, func(s SystemResult) bool { return s.Median.CPUTotalMicros > 0 }) {
		all = append(all, column{"with database", func(f Figures) float64 { return f.CPUTotalMicros }, func(r Ratios) float64 { return r.CPUTotal }})
	}
	return append(all, column{"peak RSS MB", func(f Figures) float64 { return float64(f.PeakBytes) / megabyte }, func(r Ratios) float64 { return r.PeakRSS }})
}

func (s *Result) writeSystems(w io.Writer) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	columns := s.columns()
	writeRow(table, "", columns, func(c column) string { return c.header })
	for _, system := range s.Systems {
		writeRow(table, system.Name, columns, func(c column) string { return number(c.figure(system.Median)) })
	}
	for _, system := range s.Systems {
		if system.ToReference != nil {
			writeRow(table, system.Name+" ÷ reference", columns, func(c column) string { return number(c.ratio(*system.ToReference)) })
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

func writeRow(w io.Writer, name string, columns []column, cell func(column) string) {
	fmt.Fprint(w, name)
	for _, c := range columns {
		fmt.Fprintf(w, "\t%s", cell(c))
	}
	fmt.Fprint(w, "\t\n")
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
