package dashboard

import (
	"net/http"
	"slices"
	"time"

	"golang.org/x/text/language"
)

// languages are those that there are strings of; the first is the default.
var languages = []string{"en", "de"}

const (
	languageCookie = "billhook-language"
	themeCookie    = "billhook-theme"
	preferenceLife = 365 * 24 * time.Hour
)

var matcher = language.NewMatcher([]language.Tag{language.English, language.German})

// languageOf is the language that the viewer chose, or what the browser asks for.
func languageOf(r *http.Request) string {
	if c, err := r.Cookie(languageCookie); err == nil && slices.Contains(languages, c.Value) {
		return c.Value
	}
	wanted, _, err := language.ParseAcceptLanguage(r.Header.Get("Accept-Language"))
	if err != nil {
		return languages[0]
	}
	_, i, _ := matcher.Match(wanted...)
	return languages[i]
}

func themeOf(r *http.Request) string {
	if c, err := r.Cookie(themeCookie); err == nil && isTheme(c.Value) {
		return c.Value
	}
	return ""
}

func isTheme(name string) bool { return name == "light" || name == "dark" }

// prefer keeps the language and the theme that the viewer has chosen.
func (p *page) prefer() error {
	if chosen := p.r.PostFormValue("language"); slices.Contains(languages, chosen) {
		p.setCookie(languageCookie, chosen, preferenceLife, false)
	}
	switch chosen := p.r.PostFormValue("theme"); {
	case isTheme(chosen):
		p.setCookie(themeCookie, chosen, preferenceLife, false)
	case chosen == "system":
		p.setCookie(themeCookie, "", -1, false)
	}
	return p.redirect(p.safePath(p.r.PostFormValue("next")), "")
}
