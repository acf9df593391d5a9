package dashboard

import (
	"cmp"
	"strings"
	"time"

	"github.com/billhook/billhook"
)

// auditPage is what templates/pages/audit.html shows: the audit log of the store, or
// where there is none what is for all stores.
type auditPage struct {
	*page
	List  []auditEntry
	Pager pager
	// Filter is what was asked for, as it was written, and Problem what is wrong with it.
	Filter  auditFilter
	Problem *problem
	// Log names the store in the command that exports the log.
	Log string
}

// auditFilter is the form's.
type auditFilter struct{ EntityType, EntityID, Event, ActorID, From, To string }

// IsSet reports whether anything is left out by it.
func (f auditFilter) IsSet() bool { return f != auditFilter{} }

// auditEntry is an entry, and where what it is about is shown.
type auditEntry struct {
	billhook.AuditEntry
	// Changes are what was changed, member by member.
	Changes []memberChange
	// URL is the page of what it is about; "" for none.
	URL string
}

func (p *page) audit() error {
	q := p.r.URL.Query()
	text := func(name string) string { return strings.TrimSpace(q.Get(name)) }
	shown := auditPage{page: p, Log: cmp.Or(p.store.ID, billhook.AllStores), Filter: auditFilter{
		EntityType: text("entityType"), EntityID: text("entityId"), Event: text("event"), ActorID: text("actorId"), From: text("from"), To: text("to"),
	}}
	list, err := p.readAudit(shown.Log, shown.Filter)
	switch {
	case isRefused(err):
		shown.Problem = p.problem(err)
		return p.renderWith(shown.Problem.Status, "audit", shown)
	case err != nil:
		return err
	}
	list, next := cut(list, func(e *billhook.AuditEntry) string { return auditCursor(e) })
	shown.Pager = p.pager(next)
	for _, e := range list {
		shown.List = append(shown.List, auditEntry{e, changesBetween(e.Old, e.New), p.pageOf(&e)})
	}
	return p.render("audit", shown)
}

func (p *page) readAudit(storeID string, form auditFilter) ([]billhook.AuditEntry, error) {
	f := billhook.AuditFilter{
		StoreID: storeID, EntityType: form.EntityType, EntityID: form.EntityID, Event: form.Event, ActorID: form.ActorID, Limit: pageSize + 1,
	}
	var err error
	if f.From, err = auditTime(form.From, "/from"); err != nil {
		return nil, err
	}
	if f.To, err = auditTime(form.To, "/to"); err != nil {
		return nil, err
	}
	if cursor := p.cursor(); cursor != "" {
		at, id, _ := strings.Cut(cursor, " ")
		if f.Before.CreatedAt, err = time.Parse(time.RFC3339Nano, at); err != nil || id == "" {
			return nil, &billhook.Error{Code: billhook.CodeInvalid, Message: "the page's address is not complete", Hint: "begin with the first page"}
		}
		f.Before.ID = id
	}
	return p.client.Audit(p.Context(), f)
}

// auditCursor continues the list after an entry.
func auditCursor(e *billhook.AuditEntry) string {
	return e.CreatedAt.UTC().Format(time.RFC3339Nano) + " " + e.ID
}

// auditTime reads a time as a form has it, in UTC, or with its zone. "" is none.
func auditTime(text, pointer string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	for _, layout := range []string{"2006-01-02T15:04", "2006-01-02T15:04:05", time.RFC3339Nano, time.DateOnly} {
		if at, err := time.Parse(layout, text); err == nil {
			return at, nil
		}
	}
	return time.Time{}, &billhook.Error{Code: billhook.CodeInvalid, Pointer: pointer, Message: "is not a time", Hint: "write it as 2026-01-31T08:00, in UTC"}
}

// pageOf is the page of what an entry is about, if the viewer may see it.
func (p *page) pageOf(e *billhook.AuditEntry) string {
	if p.store.ID == "" {
		return ""
	}
	switch {
	case e.Emitted && p.May(billhook.PermissionDeliveriesRead):
		return p.To("events", e.ID)
	case e.Emitted:
	case e.Entity.Type == "webhook" && p.May(billhook.PermissionWebhooksRead) && e.Event != billhook.AuditWebhookDelete:
		return p.To("webhooks", e.Entity.ID)
	case e.Entity.Type == "delivery" && p.May(billhook.PermissionDeliveriesRead):
		return p.To("deliveries", e.Entity.ID)
	}
	return ""
}
