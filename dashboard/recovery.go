package dashboard

import (
	"strconv"

	"github.com/billhook/billhook"
)

// A recoveryShown is a recovery as pages show it: templates/pages/recovery.html, and a row
// of templates/pages/missed-list.html.
type recoveryShown struct {
	*page
	billhook.Recovery
	// Wanted is what a retry looks for.
	Wanted wanted
	// Of is how many were counted before it began; 0 where nobody has counted, or the
	// count was at its end.
	Of int
	// Outcome is what has become of those that were set going; nil where it would take too
	// long to tell.
	Outcome *billhook.RecoveryOutcome
}

// countsWhileRunning is up to how many deliveries of a recovery that runs are looked up,
// each time that somebody looks; those of one that is over are, however many.
const countsWhileRunning = 5000

// Running reports whether there is more to come.
func (r *recoveryShown) Running() bool { return r.Status == billhook.RecoveryRunning }

// Refresh is after how many seconds to look again; 0 for never. What was set going
// arrives when the recovery may be over.
func (r *recoveryShown) Refresh() int {
	switch {
	case r.Running():
		return 1
	case r.Outcome != nil && r.Outcome.Waiting > 0 && r.Queued <= countsWhileRunning:
		return 2
	}
	return 0
}

// Looked is how many were found so far, at most Of.
func (r *recoveryShown) Looked() int { return min(r.Found, r.Of) }

// LeftOver is how many were found and left as they were.
func (r *recoveryShown) LeftOver() int { return leftOf(r.Left) }

// Retries reports whether it looks for deliveries with one status.
func (r *recoveryShown) Retries() bool { return r.Kind == billhook.RecoveryRetry }

// Badge is the kind of badge that the recovery has.
func (r *recoveryShown) Badge() string {
	switch r.Status {
	case billhook.RecoveryRunning:
		return "waiting"
	case billhook.RecoveryDone:
		return "ok"
	case billhook.RecoveryCancelled:
		return "paused"
	case billhook.RecoveryFailed:
		return "failed"
	}
	return "unknown"
}

// recovery shows how far a recovery has come, and what became of what it set going. While
// there is more to come a script asks again.
func (p *page) recovery() error {
	r, err := p.client.Recovery(p.Context(), p.store.ID, p.r.PathValue("id"))
	if err != nil {
		return err
	}
	of, err := strconv.Atoi(p.r.URL.Query().Get("of"))
	if err != nil || of < 0 {
		of = 0
	}
	shown := &recoveryShown{page: p, Recovery: r, Wanted: p.wanted(&r.RecoveryPlan), Of: of}
	if !shown.Running() || r.Queued <= countsWhileRunning {
		outcome, err := p.client.RecoveryOutcome(p.Context(), r)
		switch {
		case err == nil:
			shown.Outcome = &outcome
		case billhook.ErrorCode(err) != billhook.CodeTooSlow:
			return err
		}
	}
	p.aboveRecovery(&r)
	return p.render("recovery", shown)
}

// aboveRecovery has the crumbs lead over where it was asked for.
func (p *page) aboveRecovery(r *billhook.Recovery) {
	if r.Kind == billhook.RecoveryRetry || !p.May(billhook.PermissionWebhooksRead) {
		if p.May(billhook.PermissionDeliveriesRead) {
			p.within(p.t("deliveries.title"), "deliveries")
		}
		return
	}
	p.within(p.t("webhooks.title"), "webhooks")
	p.within(p.webhookName(r.WebhookID), "webhooks", r.WebhookID)
	p.within(p.t("missed.title"), "webhooks", r.WebhookID, "recoveries")
}

func (p *page) cancelRecovery() error {
	r, err := p.client.CancelRecovery(p.Context(), p.store.ID, p.r.PathValue("id"))
	if err != nil {
		return err
	}
	return p.redirect(p.To("recoveries", r.ID), "recoveries.done.cancelled")
}
