package api

import (
	"net/http"
	"time"

	"github.com/billhook/billhook"
)

// limitsJSON are limits, null where there is none.
type limitsJSON struct {
	RatePerSecond *float64 `json:"ratePerSecond"`
	Concurrency   *int     `json:"concurrency"`
}

func showLimits(l billhook.Limits) (shown limitsJSON) {
	if l.RatePerSecond != 0 {
		shown.RatePerSecond = &l.RatePerSecond
	}
	if l.Concurrency != 0 {
		shown.Concurrency = &l.Concurrency
	}
	return shown
}

// limits reads limits; null, or what is absent, is none. To the root 0 is too, so
// that it is refused here: nobody means all by it.
func (rd *reader) limits() (l billhook.Limits, err error) {
	return l, rd.object([]string{"ratePerSecond", "concurrency"}, func(name string) (err error) {
		if rd.isNull() {
			return nil
		}
		switch name {
		case "ratePerSecond":
			if l.RatePerSecond, err = rd.number(); err == nil && l.RatePerSecond <= 0 {
				err = rd.refuse("is not more than 0; leave it out for no limit")
			}
		case "concurrency":
			if l.Concurrency, err = rd.int(); err == nil && l.Concurrency <= 0 {
				err = rd.refuse("is not more than 0; leave it out for no limit")
			}
		}
		return err
	})
}

func (rd *reader) integerPointer() (*int64, error) { return pointerTo(rd.integer()) }

// A healthJSON tells how it stands with a webhook's receiver. Times are null where
// there is none.
type healthJSON struct {
	State          string             `json:"state"`
	Since          instant            `json:"since"`
	Reason         string             `json:"reason"`
	NextProbeAt    instant            `json:"nextProbeAt"`
	ThrottledUntil instant            `json:"throttledUntil"`
	Failures       int                `json:"consecutiveFailures"`
	FailingSince   instant            `json:"failingSince"`
	DeactivatesAt  instant            `json:"deactivatesAt"`
	LastSuccessAt  instant            `json:"lastSuccessAt"`
	LastFailureAt  instant            `json:"lastFailureAt"`
	LastError      *string            `json:"lastError"`
	Concurrency    int                `json:"concurrency"`
	MaxConcurrency int                `json:"maxConcurrency"`
	InFlight       int                `json:"inFlight"`
	Windows        []healthWindowJSON `json:"windows"`
}

type healthWindowJSON struct {
	Seconds   int64 `json:"seconds"`
	Attempts  int   `json:"attempts"`
	Successes int   `json:"successes"`
	// SuccessRate is from 0 to 1, and null where nothing was tried, as the others
	// are where nothing was answered.
	SuccessRate *float64 `json:"successRate"`
	P50         *float64 `json:"p50Ms"`
	P95         *float64 `json:"p95Ms"`
}

func showHealth(h *billhook.Health) healthJSON {
	shown := healthJSON{
		State: string(h.State), Since: instant(h.Since), Reason: h.Reason,
		NextProbeAt: instant(h.NextProbeAt), ThrottledUntil: instant(h.ThrottledUntil),
		Failures: h.Failures, FailingSince: instant(h.FailingSince), DeactivatesAt: instant(h.DeactivatesAt),
		LastSuccessAt: instant(h.LastSuccessAt), LastFailureAt: instant(h.LastFailureAt), LastError: orNull(h.LastError),
		Concurrency: h.Concurrency, MaxConcurrency: h.MaxConcurrency, InFlight: h.InFlight,
	}
	for _, w := range h.Windows {
		shown.Windows = append(shown.Windows, showHealthWindow(w))
	}
	return shown
}

func showHealthWindow(w billhook.HealthWindow) healthWindowJSON {
	shown := healthWindowJSON{Seconds: int64(w.Span / time.Second), Attempts: w.Attempts, Successes: w.Successes}
	if w.Attempts > 0 {
		rate := float64(w.Successes) / float64(w.Attempts)
		shown.SuccessRate = &rate
	}
	if w.P95 > 0 {
		p50, p95 := milliseconds(w.P50), milliseconds(w.P95)
		shown.P50, shown.P95 = &p50, &p95
	}
	return shown
}

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

func (c *call) getWebhookHealth() error {
	h, err := c.client.Health(c.r.Context(), c.storeID, c.r.PathValue("id"))
	if err != nil {
		return err
	}
	return c.answer(http.StatusOK, showHealth(&h))
}
