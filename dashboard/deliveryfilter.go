package dashboard

import (
	"net/url"
	"strings"
	"time"

	"github.com/billhook/billhook"
)

// A deliveryQuery is what the form above the list of deliveries asks for, as it was
// sent.
type deliveryQuery struct {
	Text, Webhook, Type, Status string
	// EntityType and EntityID are what the events are about.
	EntityType, EntityID string
	// Within is one of withins, up to now; From and To are times, and come before it.
	Within, From, To string
}

// withins are the spans of time to choose from, by their values in the form.
var withins = map[string]time.Duration{"1h": time.Hour, "24h": 24 * time.Hour, "7d": 7 * 24 * time.Hour, "30d": 30 * 24 * time.Hour}

// statuses are those to choose from, in the order of the form.
var statuses = []billhook.Status{
	billhook.StatusDead, billhook.StatusPending, billhook.StatusHeld, billhook.StatusDelivered, billhook.StatusCancelled, billhook.StatusSkipped,
}

func readDeliveryQuery(values url.Values) deliveryQuery {
	get := func(name string) string { return strings.TrimSpace(values.Get(name)) }
	return deliveryQuery{
		Text: get("q"), Webhook: get("webhook"), Type: get("type"), Status: get("status"),
		EntityType: get("entityType"), EntityID: get("entityId"),
		Within: get("within"), From: get("from"), To: get("to"),
	}
}

// Any reports whether anything is asked for.
func (q deliveryQuery) Any() bool { return q != deliveryQuery{} }

// Exact reports whether times were given.
func (q deliveryQuery) Exact() bool { return q.From != "" || q.To != "" }

// filter is what the query selects in a store.
func (q deliveryQuery) filter(storeID string, now time.Time) (f billhook.DeliveryFilter, err error) {
	f = billhook.DeliveryFilter{
		StoreID: storeID, WebhookID: q.Webhook, EventType: q.Type, Status: billhook.Status(q.Status), Search: q.Text,
		Entity: billhook.Reference{Type: q.EntityType, ID: q.EntityID},
	}
	f.From, f.To, err = between(q.Within, q.From, q.To, now)
	return f, err
}

// between reads the times of a form.
func between(within, from, to string, now time.Time) (after, before time.Time, err error) {
	if span, ok := withins[within]; ok && from == "" && to == "" {
		return now.Add(-span), time.Time{}, nil
	}
	if after, err = readTime(from, "/from"); err != nil {
		return after, before, err
	}
	if before, err = readTime(to, "/to"); err != nil {
		return after, before, err
	}
	if !before.IsZero() && !after.Before(before) {
		err = &billhook.Error{Code: billhook.CodeInvalid, Pointer: "/to", Message: "is not after from"}
	}
	return after, before, err
}

// timeLayouts are how browsers write what is in a field for a time, which is in UTC
// here, and how we write one ourselves.
var timeLayouts = []string{time.RFC3339Nano, "2006-01-02T15:04", "2006-01-02T15:04:05", "2006-01-02T15:04:05.999", "2006-01-02"}

func readTime(text, pointer string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	for _, layout := range timeLayouts {
		if at, err := time.Parse(layout, text); err == nil {
			return at.UTC(), nil
		}
	}
	return time.Time{}, &billhook.Error{Code: billhook.CodeInvalid, Pointer: pointer, Message: "is not a time", Hint: "write it as 2026-03-15T10:00, in UTC"}
}

// fieldTime is a time as a field for one has it; what is no time stays as it is.
func fieldTime(text string) string {
	at, err := readTime(text, "")
	if err != nil || at.IsZero() {
		return text
	}
	return at.Format("2006-01-02T15:04:05")
}

// FromField and ToField are the times as fields have them.
func (q deliveryQuery) FromField() string { return fieldTime(q.From) }
func (q deliveryQuery) ToField() string   { return fieldTime(q.To) }

// watchable reports whether what is new can be told to be selected or not without
// asking the database.
func (q deliveryQuery) watchable() bool { return q.Text == "" && !q.Exact() }

// selects reports whether a delivery is of those that a watchable query selects. One
// that is new is within all times.
func (q deliveryQuery) selects(d *billhook.Delivery) bool {
	is := func(want, value string) bool { return want == "" || want == value }
	return is(q.Webhook, d.WebhookID) && is(q.Type, d.EventType) && is(q.Status, string(d.Status)) &&
		is(q.EntityType, d.Entity.Type) && is(q.EntityID, d.Entity.ID)
}

// retryable reports whether a recovery can find what the query selects: it looks for
// no text and no entity, and for what was delivered to one webhook at a time.
func (q deliveryQuery) retryable() bool {
	switch billhook.Status(q.Status) {
	case billhook.StatusDead, billhook.StatusCancelled, billhook.StatusSkipped:
		return q.Text == "" && q.EntityID == ""
	case billhook.StatusDelivered:
		return q.Text == "" && q.EntityID == "" && q.Webhook != ""
	}
	return false
}

// values are the query as one of an address, with its times as they are now.
func (q deliveryQuery) values(now time.Time) url.Values {
	v := url.Values{}
	set := func(name, value string) {
		if value != "" {
			v.Set(name, value)
		}
	}
	set("webhook", q.Webhook)
	set("type", q.Type)
	set("status", q.Status)
	if from, to, err := between(q.Within, q.From, q.To, now); err == nil {
		for name, at := range map[string]time.Time{"from": from, "to": to} {
			if !at.IsZero() {
				set(name, at.Format(time.RFC3339Nano))
			}
		}
	}
	return v
}
