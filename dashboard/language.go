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

// languageOf is the language that was chosen, else the one that is preferred, each a
// tag or "", else what the browser asks for.
func languageOf(r *http.Request, chosen, preferred string) string {
	for _, tag := range []string{chosen, preferred} {
		if wanted, err := language.Parse(tag); err == nil {
			if _, i, sure := matcher.Match(wanted); sure != language.No {
				return languages[i]
			}
		}
	}
	wanted, _, err := language.ParseAcceptLanguage(r.Header.Get("Accept-Language"))
	if err != nil {
		return languages[0]
	}
	_, i, _ := matcher.Match(wanted...)
	return languages[i]
}

// themeOf is the theme that the viewer chose, else the one that is preferred, if any.
func themeOf(r *http.Request, preferred string) string {
	for _, theme := range []string{cookie(r, themeCookie), preferred} {
		if isTheme(theme) {
			return theme
		}
	}
	return ""
}

// cookie is the value of a cookie, "" where there is none.
func cookie(r *http.Request, name string) string {
	c, err := r.Cookie(name)
	if err != nil {
		return ""
	}
	return c.Value
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
