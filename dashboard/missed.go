package dashboard

import (
	"crypto/rand"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/billhook/billhook"
)

// missedPage is what templates/pages/missed.html shows.
type missedPage struct {
	webhookRow
	// Kind is what was asked for: RecoveryRecover or RecoveryReplay.
	Kind billhook.RecoveryKind
	// Since and Until are in UTC, as the inputs have them; or what was typed, where
	// that is no time.
	Since, Until string
	Picker       picker
	Types        []string
	// Count is what would be done, nil before somebody has asked.
	Count *billhook.RecoveryCount
	// Key has a start that was sent twice start once.
	Key     string
	Presets []link
	Problem *problem
}

// missedForm asks for a window of time, and once it has one, says what there is to
// be recovered in it.
func (p *page) missedForm() error {
	row, err := p.below()
	if err != nil {
		return err
	}
	query := p.r.URL.Query()
	if query.Get("since") == "" {
		return p.showMissed(row, query, nil, nil)
	}
	r, err := p.recoveryRequest(query)
	if err == nil {
		var count billhook.RecoveryCount
		if count, err = p.client.CountRecovery(p.Context(), r); err == nil {
			return p.showMissed(row, query, &count, nil)
		}
	}
	if !isRefused(err) {
		return err
	}
	return p.showMissed(row, query, nil, err)
}

func (p *page) showMissed(row webhookRow, form url.Values, count *billhook.RecoveryCount, wrong error) error {
	shown := missedPage{
		webhookRow: row, Kind: kindOf(form), Since: inputText(form, "since"), Until: inputText(form, "until"), Types: pickedEvents(form),
		Count: count, Presets: p.windows(&row), Key: rand.Text(),
	}
	var err error
	if shown.Picker, err = p.newPicker(shown.Types); err != nil {
		return err
	}
	if wrong == nil {
		return p.render("missed", shown)
	}
	shown.Problem = p.problem(wrong)
	return p.renderWith(shown.Problem.Status, "missed", shown)
}

// windows are times to choose from, for who would rather not type them.
func (p *page) windows(row *webhookRow) []link {
	var all []link
	at := func(text string, since time.Time) {
		all = append(all, link{Text: text, URL: p.Here("since", since.UTC().Format(inputTime), "until", "")})
	}
	now := time.Now()
	if began := p.failedFrom(row); !began.IsZero() {
		at(p.t("missed.sinceFailing"), began.Add(-time.Minute))
	}
	at(p.t("missed.sinceHour"), now.Add(-time.Hour))
	at(p.t("missed.sinceDay"), now.Add(-24*time.Hour))
	at(p.t("missed.sinceWeek"), now.AddDate(0, 0, -7))
	return all
}

// failedFrom is when the webhook began to fail, also where it works again: what was given
// up then has still not arrived. Zero where nothing was.
func (p *page) failedFrom(row *webhookRow) time.Time {
	if row.failing() {
		return row.Health.FailingSince
	}
	dead, err := p.client.FindDeliveries(p.Context(), billhook.DeliveryFilter{
		StoreID: p.store.ID, WebhookID: row.ID, Status: billhook.StatusDead, Limit: pageSize, WithoutPayload: true,
	})
	if err != nil || len(dead.Deliveries) == 0 {
		return time.Time{} // the form does without
	}
	return dead.Deliveries[len(dead.Deliveries)-1].CreatedAt
}

func kindOf(form url.Values) billhook.RecoveryKind {
	if form.Get("kind") == string(billhook.RecoveryReplay) {
		return billhook.RecoveryReplay
	}
	return billhook.RecoveryRecover
}

// inputText is a time of a form as its input has it.
func inputText(form url.Values, name string) string {
	at, err := formTime(form, name)
	if err != nil || at.IsZero() {
		return strings.TrimSpace(form.Get(name))
	}
	return at.UTC().Format(inputTime + ":05")
}

// inputTime is how <input type="datetime-local"> writes a time.
const inputTime = "2006-01-02T15:04"

// recoveryRequest reads what a form asks for.
func (p *page) recoveryRequest(form url.Values) (r billhook.RecoveryRequest, err error) {
	r = billhook.RecoveryRequest{StoreID: p.store.ID, IdempotencyKey: form.Get("key")}
	r.Kind, r.WebhookID = kindOf(form), p.r.PathValue("id")
	if r.From, err = formTime(form, "since"); err != nil {
		return r, err
	}
	if r.To, err = formTime(form, "until"); err != nil {
		return r, err
	}
	if r.Kind == billhook.RecoveryReplay {
		r.Types = pickedEvents(form)
	}
	return r, nil
}

// formTime reads a time in UTC, as browsers write it, with seconds or without; zero
// for none.
func formTime(form url.Values, name string) (time.Time, error) {
	text := strings.TrimSpace(form.Get(name))
	if text == "" {
		return time.Time{}, nil
	}
	for _, layout := range []string{inputTime, inputTime + ":05", time.RFC3339} {
		if at, err := time.Parse(layout, text); err == nil {
			return at, nil
		}
	}
	return time.Time{}, refused("/"+name, "is no time; write it as 2026-01-31T18:30, in UTC")
}

func (p *page) startMissed() error {
	form := p.r.PostForm
	r, err := p.recoveryRequest(form)
	if err == nil {
		var started billhook.Recovery
		if started, err = p.client.StartRecovery(p.Context(), r); err == nil {
			to := p.To("recoveries", started.ID)
			if of, err := strconv.Atoi(form.Get("of")); err == nil && of > 0 {
				to = withQuery(to, "of", strconv.Itoa(of))
			}
			return p.redirect(to, "recoveries.done.started")
		}
	}
	if !isRefused(err) {
		return err
	}
	row, found := p.below()
	if found != nil {
		return found
	}
	return p.showMissed(row, form, nil, err)
}

// missedListPage is what templates/pages/missed-list.html shows.
type missedListPage struct {
	webhookRow
	List  []recoveryShown
	Pager pager
}

// missedList lists the recoveries of one webhook.
func (p *page) missedList() error {
	row, err := p.below()
	if err != nil {
		return err
	}
	list, err := p.client.Recoveries(p.Context(), billhook.RecoveryFilter{StoreID: p.store.ID, Before: p.cursor(), Limit: pageSize + 1})
	if err != nil {
		return err
	}
	list, next := cut(list, func(r *billhook.Recovery) string { return r.ID })
	shown := missedListPage{webhookRow: row, Pager: p.pager(next)}
	for _, r := range list { // those of the whole store: a page may be short
		if r.WebhookID == row.ID {
			shown.List = append(shown.List, recoveryShown{page: p, Recovery: r})
		}
	}
	p.withinMissed(row.ID)
	return p.render("missed-list", shown)
}

// withinMissed has the crumbs lead over the form.
func (p *page) withinMissed(id string) { p.within(p.t("missed.recover"), "webhooks", id, "missed") }
