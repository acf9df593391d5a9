package dashboard

import (
	"html/template"
	"strconv"
	"strings"

	"github.com/billhook/billhook"
)

// A formField is what a member of the API is in the forms: people are told of the field,
// and never of a pointer.
type formField struct {
	pointer string
	// id is the element's, and label and rule are keys of strings: what the field is
	// called, and what it takes.
	id, label, rule string
}

// formFields are those of all forms. Where forms differ they have their own pointers.
var formFields = []formField{
	{"/url", "url", "webhooks.url", "field.url"},
	{"/events", "other-events", "webhooks.events", "field.events"},
	{"/types", "other-events", "webhooks.events", "field.events"},
	{"/event", "type", "deliveries.type", "field.events"},
	{"/type", "type", "webhooks.testType", "field.type"},
	{"/name", "name", "webhooks.name", "field.name"},
	{"/description", "description", "webhooks.description", "field.description"},
	{"/secret", "secret", "webhooks.secretOwn", "field.secret"},
	{"/gracePeriodSeconds", "overlap", "webhooks.overlap", "field.choice"},
	{"/filter", "filter", "webhooks.filter", "field.filter"},
	{"/headers", "headers", "webhooks.headers", "field.headers"},
	{"/retryPolicy", "retry", "webhooks.retry", "field.retry"},
	{"/retryPolicy/maxAttempts", "maxAttempts", "settings.maxAttempts", "field.retryAttempts"},
	{"/retryPolicy/initialDelay", "initialDelay", "settings.initialDelay", "field.retryWait"},
	{"/retryPolicy/backoffMultiplier", "backoffMultiplier", "settings.backoff", "field.retryBackoff"},
	{"/retryPolicy/maxDelay", "maxDelay", "settings.maxDelay", "field.retryWait"},
	{"/retryPolicy/maxAge", "maxAge", "settings.maxAge", "field.retryAge"},
	{"/schema", "schema", "eventtypes.schema", "field.schema"},
	{"/examples", "example", "eventtypes.example", "field.example"},
	{"/since", "since", "missed.since", "field.time"},
	{"/until", "until", "missed.until", "field.timeTo"},
	{"/from", "from", "deliveries.from", "field.time"},
	{"/to", "to", "deliveries.to", "field.timeTo"},
	{"/entity", "entityType", "events.entityType", "field.entity"},
	{"/q", "q", "deliveries.text", "field.search"},
	{"/search", "q", "deliveries.text", "field.search"},
	{"/status", "status", "deliveries.statusOf", "field.status"},
	{"/webhookId", "webhook", "deliveries.webhook", "field.webhook"},
	{"/ratePerSecond", "rate", "recoveries.rate", "field.recoveryRate"},
	{"/id", "id", "stores.id", "field.id"},
	{"/profile", "profile", "stores.profile", "field.profile"},
	{"/permissions", "permissions", "keys.permissions", "field.permissions"},
	{"/expiresAt", "days", "keys.expires", "field.days"},
	{"/confirmedId", "id", "stores.id", "field.confirmed"},
	{"/validation", "validation", "settings.validation", "field.choice"},
	{"/limits/ratePerSecond", "ratePerSecond", "settings.rate", "field.rate"},
	{"/limits/concurrency", "concurrency", "settings.concurrency", "field.concurrency"},
	{"/deactivateAfterSeconds", "deactivateAfterSeconds", "settings.deactivate", "field.deactivate"},
	{"/retention/payloadDays", "payloadDays", "settings.payloadDays", "field.daysKept"},
	{"/retention/attemptDays", "attemptDays", "settings.attemptDays", "field.daysKept"},
	{"/retention/auditDays", "auditDays", "settings.auditDays", "field.daysKept"},
	{"/egress/only", "only", "settings.only", "field.addresses"},
	{"/egress/deny", "deny", "settings.deny", "field.addresses"},
	{"/egress/ports", "ports", "settings.ports", "field.ports"},
}

// fieldOf is the field of a pointer, and the name of the part of it that the rest of the
// pointer says; nil for none.
func fieldOf(pointer string) (found *formField, part string) {
	for i := range formFields {
		f := &formFields[i]
		rest, ok := strings.CutPrefix(pointer, f.pointer)
		if !ok || rest != "" && rest[0] != '/' || found != nil && len(f.pointer) < len(found.pointer) {
			continue
		}
		found, part = f, strings.TrimPrefix(rest, "/")
	}
	if _, err := strconv.Atoi(part); err == nil {
		part = "" // its place says nothing to people
	}
	return found, strings.NewReplacer("~1", "/", "~0", "~").Replace(part)
}

// A spoken error's message is in the viewer's language.
type spoken struct{ of *billhook.Error }

func (e spoken) Error() string { return e.of.Error() }
func (e spoken) Unwrap() error { return e.of }

// refuse is an error in the viewer's words: key is a string's.
func (p *page) refuse(code billhook.Code, pointer, key string, args ...any) error {
	return spoken{&billhook.Error{Code: code, Pointer: pointer, Message: p.t(key, args...)}}
}

// Mark is what a field's element has in a form: what describes it, by id, and where it
// is the one that is wrong, that. {{.Problem.Mark "/url" "url-hint"}}
func (pr *problem) Mark(pointer string, describedBy ...string) template.HTMLAttr {
	wrong := pr.isWith(pointer)
	if wrong {
		describedBy = append(describedBy, pr.Field.id+"-wrong")
	}
	var b strings.Builder
	if len(describedBy) > 0 {
		b.WriteString(`aria-describedby="` + template.HTMLEscapeString(strings.Join(describedBy, " ")) + `"`)
	}
	if wrong {
		b.WriteString(` aria-invalid="true"`)
	}
	return template.HTMLAttr(b.String()) // #nosec G203 -- ids of ours
}

// At is the problem where it is with a field, for {{template "wrong" (.Problem.At "/url")}}.
func (pr *problem) At(pointer string) *problem {
	if !pr.isWith(pointer) {
		return nil
	}
	return pr
}

// isWith reports whether the problem is with the field of a pointer. Where a form has a
// field for a part of it alone, it is with that one.
func (pr *problem) isWith(pointer string) bool {
	return pr != nil && pr.Field != nil && pr.Field.pointer == pointer
}

// FieldID is the element that the problem is with; "" where it is with no field.
func (pr *problem) FieldID() string {
	if pr.Field == nil {
		return ""
	}
	return pr.Field.id
}
