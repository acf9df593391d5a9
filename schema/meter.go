package schema

import (
	"encoding/json"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

const (
	// maxSteps bounds how often a part of a schema is held against a part of the data.
	// Each takes the library some 200 ns, and up to 300 bytes if it is wrong.
	maxSteps = 250_000
	// maxNesting bounds the chain of references and parts that leads to a check.
	maxNesting = 1000
)

// A meter counts how many steps a check can take at most: as the library goes
// through data and schema, but as if nothing ever stopped it early. The library
// itself knows no bound, and some twenty lines of allOf and $ref are enough to double
// the work twenty times.
type meter struct{ left int }

// affordable reports whether a check stays within the bounds. It takes no longer
// than they allow itself.
func affordable(s *jsonschema.Schema, value any) bool {
	m := meter{maxSteps}
	return m.check(s, value, 0)
}

func (m *meter) spend(steps int) bool {
	m.left -= steps
	return m.left >= 0
}

func (m *meter) check(s *jsonschema.Schema, value any, depth int) bool {
	if s == nil {
		return true
	}
	if depth > maxNesting || !m.spend(1) {
		return false
	}
	if s.Enum != nil && !m.spend(len(s.Enum.Values)) {
		return false
	}
	switch value := value.(type) {
	case map[string]any:
		if !m.object(s, value, depth+1) {
			return false
		}
	case []any:
		if !m.array(s, value, depth+1) {
			return false
		}
	case json.Number:
		exponent, _ := exponentOf(string(value))
		if !m.spend((len(value) + exponent) / 16) {
			return false
		}
	case string:
		if p, ok := s.Pattern.(*pattern); ok && !m.spend(p.steps(value)) {
			return false
		}
		if !m.spend(len(value) / 1024) {
			return false
		}
	}
	return m.inPlace(s, value, depth+1)
}

// inPlace are the parts of a schema that are held against the same value.
func (m *meter) inPlace(s *jsonschema.Schema, value any, depth int) bool {
	for _, part := range [...]*jsonschema.Schema{s.Ref, s.Not, s.If, s.Then, s.Else} {
		if !m.check(part, value, depth) {
			return false
		}
	}
	for _, list := range [][]*jsonschema.Schema{s.AllOf, s.AnyOf, s.OneOf} {
		for _, part := range list {
			if !m.check(part, value, depth) {
				return false
			}
		}
	}
	for _, part := range s.DependentSchemas {
		if !m.check(part, value, depth) {
			return false
		}
	}
	return true
}

func (m *meter) object(s *jsonschema.Schema, members map[string]any, depth int) bool {
	additional, _ := s.AdditionalProperties.(*jsonschema.Schema)
	for name, value := range members {
		if !m.check(s.Properties[name], value, depth) || !m.check(additional, value, depth) ||
			!m.check(s.UnevaluatedProperties, value, depth) || !m.check(s.PropertyNames, name, depth) {
			return false
		}
		for regex, part := range s.PatternProperties {
			if !m.spend(regex.(*pattern).steps(name)) {
				return false
			}
			if regex.MatchString(name) && !m.check(part, value, depth) {
				return false
			}
		}
	}
	for _, names := range s.DependentRequired {
		if !m.spend(1 + len(names)) {
			return false
		}
	}
	return m.spend(len(s.Required) / 8)
}

func (m *meter) array(s *jsonschema.Schema, items []any, depth int) bool {
	if s.UniqueItems && !m.spend(4*values(items)) {
		return false
	}
	for i, value := range items {
		item := s.Items2020
		if i < len(s.PrefixItems) {
			item = s.PrefixItems[i]
		}
		if !m.check(item, value, depth) || !m.check(s.Contains, value, depth) || !m.check(s.UnevaluatedItems, value, depth) {
			return false
		}
	}
	return true
}

// values counts the values of a value.
func values(value any) int {
	n := 1
	switch value := value.(type) {
	case map[string]any:
		for _, one := range value {
			n += values(one)
		}
	case []any:
		for _, one := range value {
			n += values(one)
		}
	}
	return n
}
