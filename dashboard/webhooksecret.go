package dashboard

import (
	"strconv"
	"strings"
	"time"

	"github.com/billhook/billhook"
	"github.com/billhook/billhook/profile"
)

// secretPage is what templates/pages/webhook-secret.html shows: the one page with a
// secret in it. It is the answer to a POST, so that it is in no history.
type secretPage struct {
	*page
	Webhook billhook.Webhook
	Done    string
	Secret  string
	receiverHelp
}

// receiverHelp is what the template "receiver" shows: how to verify deliveries.
type receiverHelp struct {
	Profile  *profile.Profile
	Snippets []snippet
}

// howToVerify is what the pages that tell it show.
func (p *page) howToVerify() (receiverHelp, error) {
	its, ok := p.client.Profile(p.store.Profile)
	if !ok {
		return receiverHelp{}, nil // a newer node knows it: there is nothing to show here
	}
	snippets, err := snippetsOf(its)
	return receiverHelp{Profile: its, Snippets: snippets}, err
}

// showSecret answers with the newest secret of a webhook, after what was done.
func (p *page) showSecret(done string, w billhook.Webhook) error {
	help, err := p.howToVerify()
	if err != nil {
		return err
	}
	shown := secretPage{page: p, Webhook: w, Done: p.t(done), receiverHelp: help}
	if len(w.Secrets) > 0 {
		shown.Secret = w.Secrets[0].Value
	}
	if shown.Secret == "" {
		return w.Unopened()
	}
	p.within(p.t("webhooks.title"), "webhooks")
	p.within(webhookRow{Webhook: w}.Title(), "webhooks", w.ID)
	return p.render("webhook-secret", shown)
}

func (p *page) revealSecret() error {
	w, err := p.client.Reveal(p.Context(), p.store.ID, p.r.PathValue("id"))
	if err != nil {
		return err
	}
	return p.showSecret("webhooks.done.revealed", w)
}

// receiverPage is what templates/pages/webhook-receiver.html shows.
type receiverPage struct {
	webhookRow
	receiverHelp
}

// receiver shows how to verify deliveries, without the secret.
func (p *page) receiver() error {
	row, err := p.below()
	if err != nil {
		return err
	}
	help, err := p.howToVerify()
	if err != nil {
		return err
	}
	return p.render("webhook-receiver", receiverPage{row, help})
}

// rotatePage is what templates/pages/webhook-rotate.html shows.
type rotatePage struct {
	webhookRow
	Overlaps []time.Duration
	// Own is the header of the store's profile that has room for one signature; ""
	// for none.
	Own     string
	Problem *problem
}

// overlaps are for how long the old secret may sign too.
var overlaps = []time.Duration{24 * time.Hour, time.Hour, 7 * 24 * time.Hour, 0}

func (p *page) rotateForm() error {
	row, err := p.below()
	if err != nil {
		return err
	}
	return p.showRotate(row, nil)
}

func (p *page) showRotate(row webhookRow, wrong error) error {
	shown := rotatePage{webhookRow: row, Overlaps: overlaps}
	if its, ok := p.client.Profile(p.store.Profile); ok && its.Signature != nil {
		shown.Own = its.Signature.Header
	}
	if wrong == nil {
		return p.render("webhook-rotate", shown)
	}
	shown.Problem = p.problem(wrong)
	return p.renderWith(shown.Problem.Status, "webhook-rotate", shown)
}

func (p *page) rotate() error {
	seconds, err := strconv.Atoi(p.r.PostFormValue("overlap"))
	if err != nil {
		err = refused("/gracePeriodSeconds", "is none of those to choose from")
	} else {
		var w billhook.Webhook
		w, err = p.client.RotateSecret(p.Context(), p.store.ID, p.r.PathValue("id"), billhook.Rotation{
			Secret: strings.TrimSpace(p.r.PostFormValue("secret")), GracePeriod: time.Duration(seconds) * time.Second,
		})
		if err == nil {
			return p.showSecret("webhooks.done.rotated", w)
		}
	}
	if !isRefused(err) {
		return err
	}
	row, found := p.below()
	if found != nil {
		return found
	}
	return p.showRotate(row, err)
}

// Seconds are those of a duration, for forms.
func (p *page) Seconds(d time.Duration) int { return int(d / time.Second) }
