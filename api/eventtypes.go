package api

import (
	"net/http"
	"net/url"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/billhook/billhook"
	"github.com/billhook/billhook/profile"
)

type eventTypeJSON struct {
	Name        string           `json:"name"`
	Description string           `json:"description"`
	Entity      *profile.Entity  `json:"entity"`
	Examples    []jsontext.Value `json:"examples"`
	// Schema and Version are null where no schema holds, or was ever given.
	Schema   jsontext.Value `json:"schema"`
	Version  *int           `json:"version"`
	Versions []versionJSON  `json:"versions"`
	// Source is profile or store.
	Source    string  `json:"source"`
	CreatedAt instant `json:"createdAt"`
	UpdatedAt instant `json:"updatedAt"`
	// Failures are only in the answer about one type.
	Failures *failuresJSON `json:"failures,omitempty"`
}

type versionJSON struct {
	Version   int     `json:"version"`
	Breaking  bool    `json:"breaking"`
	CreatedAt instant `json:"createdAt"`
	// Schema is only in the answer about one type.
	Schema jsontext.Value `json:"schema,omitzero"`
}

type failuresJSON struct {
	Count       int64   `json:"count"`
	LastAt      instant `json:"lastAt"`
	LastPointer string  `json:"lastPointer"`
	LastMessage string  `json:"lastMessage"`
}

func showFailures(f billhook.Failures, pointer string) *failuresJSON {
	shown := &failuresJSON{Count: f.Count, LastAt: instant(f.LastAt), LastMessage: f.Last.Message}
	if f.Count > 0 {
		shown.LastPointer = pointer + f.Last.Pointer
	}
	return shown
}

func showEventType(t *billhook.EventType) eventTypeJSON {
	shown := eventTypeJSON{
		Name: t.Name, Description: t.Description, Examples: []jsontext.Value{}, Schema: schemaOrNull(t.Schema()),
		Versions: []versionJSON{}, Source: "store", CreatedAt: instant(t.CreatedAt), UpdatedAt: instant(t.UpdatedAt),
	}
	if t.CreatedAt.IsZero() {
		shown.Source = "profile"
	}
	if t.Entity != (profile.Entity{}) {
		shown.Entity = &t.Entity
	}
	for _, example := range t.Examples {
		shown.Examples = append(shown.Examples, jsontext.Value(example))
	}
	if n := t.Version(); n > 0 {
		shown.Version = &n
	}
	for _, v := range t.Versions {
		shown.Versions = append(shown.Versions, versionJSON{Version: v.Number, Breaking: v.Breaking, CreatedAt: instant(v.CreatedAt)})
	}
	return shown
}

// detailEventType is showEventType with all schemas.
func detailEventType(t *billhook.EventType, failures billhook.Failures) eventTypeJSON {
	shown := showEventType(t)
	for i, v := range t.Versions {
		shown.Versions[i].Schema = schemaOrNull(v.Schema)
	}
	shown.Failures = showFailures(failures, "/data")
	return shown
}

func schemaOrNull(schema string) jsontext.Value {
	if schema == "" {
		return jsontext.Value("null")
	}
	return jsontext.Value(schema)
}

var eventTypeMembers = []string{"description", "entity", "examples", "schema", "force"}

// readEventType reads the body, which is what a store says of an event type, and its
// name if it is to have one.
func (c *call) readEventType(named bool) (name string, change billhook.EventTypeChange, err error) {
	text, err := c.body(c.cfg.MaxBody)
	if err != nil {
		return "", change, err
	}
	members := eventTypeMembers
	if named {
		members = append([]string{"name"}, members...)
	}
	err = readBody(text, func(rd *reader) error {
		err := rd.object(members, func(member string) (err error) {
			switch member {
			case "name":
				name, err = rd.string()
			case "description":
				change.Description, err = pointerTo(optional(rd, rd.string))
			case "entity":
				change.Entity, err = pointerTo(optional(rd, rd.entity))
			case "examples":
				change.Examples, err = pointerTo(optional(rd, rd.documents))
			case "schema":
				change.Schema, err = pointerTo(optional(rd, rd.document))
			case "force":
				change.Force, err = optional(rd, rd.bool)
			}
			return err
		})
		if err == nil && named && name == "" {
			err = rd.missing("name")
		}
		return err
	})
	return name, change, err
}

func (rd *reader) entity() (profile.Entity, error) {
	r, err := rd.reference()
	return profile.Entity{Type: r.Type, ID: r.ID}, err
}

// document reads any JSON.
func (rd *reader) document() (string, error) {
	text, err := rd.raw()
	return string(text), err
}

func (rd *reader) documents() ([]string, error) {
	all := []string{}
	err := rd.array(func() error {
		text, err := rd.document()
		all = append(all, text)
		return err
	})
	return all, err
}

func (c *call) createEventType() error {
	name, change, err := c.readEventType(true)
	if err != nil {
		return err
	}
	t, err := c.client.CreateEventType(c.r.Context(), c.storeID, name, change)
	if err != nil {
		return err
	}
	return c.created("/api/event-types/"+url.PathEscape(t.Name), detailEventType(&t, billhook.Failures{}))
}

func (c *call) listEventTypes() error {
	q := c.query("limit", "cursor")
	limit, after := q.limit(), q.after(eventTypeCursor)
	if q.err != nil {
		return q.err
	}
	types, err := c.client.EventTypes(c.r.Context(), c.storeID, after, limit+1)
	if err != nil {
		return err
	}
	return c.answer(http.StatusOK, newPage(types, limit, showEventType, func(t *billhook.EventType) string {
		return idCursor(eventTypeCursor, t.Name)
	}))
}

func (c *call) getEventType() error {
	t, failures, err := c.client.EventType(c.r.Context(), c.storeID, c.r.PathValue("name"))
	if err != nil {
		return err
	}
	return c.answer(http.StatusOK, detailEventType(&t, failures))
}

func (c *call) putEventType() error {
	_, change, err := c.readEventType(false)
	if err != nil {
		return err
	}
	t, created, err := c.client.PutEventType(c.r.Context(), c.storeID, c.r.PathValue("name"), change)
	if err != nil {
		return err
	}
	if created {
		return c.created("/api/event-types/"+url.PathEscape(t.Name), detailEventType(&t, billhook.Failures{}))
	}
	return c.answer(http.StatusOK, detailEventType(&t, billhook.Failures{}))
}

func (c *call) updateEventType() error {
	_, change, err := c.readEventType(false)
	if err != nil {
		return err
	}
	t, err := c.client.UpdateEventType(c.r.Context(), c.storeID, c.r.PathValue("name"), change)
	if err != nil {
		return err
	}
	return c.answer(http.StatusOK, detailEventType(&t, billhook.Failures{}))
}

func (c *call) deleteEventType() error {
	if err := c.client.DeleteEventType(c.r.Context(), c.storeID, c.r.PathValue("name")); err != nil {
		return err
	}
	return c.noContent()
}
