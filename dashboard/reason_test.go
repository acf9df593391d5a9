package dashboard

import (
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/billhook/billhook"
)

// TestReasonStrings: the English strings are the engine's own sentences, and German has
// each of them, in other words.
func TestReasonStrings(t *testing.T) {
	w := mustLoadWords()
	codes := billhook.ReasonCodes()
	if len(codes) < 100 {
		t.Fatalf("there are only %d sentences", len(codes))
	}
	for code, english := range codes {
		key := "reason." + code
		if w["en"][key] != english {
			t.Errorf("%s is %q, and the engine says %q", key, w["en"][key], english)
		}
		if german := w["de"][key]; german == "" || german == english {
			t.Errorf("%s is %q in German", key, german)
		}
	}
}

// TestTold: a reason is in the viewer's language with what it holds, and one that nobody
// knows is shown as it is, and said to be English.
func TestTold(t *testing.T) {
	p, _ := newTestPage(t, "/")
	for text, want := range map[string]string{
		"your shop answered 301 to https://new.example: redirects are not followed; register the new address":             "Ihr Shop hat mit 301 auf https://new.example verwiesen: Umleitungen wird nicht gefolgt; tragen Sie die neue Adresse ein",
		"3 attempts in 6.5 s, the last: no answer in 2.5 s: your shop has to answer first, and to do the work after that": "3 Versuche über 6,5 s, zuletzt: keine Antwort in 2,5 s: Ihr Shop muss zuerst antworten und erst danach arbeiten",
		"your shop's certificate expired 3 days ago, on 1 Mar 2026: renew it":                                             "Das Zertifikat Ihres Shops ist am 01.03.2026 abgelaufen, das ist 3 Tage her: Erneuern Sie es",
		"your shop asks for fewer requests (429) until 5 Mar 2026 00:03 UTC":                                              "Ihr Shop bittet um weniger Anfragen (429), bis 05.03.2026 00:03 UTC",
		"your shop asks for fewer requests (429) until 15:04:05 UTC":                                                      "Ihr Shop bittet um weniger Anfragen (429), bis 15:04:05 UTC",
		"nothing but failures for 2h0m0s; the last: it is too warm":                                                       "2 h lang nichts als Fehlschläge; zuletzt: it is too warm",
		`"10.0.0.1" cannot receive webhooks: the store has blocked the address`:                                           `"10.0.0.1" kann keine Webhooks empfangen: Der Shop hat die Adresse gesperrt`,
	} {
		for lang, want := range map[string]string{"en": text, "de": want} {
			p.language = lang
			if got := p.Told(text); got.Text != want || got.Lang != "" {
				t.Errorf("%s: %+v, not %q", lang, got, want)
			}
		}
	}
	p.language = "de"
	for _, unknown := range []string{"of a newer node", ""} {
		if got := p.Told(unknown); got.Text != unknown || got.Lang != "en" {
			t.Errorf("%+v", got)
		}
	}
}

// TestFormFields: every member that a form of a template marks is one of the fields, so
// that what is wrong with it is told beside it.
func TestFormFields(t *testing.T) {
	marked := regexp.MustCompile(`Problem\.(?:Mark|At) "([^"]+)"`)
	found := map[string]bool{}
	for name, text := range templateTexts(t) {
		for _, m := range marked.FindAllStringSubmatch(text, -1) {
			if field, part := fieldOf(m[1]); field == nil || part != "" {
				t.Errorf("%s marks %s, which is no field", name, m[1])
			}
			found[m[1]] = true
		}
	}
	if len(found) < 25 {
		t.Errorf("only %d members are marked", len(found))
	}
	if field, part := fieldOf("/headers/X-A~1B"); field == nil || field.id != "headers" || part != "X-A/B" {
		t.Errorf("%+v, %q", field, part)
	}
	if field, _ := fieldOf("/urls"); field != nil {
		t.Errorf("/urls is %+v", field)
	}
}

// TestFormsInGerman: what is wrong with a form stands beside its field, in German, and no
// page says a pointer of the API.
func TestFormsInGerman(t *testing.T) {
	f := newFixture(t)
	hook := f.webhook("mine", "http://127.0.0.1:1/")
	b := f.signedIn(rootSecret)
	b.cookies[languageCookie] = "de"
	good := map[string]string{"url": "http://127.0.0.1:1/", "events": "*", "active": "on"}
	settings := map[string]string{"name": "Mine", "profile": "standard", "validation": "off"}
	for _, test := range []struct {
		path  string
		form  map[string]string
		name  string
		value string
		field string
		// english: a compiler's words are among it.
		english bool
	}{
		{"webhooks", good, "url", "ftp://x", "url", false},
		{"webhooks", good, "url", "https://127.1/", "url", false},
		{"webhooks", good, "url", "http://u:p@shop.example/", "url", false},
		{"webhooks", good, "url", "", "url", false},
		{"webhooks", good, "events", "", "other-events", false},
		{"webhooks", good, "otherEvents", "a*b", "other-events", false},
		{"webhooks", good, "secret", "short", "secret", false},
		{"webhooks", good, "filter", "data.total >", "filter", true},
		{"webhooks", good, "retry", "never", "retry", false},
		{"webhooks", good, "headers", "no colon", "headers", false},
		{"webhooks", good, "headers", "Host: evil", "headers", false},
		{"webhooks", good, "name", strings.Repeat("n", 201), "name", false},
		{"webhooks", good, "description", strings.Repeat("n", 2001), "description", false},
		{"webhooks/" + hook.ID + "/rotate", map[string]string{"overlap": "60"}, "secret", "short", "secret", false},
		{"webhooks/" + hook.ID + "/rotate", nil, "overlap", "x", "overlap", false},
		{"webhooks/" + hook.ID + "/missed", map[string]string{"kind": "recover"}, "since", "soon", "since", false},
		{"webhooks/" + hook.ID + "/missed", map[string]string{"since": "2026-01-02T00:00"}, "until", "2026-01-01T00:00", "until", false},
		{"settings", settings, "name", strings.Repeat("n", 201), "name", false},
		{"settings", settings, "profile", "none", "profile", false},
		{"settings", settings, "validation", "perhaps", "validation", false},
		{"settings", settings, "ratePerSecond", "fast", "ratePerSecond", false},
		{"settings", settings, "ratePerSecond", "-1", "ratePerSecond", false},
		{"settings", settings, "concurrency", "1.5", "concurrency", false},
		{"settings", settings, "deactivateAfterSeconds", "1", "deactivateAfterSeconds", false},
		{"settings", settings, "payloadDays", "-1", "payloadDays", false},
		{"settings", settings, "auditDays", "x", "auditDays", false},
		{"settings", settings, "only", "not an address!", "only", false},
		{"settings", settings, "deny", "not an address!", "deny", false},
		{"settings", settings, "retry", "never", "retry", false},
		{"settings", map[string]string{"name": "Mine", "profile": "standard", "retry": "own", "backoffMultiplier": "2", "initialDelay": "1", "maxDelay": "2"}, "maxAttempts", "101", "maxAttempts", false},
		{"settings", map[string]string{"name": "Mine", "profile": "standard", "retry": "own", "maxAttempts": "3", "initialDelay": "1", "maxDelay": "2"}, "backoffMultiplier", "0.5", "backoffMultiplier", false},
		{"settings", map[string]string{"name": "Mine", "profile": "standard", "retry": "own", "maxAttempts": "3", "backoffMultiplier": "2", "maxDelay": "2"}, "initialDelay", "soon", "initialDelay", false},
		{"settings", settings, "ports", "99999", "ports", false},
		{"keys", map[string]string{"permissions": "events:emit", "days": "90"}, "name", "", "name", false},
		{"keys", map[string]string{"name": "x", "days": "90"}, "permissions", "", "permissions", false},
		{"keys", map[string]string{"name": "x", "permissions": "events:emit"}, "days", "0", "days", false},
		{"delete", nil, "id", "theirs", "id", false},
		{"/stores", map[string]string{"id": "fresh"}, "profile", "none", "profile", false},
		{"/stores", nil, "id", "mine", "id", false},
	} {
		form := map[string]string{test.name: test.value}
		for name, value := range test.form {
			if name != test.name && (name != "events" || test.name != "otherEvents") {
				form[name] = value
			}
		}
		var pairs []string
		for name, value := range form {
			if value != "" {
				pairs = append(pairs, name, value)
			}
		}
		path := test.path
		if path[0] != '/' {
			path = "/stores/mine/" + path
		}
		w := b.post(path, pairs...)
		body := w.Body.String()
		at := fmt.Sprintf("%s with %s=%.40q", test.path, test.name, test.value)
		if w.Code != http.StatusUnprocessableEntity && w.Code != http.StatusConflict {
			t.Errorf("%s: %d", at, w.Code)
			continue
		}
		for _, want := range []string{
			`id="` + test.field + `-wrong"`, `href="#` + test.field + `"`, ` id="` + test.field + `"`, test.field + `-wrong"`,
		} {
			if !strings.Contains(body, want) {
				t.Errorf("%s: the page lacks %s", at, want)
			}
		}
		alert := within(body, `role="alert"`, `</div>`) + within(body, `-wrong">`, `</p>`)
		if strings.Contains(alert, `lang="en"`) != test.english || strings.Contains(alert, ">/") {
			t.Errorf("%s: %s", at, alert)
		}
	}
}

// within is what stands between two texts, "" where they are not there.
func within(text, from, to string) string {
	_, rest, _ := strings.Cut(text, from)
	found, _, _ := strings.Cut(rest, to)
	return found
}

// templateTexts are the sources of the templates, by name.
func templateTexts(t *testing.T) map[string]string {
	t.Helper()
	all := map[string]string{}
	for _, folder := range []string{"templates/pages", "templates/parts"} {
		files, err := templateFiles.ReadDir(folder)
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			text, err := templateFiles.ReadFile(folder + "/" + file.Name())
			if err != nil {
				t.Fatal(err)
			}
			all[file.Name()] = string(text)
		}
	}
	return all
}
