package dashboard

import (
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/billhook/billhook"
)

// deliveryPage is what templates/pages/delivery.html shows.
type deliveryPage struct {
	*page
	Delivery billhook.Delivery
	// Attempts are first to last.
	Attempts []attempt
	// Webhook is what people call its webhook, and WebhookURL leads to its page; "" where
	// there is none, or not for this viewer.
	Webhook, WebhookURL string
	// EventURL leads to the event, and BodyURL to the body as a file.
	EventURL, BodyURL string
	// Why is the cause for which it did not arrive; "" where it did.
	Why cause
	// Request is what is sent; nil where that is not known any more, for the reason in
	// NoRequest.
	Request   *billhook.Request
	NoRequest string
	// Base is what is signed, but for the body that it ends with.
	Base    string
	Curl    string
	Problem *problem
}

// Kind is the badge's.
func (d deliveryPage) Kind() string { return statusKind(d.Delivery.Status) }

// Status is the delivery's, as "delivery-status" asks for it.
func (d deliveryPage) Status() billhook.Status { return d.Delivery.Status }

// Waits reports whether its next attempt comes by itself.
func (d deliveryPage) Waits() bool { return d.Delivery.Status == billhook.StatusPending }

// Yet reports whether it may still arrive by itself.
func (d deliveryPage) Yet() bool { return d.Waits() || d.Delivery.Status == billhook.StatusHeld }

// Retriable reports whether the viewer may have it sent again. One that is held goes when
// its webhook is active, and not before.
func (d deliveryPage) Retriable() bool {
	return d.May(billhook.PermissionDeliveriesRetry) && d.Request != nil && d.Delivery.Status != billhook.StatusHeld
}

// RetryURL is where the retry is asked for.
func (d deliveryPage) RetryURL() string { return d.To("deliveries", d.Delivery.ID, "retry") }

// An attempt is one of the timeline.
type attempt struct {
	billhook.Attempt
	// NextAt is when the one after it was, or is to be; zero where there is none.
	NextAt time.Time
	// Last: it is open to be read at once.
	Last bool
}

// Took is its duration, as people read it.
func (a attempt) Took() string { return tookText(a.Duration) }

func tookText(d time.Duration) string {
	switch {
	case d < time.Millisecond:
		return strconv.FormatInt(d.Microseconds(), 10) + " µs"
	case d < time.Second:
		return strconv.FormatInt(d.Milliseconds(), 10) + " ms"
	}
	return strconv.FormatFloat(d.Seconds(), 'f', 2, 64) + " s"
}

// Kind is the badge's.
func (a attempt) Kind() string {
	if a.Success() {
		return "ok"
	}
	return "failed"
}

func (p *page) delivery() error { return p.showDelivery(p.r.PathValue("id"), nil) }

func (p *page) showDelivery(id string, refused error) error {
	d, err := p.client.Delivery(p.Context(), p.store.ID, id)
	if err != nil {
		return err
	}
	made, err := p.client.Attempts(p.Context(), p.store.ID, id)
	if err != nil {
		return err
	}
	p.within(p.t("deliveries.title"), "deliveries")
	shown := deliveryPage{
		page: p, Delivery: d, Attempts: timeline(&d, made), Webhook: p.webhookName(d.WebhookID),
		WebhookURL: p.leads("/webhooks/{id}", "webhooks", d.WebhookID), EventURL: p.leads("/events/{id}", "events", d.EventID),
		BodyURL: p.To("deliveries", id, "body"),
	}
	_, gone := p.client.Get(p.Context(), p.store.ID, d.WebhookID)
	var last *billhook.Attempt
	if len(made) > 0 {
		last = &made[len(made)-1]
	}
	shown.Why = whyNot(&d, last, billhook.ErrorCode(gone) == billhook.CodeNotFound)
	if err := shown.ask(); err != nil {
		return err
	}
	if refused == nil {
		return p.render("delivery", shown)
	}
	shown.Problem = p.problem(refused)
	return p.renderWith(shown.Problem.Status, "delivery", shown)
}

// ask fills in the request.
func (d *deliveryPage) ask() error {
	r, err := d.client.RequestOf(d.Context(), d.store.ID, d.Delivery.ID)
	var why *billhook.Error
	switch {
	case errors.As(err, &why) && isRefused(err):
		d.NoRequest = why.Message
		return nil
	case err != nil:
		return err
	}
	d.Request, d.Curl = &r, curl(&r, bodyFile(d.Delivery.ID))
	d.Base = strings.TrimSuffix(string(r.SignatureBase), string(r.Body))
	return nil
}

// Body is the request's, as people look at it.
func (d deliveryPage) Body() string { return string(d.Request.Body) }

// bodyFile is what the file is called that has a delivery's body.
func bodyFile(id string) string { return "body-" + id + ".json" }

// timeline says of each attempt what came after it.
func timeline(d *billhook.Delivery, made []billhook.Attempt) []attempt {
	all := make([]attempt, len(made))
	for i := range made {
		all[i] = attempt{Attempt: made[i], Last: i == len(made)-1}
		if i+1 < len(made) {
			all[i].NextAt = made[i+1].StartedAt
		} else {
			all[i].NextAt = d.NextAttemptAt
		}
	}
	return all
}

// deliveryBody answers the exact bytes that are sent, as a file.
func (p *page) deliveryBody() error {
	id := p.r.PathValue("id")
	r, err := p.client.RequestOf(p.Context(), p.store.ID, id)
	if err != nil {
		return err
	}
	return p.raw(bodyFile(id), string(r.Body))
}

func (p *page) retryDelivery() error {
	id := p.r.PathValue("id")
	_, err := p.client.Retry(p.Context(), p.store.ID, id)
	if isRefused(err) && p.May(billhook.PermissionDeliveriesRead) {
		return p.showDelivery(id, err)
	}
	if err != nil {
		return err
	}
	to := p.To("deliveries", id)
	if next := p.r.PostFormValue("next"); next != "" {
		to = p.safePath(next)
	}
	return p.redirect(to, "delivery.done.retried")
}

// AnswerLabel is the answer's status as a heading has it: "500 Internal Server Error".
func (a attempt) AnswerLabel() string {
	return strconv.Itoa(a.StatusCode) + " " + http.StatusText(a.StatusCode)
}

// Answer is the beginning of the answer's body.
func (a attempt) Answer() string { return string(a.ResponseBody) }
