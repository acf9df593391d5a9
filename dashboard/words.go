package dashboard

import (
	"embed"
	"encoding/json"
	"fmt"
	"path"
	"strings"

	"golang.org/x/text/language"
	"golang.org/x/text/message"
)

//go:embed strings
var stringFiles embed.FS

// words are the strings of each language, by key: the name of a file, which is an
// area of pages, ".", and the name of a string in it.
type words map[string]map[string]string

// mustLoadWords reads strings/{language}/{area}.json, which are in the program.
func mustLoadWords() words {
	w := words{}
	for _, lang := range languages {
		w[lang] = map[string]string{}
		files, err := stringFiles.ReadDir("strings/" + lang)
		if err != nil {
			panic(err)
		}
		for _, file := range files {
			name := "strings/" + lang + "/" + file.Name()
			text, err := stringFiles.ReadFile(name)
			if err != nil {
				panic(err)
			}
			var area map[string]string
			if err := json.Unmarshal(text, &area); err != nil {
				panic(fmt.Errorf("%s: %w", name, err))
			}
			prefix := strings.TrimSuffix(path.Base(file.Name()), ".json") + "."
			for key, value := range area {
				w[lang][prefix+key] = value
			}
		}
	}
	return w
}

// has reports whether there is such a string.
func (w words) has(key string) bool {
	_, ok := w[languages[0]][key]
	return ok
}

// text is a string with {0}, {1} replaced. Numbers are written as the language does.
// A key that is missing, which a test does not let pass, is shown as it is.
func (w words) text(lang, key string, args ...any) string {
	text, ok := w[lang][key]
	if !ok {
		return key
	}
	if len(args) == 0 {
		return text
	}
	var pairs []string
	for i, arg := range args {
		pairs = append(pairs, fmt.Sprintf("{%d}", i), inLanguage(lang, arg))
	}
	return strings.NewReplacer(pairs...).Replace(text)
}

// plural is the string key.one or key.other, with {0} replaced by n. English and
// German have no other forms.
func (w words) plural(lang, key string, n int, args ...any) string {
	form := ".other"
	if n == 1 {
		form = ".one"
	}
	return w.text(lang, key+form, append([]any{n}, args...)...)
}

// label is the string of a value, key.value, or the value itself where there is
// none: a newer node may have written one that this one does not know.
func (w words) label(lang, key string, value any) string {
	full := key + "." + fmt.Sprint(value)
	if !w.has(full) {
		return fmt.Sprint(value)
	}
	return w.text(lang, full)
}

var tags = map[string]language.Tag{"en": language.English, "de": language.German}

// inLanguage writes numbers with the language's separators, and all else as it is.
func inLanguage(lang string, arg any) string {
	switch arg.(type) {
	case int, int64, uint64, float64:
		return message.NewPrinter(tags[lang]).Sprint(arg)
	}
	return fmt.Sprint(arg)
}

// isDone reports whether a key is one of those that say what was done, area.done.what.
func isDone(key string) bool {
	parts := strings.Split(key, ".")
	return len(parts) == 3 && parts[1] == "done"
}
