package client

import (
	"encoding/json"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
)

// A shape is a Go type for a schema of the document, in answers, in requests or in both.
type shape struct {
	of              any
	answer, request bool
}

// shapes are all schemas of the document. Those of a name alone are lists or text.
var shapes = map[string]shape{
	"Health": {Health{}, true, false}, "Readiness": {Readiness{}, true, false},
	"Problem": {Error{}, true, false},
	"Store":   {Store{}, true, false}, "NewStore": {NewStore{}, false, true}, "StoreChange": {StoreChange{}, false, true},
	"StoreList": {Page[Store]{}, true, false},
	"Egress":    {Egress{}, true, false}, "NewEgress": {Egress{}, false, true}, "Retention": {Retention{}, true, true},
	"Erasure": {Erasure{}, true, false}, "ErasureList": {Page[Erasure]{}, true, false}, "NewErasure": {NewErasure{}, false, true},
	"Permission": {"", true, true},
	"ApiKey":     {APIKey{}, true, false}, "ApiKeyWithSecret": {APIKeyWithSecret{}, true, false},
	"ApiKeyList": {Page[APIKey]{}, true, false}, "NewApiKey": {NewAPIKey{}, false, true},
	"NewPortalSession": {NewPortalSession{}, false, true}, "PortalSession": {PortalSession{}, true, false},
	"RetryPolicy": {RetryPolicy{}, true, false}, "NewRetryPolicy": {NewRetryPolicy{}, false, true},
	"Webhook": {Webhook{}, true, false}, "WebhookWithSecret": {WebhookWithSecret{}, true, false},
	"WebhookList": {Page[Webhook]{}, true, false}, "NewWebhook": {NewWebhook{}, false, true}, "WebhookChange": {WebhookChange{}, false, true},
	"Tls": {TLS{}, true, false}, "NewTls": {TLS{}, false, true},
	"Batching": {Batching{}, true, false}, "NewBatching": {NewBatching{}, false, true}, "NewCoalesce": {Coalesce{}, false, true},
	"SecretsToCompare": {SecretsToCompare{}, false, true}, "ComparedSecrets": {ComparedSecrets{}, true, false},
	"Rotation": {Rotation{}, false, true}, "Secrets": {Secrets{}, true, false}, "PublicKeys": {PublicKeys{}, true, false},
	"Limits": {Limits{}, true, false}, "NewLimits": {Limits{}, false, true},
	"WebhookHealth": {WebhookHealth{}, true, false}, "WebhookTest": {WebhookTest{}, false, true},
	"Reference": {Reference{}, true, false}, "NewReference": {Reference{}, false, true},
	"EventTypeEntity": {EventTypeEntity{}, true, true}, "EventType": {EventType{}, true, false}, "Failures": {Failures{}, true, false},
	"EventTypeList": {Page[EventType]{}, true, false}, "NewEventType": {NewEventType{}, false, true}, "EventTypeChange": {EventTypeChange{}, false, true},
	"WebhookFilter": {WebhookFilter{}, true, false}, "FilterTrial": {FilterTrial{}, false, true},
	"WebhookFilterTrial": {WebhookFilterTrial{}, false, true}, "FilterResult": {FilterResult{}, true, false},
	"NewEvent": {NewEvent{}, false, true}, "EventBatch": {EventBatch{}, false, true}, "Emitted": {Emitted{}, true, false},
	"Event": {Event{}, true, false}, "EventList": {Page[Event]{}, true, false},
	"StreamStart": {StreamStart{}, true, false}, "StreamEvent": {StreamEvent{}, true, false}, "StreamRequest": {StreamRequest{}, true, false},
	"StreamHeader": {StreamHeader{}, true, false}, "StreamGone": {StreamGone{}, true, false}, "StreamBeat": {StreamBeat{}, true, false},
	"AuditEntry": {AuditEntry{}, true, false}, "AuditList": {Page[AuditEntry]{}, true, false},
	"DeliveryStatus": {DeliveryStatus(""), true, true}, "Delivery": {Delivery{}, true, false},
	"DeliveryWithAttempts": {DeliveryWithAttempts{}, true, false}, "DeliveryList": {DeliveryPage{}, true, false}, "Attempt": {Attempt{}, true, false},
	"Activity": {Activity{}, true, false}, "ActivityPoint": {ActivityPoint{}, true, false}, "ActivityTotal": {ActivityTotal{}, true, false},
	"Ledger": {Ledger{}, true, false}, "LedgerDay": {LedgerDay{}, true, false},
	"DeliveriesRetry": {DeliveriesRetry{}, false, true}, "WebhookRecover": {WebhookRecover{}, false, true}, "WebhookReplay": {WebhookReplay{}, false, true},
	"RecoveryLeft": {RecoveryLeft{}, true, false}, "RecoveryCount": {RecoveryCount{}, true, false}, "RecoveryStatus": {RecoveryStatus(""), true, true},
	"Recovery": {Recovery{}, true, false}, "RecoveryOutcome": {RecoveryOutcome{}, true, false}, "RecoveryList": {Page[Recovery]{}, true, false},

	"DeliveryRequest": {DeliveryRequest{}, true, false}, "Node": {Node{}, true, false}, "NodeList": {NodeList{}, true, false},

	// One or the other, which EmitResult has both of: TestBatchResult.
	"Refused": {nil, true, false}, "BatchResult": {nil, true, false},
}

// leftOut are properties without a field, each for a reason.
var leftOut = map[string]string{
	"NewWebhook.active":    "another name for isActive",
	"WebhookChange.active": "another name for isActive",
}

type schema struct {
	Ref                  string `json:"$ref"`
	Type                 any
	Format               string
	ContentEncoding      string
	Properties           map[string]*schema
	Required             []string
	Items                *schema
	AdditionalProperties any
	OneOf, AnyOf         []*schema
	Enum                 []any
	Const                any
}

type document struct {
	Components struct{ Schemas map[string]*schema }
}

func loadDocument(t *testing.T) *document {
	t.Helper()
	text, err := os.ReadFile("../api/openapi.json")
	if err != nil {
		t.Fatal(err)
	}
	d := new(document)
	if err := json.Unmarshal(text, d); err != nil {
		t.Fatal(err)
	}
	return d
}

// TestTypesAreTheDocuments: each property of each schema has a field, and the other way;
// and a field says of itself what the document does: there or not, null or not.
func TestTypesAreTheDocuments(t *testing.T) {
	d := loadDocument(t)
	for name, s := range d.Components.Schemas {
		x, ok := shapes[name]
		switch {
		case !ok:
			t.Errorf("%s: there is no type for it", name)
		case x.of == nil:
		default:
			c := comparison{t, d, false}
			if x.answer {
				c.compare(name, s, reflect.TypeOf(x.of))
			}
			if c.request = true; x.request {
				c.compare(name, s, reflect.TypeOf(x.of))
			}
		}
	}
	for name := range shapes {
		if d.Components.Schemas[name] == nil {
			t.Errorf("%s: the document has no such schema", name)
		}
	}
	for name := range leftOut {
		of, member, _ := strings.Cut(name, ".")
		if d.Components.Schemas[of].Properties[member] == nil {
			t.Errorf("%s: left out, and not there", name)
		}
	}
}

type comparison struct {
	t       *testing.T
	d       *document
	request bool
}

// resolve follows references, and says whether null is allowed beside what it finds.
func (c *comparison) resolve(s *schema) (of *schema, nullable bool) {
	for s.Ref != "" {
		s = c.d.Components.Schemas[s.Ref[strings.LastIndex(s.Ref, "/")+1:]]
	}
	if types, ok := s.Type.([]any); ok && slices.Contains(types, any("null")) {
		nullable = true
	}
	nullable = nullable || slices.Contains(s.Enum, nil) && s.Enum != nil
	for _, one := range append(slices.Clone(s.OneOf), s.AnyOf...) {
		found, null := c.resolve(one)
		nullable = nullable || null
		switch {
		case found.Type == "null":
			nullable = true
		case of == nil || found.Properties != nil: // of a policy's name and a policy, the policy
			of = found
		}
	}
	if of == nil {
		of = s
	}
	return of, nullable
}

func (c *comparison) compare(path string, s *schema, typ reflect.Type) {
	c.t.Helper()
	of, _ := c.resolve(s)
	if typ.Kind() == reflect.Pointer {
		typ = typ.Elem()
	}
	if strings.HasPrefix(typ.Name(), "Change[") {
		value, _ := typ.FieldByName("value")
		typ = value.Type
	}
	switch kindOf(of) {
	case "object":
		if of.Properties == nil {
			if typ == reflect.TypeFor[json.RawMessage]() {
				return
			} else if typ.Kind() != reflect.Map {
				c.t.Errorf("%s: %v is no map", path, typ)
			} else if values, ok := of.AdditionalProperties.(map[string]any); ok {
				c.want(path+"/*", values["type"].(string), typ.Elem())
			}
			return
		}
		c.members(path, of, typ)
	case "array":
		if typ.Kind() != reflect.Slice {
			c.t.Errorf("%s: %v is no slice", path, typ)
			return
		}
		c.compare(path+"/0", of.Items, typ.Elem())
	case "any":
		if typ != reflect.TypeFor[json.RawMessage]() && typ.Kind() != reflect.Interface {
			c.t.Errorf("%s: %v does not hold any JSON", path, typ)
		}
	default:
		if of.Format == "date-time" {
			if typ != reflect.TypeFor[time.Time]() {
				c.t.Errorf("%s: %v is no time", path, typ)
			}
			return
		}
		if of.ContentEncoding == "base64" {
			if typ != reflect.TypeFor[[]byte]() {
				c.t.Errorf("%s: %v is no bytes", path, typ)
			}
			return
		}
		c.want(path, kindOf(of), typ)
	}
}

// kindOf is the one type of a schema, besides null; any where there are several.
func kindOf(s *schema) string {
	switch known := s.Type.(type) {
	case string:
		return known
	case []any:
		rest := slices.DeleteFunc(slices.Clone(known), func(v any) bool { return v == "null" })
		switch {
		case len(rest) == 1:
			return rest[0].(string)
		case len(rest) == 0:
			return "null"
		case s.Properties != nil:
			return "object"
		}
		return "any"
	}
	switch s.Const.(type) {
	case bool:
		return "boolean"
	case string:
		return "string"
	}
	if s.Enum != nil {
		return "string"
	}
	if s.Properties != nil {
		return "object"
	}
	return "any"
}

func (c *comparison) want(path, kind string, typ reflect.Type) {
	c.t.Helper()
	kinds := map[string][]reflect.Kind{
		"string": {reflect.String}, "boolean": {reflect.Bool}, "number": {reflect.Float64},
		"integer": {reflect.Int, reflect.Int64},
	}[kind]
	if !slices.Contains(kinds, typ.Kind()) {
		c.t.Errorf("%s: %v is no %s", path, typ, kind)
	}
}

// members compares the properties of an object with the fields of a struct.
func (c *comparison) members(path string, s *schema, typ reflect.Type) {
	c.t.Helper()
	if typ.Kind() != reflect.Struct {
		c.t.Errorf("%s: %v is no struct", path, typ)
		return
	}
	fields := map[string]reflect.StructField{}
	for _, f := range reflect.VisibleFields(typ) {
		tag := f.Tag.Get("json")
		name, _, _ := strings.Cut(tag, ",")
		if f.Anonymous || name == "-" || !f.IsExported() {
			continue
		}
		fields[name] = f
		if s.Properties[name] == nil {
			c.t.Errorf("%s.%s: the document has no such property", path, name)
		}
	}
	for name, property := range s.Properties {
		where := path + "." + name
		f, ok := fields[name]
		if !ok {
			if leftOut[where] == "" {
				c.t.Errorf("%s: there is no field for it", where)
			}
			continue
		}
		c.presence(where, slices.Contains(s.Required, name), property, f)
		c.compare(where, property, f.Type)
	}
}

// presence compares whether a member may be absent or null.
func (c *comparison) presence(path string, required bool, s *schema, f reflect.StructField) {
	c.t.Helper()
	_, nullable := c.resolve(s)
	tag := f.Tag.Get("json")
	absent := strings.Contains(tag, ",omitempty") || strings.Contains(tag, ",omitzero")
	null := slices.Contains([]reflect.Kind{reflect.Pointer, reflect.Slice, reflect.Map, reflect.Interface}, f.Type.Kind())
	switch {
	case required && absent:
		c.t.Errorf("%s: is required, and the field may leave it out", path)
	case required && nullable && !null:
		c.t.Errorf("%s: may be null, and %v cannot", path, f.Type)
	case required && !nullable && f.Type.Kind() == reflect.Pointer:
		c.t.Errorf("%s: is never null, and %v may be", path, f.Type)
	case !required && !absent && !(c.request && nullable && null):
		c.t.Errorf("%s: may be absent, and the field never is", path)
	}
}

// TestChange tells apart what stays, what changes and what goes back to its default.
func TestChange(t *testing.T) {
	for want, change := range map[string]StoreChange{
		`{}`:                                {},
		`{"name":"<a>"}`:                    {Name: To("<a>")},
		`{"deactivateAfterSeconds":0}`:      {DeactivateAfterSeconds: To(0)},
		`{"deactivateAfterSeconds":null}`:   {DeactivateAfterSeconds: ToDefault[int]()},
		`{"retryPolicy":"five"}`:            {RetryPolicy: To(NewRetryPolicy{Named: "five"})},
		`{"retryPolicy":{"maxAttempts":3}}`: {RetryPolicy: To(NewRetryPolicy{MaxAttempts: 3})},
	} {
		text, err := marshal(change)
		if string(text) != want || err != nil {
			t.Errorf("%s, %v, not %s", text, err, want)
		}
		var back StoreChange
		if err := json.Unmarshal(text, &back); err != nil || !reflect.DeepEqual(back, change) {
			t.Errorf("%s is read as %+v, %v", text, back, err)
		}
	}
}
