package dashboard

import (
	"bytes"
	"encoding/json"
	"strings"
	"time"

	"github.com/billhook/billhook"
)

// An eventQuery is what the form above the list of events asks for.
type eventQuery struct {
	Type, EntityType, EntityID string
	Within, From, To           string
}

// Any reports whether anything is asked for.
func (q eventQuery) Any() bool { return q != eventQuery{} }

// Exact reports whether times were given.
func (q eventQuery) Exact() bool { return q.From != "" || q.To != "" }

// FromField and ToField are the times as fields have them.
func (q eventQuery) FromField() string { return fieldTime(q.From) }
func (q eventQuery) ToField() string   { return fieldTime(q.To) }

// eventsPage is what templates/pages/events.html shows.
type eventsPage struct {
	*page
	Query   eventQuery
	List    []billhook.Event
	Pager   pager
	Types   []string
	Problem *problem
}

func (p *page) events() error {
	values := p.r.URL.Query()
	get := func(name string) string { return strings.TrimSpace(values.Get(name)) }
	shown := eventsPage{page: p, Types: p.eventTypes(), Query: eventQuery{
		Type: get("type"), EntityType: get("entityType"), EntityID: get("entityId"),
		Within: get("within"), From: get("from"), To: get("to"),
	}}
	q := shown.Query
	f := billhook.EventFilter{
		StoreID: p.store.ID, Type: q.Type, EntityType: q.EntityType, EntityID: q.EntityID,
		Limit: pageSize + 1, MaxBytes: maxPageBytes,
	}
	var err error
	f.From, f.To, err = between(q.Within, q.From, q.To, time.Now())
	if err == nil {
		f.Before, err = readEventPosition(p.cursor())
	}
	if err == nil {
		shown.List, err = p.client.Events(p.Context(), f)
	}
	if isRefused(err) {
		shown.Problem = p.problem(err)
		return p.renderWith(shown.Problem.Status, "events", shown)
	}
	if err != nil {
		return err
	}
	var next string
	shown.List, next = cutEvents(shown.List)
	shown.Pager = p.pager(next)
	return p.render("events", shown)
}

// cutEvents is cut for a list that may end early, since its data became too much.
func cutEvents(list []billhook.Event) (shown []billhook.Event, next string) {
	shown, next = cut(list, cursorOfEvent)
	bytes := 0
	for i := range shown {
		if bytes += len(shown[i].Data); bytes > maxPageBytes && next == "" {
			return shown[:i+1], cursorOfEvent(&shown[i])
		}
	}
	return shown, next
}

// cursorOfEvent is where a list goes on behind an event: its time and its ID.
func cursorOfEvent(e *billhook.Event) string {
	return e.CreatedAt.UTC().Format(time.RFC3339Nano) + " " + e.ID
}

func readEventPosition(cursor string) (billhook.EventPosition, error) {
	if cursor == "" {
		return billhook.EventPosition{}, nil
	}
	text, id, _ := strings.Cut(cursor, " ")
	at, err := time.Parse(time.RFC3339Nano, text)
	if err != nil || id == "" {
		return billhook.EventPosition{}, &billhook.Error{Code: billhook.CodeInvalid, Pointer: "/cursor", Message: "is none of ours", Hint: "begin at the first page"}
	}
	return billhook.EventPosition{CreatedAt: at, ID: id}, nil
}

// eventPage is what templates/pages/event.html shows.
type eventPage struct {
	*page
	Event billhook.Event
	// Data is the payload, laid out to be read, and DataURL all of it as it is.
	Data    string
	DataURL string
	Rows    []deliveryRow
	// Retriable: there is a row that can be retried, and so a column for that.
	Retriable bool
	Pager     pager
}

func (p *page) event() error {
	e, err := p.client.Event(p.Context(), p.store.ID, p.r.PathValue("id"))
	if err != nil {
		return err
	}
	found, err := p.client.FindDeliveries(p.Context(), billhook.DeliveryFilter{
		StoreID: p.store.ID, EventID: e.ID, Before: p.cursor(), Limit: pageSize, WithoutPayload: true,
	})
	if err != nil {
		return err
	}
	p.within(p.t("events.title"), "events")
	shown := eventPage{page: p, Event: e, Data: laidOut(e.Data), DataURL: p.To("events", e.ID, "data"), Rows: p.rows(found.Deliveries), Pager: p.pager(found.Next)}
	if p.May(billhook.PermissionDeliveriesRetry) && e.ErasedAt.IsZero() {
		for i := range shown.Rows {
			if shown.Rows[i].Status == billhook.StatusHeld {
				continue // it goes when its webhook is active
			}
			shown.Retriable = true
			shown.Rows[i].Retry = p.To("deliveries", shown.Rows[i].ID, "retry")
		}
	}
	for i := range shown.Rows {
		shown.Rows[i].Buttons = shown.Retriable
	}
	return p.render("event", shown)
}

// laidOut is JSON on many lines, but for a beginning that would not be shown whole.
func laidOut(data []byte) string {
	var b bytes.Buffer
	if len(data) > outsideBlockSize || json.Indent(&b, data, "", "  ") != nil || b.Len() > outsideBlockSize {
		return string(data)
	}
	return b.String()
}

// eventData answers an event's payload as a file.
func (p *page) eventData() error {
	e, err := p.client.Event(p.Context(), p.store.ID, p.r.PathValue("id"))
	if err != nil {
		return err
	}
	if !e.ErasedAt.IsZero() {
		return &billhook.Error{Code: billhook.CodeNotFound, Message: "the payload of this event is no longer kept"}
	}
	return p.raw("data-"+e.ID+".json", string(e.Data))
}

// IsTest reports whether the event is a test of a webhook.
func (e eventPage) IsTest() bool { return e.Event.IsTest() }
