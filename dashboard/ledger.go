package dashboard

import (
	"net/url"
	"time"

	"github.com/billhook/billhook"
)

// A ledgerShown is a webhook's account of the last days, as the template "ledger" shows
// it.
type ledgerShown struct {
	Days []ledgerDay // the latest first, those alone on which there was anything
	// Sum has what waits, of these days and of those before.
	Sum ledgerDay
	// Chart are all days, the oldest first.
	Chart chart
}

// A ledgerDay is a day of it.
type ledgerDay struct {
	billhook.LedgerDay
	// Skipped is the sum of what has its reasons in LedgerDay.
	Skipped int64
}

// Waits counts the deliveries that are not over.
func (d *ledgerDay) Waits() int { return int(d.Pending + d.Held) }

// ledgerDays is how many days an account has.
const ledgerDays = 14

func (p *page) ledgerOf(id string) (*ledgerShown, error) {
	tomorrow := billhook.DayOf(time.Now()).AddDate(0, 0, 1)
	first := tomorrow.AddDate(0, 0, -ledgerDays)
	// Further back for the sums: what waits may be as old as it is held.
	ledger, err := p.client.Ledger(p.Context(), billhook.LedgerFilter{StoreID: p.store.ID, WebhookID: id, From: tomorrow.AddDate(0, 0, -heldDays), To: tomorrow})
	if err != nil {
		return nil, err
	}
	shown := &ledgerShown{}
	bars := map[time.Time]ledgerDay{}
	for _, d := range ledger.Days {
		day := ledgerDay{LedgerDay: d, Skipped: skippedIn(&d)}
		shown.Sum.Pending, shown.Sum.Held = shown.Sum.Pending+d.Pending, shown.Sum.Held+d.Held
		if d.Day.Before(first) {
			continue
		}
		shown.Days = append(shown.Days, day)
		bars[d.Day.UTC()] = day
	}
	var days []ledgerDay
	for day := first; day.Before(tomorrow); day = day.AddDate(0, 0, 1) {
		bar := bars[day]
		bar.Day = day
		days = append(days, bar)
	}
	shown.Chart = newChart(days)
	return shown, nil
}

// Counted is a number of a day of the account, and the list of what it counts.
func (w webhookPage) Counted(day time.Time, status billhook.Status, n any) link {
	counted := link{Text: inLanguage(w.language, n)}
	if counted.Text != "0" {
		counted.URL = w.To("deliveries") + "?" + url.Values{
			"webhook": {w.ID}, "status": {string(status)}, "from": {day.Format(time.RFC3339)}, "to": {day.AddDate(0, 0, 1).Format(time.RFC3339)},
		}.Encode()
	}
	return counted
}

// WaitsAs is how what waits for the webhook shows in lists.
func (w webhookPage) WaitsAs() billhook.Status {
	if w.IsActive {
		return billhook.StatusPending
	}
	return billhook.StatusHeld
}

// heldDays is for how many days what waits is counted.
const heldDays = 60

// A chart is a bar for each day, drawn on the server: it needs no script.
type chart struct {
	Bars []chartBar
	Max  int64
}

// A chartBar is one day, in parts that stand on each other.
type chartBar struct {
	ledgerDay
	X     int
	Parts []chartPart
}

// A chartPart is of a kind of badge: "ok", "failed", "waiting" or "unknown".
type chartPart struct {
	Kind      string
	Y, Height float64
}

// How the chart is drawn, in its own units.
const (
	chartHeight = 96
	chartStep   = 24
)

func newChart(days []ledgerDay) chart {
	var c chart
	for i := range days {
		c.Max = max(c.Max, days[i].LedgerDay.Sum())
	}
	for i, d := range days {
		bar := chartBar{ledgerDay: d, X: i * chartStep}
		y := float64(chartHeight)
		for _, part := range []struct {
			kind  string
			count int64
		}{{"ok", d.Delivered}, {"waiting", d.Pending + d.Held}, {"failed", d.Dead}, {"unknown", d.Cancelled + d.Skipped}} {
			if part.count == 0 {
				continue
			}
			// What is there is seen, however little it is.
			height := max(float64(part.count)/float64(c.Max)*(chartHeight-8), 2)
			y -= height
			bar.Parts = append(bar.Parts, chartPart{part.kind, y, height})
		}
		c.Bars = append(c.Bars, bar)
	}
	return c
}

// skippedIn sums up what was skipped, whatever the reason.
func skippedIn(d *billhook.LedgerDay) (sum int64) {
	for _, n := range d.Skipped {
		sum += n
	}
	return sum
}
