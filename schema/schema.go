// Package schema understands JSON Schema (2020-12) for event types: it compiles
// schemas, checks data, and tells whether a new schema breaks those who know the old
// one. What checking takes is bounded before it is begun, since schemas are
// strangers'.
//
// It knows the library that it wraps and the interface billhook.Schemas. It must not
// know stores, events, databases, HTTP or files: nothing is ever fetched for a schema.
package schema

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"golang.org/x/text/language"
	"golang.org/x/text/message"

	"github.com/billhook/billhook"
)

// Language is JSON Schema, for billhook.Config.Schemas. Its zero value is ready.
type Language struct{}

var _ billhook.Schemas = Language{}

const (
	// location names a schema in errors of the library.
	location = "billhook:///schema"
	dialect  = "https://json-schema.org/draft/2020-12/schema"

	maxDepth = 64
	// maxParts bounds the objects and arrays of a schema, each of which costs the
	// library memory.
	maxParts = 2000
	// maxDigits bounds how long a number is, and maxExponent how far it reaches: the
	// library computes with fractions, of which 1e1000000000 would fill all memory.
	maxDigits   = 100
	maxExponent = 400
)

// Compile makes a schema ready. It refers to nothing outside of itself.
func (Language) Compile(text string) (billhook.Schema, error) {
	doc, err := decode(text)
	if err != nil {
		return nil, err
	}
	if err := inspect(doc); err != nil {
		return nil, err
	}
	c := jsonschema.NewCompiler()
	c.DefaultDraft(jsonschema.Draft2020)
	c.UseLoader(nowhere{})
	c.UseRegexpEngine(compilePattern)
	if err := c.AddResource(location, doc); err != nil {
		return nil, refused(err)
	}
	compiled, err := c.Compile(location)
	if err != nil {
		return nil, refused(err)
	}
	return &checked{compiled}, nil
}

// A checked schema is one whose checks are bounded.
type checked struct{ schema *jsonschema.Schema }

// Check tells where the value is not as the schema wants it.
func (s *checked) Check(value any) []billhook.Detail {
	if where, ok := wild(value, nil); ok {
		return []billhook.Detail{{Pointer: pointer(where), Message: "is a number that cannot be checked: it is too long or too large"}}
	}
	if !affordable(s.schema, value) {
		return []billhook.Detail{{Message: "cannot be checked: its schema would take too long for data of this size"}}
	}
	err := s.schema.Validate(value)
	if err == nil {
		return nil
	}
	var wrong *jsonschema.ValidationError
	if !errors.As(err, &wrong) {
		return []billhook.Detail{{Message: "cannot be checked"}}
	}
	return details(wrong)
}

// details are the causes of an error that have none themselves, by place.
func details(wrong *jsonschema.ValidationError) []billhook.Detail {
	seen := map[billhook.Detail]bool{}
	var walk func(*jsonschema.ValidationError)
	walk = func(e *jsonschema.ValidationError) {
		if len(seen) >= 4*billhook.MaxDetails {
			return
		}
		for _, cause := range e.Causes {
			walk(cause)
		}
		if len(e.Causes) == 0 {
			seen[billhook.Detail{Pointer: pointer(e.InstanceLocation), Message: say(e.ErrorKind)}] = true
		}
	}
	walk(wrong)
	all := slices.SortedFunc(maps.Keys(seen), func(a, b billhook.Detail) int {
		if c := strings.Compare(a.Pointer, b.Pointer); c != 0 {
			return c
		}
		return strings.Compare(a.Message, b.Message)
	})
	return all[:min(len(all), billhook.MaxDetails)]
}

var english = message.NewPrinter(language.English)

// say is what a schema wants, in words of bounded length.
func say(kind jsonschema.ErrorKind) string {
	const most = 300
	text := kind.LocalizedString(english)
	if len(text) > most {
		text = strings.ToValidUTF8(text[:most], "") + "…"
	}
	return text
}

func pointer(parts []string) string {
	var b strings.Builder
	for _, part := range parts {
		b.WriteByte('/')
		b.WriteString(escaper.Replace(part))
	}
	return b.String()
}

var escaper = strings.NewReplacer("~", "~0", "/", "~1")

// nowhere is where references outside of a schema lead.
type nowhere struct{}

func (nowhere) Load(url string) (any, error) {
	return nil, fmt.Errorf("refers to %s: a schema can refer to its own parts alone", strconv.Quote(url))
}

func decode(text string) (any, error) {
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	var doc any
	if err := d.Decode(&doc); err != nil {
		return nil, &billhook.Error{Code: billhook.CodeInvalid, Message: "is not JSON", Err: err}
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, &billhook.Error{Code: billhook.CodeInvalid, Message: "goes on after its JSON"}
	}
	return doc, nil
}

// inspect refuses what must not come near the library.
func inspect(doc any) error {
	refuse := func(at []string, message, hint string) error {
		return &billhook.Error{Code: billhook.CodeInvalid, Pointer: pointer(at), Message: message, Hint: hint}
	}
	if where, ok := wild(doc, nil); ok {
		return refuse(where, "is a number that is too long or too large", "")
	}
	parts := 0
	var walk func(node any, at []string) error
	walk = func(node any, at []string) error {
		switch node := node.(type) {
		case map[string]any:
			if parts++; parts > maxParts || len(at) > maxDepth {
				return refuse(nil, fmt.Sprintf("has more than %d parts, or is nested more than %d deep", maxParts, maxDepth), "")
			}
			if said, ok := node["$schema"].(string); ok && strings.TrimSuffix(said, "#") != dialect {
				return refuse(append(at, "$schema"), "is another dialect than "+dialect, "leave it out")
			}
			if _, ok := node["$dynamicRef"].(string); ok {
				// Where it leads is known only while data is checked, and so is what it costs.
				return refuse(append(at, "$dynamicRef"), "is not taken here", "use $ref")
			}
			for _, name := range slices.Sorted(maps.Keys(node)) {
				if err := walk(node[name], append(slices.Clip(at), name)); err != nil {
					return err
				}
			}
		case []any:
			if parts++; parts > maxParts || len(at) > maxDepth {
				return refuse(nil, fmt.Sprintf("has more than %d parts, or is nested more than %d deep", maxParts, maxDepth), "")
			}
			for i, one := range node {
				if err := walk(one, append(slices.Clip(at), strconv.Itoa(i))); err != nil {
					return err
				}
			}
		}
		return nil
	}
	switch doc.(type) {
	case map[string]any, bool:
		return walk(doc, nil)
	}
	return refuse(nil, "is neither an object nor true or false", "")
}

// wild finds a number that would take much memory as a fraction.
func wild(node any, at []string) ([]string, bool) {
	switch node := node.(type) {
	case json.Number:
		return at, !tame(string(node))
	case map[string]any:
		for name, one := range node {
			if where, ok := wild(one, append(at, name)); ok {
				return where, true
			}
		}
	case []any:
		for i, one := range node {
			if n, is := one.(json.Number); is && tame(string(n)) {
				continue // no place is made up for each of many numbers
			}
			if where, ok := wild(one, append(at, strconv.Itoa(i))); ok {
				return where, true
			}
		}
	}
	return nil, false
}

func tame(number string) bool {
	exponent, ok := exponentOf(number)
	return ok && len(number) <= maxDigits && exponent <= maxExponent
}

// exponentOf is how far a number's exponent reaches, either way.
func exponentOf(number string) (int, bool) {
	i := strings.IndexAny(number, "eE")
	if i < 0 {
		return 0, true
	}
	exponent, err := strconv.Atoi(number[i+1:])
	return max(exponent, -exponent), err == nil
}

// refused is why the library does not take a schema.
func refused(err error) error {
	e := &billhook.Error{Code: billhook.CodeInvalid, Message: "is not a JSON Schema (2020-12)", Err: err}
	var outside *jsonschema.LoadURLError
	var bad *jsonschema.SchemaValidationError
	var wrong *jsonschema.ValidationError
	var regex *jsonschema.InvalidRegexError
	switch {
	case errors.As(err, &outside):
		e.Message, e.Hint = outside.Err.Error(), "put what it refers to below $defs"
	case errors.As(err, &bad) && errors.As(bad.Err, &wrong):
		if e.Details = details(wrong); len(e.Details) > 0 {
			e.Pointer, e.Message = e.Details[0].Pointer, e.Details[0].Message
		}
	case errors.As(err, &regex):
		e.Message = "has a pattern that cannot be used: " + regex.Err.Error()
	default:
		e.Message += ": " + strings.ReplaceAll(err.Error(), location, "")
	}
	return e
}
