package dashboard

import (
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/billhook/billhook"
)

// only is the store's one webhook.
func (f *fixture) only(store string) billhook.Webhook {
	f.t.Helper()
	list, err := f.client.List(f.t.Context(), store, "", 10)
	if err != nil || len(list) != 1 {
		f.t.Fatalf("%d webhooks: %v", len(list), err)
	}
	return list[0]
}

// TestCreateWebhook: what the form says is what is made, and its secret is on the page
// that answers, and on no other.
func TestCreateWebhook(t *testing.T) {
	f := newFixture(t)
	b := f.signedIn(f.key("mine", billhook.PermissionWebhooksManage))
	w := b.post("/stores/mine/webhooks", "url", " http://127.0.0.1:1/hook ", "events", "order.*", "events", "order.paid", "otherEvents", "a.b, c.d",
		"name", "Shop", "description", "one\r\ntwo", "filter", "data.total > 1", "retry", "five", "headers", "X-A: 1\r\n\r\nx-b:2\r\n", "active", "yes")
	if w.Code != http.StatusOK {
		t.Fatalf("%d\n%s", w.Code, w.Body)
	}
	made := f.only("mine")
	if made.URL != "http://127.0.0.1:1/hook" || made.Name != "Shop" || made.Description != "one\ntwo" || made.Filter != "data.total > 1" || !made.IsActive {
		t.Errorf("%+v", made)
	}
	if !slices.Equal(made.Events, []string{"order.*", "a.b", "c.d"}) {
		t.Errorf("events %v", made.Events)
	}
	if made.RetryPolicy == nil || made.RetryPolicy.MaxAttempts != 6 {
		t.Errorf("policy %+v", made.RetryPolicy)
	}
	if len(made.Headers) != 2 || made.Headers["X-A"] != "1" || made.Headers["x-b"] != "2" {
		t.Errorf("headers %v", made.Headers)
	}
	secret := made.Secrets[0].Value
	if !strings.Contains(w.Body.String(), strings.ReplaceAll(secret, "+", "&#43;")) {
		t.Error("the answer does not have the secret")
	}
	for _, path := range []string{"", "/edit", "/receiver", "/rotate", "/test"} {
		page := b.get("/stores/mine/webhooks/" + made.ID + path)
		if page.Code != http.StatusOK || strings.Contains(page.Body.String(), secret[10:20]) {
			t.Errorf("%s: %d, or the secret is in it", path, page.Code)
		}
		if strings.Contains(page.Body.String(), ">2<") && path == "/edit" {
			t.Error("the value of a header is shown")
		}
	}
}

// TestCreateWebhookRefused: each thing that is wrong is told, nothing is made, and what
// was typed is there again, but for the secret.
func TestCreateWebhookRefused(t *testing.T) {
	f := newFixture(t)
	b := f.signedIn(rootSecret)
	good := []string{"url", "http://127.0.0.1:1/", "events", "*", "name", "typed-name"}
	for _, test := range []struct{ member, value, want string }{
		{"url", "ftp://x", "Has the scheme"},
		{"url", "", "Is missing"},
		{"events", "", "Names no event type"},
		{"otherEvents", "a*b", "neither an event type nor a pattern"},
		{"secret", "hush-hush", "shorter than 10"},
		{"filter", "data.total >", "line 1"},
		{"retry", "never", "none of those"},
		{"headers", "no colon", "colon"},
		{"headers", "X-A: 1\nX-A: 2", "twice"},
		{"headers", "Host: evil", "only Billhook sets"},
		{"headers", "X-A: ***", "there is no such header yet"},
		{"name", strings.Repeat("n", 201), "longer than 200"},
	} {
		form := url.Values{}
		for i := 0; i < len(good); i += 2 {
			form.Set(good[i], good[i+1])
		}
		form.Set(test.member, test.value)
		if test.value == "" || test.member == "otherEvents" {
			form.Del("events")
		}
		if test.member == "url" {
			form.Set("events", "*")
		}
		var pairs []string
		for name, values := range form {
			pairs = append(pairs, name, values[0])
		}
		w := b.post("/stores/mine/webhooks", pairs...)
		body := w.Body.String()
		if w.Code != http.StatusUnprocessableEntity || !strings.Contains(body, test.want) {
			t.Errorf("%s=%q: %d, and not %q", test.member, test.value, w.Code, test.want)
		}
		if test.member != "name" && !strings.Contains(body, `value="typed-name"`) {
			t.Errorf("%s=%q: what was typed is lost", test.member, test.value)
		}
		if strings.Contains(body, "hush-hush") {
			t.Error("a secret is on the page")
		}
	}
	if list, err := f.client.List(t.Context(), "mine", "", 10); err != nil || len(list) != 0 {
		t.Errorf("%d webhooks: %v", len(list), err)
	}
}

// TestEditWebhook: the form as it is shown changes nothing, and what it changes is all
// that it changes.
func TestEditWebhook(t *testing.T) {
	f := newFixture(t)
	made, err := f.client.Register(t.Context(), billhook.Registration{
		StoreID: "mine", URL: "http://127.0.0.1:1/", Events: []string{"order.paid", "own.thing"}, Headers: map[string]string{"X-Key": "confidential"},
	})
	if err != nil {
		t.Fatal(err)
	}
	path := "/stores/mine/webhooks/" + made.ID + "/edit"
	b := f.signedIn(rootSecret)
	body := b.get(path).Body.String()
	if strings.Contains(body, "confidential") || !strings.Contains(body, "X-Key: ***") || !strings.Contains(body, `value="own.thing"`) {
		t.Errorf("the form:\n%s", body)
	}
	as := []string{"url", made.URL, "events", "order.paid", "otherEvents", "own.thing", "headers", "X-Key: ***", "retry", ""}
	if w := b.post(path, as...); w.Code != http.StatusSeeOther {
		t.Fatalf("%d\n%s", w.Code, w.Body)
	}
	same := f.only("mine")
	if !slices.Equal(same.Events, made.Events) || same.Headers["X-Key"] != "confidential" || same.RetryPolicy != nil || !same.IsActive || same.Secrets[0] != made.Secrets[0] {
		t.Errorf("it is another: %+v", same)
	}
	if w := b.post(path, append(as, "name", "New")...); w.Code != http.StatusSeeOther {
		t.Fatalf("%d\n%s", w.Code, w.Body)
	}
	if w := b.post(path, "url", "nonsense", "events", "*"); w.Code != http.StatusUnprocessableEntity {
		t.Errorf("%d", w.Code)
	}
	if now := f.only("mine"); now.Name != "New" || now.URL != made.URL || now.Headers["X-Key"] != "confidential" {
		t.Errorf("%+v", now)
	}
}

// TestPickedEvents: what the picker hides counts for nothing.
func TestPickedEvents(t *testing.T) {
	for _, test := range []struct {
		events []string
		other  string
		want   string
	}{
		{nil, "", ""},
		{[]string{"a.b"}, " c.d,e.f  g.h ", "a.b c.d e.f g.h"},
		{[]string{"a.b", "*"}, "c.d", "*"},
		{[]string{"a.*", "a.b", "b.c"}, "a.d.*", "a.* b.c"},
		{[]string{"a.b"}, "a.b", "a.b"},
	} {
		got := strings.Join(pickedEvents(url.Values{"events": test.events, "otherEvents": {test.other}}), " ")
		if got != test.want {
			t.Errorf("%v %q: %q, not %q", test.events, test.other, got, test.want)
		}
	}
}

// TestCheckAsTyped: the verdict of the Client's own checks.
func TestCheckAsTyped(t *testing.T) {
	f := newFixture(t)
	b := f.signedIn(f.key("mine", billhook.PermissionWebhooksManage))
	b.header[fragmentHeader] = "1"
	for query, want := range map[string]string{
		"url=http%3A%2F%2F127.0.0.1%3A1%2F": "verdict-good", "url=ftp%3A%2F%2Fx": "verdict-bad",
		"filter=data.x+%3E+1": "verdict-good", "filter=data.x+%3E": "verdict-bad", "": "",
	} {
		w := b.get("/stores/mine/webhooks/+check?" + query)
		verdict := regexp.MustCompile(`verdict-\w+`).FindString(w.Body.String())
		if w.Code != http.StatusOK || verdict != want {
			t.Errorf("%s: %d %q, not %q", query, w.Code, verdict, want)
		}
	}
}

// TestFailingFirst: webhooks that Billhook has made inactive stand before those that
// work, and those that were switched off behind.
func TestFailingFirst(t *testing.T) {
	rows := []webhookRow{
		{Webhook: billhook.Webhook{ID: "off"}},
		{Webhook: billhook.Webhook{ID: "works", IsActive: true}},
		{Webhook: billhook.Webhook{ID: "gone", WebhookSettings: billhook.WebhookSettings{InactiveReason: "410"}}},
		{Webhook: billhook.Webhook{ID: "fails", IsActive: true}, Health: billhook.Health{FailingSince: time.Now()}},
	}
	slices.SortStableFunc(rows, func(a, b webhookRow) int { return a.urgency() - b.urgency() })
	var order []string
	for _, r := range rows {
		order = append(order, r.ID)
	}
	if got := strings.Join(order, " "); got != "fails gone works off" {
		t.Error(got)
	}
}

// TestRateIsNeverRoundedUp: 100 % is said of what never failed alone.
func TestRateIsNeverRoundedUp(t *testing.T) {
	p := newFixture(t).aPage()
	for want, w := range map[string]billhook.HealthWindow{
		"": {}, "100 %": {Attempts: 3, Successes: 3}, "99.9 %": {Attempts: 100_000, Successes: 99_999}, "0 %": {Attempts: 2},
	} {
		if got := p.Rate(w); got != want {
			t.Errorf("%+v: %q, not %q", w, got, want)
		}
	}
}

// aPage is a page in English, for its methods.
func (f *fixture) aPage() *page {
	return &page{server: f.handler.(*server), viewer: viewer{language: "en"}}
}

// TestRotateAndReveal: the new secret is in the answer, the old one signs on, and both
// are for those who manage webhooks alone.
func TestRotateAndReveal(t *testing.T) {
	f := newFixture(t)
	made := f.webhook("mine", "http://127.0.0.1:1/")
	b := f.signedIn(f.key("mine", billhook.PermissionWebhooksManage))
	path := "/stores/mine/webhooks/" + made.ID
	if w := b.post(path+"/rotate", "overlap", "3600", "secret", "my-own-secret-0123"); w.Code != http.StatusOK || !strings.Contains(w.Body.String(), "my-own-secret-0123") {
		t.Fatalf("%d\n%s", w.Code, w.Body)
	}
	if now := f.only("mine"); len(now.Secrets) != 2 || now.Secrets[1].Value != made.Secrets[0].Value {
		t.Errorf("%d secrets", len(now.Secrets))
	}
	if w := b.post(path + "/secret"); w.Code != http.StatusOK || !strings.Contains(w.Body.String(), "my-own-secret-0123") {
		t.Errorf("%d", w.Code)
	}
	for _, overlap := range []string{"", "soon", "-1", "99999999"} {
		if w := b.post(path+"/rotate", "overlap", overlap); w.Code != http.StatusUnprocessableEntity {
			t.Errorf("overlap %q: %d", overlap, w.Code)
		}
	}
	if !strings.Contains(b.get(path).Body.String(), "The old secret signs too until") {
		t.Error("the page does not tell of the old secret")
	}
	reader := f.signedIn(f.key("mine", billhook.PermissionWebhooksRead))
	if body := reader.get(path).Body.String(); strings.Contains(body, "/secret") || strings.Contains(body, "<form method=\"post\" action=\"/stores/mine") {
		t.Error("who may only read is offered more")
	}
}

// TestActivation: with its reason in words, and what was held.
func TestActivation(t *testing.T) {
	f := newFixture(t)
	made := f.webhook("mine", "http://127.0.0.1:1/")
	hold := billhook.InactiveHold
	if _, err := f.client.Update(t.Context(), "mine", made.ID, billhook.WebhookChange{WhenInactive: &hold}); err != nil {
		t.Fatal(err)
	}
	b := f.signedIn(rootSecret)
	path := "/stores/mine/webhooks/" + made.ID
	if w := b.post(path + "/deactivate"); w.Header().Get("Location") != path+"?done=webhooks.done.deactivated" {
		t.Fatalf("%d %v", w.Code, w.Header())
	}
	if _, err := f.client.Emit(t.Context(), billhook.Emission{StoreID: "mine", Type: "a.b", Data: []byte(`{}`)}); err != nil {
		t.Fatal(err)
	}
	if body := b.get(path).Body.String(); !strings.Contains(body, "This webhook is not active.") || !strings.Contains(body, "1 delivery is held.") {
		t.Errorf("%s", body)
	}
	if w := b.post(path + "/test"); w.Code != http.StatusConflict {
		t.Errorf("a test of an inactive webhook: %d", w.Code)
	}
	if w := b.post(path+"/activate", "held", "drop"); w.Code != http.StatusSeeOther {
		t.Fatalf("%d\n%s", w.Code, w.Body)
	}
	if now := f.only("mine"); !now.IsActive || now.Release == nil || now.Release.Action != billhook.ReleaseDrop {
		t.Errorf("%+v", now.Release)
	}
}

// TestMissed: counted first, started once however often it is sent, and only what is
// the webhook's is shown.
func TestMissed(t *testing.T) {
	f := newFixture(t)
	if _, err := f.client.Emit(t.Context(), billhook.Emission{StoreID: "mine", Type: "a.b", Data: []byte(`{}`)}); err != nil {
		t.Fatal(err)
	}
	w := f.webhook("mine", "http://127.0.0.1:1/")
	f.webhook("mine", "http://127.0.0.1:1/other")
	b := f.signedIn(f.key("mine", billhook.PermissionDeliveriesRetry))
	path := "/stores/mine/webhooks/" + w.ID + "/missed"
	body := b.get(path + "?kind=replay&since=2026-01-01T00:00").Body.String()
	if !strings.Contains(body, "1 delivery would be sent.") {
		t.Fatalf("it does not count:\n%s", body)
	}
	if strings.Contains(body, "127.0.0.1:1") {
		t.Error("who may not see webhooks sees its URL")
	}
	key := regexp.MustCompile(`name="key" value="(\w+)"`).FindStringSubmatch(body)
	if key == nil {
		t.Fatal("the form has no key")
	}
	form := []string{"kind", "replay", "since", "2026-01-01T00:00", "key", key[1], "of", "1"}
	first, second := b.post(path, form...).Header().Get("Location"), b.post(path, form...).Header().Get("Location")
	if first == "" || first != second || !strings.Contains(first, "of=1") {
		t.Errorf("it leads to %q, then to %q", first, second)
	}
	started, _, _ := strings.Cut(first, "?")
	if page := b.get(first); page.Code != http.StatusOK || !strings.Contains(page.Body.String(), `<progress id="bar" max="1" value="0">`) {
		t.Errorf("%d\n%s", page.Code, page.Body)
	}
	if page := b.post(started + "/cancel"); page.Code != http.StatusSeeOther {
		t.Errorf("cancel: %d", page.Code)
	}
	if page := b.get(started); !strings.Contains(page.Body.String(), "Cancelled") || strings.Contains(page.Body.String(), "data-refresh") {
		t.Errorf("%s", page.Body)
	}
	for _, query := range []string{"since=yesterday", "since=2026-02-01T00:00&until=2026-01-01T00:00", "kind=replay&since=2026-01-01T00:00&otherEvents=a*b"} {
		if page := b.get(path + "?" + query); page.Code != http.StatusUnprocessableEntity {
			t.Errorf("%s: %d", query, page.Code)
		}
	}
}

// TestChart: each part is in proportion, and what is there is seen.
func TestChart(t *testing.T) {
	days := []ledgerDay{
		{},
		{LedgerDay: billhook.LedgerDay{Matched: 1000, Delivered: 999, Dead: 1}},
		{LedgerDay: billhook.LedgerDay{Matched: 500, Pending: 500}},
	}
	c := newChart(days)
	if c.Max != 1000 || len(c.Bars) != 3 || len(c.Bars[0].Parts) != 0 || len(c.Bars[1].Parts) != 2 {
		t.Fatalf("%+v", c)
	}
	if failed := c.Bars[1].Parts[1]; failed.Kind != "failed" || failed.Height < 1 || failed.Y < 0 {
		t.Errorf("%+v", failed)
	}
	if half := c.Bars[2].Parts[0]; half.Kind != "waiting" || half.Height*2 != chartHeight-8 {
		t.Errorf("%+v", half)
	}
}
