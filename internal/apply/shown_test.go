package apply

import (
	"errors"
	"strings"
	"testing"

	"github.com/billhook/billhook"
	"github.com/billhook/billhook/client"
)

// TestNothingConfidentialIsShown looks for secrets in all that a plan and its errors say.
func TestNothingConfidentialIsShown(t *testing.T) {
	w := worldWithEverything(t)
	w.apply(everything)
	w.env["TOKEN"], w.env["URL"] = "token-the-second", "https://one.example.com/path-token"
	changed := strings.NewReplacer("a-secret-of-ours", "other-secret", "X-Plain: here", "X-Plain: was-plain", "https://one.example.com/hook", "${URL}").Replace(everything)
	w.write("webhooks.yaml", changed)
	p, err := w.plan()
	if err != nil {
		t.Fatal(err)
	}
	var said strings.Builder
	if err := p.Print(&said); err != nil {
		t.Fatal(err)
	}
	if err := p.PrintJSON(&said); err != nil {
		t.Fatal(err)
	}
	for _, hidden := range []string{"a-secret-of-ours", "other-secret", "token-", "was-plain", "here\"", "path-token", "BEGIN"} {
		if strings.Contains(said.String(), hidden) {
			t.Errorf("%q is shown:\n%s", hidden, said.String())
		}
	}
	for _, told := range []string{"secret", "headers.X-Token", "headers.X-Plain", "url"} {
		if !strings.Contains(said.String(), told) {
			t.Errorf("%q is not told:\n%s", told, said.String())
		}
	}
}

// TestNamesOfTheEnvironment: what a name or a URL has of it is not shown either.
func TestNamesOfTheEnvironment(t *testing.T) {
	w := newWorld(t)
	w.env["TOKEN"] = "token-of-the-environment"
	want(t, w.apply(`[{name: "ERP ${TOKEN}", url: "https://a.example.com/", events: ["*"]}]`), `create webhook "ERP ${TOKEN}"`)
	want(t, w.apply(`[{name: "ERP ${TOKEN}", url: "https://b.example.com/", events: ["*"]}]`), `update webhook "ERP ${TOKEN}"`)
	want(t, w.again())
	w.write("webhooks.yaml", `[{url: "https://a.example.com/${TOKEN}", events: ["*"]}, {url: "https://a.example.com/${TOKEN}", events: ["*"]}]`)
	if _, err := w.plan(); err == nil || strings.Contains(err.Error(), "token-") || !strings.Contains(err.Error(), "https://a.example.com/${TOKEN}") {
		t.Errorf("declared twice: %v", err)
	}
}

// TestErrorsAreRedacted: what the API repeats of a confidential value is not shown.
func TestErrorsAreRedacted(t *testing.T) {
	w := newWorld(t)
	w.env["HOST"] = "path-token.invalid-host"
	w.write("webhooks.yaml", "- {name: a, url: 'ftp://${HOST}/', events: ['*'], secret: a-secret-of-ours}")
	p, err := w.plan()
	if err != nil {
		t.Fatal(err)
	}
	s := p.Steps[0]
	for _, repeated := range []string{"ftp://path-token.invalid-host/ is not", "a-secret-of-ours is too short", "there is no host path-token.invalid-host"} {
		told := s.problem(&client.Error{Status: 422, Detail: repeated, Hint: repeated, Errors: []client.ErrorDetail{{Detail: repeated}}})
		var e *client.Error
		if !errors.As(told, &e) {
			t.Fatal(told)
		}
		if said := told.Error() + e.Hint + e.Errors[0].Detail; strings.Contains(said, "path-token") || strings.Contains(said, "secret-of-ours") || strings.Count(said, notShown) != 3 {
			t.Errorf("%s", said)
		}
	}
}

// TestTerminal: what others have named a webhook moves no cursor.
func TestTerminal(t *testing.T) {
	w := newWorld(t)
	const name = "a\u009b2J\u202e"
	if _, err := w.client.Register(t.Context(), billhook.Registration{StoreID: "default", ID: "one", URL: "https://a.example.com/", Events: []string{"*"}, Name: name, Description: name}); err != nil {
		t.Fatal(err)
	}
	w.options.PruneAll = true
	w.write("webhooks.yaml", "- {id: one, url: https://a.example.com/, events: ['*'], description: x}")
	p, err := w.plan()
	if err != nil {
		t.Fatal(err)
	}
	var said strings.Builder
	if err := p.Print(&said); err != nil {
		t.Fatal(err)
	}
	if strings.ContainsAny(said.String(), "\u009b\u202e") || !strings.Contains(said.String(), "description") {
		t.Errorf("%q", said.String())
	}
}
