package api

import (
	"net/http"
	"time"

	"github.com/billhook/billhook"
)

type ledgerJSON struct {
	Data []ledgerDayJSON `json:"data"`
	// Since is null where all was counted.
	Since *string `json:"since"`
}

type ledgerDayJSON struct {
	Day       string           `json:"day"`
	Matched   int64            `json:"matched"`
	Delivered int64            `json:"delivered"`
	Pending   int64            `json:"pending"`
	Held      int64            `json:"held"`
	Dead      int64            `json:"dead"`
	Cancelled int64            `json:"cancelled"`
	Skipped   map[string]int64 `json:"skipped"`
}

func showLedgerDay(d *billhook.LedgerDay) ledgerDayJSON {
	shown := ledgerDayJSON{
		Day: d.Day.Format(time.DateOnly), Matched: d.Matched, Delivered: d.Delivered, Pending: d.Pending, Held: d.Held,
		Dead: d.Dead, Cancelled: d.Cancelled, Skipped: d.Skipped,
	}
	if shown.Skipped == nil {
		shown.Skipped = map[string]int64{}
	}
	return shown
}

func (c *call) getLedger() error {
	q := c.query("from", "to")
	f := billhook.LedgerFilter{StoreID: c.storeID, WebhookID: c.r.PathValue("id")}
	f.From, f.To = q.between()
	if q.err != nil {
		return q.err
	}
	ledger, err := c.client.Ledger(c.r.Context(), f)
	if err != nil {
		return err
	}
	shown := ledgerJSON{Data: make([]ledgerDayJSON, 0, len(ledger.Days))}
	for i := range ledger.Days {
		shown.Data = append(shown.Data, showLedgerDay(&ledger.Days[i]))
	}
	if !ledger.Since.IsZero() {
		since := ledger.Since.Format(time.DateOnly)
		shown.Since = &since
	}
	return c.answer(http.StatusOK, shown)
}
