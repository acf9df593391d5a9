package billhook

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/billhook/billhook/profile"
)

// An EventType is an entry of a store's catalogue: one of its profile's, one that
// was added to the store, or one of the profile's with what the store has added.
type EventType struct {
	StoreID string
	// Name is 1 to 128 letters, digits, '.', '_', '-', ':' or '/'.
	Name string
	EventTypeDefinition

	// CreatedAt is zero for one that is the profile's alone.
	CreatedAt time.Time
	UpdatedAt time.Time
	// DeletedAt is set once it has been deleted: it is then kept for the numbers of
	// its versions, which are not given again.
	DeletedAt time.Time
}

// An EventTypeDefinition is what a store says of an event type. A Database keeps it
// as one JSON object that it never looks into.
type EventTypeDefinition struct {
	Description string `json:"description,omitempty"`
	// Entity says which entity events of the type are about; may be empty.
	Entity profile.Entity `json:"entity,omitzero"`
	// Examples are the data of such events, JSON texts in canonical form. The first
	// is what a test of a webhook sends.
	Examples []string `json:"examples,omitempty"`
	// Versions are what the data has to look like, by Number: the last is the
	// current one. None where no schema was ever given.
	Versions []SchemaVersion `json:"versions,omitempty"`
}

// A SchemaVersion is one version of what an event type's data looks like.
type SchemaVersion struct {
	// Number is 1 for the first version, and goes up by one.
	Number int `json:"number"`
	// Schema is a JSON Schema (2020-12) in canonical form; "" lets all data pass.
	Schema string `json:"schema,omitempty"`
	// Breaking: receivers of the version before may not understand this one, or its
	// data may be refused. It was made so by force.
	Breaking  bool      `json:"breaking,omitempty"`
	CreatedAt time.Time `json:"createdAt"`
}

// Version is the number of the current version; 0 for none.
func (d *EventTypeDefinition) Version() int {
	if len(d.Versions) == 0 {
		return 0
	}
	return d.Versions[len(d.Versions)-1].Number
}

// Schema is the current version's; "" for none.
func (d *EventTypeDefinition) Schema() string {
	if len(d.Versions) == 0 {
		return ""
	}
	return d.Versions[len(d.Versions)-1].Schema
}

// has reports whether there is a version of that number.
func (d *EventTypeDefinition) has(version int) bool {
	return version > 0 && version <= d.Version()
}

// versionAt is the number of the version that was current at a time; 0 for none.
func (d *EventTypeDefinition) versionAt(t time.Time) (number int) {
	for _, v := range d.Versions {
		if !v.CreatedAt.After(t) {
			number = v.Number
		}
	}
	return number
}

// generation counts the breaking changes up to a version: data of two versions of
// one generation can be read by whoever reads the older.
func (d *EventTypeDefinition) generation(version int) (n int) {
	for _, v := range d.Versions {
		if v.Breaking && v.Number <= version {
			n++
		}
	}
	return n
}

// A Payload is an event as schemas and filters see it. Its data is decoded at most
// once, and only if somebody asks. It is for one goroutine at a time.
type Payload struct {
	Event *Event
	// Version is that of the event's type; 0 where that has none.
	Version int
	// Spent is what filters have cost so far, each of which adds its own.
	Spent int

	value   any
	err     error
	decoded bool
}

// Value is the event's data as encoding/json decodes it, numbers as json.Number. It
// must not be changed.
func (p *Payload) Value() (any, error) {
	if !p.decoded {
		d := json.NewDecoder(bytes.NewReader(p.Event.Data))
		d.UseNumber()
		p.err, p.decoded = d.Decode(&p.value), true
	}
	return p.value, p.err
}

// Schemas understands JSON Schema. Package schema does.
type Schemas interface {
	// Compile makes a schema ready to check data, or says with an *Error whose Pointer
	// leads into the schema why it cannot be used.
	Compile(schema string) (Schema, error)
	// Breaks tells each place of a new schema where data that fits the old one may not
	// fit any more, or where those who read the old data may not understand the new,
	// and what it cannot decide. None means that the change is compatible.
	Breaks(old, new string) ([]Detail, error)
}

// A Schema checks data. It is safe for concurrent use.
type Schema interface {
	// Check tells where the value, which is Payload.Value's, is not as the schema
	// wants it; none where it is. Each Pointer leads into the data. What it takes in
	// time and memory is bounded.
	Check(value any) []Detail
}

// MaxFilterCost bounds what one filter may cost for one event, whatever that is like.
// It takes some 10 ms.
const MaxFilterCost = 100_000

// Filters understands the language of filters. Package filter does.
type Filters interface {
	// Compile makes an expression ready, or says with an *Error what is wrong where.
	Compile(expression string) (Filter, error)
}

// A Filter decides which events a webhook gets. It is safe for concurrent use.
type Filter interface {
	// Cost is what it may cost for an event of a usual size, 1 for a look at a member,
	// and at most MaxFilterCost.
	Cost() int
	// Matches is an error where the expression has no value for the event, one of
	// whose members is missing say. What it takes in time and memory is bounded.
	Matches(*Payload) (bool, error)
}

// A catalogue has the event types that a store has defined, the deleted too, by
// name. It never changes: a changed one takes its place.
type catalogue map[string]*eventType

// An eventType is a defined event type, made ready for emits.
type eventType struct {
	EventType
	schemas  []*lazySchema // of each version
	failures tally         // of validation
}

// A lazySchema is compiled when it is needed first: few of many stores emit.
type lazySchema struct {
	once   sync.Once
	schema Schema
	err    error
}

func (s *lazySchema) get(text string, by Schemas) (Schema, error) {
	s.once.Do(func() {
		if by == nil {
			s.err = errNoSchemas()
			return
		}
		s.schema, s.err = by.Compile(text)
	})
	return s.schema, s.err
}

// with is the catalogue with a new or changed type. What was compiled stays so.
func (all catalogue) with(t EventType) catalogue {
	changed := make(catalogue, len(all)+1)
	for name, one := range all {
		changed[name] = one
	}
	next := &eventType{EventType: t, schemas: make([]*lazySchema, len(t.Versions))}
	before := all[t.Name]
	for i := range next.schemas {
		if before != nil && i < len(before.Versions) && before.Versions[i].Schema == t.Versions[i].Schema {
			next.schemas[i] = before.schemas[i]
			continue
		}
		next.schemas[i] = &lazySchema{}
	}
	changed[t.Name] = next
	return changed
}

// live finds a type that is not deleted; nil for none.
func (all catalogue) live(name string) *eventType {
	if t := all[name]; t != nil && t.DeletedAt.IsZero() {
		return t
	}
	return nil
}

// count is how many types there are, and how many bytes they hold, the deleted
// included.
func (all catalogue) count() (types, size int) {
	for _, t := range all {
		if t.DeletedAt.IsZero() {
			types++
		}
		size += t.size()
	}
	return types, size
}

func (d *EventTypeDefinition) size() int {
	n := len(d.Description)
	for _, e := range d.Examples {
		n += len(e)
	}
	for _, v := range d.Versions {
		n += len(v.Schema)
	}
	return n
}

// A tally counts what went wrong since the process started, and remembers the last.
type tally struct {
	mu    sync.Mutex
	count int64
	last  Detail
	at    time.Time
	told  time.Time
}

// note counts one, and reports whether it is time to tell of it in the log.
func (t *tally) note(d Detail, at time.Time) (tell bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.count, t.last, t.at = t.count+1, d, at
	if at.Sub(t.told) < time.Minute {
		return false
	}
	t.told = at
	return true
}

// Failures tells what went wrong on this node since it started, or since what they
// are about was changed.
type Failures struct {
	Count int64
	// Last and LastAt are the latest; zero where there was none.
	Last   Detail
	LastAt time.Time
}

func (t *tally) failures() Failures {
	t.mu.Lock()
	defer t.mu.Unlock()
	return Failures{t.count, t.last, t.at}
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// pointerEscape is a name as a part of a JSON Pointer (RFC 6901 §4).
func pointerEscape(name string) string {
	return strings.NewReplacer("~", "~0", "/", "~1").Replace(name)
}

// isPattern reports whether an entry of Webhook.Events stands for several types.
func isPattern(pattern string) bool { return strings.HasSuffix(pattern, "*") }
