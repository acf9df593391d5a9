package dashboard

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"strings"
)

// A memberChange is one member of something, before and after; "" for none.
type memberChange struct {
	// Member is its path: limits.concurrency.
	Member, Old, New string
}

// changesBetween are the members in which two JSON texts differ, by name. "" is
// something that is not there. What is not an object is one member without a name.
func changesBetween(before, after string) []memberChange {
	was, is := map[string]string{}, map[string]string{}
	flatten(before, "", was)
	flatten(after, "", is)
	names := slices.AppendSeq(slices.Collect(maps.Keys(was)), maps.Keys(is))
	slices.Sort(names)
	var changes []memberChange
	for _, name := range slices.Compact(names) {
		if was[name] != is[name] {
			changes = append(changes, memberChange{name, was[name], is[name]})
		}
	}
	return changes
}

// flatten writes the members of an object, and those of objects in it, by their path.
func flatten(text, path string, into map[string]string) {
	var members map[string]json.RawMessage
	if text == "" || text == "null" || text == "{}" { // nothing is said with it
		return
	}
	if json.Unmarshal([]byte(text), &members) != nil {
		into[path] = plain(text)
		return
	}
	for name, value := range members {
		flatten(string(value), strings.TrimPrefix(path+"."+name, "."), into)
	}
}

// plain is a JSON value for people: a string without quotes, and of a list each entry
// on a line of its own.
func plain(text string) string {
	var word string
	var list []json.RawMessage
	switch {
	case json.Unmarshal([]byte(text), &word) == nil && text != "null": // null is read as ""
		return word
	case json.Unmarshal([]byte(text), &list) == nil && len(list) > 0:
		var lines []string
		for _, entry := range list {
			lines = append(lines, plain(string(entry)))
		}
		return strings.Join(lines, "\n")
	}
	var b bytes.Buffer
	if json.Compact(&b, []byte(text)) != nil {
		return text
	}
	return b.String()
}
