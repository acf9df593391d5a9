package dashboard

import (
	"embed"
	"html/template"
	"io/fs"
	"path"
	"strings"
	"time"
)

//go:embed templates
var templateFiles embed.FS

// templates are the pages' templates, by language and name: words differ, and t
// knows its own.
type templates map[string]map[string]*template.Template

// mustParseTemplates parses templates/frame.html and templates/parts, which all pages
// have, with each of templates/pages.
func mustParseTemplates(w words, asset func(name string) string) templates {
	pages, err := fs.Glob(templateFiles, "templates/pages/*.html")
	if err != nil {
		panic(err)
	}
	all := templates{}
	for _, lang := range languages {
		common := template.Must(template.New("").Funcs(functions(w, lang, asset)).ParseFS(templateFiles, "templates/frame.html", "templates/parts/*.html"))
		all[lang] = map[string]*template.Template{}
		for _, file := range pages {
			page := template.Must(common.Clone())
			all[lang][strings.TrimSuffix(path.Base(file), ".html")] = template.Must(page.ParseFS(templateFiles, file))
		}
	}
	return all
}

// functions are what templates have beside the methods of the page.
func functions(w words, lang string, asset func(name string) string) template.FuncMap {
	return template.FuncMap{
		// t "area.key" arg… is a string of ours, and n "area.key" number arg… one that
		// counts: area.key.one or area.key.other.
		"t": func(key string, args ...any) string { return w.text(lang, key, args...) },
		"n": func(key string, n int, args ...any) string { return w.plural(lang, key, n, args...) },
		// label "area.key" value is the string area.key.value.
		"label": func(key string, value any) string { return w.label(lang, key, value) },
		// number writes a number with the language's separators.
		"number": func(n any) string { return inLanguage(lang, n) },
		// asset is the address of a file of assets/.
		"asset": asset,
		// badge kind word is for {{template "badge" …}}; kinds are in its template.
		"badge": func(kind, word string) badge { return badge{kind, word} },
		// outside and blockOf are for {{template "outside" …}} and "outside-block".
		"outside": func(text string) outside { return outsideLine(text) },
		"blockOf": func(text, rawURL string) outside { return outsideBlock(text, rawURL) },
		// iso and utc are for {{template "time" …}}.
		"iso": func(at time.Time) string { return at.UTC().Format(time.RFC3339Nano) },
		"utc": func(at time.Time) string { return at.UTC().Format("2006-01-02 15:04:05") + " UTC" },
		// languages are those to choose from.
		"languages": func() []string { return languages },
	}
}

// A badge is a state: an icon and a word, so that its colour is no more than help.
type badge struct {
	// Kind is "ok", "failed", "waiting", "paused" or "unknown".
	Kind, Word string
}
