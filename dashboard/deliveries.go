package dashboard

import (
	"net/http"
	"net/url"
	"time"

	"github.com/billhook/billhook"
)

// deliveriesPage is what templates/pages/deliveries.html shows.
type deliveriesPage struct {
	*page
	Query deliveryQuery
	Rows  []deliveryRow
	Pager pager
	// SearchedTo is how far back it was looked where that was enough for now.
	SearchedTo time.Time
	// Webhooks and Types are those to choose from. Many says that there are more
	// webhooks than one would choose from.
	Webhooks []billhook.Webhook
	Many     bool
	Types    []string
	// RetryAll leads to the retry of all that the query selects, and Live is where what
	// is new is told; "" where that is not possible.
	RetryAll, Live string
	Problem        *problem
}

const (
	// maxPageBytes bounds the payloads that are read for a page of events, of which it
	// shows next to nothing. Lists of deliveries read none.
	maxPageBytes = 4 << 20
	// maxChoices is among how many one chooses from a list.
	maxChoices = 200
)

// Statuses are those to choose from.
func (deliveriesPage) Statuses() []billhook.Status { return statuses }

func (p *page) deliveries() error {
	now := time.Now()
	shown := deliveriesPage{page: p, Query: readDeliveryQuery(p.r.URL.Query())}
	shown.choices()
	f, err := shown.Query.filter(p.store.ID, now)
	var found billhook.DeliveryPage
	if err == nil {
		f.Before, f.Limit, f.WithoutPayload = p.cursor(), pageSize, true
		found, err = p.client.FindDeliveries(p.Context(), f)
	}
	if isRefused(err) {
		shown.Problem = p.problem(err)
		return p.renderWith(shown.Problem.Status, "deliveries", shown)
	}
	if err != nil {
		return err
	}
	shown.Rows, shown.SearchedTo, shown.Pager = p.rows(found.Deliveries), found.SearchedTo, p.pager(found.Next)
	if shown.Query.retryable() && p.May(billhook.PermissionDeliveriesRetry) && (len(shown.Rows) > 0 || found.Next != "") {
		shown.RetryAll = p.To("deliveries", "retry") + "?" + shown.Query.values(now).Encode()
	}
	if shown.Query.watchable() && p.cursor() == "" {
		shown.Live = p.To("deliveries", "live") + "?" + p.r.URL.RawQuery
	}
	return p.render("deliveries", shown)
}

// choices fills in what the form offers. Without the permission to see webhooks one is
// asked for by its id.
func (d *deliveriesPage) choices() {
	if d.May(billhook.PermissionWebhooksRead) {
		all, err := d.client.List(d.Context(), d.store.ID, "", maxChoices+1)
		d.Many = err != nil || len(all) > maxChoices
		if !d.Many {
			d.Webhooks = all
		}
	}
	d.Types = d.eventTypes()
}

// eventTypes are the names of the store's event types, as far as one chooses from a
// list.
func (p *page) eventTypes() []string {
	types, err := p.client.EventTypes(p.Context(), p.store.ID, "", maxChoices)
	if err != nil {
		return nil // one can still be written
	}
	var names []string
	for i := range types {
		names = append(names, types[i].Name)
	}
	return names
}

// Chosen reports whether the webhook asked for is one of the list.
func (d deliveriesPage) Chosen() bool {
	for i := range d.Webhooks {
		if d.Webhooks[i].ID == d.Query.Webhook {
			return true
		}
	}
	return d.Query.Webhook == ""
}

// A deliveryRow is a delivery in a list: what the template "delivery-row" shows.
type deliveryRow struct {
	billhook.Delivery
	*page
	// URL is that of its page, and AboutURL leads to all deliveries about the same.
	URL, AboutURL string
	// Webhook is what people call it, and its ID where they do not, or may not see it.
	Webhook string
	// Buttons: the list has a column for them. Retry is where it is sent to be retried, from a page that has a button for that;
	// "" for none.
	Retry   string
	Buttons bool
}

// Mark changes when the row does.
func (r deliveryRow) Mark() string {
	return string(r.Status) + " " + inLanguage("en", r.Delivery.Attempts) + " " + r.NextAttemptAt.UTC().Format(time.RFC3339Nano)
}

// Kind is the badge's.
func (r deliveryRow) Kind() string { return statusKind(r.Status) }

// statusKind is the kind of badge that a status has.
func statusKind(s billhook.Status) string {
	switch s {
	case billhook.StatusDelivered:
		return "ok"
	case billhook.StatusDead:
		return "failed"
	case billhook.StatusPending:
		return "waiting"
	case billhook.StatusHeld:
		return "paused"
	}
	return "unknown"
}

func (p *page) rows(list []billhook.Delivery) []deliveryRow {
	names := map[string]string{}
	rows := make([]deliveryRow, 0, len(list))
	for i := range list {
		d := &list[i]
		name, ok := names[d.WebhookID]
		if !ok {
			name = p.webhookName(d.WebhookID)
			names[d.WebhookID] = name
		}
		row := deliveryRow{Delivery: *d, page: p, URL: p.To("deliveries", d.ID), Webhook: name}
		if d.Entity.ID != "" {
			row.AboutURL = p.To("deliveries") + "?" + url.Values{"entityType": {d.Entity.Type}, "entityId": {d.Entity.ID}}.Encode()
		}
		rows = append(rows, row)
	}
	return rows
}

// webhookName is what people call a webhook of the store.
func (p *page) webhookName(id string) string {
	if !p.May(billhook.PermissionWebhooksRead) {
		return id
	}
	w, err := p.client.Get(p.Context(), p.store.ID, id)
	switch {
	case err != nil: // deleted
		return id
	case w.Name != "":
		return w.Name
	}
	return w.URL
}

// leads is the address of a page of the store if there is one, and the viewer may see
// it; else "".
func (p *page) leads(pattern string, parts ...string) string {
	for _, rt := range p.routes {
		if rt.method == http.MethodGet && rt.pattern == "/stores/{store}"+pattern && (rt.permission == "" || p.May(rt.permission)) {
			return p.To(parts...)
		}
	}
	return ""
}
