package dashboard

import (
	"fmt"
	"html"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/billhook/billhook"
)

var eventLinks = regexp.MustCompile(`<a href="/stores/mine/events/([^"?]+)"><code>`)

// TestEvents: each field of the form, and all pages.
func TestEvents(t *testing.T) {
	f := newFixture(t)
	emit := func(eventType, entity string) string {
		t.Helper()
		e, err := f.client.Emit(t.Context(), billhook.Emission{StoreID: "mine", Type: eventType, Data: []byte(`{"n":1}`), Entity: billhook.Reference{Type: "order", ID: entity}})
		if err != nil {
			t.Fatal(err)
		}
		return e.ID
	}
	first, other := emit("order.paid", "A-1"), emit("order.lost", "A-2")
	b := f.signedIn(rootSecret)
	list := func(query string) (ids []string, text string) {
		t.Helper()
		w := b.get("/stores/mine/events" + query)
		if w.Code != http.StatusOK {
			t.Fatalf("%s: %d", query, w.Code)
		}
		for _, found := range eventLinks.FindAllStringSubmatch(w.Body.String(), -1) {
			ids = append(ids, found[1])
		}
		return ids, w.Body.String()
	}
	for query, want := range map[string][]string{
		"": {other, first}, "?type=order.paid": {first}, "?entityType=order&entityId=A-2": {other}, "?entityType=order": {other, first},
		"?entityId=A-9": nil, "?within=1h": {other, first}, "?to=2020-01-01": nil,
	} {
		if got, text := list(query); fmt.Sprint(got) != fmt.Sprint(want) || (len(want) == 0) != strings.Contains(text, `class="empty"`) {
			t.Errorf("%s: %v, not %v", query, got, want)
		}
	}
	for _, query := range []string{"?from=soon", "?cursor=x", "?cursor=2026-01-01T00:00:00Z"} {
		if w := b.get("/stores/mine/events" + query); w.Code != http.StatusUnprocessableEntity {
			t.Errorf("%s: %d", query, w.Code)
		}
	}
	for range 2 * pageSize {
		emit("order.paid", "A-1")
	}
	seen, query := map[string]bool{}, "?entityType=order&entityId=A-1"
	next := regexp.MustCompile(`<a class="button" href="/stores/mine/events([^"]+)" rel="next"`)
	for query != "" {
		ids, text := list(query)
		for _, id := range ids {
			seen[id] = true
		}
		query = ""
		if found := next.FindStringSubmatch(text); found != nil {
			query = html.UnescapeString(found[1])
		}
	}
	if len(seen) != 2*pageSize+1 {
		t.Errorf("%d events on all pages, not %d", len(seen), 2*pageSize+1)
	}
}

// TestCutEvents: a list that ended early, since its data became too much, goes on.
func TestCutEvents(t *testing.T) {
	large := billhook.Event{ID: "evt_large", Data: make([]byte, maxPageBytes+1)}
	if shown, next := cutEvents([]billhook.Event{{ID: "evt_1"}, large}); len(shown) != 2 || !strings.HasSuffix(next, " evt_large") {
		t.Errorf("%d, then %q", len(shown), next)
	}
	if shown, next := cutEvents([]billhook.Event{{ID: "evt_1"}}); len(shown) != 1 || next != "" {
		t.Errorf("%d, then %q", len(shown), next)
	}
}
