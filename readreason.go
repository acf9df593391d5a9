package billhook

import (
	"regexp"
	"slices"
	"strings"
	"sync"
)

// A Reason is a sentence about a delivery, known again by its words, so that it can be
// said in another language: Delivery.Reason, Attempt.Error, Webhook.InactiveReason,
// Health.LastError, Recovery.Error, and Error.Message where that is about an address.
type Reason struct {
	// Code is one of ReasonCodes.
	Code string
	// Parts are what its places hold, in their order in English.
	Parts []ReasonPart
}

// A ReasonPart is what stands in a place of a sentence.
type ReasonPart struct {
	Kind ReasonKind
	// Text is how it stands there.
	Text string
	// Reason is Text as a sentence; nil where it is none, or an unknown one.
	Reason *Reason
}

// A ReasonKind says what a ReasonPart is.
type ReasonKind string

const (
	ReasonText   ReasonKind = "text"   // as it is: a host, a status, the words of a library
	ReasonNumber ReasonKind = "number" // digits
	ReasonSpan   ReasonKind = "span"   // "15 s", "6.5 s", "3 min", "31 h", "4 days", or "31h0m0s"
	ReasonTime   ReasonKind = "time"   // "15:04 UTC", "15:04:05 UTC", or either with "2 Jan 2006 " before it
	ReasonDay    ReasonKind = "day"    // "2 Jan 2006"
	ReasonWords  ReasonKind = "reason" // another sentence
)

// forms are what each kind of place may hold.
var forms = map[ReasonKind]string{
	ReasonText:   `(.+?)`,
	ReasonNumber: `(\d+)`,
	ReasonSpan:   `(\d+(?:\.\d+)? (?:ms|s|min|h|days?)|[\dhms.µ]+)`,
	ReasonTime:   `((?:\d{1,2} [A-Z][a-z]{2} \d{4} )?\d{2}:\d{2}(?::\d{2})? [A-Z]+)`,
	ReasonDay:    `(\d{1,2} [A-Z][a-z]{2} \d{4})`,
	ReasonWords:  `(.+)`,
}

// A reasonForm finds a sentence again.
type reasonForm struct {
	code  string
	kinds []ReasonKind
	// prefix is what it begins with, which most texts do not.
	prefix string
	match  *regexp.Regexp
}

var reasonForms = sync.OnceValue(func() []reasonForm {
	var all []reasonForm
	for _, s := range sentences {
		f := reasonForm{code: s.code}
		var b strings.Builder
		before, rest, found := strings.Cut(s.text, "{")
		f.prefix = before
		for found {
			kind, after, _ := strings.Cut(rest, "}")
			f.kinds = append(f.kinds, ReasonKind(kind))
			b.WriteString(regexp.QuoteMeta(before) + forms[ReasonKind(kind)])
			before, rest, found = strings.Cut(after, "{")
		}
		f.match = regexp.MustCompile(`^` + b.String() + regexp.QuoteMeta(before) + `$`)
		all = append(all, f)
	}
	return all
})

// ReasonCodes are the codes of all sentences that there are, in no order that means
// anything, each with its English, in which {0}, {1} and so on stand for its parts.
func ReasonCodes() map[string]string {
	all := map[string]string{}
	places := regexp.MustCompile(`\{[a-z]+\}`)
	for _, s := range sentences {
		n := -1
		all[s.code] = places.ReplaceAllStringFunc(s.text, func(string) string { n++; return "{" + string(rune('0'+n)) + "}" })
	}
	return all
}

// maxReasonDepth is how many sentences are in each other at most.
const maxReasonDepth = 4

// ReadReason finds out which sentence a text is. Said again with its parts it is the
// text, so that nothing gets lost. Texts of another version may be none.
func ReadReason(text string) (Reason, bool) {
	if r, ok := readReason(text, true, maxReasonDepth); ok {
		return r, true
	}
	return readReason(text, false, maxReasonDepth)
}

// readReason, where it is strict, knows a sentence only if it knows all that are in it.
func readReason(text string, strict bool, depth int) (Reason, bool) {
	if depth == 0 {
		return Reason{}, false
	}
	for _, f := range reasonForms() {
		if !strings.HasPrefix(text, f.prefix) {
			continue
		}
		found := f.match.FindStringSubmatch(text)
		if found == nil {
			continue
		}
		r := Reason{Code: f.code}
		for i, kind := range f.kinds {
			part := ReasonPart{Kind: kind, Text: found[i+1]}
			if kind == ReasonWords {
				inner, ok := readReason(part.Text, strict, depth-1)
				if ok {
					part.Reason = &inner
				}
			}
			r.Parts = append(r.Parts, part)
		}
		if strict && slices.ContainsFunc(r.Parts, func(p ReasonPart) bool { return p.Kind == ReasonWords && p.Reason == nil }) {
			continue
		}
		return r, true
	}
	return Reason{}, false
}
