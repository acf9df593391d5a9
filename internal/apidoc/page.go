package main

import (
	"encoding/json"
	"fmt"
	"path"
	"slices"
	"strings"
)

const head = `# The API

<!-- Made by go run ./internal/apidoc > docs/API.md from api/openapi.json: change that. -->

JSON over HTTP, described by ` + "`GET /openapi.json`" + `, from which this page is made. The
examples are run by a test, in this order, on a new server for development:

` + "```sh" + `
API=http://127.0.0.1:4000
KEY=dev-staff-key
` + "```" + `

- **The key** is sent as ` + "`x-api-key: KEY` or `Authorization: Bearer KEY`" + `. Each operation names the
  permission that it takes ([API keys](SECURITY.md#api-keys)).
- **The store** is the key's. A key that is for all stores names it in ` + "`x-store-id`" + `; without that
  it means the store ` + "`default`" + `.
- **Lists** answer ` + "`{data, nextCursor}`" + `: give ` + "`nextCursor` as `cursor`" + ` for the next page, until it
  is null.
- **Members and parameters** that are not known are refused.
- Everything under ` + "`/api/webhooks` is also under `/v2/webhooks`" + `, the same.

`

// render is the whole page.
func render(text []byte) (string, error) {
	var d document
	if err := json.Unmarshal(text, &d); err != nil {
		return "", err
	}
	all, err := d.operations()
	if err != nil {
		return "", err
	}
	p := &page{document: &d, all: all}
	p.WriteString(head)
	for _, g := range groups {
		fmt.Fprintf(p, "- [%s](#%s)", g.title, anchor(g.title))
		between := ": "
		for _, e := range g.examples {
			o := all[e.operation]
			if o == nil {
				return "", fmt.Errorf("there is no operation %s", e.operation)
			}
			fmt.Fprintf(p, "%s[%s](#%s)", between, strings.ToLower(o.Summary[:1])+o.Summary[1:], strings.ToLower(e.operation))
			between = ", "
		}
		p.WriteString("\n")
	}
	p.WriteString("- [Errors](#errors) and [objects](#objects)\n")
	for _, g := range groups {
		fmt.Fprintf(p, "\n## %s\n", g.title)
		if g.words != "" {
			fmt.Fprintf(p, "\n%s\n", g.words)
		}
		for _, e := range g.examples {
			p.operation(all[e.operation], e)
		}
	}
	p.errors()
	p.objects()
	return p.String(), nil
}

type page struct {
	strings.Builder
	*document
	all map[string]*operation
}

func (p *page) operation(o *operation, e example) {
	fmt.Fprintf(p, "\n### %s\n\n**`%s %s`** · %s\n\n", o.OperationID, strings.ToUpper(o.method), o.path, o.Summary)
	if o.Description != "" {
		p.WriteString(strings.TrimSpace(o.Description) + "\n\n")
	}
	if o.Permission != "" {
		fmt.Fprintf(p, "Permission: `%s`.", o.Permission)
	} else {
		p.WriteString("No key is asked for.")
	}
	if o.RequestBody != nil {
		name := "Body"
		if !o.RequestBody.Required {
			name = "Body, if any"
		}
		fmt.Fprintf(p, " %s: %s.", name, p.kind(o.RequestBody.Content["application/json"].Schema))
	}
	var refused []string
	for _, status := range o.Responses.names {
		r := o.Responses.values[status]
		if status[0] == '2' {
			fmt.Fprintf(p, " Answer: %s", status)
			if s, ok := r.Content["application/json"]; ok {
				fmt.Fprintf(p, ", %s", p.kind(s.Schema))
			}
			p.WriteString(".")
		} else {
			refused = append(refused, status)
		}
	}
	if len(refused) > 0 {
		fmt.Fprintf(p, " [Errors](#errors): %s.", strings.Join(refused, ", "))
	}
	p.WriteString("\n")
	var rows []string
	for _, param := range o.Parameters {
		if param.Ref != "" {
			param = p.Components.Parameters[path.Base(param.Ref)]
		}
		if param.Name == "x-store-id" || param.Name == "id" && param.Description == "" {
			continue // said at the top, and by the path
		}
		rows = append(rows, fmt.Sprintf("| `%s` | %s | %s | %s |\n", param.Name, param.In, p.kind(param.Schema), cell(param.Description+p.bounds(param.Schema))))
	}
	if len(rows) > 0 {
		p.WriteString("\n| parameter | in | | |\n|---|---|---|---|\n" + strings.Join(rows, ""))
	}
	fmt.Fprintf(p, "\n```sh\n%s\n```\n", strings.TrimSpace(e.shell))
	if e.answer != "" {
		fmt.Fprintf(p, "\n```answer\n%s\n```\n", strings.TrimSpace(e.answer))
	}
}

func (p *page) errors() {
	p.WriteString("\n## Errors\n\nAn error is a problem document (RFC 9457), `application/problem+json`: " + p.named("Problem") + `.
` + "`code`" + ` is stable and for programs; ` + "`pointer`" + ` names the member that is wrong, and ` + "`hint`" + ` says what
to do.

| status | means |
|---|---|
`)
	status := map[string]string{}
	for _, o := range p.all {
		for _, code := range o.Responses.names {
			if ref := o.Responses.values[code].Ref; ref != "" {
				status[path.Base(ref)] = code
			}
		}
	}
	for _, name := range p.Components.Responses.names {
		if code := status[name]; code != "" {
			fmt.Fprintf(p, "| %s | %s |\n", code, cell(p.Components.Responses.values[name].Description))
		}
	}
}

func (p *page) objects() {
	p.WriteString("\n## Objects\n\nA member with a `*` is always there in an answer, and must be in a request. Those of a request that\nmay be null mean the default then. Times are RFC 3339.\n")
	for _, name := range p.Components.Schemas.names {
		s := p.Components.Schemas.values[name]
		fmt.Fprintf(p, "\n### %s\n\n", name)
		words := strings.TrimSpace(s.Description + p.bounds(s))
		if len(s.Enum) > 0 {
			words = strings.TrimSpace(words + " " + "One of " + values(s.Enum) + ".")
		}
		if words != "" {
			p.WriteString(words + "\n")
		}
		for _, part := range append([]schema{s}, s.OneOf...) {
			if len(part.Properties.names) == 0 {
				if len(part.Enum) > 0 && len(s.OneOf) > 0 {
					fmt.Fprintf(p, "\nOne of %s. %s\n", values(part.Enum), part.Description)
				}
				continue
			}
			if len(s.OneOf) > 0 {
				p.WriteString("\nOr members:\n")
			}
			p.WriteString("\n| member | | |\n|---|---|---|\n")
			for _, member := range part.Properties.names {
				m := part.Properties.values[member]
				star := ""
				if slices.Contains(part.Required, member) {
					star = " *"
				}
				fmt.Fprintf(p, "| `%s`%s | %s | %s |\n", member, star, p.kind(m), cell(m.Description+p.bounds(m)))
				if m.Items != nil && m.Items.Ref == "" {
					m = *m.Items
				}
				for _, inner := range m.Properties.names {
					im := m.Properties.values[inner]
					fmt.Fprintf(p, "| `%s.%s` | %s | %s |\n", member, inner, p.kind(im), cell(im.Description+p.bounds(im)))
				}
			}
		}
	}
}

// kind is what a value is, in a few words.
func (p *page) kind(s schema) string {
	switch {
	case s.Ref != "":
		return p.named(path.Base(s.Ref))
	case len(s.OneOf)+len(s.AnyOf) > 0:
		var kinds []string
		for _, one := range append(s.OneOf, s.AnyOf...) {
			kinds = append(kinds, p.kind(one))
		}
		return strings.Join(kinds, " or ")
	case len(s.Enum) > 0:
		return values(s.Enum)
	case s.Const != nil:
		return values([]any{s.Const})
	}
	var kinds []string
	switch t := s.Type.(type) {
	case string:
		kinds = []string{t}
	case []any:
		for _, one := range t {
			kinds = append(kinds, fmt.Sprint(one))
		}
	case nil:
		kinds = []string{strings.NewReplacer("date-time", "time").Replace(s.Format)}
	}
	if len(kinds) >= 5 {
		return "any JSON value"
	}
	for i, kind := range kinds {
		switch {
		case kind == "array" && s.Items != nil:
			kinds[i] = "list of " + p.kind(*s.Items)
		case kind == "string" && s.Format == "date-time":
			kinds[i] = "time"
		}
	}
	return strings.Join(kinds, " or ")
}

func (p *page) named(name string) string {
	return fmt.Sprintf("[%s](#%s)", name, strings.ToLower(name))
}

// bounds are a value's limits and default, where its words do not tell them.
func (p *page) bounds(s schema) string {
	var b []string
	between := func(low, high, of string) {
		switch {
		case low != "" && high != "":
			b = append(b, low+" to "+high+of)
		case low != "" && low != "0" && low != "1":
			b = append(b, "at least "+low+of)
		case high != "":
			b = append(b, "at most "+high+of)
		}
	}
	text := func(n *int) string {
		if n == nil {
			return ""
		}
		return fmt.Sprint(*n)
	}
	number := func(n *json.Number) string {
		if n == nil {
			return ""
		}
		return n.String()
	}
	between(number(s.Minimum), number(s.Maximum), "")
	between(text(s.MinLength), text(s.MaxLength), " characters")
	between(text(s.MinItems), text(s.MaxItems), " items")
	if s.Default != nil && !strings.Contains(s.Description, "Default") {
		b = append(b, fmt.Sprintf("default %v", s.Default))
	}
	if len(b) == 0 {
		return ""
	}
	return " (" + strings.Join(b, "; ") + ")"
}

func values(all []any) string {
	var texts []string
	for _, v := range all {
		if v == nil {
			texts = append(texts, "null")
		} else {
			texts = append(texts, fmt.Sprintf("`%v`", v))
		}
	}
	return strings.Join(texts, ", ")
}

// cell is a text as a table can have it.
func cell(text string) string {
	return strings.TrimSpace(strings.NewReplacer("\n", " ", "|", `\|`).Replace(text))
}

func anchor(title string) string { return strings.ReplaceAll(strings.ToLower(title), " ", "-") }
