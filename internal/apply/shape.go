package apply

import (
	"maps"
	"slices"
	"strings"
)

// A shape says what a value may be. Ranges and forms are the API's to check, which
// has the only word on them: here is what can be told with a place and a name that
// was meant.
type shape struct {
	kinds []kind // null is allowed always
	// members are those of an object; nil where any are.
	members map[string]shape
	// item is that of a list's items, or of the members of an object with any names.
	item *shape
	// hidden: it is never shown.
	hidden bool
}

var (
	aText    = shape{kinds: []kind{text}}
	aSecret  = shape{kinds: []kind{text}, hidden: true}
	aNumber  = shape{kinds: []kind{number}}
	aBoolean = shape{kinds: []kind{boolean}}
	anything = shape{}
)

func listOf(item shape) shape  { return shape{kinds: []kind{list}, item: &item} }
func tableOf(item shape) shape { return shape{kinds: []kind{object}, item: &item, hidden: item.hidden} }
func objectOf(m members) shape { return shape{kinds: []kind{object}, members: m} }
func orText(s shape) shape     { s.kinds = append(slices.Clone(s.kinds), text); return s }

type members = map[string]shape

// The members of what a file declares are those that the API takes: a test compares
// them with its document.
var (
	retryPolicyShape = orText(objectOf(members{
		"maxAttempts": aNumber, "backoffMultiplier": aNumber, "initialDelay": aNumber, "maxDelay": aNumber, "jitter": aNumber,
		"firstExponent": aNumber, "retryOn": aText, "delays": listOf(aNumber), "maxAge": aNumber, "timeout": aNumber, "retryCodes": listOf(aNumber),
	}))
	limitsShape = objectOf(members{"ratePerSecond": aNumber, "concurrency": aNumber})

	webhookShape = objectOf(members{
		"id": aText, "url": aText, "events": listOf(aText), "secret": aSecret, "name": aText, "description": aText,
		"isActive": aBoolean, "active": aBoolean, "retryPolicy": retryPolicyShape, "limits": limitsShape,
		"deactivateAfterSeconds": aNumber, "headers": tableOf(aSecret), "overlapSignature": aText, "whenInactive": aText,
		"held":    objectOf(members{"maxCount": aNumber, "maxAgeSeconds": aNumber}),
		"ed25519": aBoolean, "filter": aText, "eventVersions": tableOf(aNumber), "order": aText,
		"coalesce":     objectOf(members{"latest": listOf(aText)}),
		"batch":        objectOf(members{"maxEvents": aNumber, "maxWaitMs": aNumber, "maxBytes": aNumber}),
		"tls":          objectOf(members{"caCertificates": aText, "clientCertificate": aText, "clientKey": aSecret}),
		"traceContext": aBoolean,
	})
	eventTypeShape = objectOf(members{
		"name": aText, "description": aText, "entity": objectOf(members{"type": aText, "id": aText}),
		"examples": listOf(anything), "schema": anything, "force": aBoolean,
	})
	storeShape = objectOf(members{
		"id": aText, "name": aText, "profile": aText, "retryPolicy": retryPolicyShape, "limits": limitsShape,
		"deactivateAfterSeconds": aNumber, "validation": aText,
		"egress":    objectOf(members{"only": listOf(aText), "deny": listOf(aText), "ports": listOf(aNumber)}),
		"retention": objectOf(members{"payloadDays": aNumber, "attemptDays": aNumber, "auditDays": aNumber}),
	})
	documentShape = objectOf(members{
		"store": orText(storeShape), "webhooks": listOf(webhookShape), "eventTypes": listOf(eventTypeShape),
	})
)

// check says what is wrong with a value. path leads to it from what has a name.
func (s shape) check(v *value, path string) error {
	if s.kinds != nil && v.kind != null && !slices.Contains(s.kinds, v.kind) {
		wants := make([]string, len(s.kinds))
		for i, k := range s.kinds {
			wants[i] = string(k)
		}
		return v.at.problem("%s is %s, and must be %s", path, v.kind, strings.Join(wants, " or "))
	}
	for _, m := range v.members {
		of, known := s.members[m.name]
		switch {
		case s.item != nil:
			of = *s.item
		case s.members == nil:
			continue
		case !known:
			return m.at.problem("%s has no member %s%s", path, m.name, s.suggest(m.name))
		}
		if err := of.check(m.value, path+"."+m.name); err != nil {
			return err
		}
	}
	if s.item != nil {
		for _, item := range v.items {
			if err := s.item.check(item, path); err != nil {
				return err
			}
		}
	}
	return nil
}

// suggest names the member that was meant, or all that there are.
func (s shape) suggest(name string) string {
	names := slices.Sorted(maps.Keys(s.members))
	best, least := "", 1+len(name)/3
	if len(name) > 100 {
		names = nil // nobody meant that
	}
	for _, known := range names {
		// Case is not counted: is_active and URL are meant well.
		if d := distance(squeeze(name), squeeze(known)); d <= least && (best == "" || d < distance(squeeze(name), squeeze(best))) {
			best = known
		}
	}
	if best != "" {
		return ": did you mean " + best + "?"
	}
	return "; it may have " + strings.Join(slices.Sorted(maps.Keys(s.members)), ", ")
}

func squeeze(name string) string {
	return strings.ToLower(strings.NewReplacer("_", "", "-", "").Replace(name))
}

// distance is how many letters must be put in, taken out, replaced or exchanged with
// the next to make one name of another.
func distance(a, b string) int {
	rows := make([][]int, len(a)+1)
	for i := range rows {
		rows[i] = make([]int, len(b)+1)
		rows[i][0] = i
	}
	for j := range rows[0] {
		rows[0][j] = j
	}
	for i := 1; i <= len(a); i++ {
		for j := 1; j <= len(b); j++ {
			if a[i-1] == b[j-1] {
				rows[i][j] = rows[i-1][j-1]
				continue
			}
			least := min(rows[i-1][j-1], rows[i-1][j], rows[i][j-1])
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				least = min(least, rows[i-2][j-2])
			}
			rows[i][j] = 1 + least
		}
	}
	return rows[len(a)][len(b)]
}
