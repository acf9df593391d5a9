package schema

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/big"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/billhook/billhook"
)

// Breaks tells where a new schema breaks those who know the old one. Two kinds of
// people do: who emits, whose data must still pass, and who receives, who must find
// what there was. So what only adds is compatible (a property that is not required, a
// value of an enum, a wider bound); a property, a requirement or a type that goes, and
// whatever is narrower, is not. What it cannot decide it tells too.
func (Language) Breaks(old, new string) ([]billhook.Detail, error) {
	before, err := decode(old)
	if err != nil {
		return nil, err
	}
	after, err := decode(new)
	if err != nil {
		return nil, err
	}
	if same(before, after) {
		return nil, nil
	}
	c := &comparison{old: before, new: after, under: map[[2]string]bool{}}
	c.compare(before, after, nil, 0)
	slices.SortStableFunc(c.found, func(a, b billhook.Detail) int { return strings.Compare(a.Pointer, b.Pointer) })
	return c.found, nil
}

// A comparison of two whole schemas.
type comparison struct {
	old, new any
	found    []billhook.Detail
	// under are the pairs of references that are being compared, or have been.
	under map[[2]string]bool
	steps int
}

const (
	maxComparisons = 20_000
	maxFound       = 100
)

func (c *comparison) tell(at []string, format string, args ...any) {
	d := billhook.Detail{Pointer: pointer(at), Message: fmt.Sprintf(format, args...)}
	if len(c.found) < maxFound && !slices.Contains(c.found, d) {
		c.found = append(c.found, d)
	}
}

// annotations say nothing about which data passes. Members that 2020-12 does not
// know are annotations too.
var annotations = []string{"title", "description", "examples", "default", "$comment", "deprecated", "readOnly", "writeOnly", "$schema", "$defs", "definitions", "format", "contentEncoding", "contentMediaType", "contentSchema"}

// assertions are what this can compare, or what has to be the same.
var (
	lowerBounds = []string{"minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties", "minContains"}
	upperBounds = []string{"maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties", "maxContains"}
	parts       = []string{"items", "contains", "propertyNames", "unevaluatedProperties", "unevaluatedItems"}
	lists       = []string{"allOf", "anyOf", "prefixItems"}
	undecided   = []string{"oneOf", "not", "if", "then", "else", "patternProperties", "dependentSchemas", "dependentRequired",
		"const", "pattern", "multipleOf", "uniqueItems", "$id", "$anchor", "$dynamicAnchor", "dependencies"}
)

func (c *comparison) compare(old, new any, at []string, depth int) {
	if c.steps++; c.steps > maxComparisons || depth > maxDepth {
		c.tell(nil, "is too large to be compared with the version before")
		return
	}
	oldRef, oldRefers := c.refers(old)
	newRef, newRefers := c.refers(new)
	if oldRefers || newRefers {
		pair := [2]string{oldRef, newRef}
		if oldRefers && newRefers {
			if c.under[pair] {
				return
			}
			c.under[pair] = true
		}
		a, okA := c.follow(c.old, old, oldRefers, oldRef)
		b, okB := c.follow(c.new, new, newRefers, newRef)
		if !okA || !okB {
			if !same(old, new) || !same(c.old, c.new) {
				c.tell(at, "cannot be compared with the version before: it refers to what is not one place of the schema")
			}
			return
		}
		c.compare(a, b, at, depth+1)
		return
	}
	before, ok := object(old)
	if !ok { // false: no data passed, so nobody knows any
		return
	}
	after, ok := object(new)
	if !ok {
		c.tell(at, "lets no data pass any more")
		return
	}
	c.types(before, after, at)
	c.enums(before, after, at)
	c.properties(before, after, at, depth)
	c.bounds(before, after, at)
	for _, name := range parts {
		c.part(name, before, after, at, depth)
	}
	for _, name := range lists {
		c.list(name, before, after, at, depth)
	}
	for _, name := range undecided {
		c.unchanged(name, before, after, at)
	}
}

// object is a schema as an object; true is one that wants nothing, and false none.
func object(schema any) (map[string]any, bool) {
	switch schema := schema.(type) {
	case map[string]any:
		return schema, true
	case bool:
		return map[string]any{}, schema
	}
	return nil, false
}

func (c *comparison) types(old, new map[string]any, at []string) {
	before, after := typesOf(old), typesOf(new)
	if slices.Equal(before, after) {
		return
	}
	c.tell(append(slices.Clip(at), "type"), "was %s and is %s", typeWords(before), typeWords(after))
}

// typesOf are the types that pass; none for all.
func typesOf(schema map[string]any) (types []string) {
	switch said := schema["type"].(type) {
	case string:
		types = []string{said}
	case []any:
		for _, one := range said {
			if s, ok := one.(string); ok {
				types = append(types, s)
			}
		}
	}
	slices.Sort(types)
	return slices.Compact(types)
}

func typeWords(types []string) string {
	if len(types) == 0 {
		return "any"
	}
	return strings.Join(types, " or ")
}

func (c *comparison) enums(old, new map[string]any, at []string) {
	at = append(slices.Clip(at), "enum")
	before, had := old["enum"].([]any)
	after, has := new["enum"].([]any)
	switch {
	case has && !had:
		c.tell(at, "lets only some values pass, where all did")
	case had && !has:
		c.tell(at, "is gone: receivers knew all values that there may be")
	case len(before)*len(after) > maxComparisons*10:
		c.tell(at, "is too large to be compared with the version before")
	case had:
		for _, value := range before {
			if !slices.ContainsFunc(after, func(one any) bool { return same(one, value) }) {
				c.tell(at, "does not let %s pass any more", shown(value))
			}
		}
	}
}

func (c *comparison) properties(old, new map[string]any, at []string, depth int) {
	before, _ := old["properties"].(map[string]any)
	after, _ := new["properties"].(map[string]any)
	for _, name := range slices.Sorted(maps.Keys(before)) {
		place := append(slices.Clip(at), "properties", name)
		if _, ok := after[name]; !ok {
			c.tell(place, "is gone")
			continue
		}
		c.compare(before[name], after[name], place, depth+1)
	}
	needed, needs := texts(old["required"]), texts(new["required"])
	for _, name := range needs {
		if !slices.Contains(needed, name) {
			c.tell(append(slices.Clip(at), "required"), "needs %s, which could be left out", shown(name))
		}
	}
	for _, name := range needed {
		if !slices.Contains(needs, name) {
			c.tell(append(slices.Clip(at), "required"), "does not need %s any more, which receivers could count on", shown(name))
		}
	}
	place := append(slices.Clip(at), "additionalProperties")
	was, had := old["additionalProperties"]
	is, has := new["additionalProperties"]
	switch {
	case !has || is == true: // others may come, which receivers must bear anyway
	case !had || was == true:
		c.tell(place, "lets no other properties pass, or only some, where all did")
	case was == false && is != false:
	default:
		c.compare(was, is, place, depth+1)
	}
}

func texts(v any) (all []string) {
	list, _ := v.([]any)
	for _, one := range list {
		if s, ok := one.(string); ok {
			all = append(all, s)
		}
	}
	return all
}

// bounds: a wider one is compatible, a narrower or a new one is not.
func (c *comparison) bounds(old, new map[string]any, at []string) {
	for _, side := range []struct {
		names []string
		sign  int
	}{{lowerBounds, 1}, {upperBounds, -1}} {
		for _, name := range side.names {
			is, has := rational(new[name])
			was, had := rational(old[name])
			if has && (!had || is.Cmp(was)*side.sign > 0) {
				c.tell(append(slices.Clip(at), name), "is narrower than before")
			}
		}
	}
}

func rational(v any) (*big.Rat, bool) {
	n, ok := v.(json.Number)
	if !ok || !tame(string(n)) {
		return nil, false
	}
	return new(big.Rat).SetString(string(n))
}

// part compares what holds for all elements, or names, of a value.
func (c *comparison) part(name string, old, new map[string]any, at []string, depth int) {
	was, had := old[name]
	is, has := new[name]
	place := append(slices.Clip(at), name)
	switch {
	case had && has:
		c.compare(was, is, place, depth+1)
	case had:
		c.tell(place, "is gone: receivers knew what to find there")
	case has && is != true:
		c.tell(place, "is new, and narrower than what there was")
	}
}

// list compares lists of schemas of which each has its place.
func (c *comparison) list(name string, old, new map[string]any, at []string, depth int) {
	before, had := old[name].([]any)
	after, has := new[name].([]any)
	if !had && !has {
		return
	}
	place := append(slices.Clip(at), name)
	if len(before) != len(after) {
		c.tell(place, "cannot be compared with the version before: it has another length")
		return
	}
	for i := range before {
		c.compare(before[i], after[i], append(slices.Clip(place), strconv.Itoa(i)), depth+1)
	}
}

// unchanged wants the same as before, and that what it refers to is the same.
func (c *comparison) unchanged(name string, old, new map[string]any, at []string) {
	was, had := old[name]
	is, has := new[name]
	if !had && !has {
		return
	}
	if !same(was, is) || had != has {
		c.tell(append(slices.Clip(at), name), "is another than before, and what that means cannot be decided")
		return
	}
	if mentions(was, "$ref") && !same(c.old, c.new) {
		c.tell(append(slices.Clip(at), name), "refers to other parts, and what their change means cannot be decided")
	}
}

func same(a, b any) bool { return reflect.DeepEqual(a, b) }

// shown is a value of a schema's in a message.
func shown(v any) string {
	text, err := json.Marshal(v)
	if err != nil || len(text) > 80 {
		return "a value"
	}
	return string(text)
}
