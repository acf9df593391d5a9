package dashboard

import (
	"net/http"
	"slices"
	"time"

	"github.com/billhook/billhook"
)

// webhookPage is what templates/pages/webhook.html shows.
type webhookPage struct {
	webhookRow
	// Policy says how often deliveries are tried.
	Policy string
	// Headers are the names of those that are sent with each.
	Headers []string
	// Old is when the old secret signs no more; zero where there is one secret.
	Old time.Time
	// Ledger is for who may see deliveries, nil for others.
	Ledger *ledgerShown
	// Waiting counts what would be delivered if it were activated.
	Waiting int
}

// findWebhook finds the webhook of the path, with how it stands. Who may not see
// webhooks, and is here for its deliveries, gets its id alone.
func (p *page) findWebhook() (webhookRow, error) {
	w, err := p.client.Get(p.Context(), p.store.ID, p.r.PathValue("id"))
	if err != nil {
		return webhookRow{}, err
	}
	if !p.May(billhook.PermissionWebhooksRead) {
		return webhookRow{page: p, Webhook: billhook.Webhook{StoreID: w.StoreID, ID: w.ID, IsActive: w.IsActive}}, nil
	}
	return p.rowOf(w)
}

// below is findWebhook for a page below the webhook's.
func (p *page) below() (webhookRow, error) {
	row, err := p.findWebhook()
	if err != nil {
		return row, err
	}
	if p.May(billhook.PermissionWebhooksRead) {
		p.within(p.t("webhooks.title"), "webhooks")
		p.within(row.Title(), "webhooks", row.ID)
	}
	return row, nil
}

func (p *page) webhook() error {
	row, err := p.findWebhook()
	if err != nil {
		return err
	}
	p.within(p.t("webhooks.title"), "webhooks")
	shown := webhookPage{webhookRow: row, Policy: p.policyText(p.policyOf(&row.Webhook))}
	for name := range row.Webhook.Headers {
		shown.Headers = append(shown.Headers, name)
	}
	slices.Sort(shown.Headers)
	for _, s := range row.Secrets {
		if s.ExpiresAt.After(shown.Old) && s.ExpiresAt.After(time.Now()) {
			shown.Old = s.ExpiresAt
		}
	}
	if p.May(billhook.PermissionDeliveriesRead) {
		if shown.Ledger, err = p.ledgerOf(row.ID); err != nil {
			return err
		}
		shown.Waiting = shown.Ledger.Sum.Waits()
	}
	return p.render("webhook", shown)
}

// newWebhook shows the form of a new webhook.
func (p *page) newWebhook() error {
	p.within(p.t("webhooks.title"), "webhooks")
	return p.showWebhookForm("webhook-new", billhook.Webhook{}, webhookForm{Active: true}, nil)
}

func (p *page) createWebhook() error {
	form := p.sentWebhook()
	r, err := form.registration(p.store.ID)
	if err == nil {
		var made billhook.Webhook
		if made, err = p.client.Register(p.Context(), r); err == nil {
			return p.showSecret("webhooks.done.created", made)
		}
	}
	if !isRefused(err) {
		return err
	}
	p.within(p.t("webhooks.title"), "webhooks")
	form.Secret = "" // a secret is in no page but the one that is for it
	return p.showWebhookForm("webhook-new", billhook.Webhook{}, form, err)
}

// A verdictPage is what templates/pages/verdict.html shows, for the script of a form.
type verdictPage struct {
	*page
	// Good says that it will do, where Problem does not say why not. Neither: there
	// is nothing to say yet.
	Good    string
	Problem *problem
}

// checkWebhook says what a URL or a filter is worth while it is typed.
func (p *page) checkWebhook() error {
	shown := verdictPage{page: p}
	query := p.r.URL.Query()
	var err error
	switch {
	case query.Get("url") != "":
		shown.Good, err = p.t("webhooks.urlGood"), p.client.CheckURL(p.Context(), p.store.ID, query.Get("url"))
	case query.Get("filter") != "":
		shown.Good, err = p.t("webhooks.filterGood"), p.client.CheckFilter(query.Get("filter"))
	}
	if err != nil && !isRefused(err) {
		return err
	}
	if err != nil {
		shown.Problem = p.problem(err)
	}
	return p.render("verdict", shown)
}

func (p *page) editWebhook() error {
	row, err := p.below()
	if err != nil {
		return err
	}
	return p.showWebhookForm("webhook-edit", row.Webhook, formOf(&row.Webhook), nil)
}

func (p *page) updateWebhook() error {
	row, err := p.below()
	if err != nil {
		return err
	}
	form := p.sentWebhook()
	change, err := form.change(&row.Webhook)
	if err == nil {
		_, err = p.client.Update(p.Context(), p.store.ID, row.ID, change)
	}
	if err == nil {
		return p.redirect(p.To("webhooks", row.ID), "webhooks.done.updated")
	}
	if !isRefused(err) {
		return err
	}
	return p.showWebhookForm("webhook-edit", row.Webhook, form, err)
}

func (p *page) activateWebhook() error {
	active := true
	change := billhook.WebhookChange{IsActive: &active}
	if p.r.PostFormValue("held") == billhook.ReleaseDrop {
		change.HeldDeliveries = &billhook.Release{Action: billhook.ReleaseDrop}
	}
	id := p.r.PathValue("id")
	if _, err := p.client.Update(p.Context(), p.store.ID, id, change); err != nil {
		return err
	}
	return p.redirect(p.To("webhooks", id), "webhooks.done.activated")
}

func (p *page) deactivateWebhook() error {
	id := p.r.PathValue("id")
	if _, err := p.client.Deactivate(p.Context(), p.store.ID, id); err != nil {
		return err
	}
	return p.redirect(p.To("webhooks", id), "webhooks.done.deactivated")
}

// confirmDelete asks once more, on a page of its own.
func (p *page) confirmDelete() error {
	row, err := p.below()
	if err != nil {
		return err
	}
	if row.Account, err = p.accountOf(row.ID); err != nil {
		return err
	}
	return p.renderWith(http.StatusOK, "webhook-delete", row)
}

func (p *page) deleteWebhook() error {
	if err := p.client.Delete(p.Context(), p.store.ID, p.r.PathValue("id")); err != nil {
		return err
	}
	return p.redirect(p.To("webhooks"), "webhooks.done.deleted")
}
