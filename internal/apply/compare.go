package apply

import (
	"bytes"
	"cmp"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/billhook/billhook/profile"
)

// A Change is a member that is to be another. From and To are as a reader may see
// them: JSON, or "(not shown)".
type Change struct {
	Member string `json:"member"`
	From   string `json:"from"`
	To     string `json:"to"`
}

const notShown = "(not shown)"

func decode(text []byte) (v any) {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	_ = d.Decode(&v) // what appendJSON has written can be read
	return v
}

// A form says how a member is compared.
type form struct {
	// absent is what null stands for.
	absent string
	// part: only what is declared of an object counts.
	part bool
	// sets: its lists are in no order.
	sets bool
}

// forms are those of members that are not simply compared as they are.
var forms = map[string]form{
	"name": {absent: `""`}, "description": {absent: `""`}, "isActive": {absent: "true"}, "headers": {absent: "{}"},
	"overlapSignature": {absent: `"old"`}, "order": {absent: `"none"`}, "eventVersions": {absent: "{}"},
	"coalesce": {absent: `{"latest":[]}`, sets: true}, "traceContext": {absent: "false"}, "ed25519": {absent: "false"},
	"held": {absent: `{"maxCount":1000000,"maxAgeSeconds":2592000}`, part: true}, "retryPolicy": {part: true}, "batch": {part: true},
	"events": {sets: true}, "egress": {sets: true}, "limits": {absent: "{}"}, "examples": {absent: "[]"}, "validation": {absent: `"off"`},
}

// normal is what a declared member means, as the API would show it.
func normal(name string, v *value) any {
	if v.kind == null {
		return decode([]byte(cmp.Or(forms[name].absent, "null")))
	}
	meant := v.plain()
	switch name {
	case "retryPolicy":
		if v.kind == text {
			if preset, ok := profile.Preset(v.text); ok {
				whole, _ := json.Marshal(preset)
				return decode(whole)
			}
		}
	case "batch":
		if n := v.get("maxEvents"); n == nil || n.text == "0" || n.kind == null {
			return nil
		}
	case "filter":
		if v.text == "" {
			return nil
		}
	case "tls":
		return normalTLS(meant)
	}
	return meant
}

// normalTLS leaves of PEM what is kept of it. The key is not told by the API, and
// need not be: no other one fits the certificate.
func normalTLS(v any) any {
	object, ok := v.(map[string]any)
	if !ok {
		return v
	}
	kept := map[string]any{}
	for _, name := range []string{"caCertificates", "clientCertificate"} {
		s, _ := object[name].(string)
		var blocks strings.Builder
		for rest := []byte(s); ; {
			var block *pem.Block
			if block, rest = pem.Decode(rest); block == nil {
				break
			}
			_ = pem.Encode(&blocks, &pem.Block{Type: block.Type, Bytes: block.Bytes}) // to memory
		}
		if blocks.Len() > 0 {
			kept[name] = blocks.String()
		}
	}
	return kept
}

// compareMember tells how a declared member differs from what there is.
func compareMember(name string, of shape, declared *value, is any) []Change {
	f := forms[name]
	want := normal(name, declared)
	if name == "tls" {
		is = normalTLS(is)
	}
	if same(want, is, f) {
		return nil
	}
	wanted, isMap := want.(map[string]any)
	there, wasMap := is.(map[string]any)
	if !isMap || !wasMap || of.kinds == nil {
		return []Change{{name, show(is, of, declared.confidential()), show(want, of, declared.confidential())}}
	}
	var changes []Change
	names := slices.Collect(maps.Keys(wanted))
	if !f.part {
		names = slices.AppendSeq(names, maps.Keys(there))
	}
	slices.Sort(names)
	for _, member := range slices.Compact(names) {
		if same(wanted[member], there[member], f) {
			continue
		}
		inner := of.members[member]
		if of.item != nil {
			inner = *of.item
		}
		m := declared.get(member)
		changes = append(changes, Change{name + "." + member, show(there[member], inner, m != nil && m.confidential()),
			show(wanted[member], inner, m != nil && m.confidential())})
	}
	return changes
}

// show is a value for a reader.
func show(v any, of shape, confidential bool) string {
	if (of.hidden || confidential) && v != nil {
		return notShown
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	_ = e.Encode(v) // was decoded from JSON
	return strings.TrimSpace(b.String())
}

// same compares decoded JSON. A member that is absent is one that is null.
func same(want, is any, f form) bool {
	switch want := want.(type) {
	case map[string]any:
		is, ok := is.(map[string]any)
		if !ok {
			return false
		}
		for name := range want {
			if !same(want[name], is[name], form{sets: f.sets}) {
				return false
			}
		}
		for name := range is {
			if _, ok := want[name]; !ok && !f.part && is[name] != nil {
				return false
			}
		}
		return true
	case []any:
		is, ok := is.([]any)
		if !ok || !f.sets && len(want) != len(is) {
			return !ok && len(want) == 0 && is == nil
		}
		if f.sets {
			return slices.Equal(asSet(want), asSet(is))
		}
		for i := range want {
			if !same(want[i], is[i], form{}) {
				return false
			}
		}
		return true
	case json.Number:
		is, ok := is.(json.Number)
		return ok && sameNumber(string(want), string(is))
	}
	return want == is
}

func asSet(items []any) []string {
	set := make([]string, len(items))
	for i, item := range items {
		set[i] = fmt.Sprint(item)
	}
	slices.Sort(set)
	return slices.Compact(set)
}

func sameNumber(a, b string) bool {
	x, errX := strconv.ParseFloat(a, 64)
	y, errY := strconv.ParseFloat(b, 64)
	return a == b || errX == nil && errY == nil && x == y
}
