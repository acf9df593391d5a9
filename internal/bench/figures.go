package bench

import "cmp"

// Figures are what one measurement found, or the medians of several. A figure
// that this system cannot measure is 0 and left out of the JSON.
type Figures struct {
	// Events were emitted and accepted with a 202; each was delivered once to
	// every webhook, or the scenario failed.
	Events int `json:"events"`
	// Duplicates counts deliveries that came more than once.
	Duplicates int `json:"duplicates,omitempty"`
	// EventsPerSecond is the rate of 202s while the load lasted.
	EventsPerSecond float64 `json:"eventsPerSecond"`
	// DeliveriesPerSecond is the rate from the first receipt to the last, when
	// all that was accepted had come.
	DeliveriesPerSecond float64 `json:"deliveriesPerSecond"`
	// P50Millis, P99Millis and MaxMillis are the time from emit to receipt, in
	// ms. Without a pause between the events it is above all the time in the
	// system's queue, and compares nothing; on a fixed schedule it counts from
	// the scheduled time.
	P50Millis float64 `json:"p50Millis"`
	P99Millis float64 `json:"p99Millis"`
	MaxMillis float64 `json:"maxMillis"`
	// AcceptP50Millis and AcceptP99Millis are the time from emit to 202.
	AcceptP50Millis float64 `json:"acceptP50Millis"`
	AcceptP99Millis float64 `json:"acceptP99Millis"`
	// CPUMicros is what the server process, or all nodes' together, spent for a
	// counted delivery, user and system, receiving the event included, in µs.
	CPUMicros float64 `json:"cpuMicrosPerDelivery,omitempty"`
	// CPUTotalMicros is CPUMicros and what the whole database server on this
	// machine spent, for whomever.
	CPUTotalMicros float64 `json:"cpuTotalMicrosPerDelivery,omitempty"`
	// PeakBytes is the most memory that the server process had resident; of
	// several nodes that of the largest.
	PeakBytes int64 `json:"peakRSSBytes,omitempty"`
}

// newFigures takes those that both sides of the server saw.
func newFigures(load loadResult, receipts receiverStats) Figures {
	f := Figures{
		Events:          load.Accepted,
		Duplicates:      receipts.Total - receipts.Distinct,
		EventsPerSecond: float64(load.Accepted) / load.Elapsed.Seconds(),
		P50Millis:       millis(receipts.Latency.Quantile(0.5)),
		P99Millis:       millis(receipts.Latency.Quantile(0.99)),
		MaxMillis:       millis(receipts.Latency.Max()),
		AcceptP50Millis: millis(load.Accept.Quantile(0.5)),
		AcceptP99Millis: millis(load.Accept.Quantile(0.99)),
	}
	// The first receipt opens the window and so is not in it.
	if window := receipts.Last - receipts.First; window > 0 {
		f.DeliveriesPerSecond = float64(receipts.Distinct-1) / (float64(window) / 1e9)
	}
	return f
}

// charge sets the CPU that was spent for so many deliveries.
func (f *Figures) charge(before, after spending, deliveries int) {
	if before.nodesKnown && after.nodesKnown {
		f.CPUMicros = micros(after.nodes-before.nodes) / float64(deliveries)
	}
	if before.totalKnown && after.totalKnown {
		f.CPUTotalMicros = micros(after.total-before.total) / float64(deliveries)
	}
}

// cpu is all that is known to have been spent for a delivery.
func (f Figures) cpu() float64 { return cmp.Or(f.CPUTotalMicros, f.CPUMicros) }

// medians takes the median of every figure by itself.
func medians(runs []Figures) Figures {
	of := func(get func(Figures) float64) float64 {
		values := make([]float64, len(runs))
		for i, f := range runs {
			values[i] = get(f)
		}
		return median(values)
	}
	return Figures{
		Events:              int(of(func(f Figures) float64 { return float64(f.Events) })),
		Duplicates:          int(of(func(f Figures) float64 { return float64(f.Duplicates) })),
		EventsPerSecond:     of(func(f Figures) float64 { return f.EventsPerSecond }),
		DeliveriesPerSecond: of(func(f Figures) float64 { return f.DeliveriesPerSecond }),
		P50Millis:           of(func(f Figures) float64 { return f.P50Millis }),
		P99Millis:           of(func(f Figures) float64 { return f.P99Millis }),
		MaxMillis:           of(func(f Figures) float64 { return f.MaxMillis }),
		AcceptP50Millis:     of(func(f Figures) float64 { return f.AcceptP50Millis }),
		AcceptP99Millis:     of(func(f Figures) float64 { return f.AcceptP99Millis }),
		CPUMicros:           of(func(f Figures) float64 { return f.CPUMicros }),
		CPUTotalMicros:      of(func(f Figures) float64 { return f.CPUTotalMicros }),
		PeakBytes:           int64(of(func(f Figures) float64 { return float64(f.PeakBytes) })),
	}
}

// Ratios are one system's figures divided by the reference's; 0 where one of
// the two was not measured.
type Ratios struct {
	EventsPerSecond     float64 `json:"eventsPerSecond,omitempty"`
	DeliveriesPerSecond float64 `json:"deliveriesPerSecond,omitempty"`
	P50                 float64 `json:"p50,omitempty"`
	P99                 float64 `json:"p99,omitempty"`
	Max                 float64 `json:"max,omitempty"`
	CPU                 float64 `json:"cpuPerDelivery,omitempty"`
	// CPUTotal has the database server on one side alone: the reference keeps
	// nothing.
	CPUTotal float64 `json:"cpuTotalPerDelivery,omitempty"`
	PeakRSS  float64 `json:"peakRSS,omitempty"`
}

func ratiosOf(f, reference Figures) Ratios {
	return Ratios{
		EventsPerSecond:     ratio(f.EventsPerSecond, reference.EventsPerSecond),
		DeliveriesPerSecond: ratio(f.DeliveriesPerSecond, reference.DeliveriesPerSecond),
		P50:                 ratio(f.P50Millis, reference.P50Millis),
		P99:                 ratio(f.P99Millis, reference.P99Millis),
		Max:                 ratio(f.MaxMillis, reference.MaxMillis),
		CPU:                 ratio(f.CPUMicros, reference.CPUMicros),
		CPUTotal:            ratio(f.CPUTotalMicros, reference.CPUMicros),
		PeakRSS:             ratio(float64(f.PeakBytes), float64(reference.PeakBytes)),
	}
}

// ratio is a/b, or 0 when either was not measured.
func ratio(a, b float64) float64 {
	if b == 0 {
		return 0
	}
	return a / b
}
