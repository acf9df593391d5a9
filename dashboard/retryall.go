package dashboard

import (
	"crypto/rand"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/billhook/billhook"
)

// A wanted is what the retry of many looks for, as people read it.
type wanted struct {
	Status   billhook.Status
	Webhook  string
	Types    []string
	From, To time.Time
}

// Kind is the badge's.
func (w wanted) Kind() string { return statusKind(w.Status) }

func (p *page) wanted(plan *billhook.RecoveryPlan) wanted {
	w := wanted{Status: plan.DeliveryStatus, Types: plan.Types, From: plan.From, To: plan.To}
	if plan.WebhookID != "" {
		w.Webhook = p.webhookName(plan.WebhookID)
	}
	return w
}

// retryAllPage is what templates/pages/retryall.html shows.
type retryAllPage struct {
	*page
	Wanted wanted
	Count  billhook.RecoveryCount
	// Sent is what goes along with the form, and Rate how fast they are to go.
	Sent []field
	Rate string
	// Back leads to the list that it came from.
	Back    string
	Problem *problem
}

// A field is one of a form that nobody sees.
type field struct{ Name, Value string }

// Left counts what would be left as it is.
func (r retryAllPage) Left() int { return leftOf(r.Count.Left) }

func leftOf(l billhook.RecoveryLeft) int { return l.Deleted + l.Inactive + l.Forgotten + l.Changed }

// retryRequest is what a query asks to be retried.
func (p *page) retryRequest(values url.Values) (billhook.RecoveryRequest, error) {
	q := readDeliveryQuery(values)
	f, err := q.filter(p.store.ID, time.Now())
	r := billhook.RecoveryRequest{StoreID: p.store.ID, RecoveryPlan: billhook.RecoveryPlan{
		Kind: billhook.RecoveryRetry, DeliveryStatus: f.Status, WebhookID: f.WebhookID, From: f.From, To: f.To,
	}}
	if r.DeliveryStatus == "" {
		r.DeliveryStatus = billhook.StatusDead
	}
	if f.EventType != "" {
		r.Types = []string{f.EventType}
	}
	if err == nil && f.Search != "" {
		// It would retry more than what was seen.
		err = &billhook.Error{Code: billhook.CodeInvalid, Pointer: "/q", Message: "text cannot be part of a retry of many", Hint: "filter by type, webhook, status and time"}
	}
	if err == nil && f.Entity.ID != "" {
		err = &billhook.Error{Code: billhook.CodeInvalid, Pointer: "/entity", Message: "what deliveries are about cannot be part of a retry of many", Hint: "filter by type, webhook, status and time"}
	}
	return r, err
}

func (p *page) retryAllForm() error { return p.showRetryAll(p.r.URL.Query(), rand.Text(), nil) }

// showRetryAll shows how many there are, before anything is done. The key has a form
// that is sent twice do it once.
func (p *page) showRetryAll(values url.Values, key string, refused error) error {
	p.within(p.t("deliveries.title"), "deliveries")
	q := readDeliveryQuery(values)
	kept := q.values(time.Now())
	request, err := p.retryRequest(values)
	shown := retryAllPage{page: p, Wanted: p.wanted(&request.RecoveryPlan), Rate: strings.TrimSpace(values.Get("rate"))}
	shown.Back = p.To("deliveries") + "?" + kept.Encode()
	if err == nil {
		shown.Count, err = p.client.CountRecovery(p.Context(), request)
	}
	if err != nil && refused == nil {
		if !isRefused(err) {
			return err
		}
		refused = err
	}
	if shown.Rate == "" {
		shown.Rate = "100"
	}
	for name := range kept {
		shown.Sent = append(shown.Sent, field{name, kept.Get(name)})
	}
	shown.Sent = append(shown.Sent, field{"key", key}, field{"of", strconv.Itoa(shown.Count.Found)})
	if refused == nil {
		return p.render("retryall", shown)
	}
	shown.Problem = p.problem(refused)
	if !shown.Problem.About("/ratePerSecond") || shown.Count.Found == 0 {
		shown.Problem.Field = nil // it is in the form of the list, and not of this page
	}
	return p.renderWith(shown.Problem.Status, "retryall", shown)
}

func (p *page) retryAll() error {
	values := p.r.PostForm
	request, err := p.retryRequest(values)
	if rate := strings.TrimSpace(values.Get("rate")); err == nil && rate != "" {
		if request.RatePerSecond, err = strconv.Atoi(rate); err != nil || request.RatePerSecond == 0 {
			err = &billhook.Error{Code: billhook.CodeInvalid, Pointer: "/ratePerSecond", Message: "is not a number from 1 to 10,000"}
		}
	}
	request.IdempotencyKey = values.Get("key")
	var started billhook.Recovery
	if err == nil {
		started, err = p.client.StartRecovery(p.Context(), request)
	}
	if isRefused(err) {
		return p.showRetryAll(values, rand.Text(), err)
	}
	if err != nil {
		return err
	}
	to := p.To("recoveries", started.ID)
	if of, err := strconv.Atoi(values.Get("of")); err == nil && of > 0 {
		to = withQuery(to, "of", strconv.Itoa(of))
	}
	return p.redirect(to, "recoveries.done.started")
}
