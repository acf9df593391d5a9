package api

import (
	"net/http"
	"net/url"

	"github.com/billhook/billhook"
)

type recoveryJSON struct {
	ID            string                  `json:"id"`
	Kind          billhook.RecoveryKind   `json:"kind"`
	WebhookID     *string                 `json:"webhookId"`
	Filter        recoveryFilterJSON      `json:"filter"`
	RatePerSecond int                     `json:"ratePerSecond"`
	Status        billhook.RecoveryStatus `json:"status"`
	Found         int                     `json:"found"`
	Queued        int                     `json:"queued"`
	Left          billhook.RecoveryLeft   `json:"left"`
	// Outcome is what became of those that are queued, where one recovery is asked for
	// and that can be counted.
	Outcome *billhook.RecoveryOutcome `json:"outcome"`
	// Error is why it failed; empty where it did not.
	Error     string  `json:"error"`
	StartedAt instant `json:"startedAt"`
	UpdatedAt instant `json:"updatedAt"`
}

type recoveryFilterJSON struct {
	Status *string  `json:"status"`
	Types  []string `json:"types"`
	From   instant  `json:"from"`
	To     instant  `json:"to"`
}

func showRecovery(r *billhook.Recovery) recoveryJSON {
	return recoveryJSON{
		ID: r.ID, Kind: r.Kind, WebhookID: orNull(r.WebhookID),
		Filter: recoveryFilterJSON{
			Status: orNull(string(r.DeliveryStatus)), Types: append([]string{}, r.Types...), From: instant(r.From), To: instant(r.To),
		},
		RatePerSecond: r.RatePerSecond, Status: r.Status, Found: r.Found, Queued: r.Queued, Left: r.Left, Error: r.Error,
		StartedAt: instant(r.CreatedAt), UpdatedAt: instant(r.UpdatedAt),
	}
}

// A recoveryCountJSON is the answer to a dry run.
type recoveryCountJSON struct {
	DryRun  bool                  `json:"dryRun"`
	Found   int                   `json:"found"`
	AtLeast bool                  `json:"atLeast"`
	Left    billhook.RecoveryLeft `json:"left"`
}

func (c *call) retryDeliveries() error {
	return c.startRecovery(billhook.RecoveryRetry, "status", "webhookId", "event", "from", "to")
}

func (c *call) recoverWebhook() error {
	return c.startRecovery(billhook.RecoveryRecover, "since", "until")
}

func (c *call) replayWebhook() error {
	return c.startRecovery(billhook.RecoveryReplay, "since", "until", "types")
}

// startRecovery starts what the body asks for, or with dryRun counts it. The names
// are those of its members besides the rate and dryRun.
func (c *call) startRecovery(kind billhook.RecoveryKind, names ...string) error {
	key, err := c.idempotencyKey()
	if err != nil {
		return err
	}
	text, err := c.body(c.cfg.MaxBody)
	if err != nil {
		return err
	}
	r := billhook.RecoveryRequest{StoreID: c.storeID, IdempotencyKey: key}
	r.Kind, r.WebhookID = kind, c.r.PathValue("id")
	dry := false
	err = readBody(text, func(rd *reader) error {
		return rd.object(append(names, "ratePerSecond", "dryRun"), func(name string) (err error) {
			if name == "dryRun" {
				dry, err = optional(rd, rd.bool)
				return err
			}
			return rd.plan(name, &r.RecoveryPlan)
		})
	})
	if err != nil {
		return err
	}
	if dry {
		count, err := c.client.CountRecovery(c.r.Context(), r)
		if err != nil {
			return err
		}
		return c.answer(http.StatusOK, recoveryCountJSON{true, count.Found, count.AtLeast, count.Left})
	}
	started, err := c.client.StartRecovery(c.r.Context(), r)
	if err != nil {
		return err
	}
	c.w.Header().Set("Location", "/api/recoveries/"+url.PathEscape(started.ID))
	return c.answer(http.StatusAccepted, showRecovery(&started))
}

// plan reads one member of a recovery's plan.
func (rd *reader) plan(name string, p *billhook.RecoveryPlan) (err error) {
	switch name {
	case "status":
		var status string
		status, err = optional(rd, rd.filled)
		p.DeliveryStatus = billhook.Status(status)
	case "webhookId":
		p.WebhookID, err = optional(rd, rd.filled)
	case "event":
		var event string
		if event, err = optional(rd, rd.filled); event != "" {
			p.Types = []string{event}
		}
	case "types":
		p.Types, err = optional(rd, rd.strings)
	case "from", "since":
		p.From, err = optional(rd, rd.time)
	case "to", "until":
		p.To, err = optional(rd, rd.time)
	case "ratePerSecond":
		var rate int64
		if rd.isNull() {
			return nil
		}
		if rate, err = rd.integer(); err == nil && rate < 1 {
			return rd.refuse("must be at least 1")
		}
		p.RatePerSecond = int(rate)
	}
	return err
}

func (c *call) listRecoveries() error {
	q := c.query("status", "limit", "cursor")
	f := billhook.RecoveryFilter{StoreID: c.storeID, Status: q.recoveryStatus(), Before: q.after(recoveryCursor)}
	limit := q.limit()
	if q.err != nil {
		return q.err
	}
	f.Limit = limit + 1
	all, err := c.client.Recoveries(c.r.Context(), f)
	if err != nil {
		return err
	}
	return c.answer(http.StatusOK, newPage(all, limit, showRecovery, func(r *billhook.Recovery) string {
		return idCursor(recoveryCursor, r.ID)
	}))
}

// recoveryStatus is a recovery's status, or "".
func (q *query) recoveryStatus() billhook.RecoveryStatus {
	s := billhook.RecoveryStatus(q.text("status"))
	switch s {
	case "", billhook.RecoveryRunning, billhook.RecoveryDone, billhook.RecoveryCancelled, billhook.RecoveryFailed:
		return s
	}
	q.refuse("status", "must be one of running, done, cancelled, failed")
	return ""
}

func (c *call) getRecovery() error {
	r, err := c.client.Recovery(c.r.Context(), c.storeID, c.r.PathValue("id"))
	if err != nil {
		return err
	}
	shown := showRecovery(&r)
	outcome, err := c.client.RecoveryOutcome(c.r.Context(), r)
	switch {
	case err == nil:
		shown.Outcome = &outcome
	case billhook.ErrorCode(err) != billhook.CodeTooSlow: // else the rest is told all the same
		return err
	}
	return c.answer(http.StatusOK, shown)
}

func (c *call) cancelRecovery() error {
	r, err := c.client.CancelRecovery(c.r.Context(), c.storeID, c.r.PathValue("id"))
	if err != nil {
		return err
	}
	return c.answer(http.StatusOK, showRecovery(&r))
}
