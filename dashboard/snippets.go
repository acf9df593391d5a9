package dashboard

import (
	"embed"
	"strings"
	"text/template"

	"github.com/billhook/billhook/profile"
)

// The snippets that verify a delivery, a file for each language and scheme: hex is
// the header of a platform's own, where it is of that form, standard is Standard Webhooks.
// They take one secret and say how to use them; docs/verify has the whole of it. Tests run
// both on the requests of internal/verifydocs.
//
//go:embed snippets
var snippetFiles embed.FS

// snippetLanguages are those that there are snippets in, in the order in which they
// are shown.
var snippetLanguages = []struct{ name, file string }{
	{"Node", ".mjs"}, {"Go", ".go.txt"}, {"Python", ".py"}, {"PHP", ".php"}, {"Ruby", ".rb"},
	{"Java", ".java"},
}

// A snippet is code that verifies deliveries of one profile.
type snippet struct {
	// ID is for the page that shows it.
	ID, Language, Code string
}

// snippetsOf are the snippets for receivers of a profile.
func snippetsOf(p *profile.Profile) ([]snippet, error) {
	scheme, header := "standard", ""
	if p.Signature != nil && p.Signature.IsPlain() { // every delivery has the others
		scheme, header = "hex", p.Signature.Header
	}
	values := map[string]string{
		"Header": header, "Lower": strings.ToLower(header),
		"CGI": "HTTP_" + strings.ToUpper(strings.ReplaceAll(header, "-", "_")),
	}
	var all []snippet
	for _, in := range snippetLanguages {
		text, err := template.ParseFS(snippetFiles, "snippets/"+scheme+in.file)
		if err != nil {
			return nil, err
		}
		var code strings.Builder
		if err := text.Execute(&code, values); err != nil {
			return nil, err
		}
		all = append(all, snippet{ID: "snippet-" + strings.ToLower(in.name), Language: in.name, Code: code.String()})
	}
	return all, nil
}
