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
	if row.failing() {
		at(p.t("missed.sinceFailing"), row.Health.FailingSince.Add(-time.Minute))
	}
	at(p.t("missed.sinceHour"), now.Add(-time.Hour))
	at(p.t("missed.sinceDay"), now.Add(-24*time.Hour))
	at(p.t("missed.sinceWeek"), now.AddDate(0, 0, -7))
	return all
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
	_ = p.r.ParseForm() // what cannot be read is missing, and so refused
	form := p.r.PostForm
	r, err := p.recoveryRequest(form)
	if err == nil {
		var started billhook.Recovery
		if started, err = p.client.StartRecovery(p.Context(), r); err == nil {
			to := p.To("webhooks", r.WebhookID, "missed", started.ID)
			if of, err := strconv.Atoi(form.Get("of")); err == nil && of > 0 {
				to = withQuery(to, "of", strconv.Itoa(of))
			}
			return p.redirect(to, "missed.done.started")
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
	List  []recoveryRow
	Pager pager
}

// A recoveryRow is a recovery as it is shown.
type recoveryRow struct {
	*page
	billhook.Recovery
	// Of is how many were counted before it began; 0 where nobody has counted, or the
	// count was at its end.
	Of int
}

// Badge is the kind of badge that the recovery has.
func (r *recoveryRow) Badge() string {
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

// Running: it is not over.
func (r *recoveryRow) Running() bool { return r.Status == billhook.RecoveryRunning }

// Looked is how many were found so far, at most Of.
func (r *recoveryRow) Looked() int { return min(r.Found, r.Of) }

// LeftOver is how many were found and left as they were.
func (r *recoveryRow) LeftOver() int {
	return r.Left.Changed + r.Left.Deleted + r.Left.Forgotten + r.Left.Inactive
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
			shown.List = append(shown.List, recoveryRow{page: p, Recovery: r})
		}
	}
	p.withinMissed(row.ID)
	return p.render("missed-list", shown)
}

// withinMissed has the crumbs lead over the form.
func (p *page) withinMissed(id string) { p.within(p.t("missed.recover"), "webhooks", id, "missed") }

// findMissed finds the recovery of the path, if it is the webhook's.
func (p *page) findMissed(webhookID string) (billhook.Recovery, error) {
	id := p.r.PathValue("recovery")
	r, err := p.client.Recovery(p.Context(), p.store.ID, id)
	if err == nil && r.WebhookID != webhookID {
		err = &billhook.Error{Code: billhook.CodeNotFound, Message: "this webhook has no such recovery"}
	}
	return r, err
}

// missedOne shows how far a recovery has come. While it runs a script asks again.
func (p *page) missedOne() error {
	row, err := p.below()
	if err != nil {
		return err
	}
	r, err := p.findMissed(row.ID)
	if err != nil {
		return err
	}
	of, _ := strconv.Atoi(p.r.URL.Query().Get("of"))
	p.withinMissed(row.ID)
	return p.render("missed-one", &recoveryRow{page: p, Recovery: r, Of: max(of, 0)})
}

func (p *page) cancelMissed() error {
	r, err := p.findMissed(p.r.PathValue("id"))
	if err != nil {
		return err
	}
	if _, err := p.client.CancelRecovery(p.Context(), p.store.ID, r.ID); err != nil {
		return err
	}
	return p.redirect(p.To("webhooks", r.WebhookID, "missed", r.ID), "missed.done.cancelled")
}
