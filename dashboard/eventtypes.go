package dashboard

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/billhook/billhook"
	"github.com/billhook/billhook/profile"
)

// eventTypesPage is what templates/pages/eventtypes.html shows.
type eventTypesPage struct {
	*page
	List  []billhook.EventType
	Pager pager
}

// eventTypeList lists the store's catalogue: its own types, and its profile's.
func (p *page) eventTypeList() error {
	list, err := p.client.EventTypes(p.Context(), p.store.ID, p.cursor(), pageSize+1)
	if err != nil {
		return err
	}
	list, next := cut(list, func(t *billhook.EventType) string { return t.Name })
	return p.render("eventtypes", eventTypesPage{page: p, List: list, Pager: p.pager(next)})
}

// eventTypePage is what templates/pages/eventtype.html shows.
type eventTypePage struct {
	*page
	Type billhook.EventType
	// Failures are what went wrong with its data, as far as this node has seen.
	Failures billhook.Failures
}

// Own reports whether the store has said anything of the type: it can be taken back.
func (t eventTypePage) Own() bool { return !t.Type.CreatedAt.IsZero() }

// Current is the schema that holds now, laid out; "" for none.
func (t eventTypePage) Current() string {
	if n := len(t.Type.Versions); n > 0 {
		return indented(t.Type.Versions[n-1].Schema)
	}
	return ""
}

// Newest are the versions, the newest first.
func (t eventTypePage) Newest() []billhook.SchemaVersion {
	newest := slices.Clone(t.Type.Versions)
	slices.Reverse(newest)
	return newest
}

// Example is the first, which a test of a webhook sends, laid out.
func (t eventTypePage) Example() string {
	if len(t.Type.Examples) == 0 {
		return ""
	}
	return indented(t.Type.Examples[0])
}

// findType finds the event type of the path.
func (p *page) findType() (shown eventTypePage, err error) {
	shown.page = p
	shown.Type, shown.Failures, err = p.client.EventType(p.Context(), p.store.ID, p.r.PathValue("name"))
	p.within(p.t("eventtypes.title"), "event-types")
	return shown, err
}

func (p *page) eventType() error {
	shown, err := p.findType()
	if err != nil {
		return err
	}
	return p.render("eventtype", shown)
}

// eventTypeForm is what templates/pages/eventtype-form.html shows.
type eventTypeForm struct {
	*page
	// New: the type is to be made; else it is the one of the path.
	New bool
	// UpdatedAt is when the type was changed last, as the form was opened.
	UpdatedAt string
	// What the form has, as it was written.
	Name, Description, EntityType, EntityID, Example, Schema string
	// Breaking: what was sent would break emitters or receivers, and may be forced.
	Breaking bool
	Problem  *problem
}

func formOfType(t *eventTypePage) eventTypeForm {
	return eventTypeForm{
		page: t.page, UpdatedAt: t.Type.UpdatedAt.UTC().Format(time.RFC3339Nano), Name: t.Type.Name, Description: t.Type.Description, EntityType: t.Type.Entity.Type, EntityID: t.Type.Entity.ID,
		Example: t.Example(), Schema: t.Current(),
	}
}

// sentType reads the form that was sent.
func (p *page) sentType() eventTypeForm {
	line := func(name string) string { return strings.TrimSpace(unixLines(p.r.PostFormValue(name))) }
	return eventTypeForm{
		page: p, UpdatedAt: line("updatedAt"), Name: line("name"), Description: line("description"), EntityType: line("entityType"), EntityID: line("entityId"),
		Example: line("example"), Schema: line("schema"),
	}
}

// change is what the form changes of a type. What it shows as it is stays so, with what it
// does not show: examples after the first.
func (f *eventTypeForm) change(was *eventTypeForm, examples []string) (change billhook.EventTypeChange) {
	if f.Description != was.Description {
		change.Description = &f.Description
	}
	if f.EntityType != was.EntityType || f.EntityID != was.EntityID {
		change.Entity = &profile.Entity{Type: f.EntityType, ID: f.EntityID}
	}
	if f.Example != was.Example {
		all := slices.Clone(examples[min(len(examples), 1):])
		if f.Example != "" {
			all = append([]string{f.Example}, all...)
		}
		change.Examples = &all
	}
	if f.Schema != was.Schema {
		change.Schema = &f.Schema
	}
	return change
}

func (p *page) newEventType() error {
	p.within(p.t("eventtypes.title"), "event-types")
	return p.render("eventtype-form", eventTypeForm{page: p, New: true})
}

func (p *page) createEventType() error {
	form := p.sentType()
	form.New = true
	_, err := p.client.CreateEventType(p.Context(), p.store.ID, form.Name, form.change(&eventTypeForm{}, nil))
	if err == nil {
		return p.redirect(p.To("event-types", form.Name), "eventtypes.done.created")
	}
	p.within(p.t("eventtypes.title"), "event-types")
	return p.refuseType(form, err)
}

func (p *page) editEventType() error {
	shown, err := p.findType()
	if err != nil {
		return err
	}
	p.within(shown.Type.Name, "event-types", shown.Type.Name)
	return p.render("eventtype-form", formOfType(&shown))
}

func (p *page) updateEventType() error {
	shown, err := p.findType()
	if err != nil {
		return err
	}
	p.within(shown.Type.Name, "event-types", shown.Type.Name)
	form, was := p.sentType(), formOfType(&shown)
	form.Name = shown.Type.Name
	if form.UpdatedAt != "" && form.UpdatedAt != was.UpdatedAt { // it would take back what somebody else has changed
		return p.refuseType(form, p.refuse(billhook.CodeConflict, "", "problem.changedMeanwhile"))
	}
	change := form.change(&was, shown.Type.Examples)
	change.Force = p.r.PostFormValue("force") != ""
	_, err = p.client.UpdateEventType(p.Context(), p.store.ID, form.Name, change)
	if err == nil {
		return p.redirect(p.To("event-types", form.Name), "eventtypes.done.updated")
	}
	return p.refuseType(form, err)
}

// refuseType shows the form again with what is wrong, and where a change would break
// something, what that is and a way to make it all the same.
func (p *page) refuseType(form eventTypeForm, err error) error {
	if !isRefused(err) {
		return err
	}
	var e *billhook.Error
	form.Breaking = errors.As(err, &e) && e.Code == billhook.CodeBreakingChange
	form.Problem = p.problem(err)
	return p.renderWith(form.Problem.Status, "eventtype-form", form)
}

func (p *page) confirmDeleteEventType() error {
	shown, err := p.findType()
	if err != nil {
		return err
	}
	p.within(shown.Type.Name, "event-types", shown.Type.Name)
	return p.renderWith(http.StatusOK, "eventtype-delete", shown)
}

func (p *page) deleteEventType() error {
	if err := p.client.DeleteEventType(p.Context(), p.store.ID, p.r.PathValue("name")); err != nil {
		return err
	}
	return p.redirect(p.To("event-types"), "eventtypes.done.deleted")
}
