package dashboard

import (
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/billhook/billhook"
)

// A told is a reason in the viewer's language, for {{template "told" (.Told .Reason)}}.
type told struct {
	Text string
	// Lang is "en" where the text is the API's own, on a page in another language.
	Lang string
}

// Told says a reason in the viewer's language, or as it is where it is no sentence that
// this version knows.
func (p *page) Told(text string) told {
	if p.language == languages[0] {
		return told{Text: text}
	}
	r, ok := billhook.ReadReason(text)
	if !ok {
		return told{Text: text, Lang: languages[0]}
	}
	return told{Text: capital(p.say(&r))}
}

// say says a sentence in the viewer's language.
func (p *page) say(r *billhook.Reason) string {
	args := make([]any, len(r.Parts))
	for i, part := range r.Parts {
		args[i] = p.sayPart(&part)
	}
	return p.t("reason."+r.Code, args...)
}

func (p *page) sayPart(part *billhook.ReasonPart) string {
	switch {
	case part.Reason != nil:
		return p.say(part.Reason)
	case part.Kind == billhook.ReasonSpan:
		if d, ok := readSpan(part.Text); ok {
			return p.Span(d)
		}
	case part.Kind == billhook.ReasonDay, part.Kind == billhook.ReasonTime:
		return p.sayDay(part.Text)
	}
	return part.Text
}

// reasonDay is how reasons write a day, which may have a time behind it.
const reasonDay = "2 Jan 2006"

// sayDay writes the day that a text begins with as the language does.
func (p *page) sayDay(text string) string {
	words := strings.SplitN(text, " ", 4)
	if len(words) < 3 {
		return text // a time of today
	}
	day, err := time.Parse(reasonDay, strings.Join(words[:3], " "))
	if err != nil {
		return text
	}
	return strings.Join(append([]string{day.Format(p.t("reason.date"))}, words[3:]...), " ")
}

// spanUnits are the units of billhook.ReasonSpan.
var spanUnits = map[string]time.Duration{
	"ms": time.Millisecond, "s": time.Second, "min": time.Minute, "h": time.Hour, "day": 24 * time.Hour, "days": 24 * time.Hour,
}

func readSpan(text string) (time.Duration, bool) {
	if d, err := time.ParseDuration(text); err == nil {
		return d, true
	}
	number, name, _ := strings.Cut(text, " ")
	unit, ok := spanUnits[name]
	if !ok {
		return 0, false
	}
	whole, err := time.ParseDuration(number + "h")
	return time.Duration(float64(unit) * whole.Hours()), err == nil
}

// capital begins a text with a capital letter, as a sentence of its own.
func capital(text string) string {
	first, size := utf8.DecodeRuneInString(text)
	if size == 0 || first == utf8.RuneError {
		return text
	}
	return string(unicode.ToUpper(first)) + text[size:]
}
