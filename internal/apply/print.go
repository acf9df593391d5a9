package apply

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"unicode"
)

var signs = map[string]string{Create: "+", Update: "~", Delete: "-"}

// Print prints what is to be done, and how much stays as it is.
func (p *Plan) Print(w io.Writer) error {
	for _, s := range p.Steps {
		if s.Action == Same {
			continue
		}
		if err := s.Print(w); err != nil {
			return err
		}
	}
	_, err := fmt.Fprintf(w, "%d to create, %d to change, %d to delete, %d as declared\n",
		p.Count(Create), p.Count(Update), p.Count(Delete), p.Count(Same))
	return err
}

// Print prints a step: a line for the object, and one for each change.
func (s *Step) Print(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s %s", signs[s.Action], nouns[s.Object], s.label())
	var more []string
	if s.Object == "webhook" && s.label() != s.ID {
		more = append(more, s.ID)
	}
	if s.MatchedBy != "" {
		more = append(more, "found by its "+s.MatchedBy)
	}
	if s.Store != "" && s.Object != "store" {
		more = append(more, "store "+s.Store)
	}
	if len(more) > 0 {
		fmt.Fprintf(&b, " (%s)", strings.Join(more, ", "))
	}
	b.WriteByte('\n')
	for _, c := range s.Changes {
		if c.From == notShown || c.To == notShown {
			fmt.Fprintf(&b, "    %s: another, not shown\n", c.Member)
			continue
		}
		fmt.Fprintf(&b, "    %s: %s -> %s\n", c.Member, short(c.From), short(c.To))
	}
	_, err := io.WriteString(w, b.String())
	return err
}

var nouns = map[string]string{"store": "store", "eventType": "event type", "webhook": "webhook"}

// short keeps a schema from filling the page, and what others wrote from moving a
// terminal's cursor.
func short(text string) string {
	const most = 200
	text = strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return unicode.ReplacementChar
	}, text)
	if len(text) <= most {
		return text
	}
	return strings.ToValidUTF8(text[:most], "") + "…"
}

// PrintJSON prints each step that does something as a line of JSON.
func (p *Plan) PrintJSON(w io.Writer) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	for _, s := range p.Steps {
		if s.Action != Same {
			if err := e.Encode(s); err != nil {
				return err
			}
		}
	}
	return nil
}
