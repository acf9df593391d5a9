package dashboard

import (
	"fmt"
	"html"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/billhook/billhook"
)

func TestChangesBetween(t *testing.T) {
	for _, test := range []struct {
		before, after string
		want          []memberChange
	}{
		{"", "", nil},
		{`{"name":"a","limits":{}}`, `{"limits":{},"name":"a"}`, nil},
		{"", `{"name":"a","events":["x","y"]}`, []memberChange{{"events", "", "x\ny"}, {"name", "", "a"}}},
		{`{"name":"a"}`, "", []memberChange{{"name", "a", ""}}},
		{`{"limits":{"concurrency":1,"rate":2}}`, `{"limits":{"concurrency":3,"rate":2}}`, []memberChange{{"limits.concurrency", "1", "3"}}},
		{`{"a":null,"b":{}}`, `{"a":false}`, []memberChange{{"a", "", "false"}}},
		{`not JSON`, `[]`, []memberChange{{"", "not JSON", "[]"}}},
	} {
		if got := changesBetween(test.before, test.after); !slices.Equal(got, test.want) {
			t.Errorf("%s → %s: %q, not %q", test.before, test.after, got, test.want)
		}
	}
}

// TestAudit: what was done stands there, by whom, before and after; filters leave out
// the rest, and say so where they leave out all.
func TestAudit(t *testing.T) {
	f := newFixture(t)
	hook := f.webhook("mine", "http://127.0.0.1:1/before")
	after := "http://127.0.0.1:1/after"
	if _, err := f.client.Update(t.Context(), "mine", hook.ID, billhook.WebhookChange{URL: &after}); err != nil {
		t.Fatal(err)
	}
	root := f.signedIn(rootSecret)
	if w := root.post("/stores/mine/keys", "name", "Kiosk", "permissions", "audit:read"); w.Code != http.StatusOK {
		t.Fatal(w.Code)
	}
	for query, want := range map[string][]string{
		"":                         {"stores.create", "webhooks.create", "webhooks.update", "keys.create", "/before", "/after", "apiKey"},
		"?event=webhooks.update":   {"webhooks.update", "/before", "/after"},
		"?entityId=" + hook.ID:     {"webhooks.create", "webhooks.update"},
		"?entityType=store":        {"stores.create"},
		"?actorId=root":            {"keys.create"},
		"?from=2020-01-01T00:00":   {"stores.create", "webhooks.create", "webhooks.update", "keys.create"},
		"?to=2020-01-01T00:00:00Z": {"No entry is like that"},
		"?event=webhooks.delete":   {"No entry is like that"},
	} {
		w := root.get("/stores/mine/audit" + query)
		list, _, _ := strings.Cut(w.Body.String(), "Export and proof")
		for _, one := range []string{"stores.create", "webhooks.create", "webhooks.update", "keys.create"} {
			if got := strings.Contains(list, "<bdi class=\"outside\">"+one); got != slices.Contains(want, one) {
				t.Errorf("%q: %s is there: %v", query, one, got)
			}
		}
		for _, text := range want {
			if !strings.Contains(list, text) {
				t.Errorf("%q has no %s", query, text)
			}
		}
	}
	if body := root.get("/audit").Body.String(); strings.Contains(body, "webhooks.create<") || strings.Contains(body, hook.ID) {
		t.Error("what is for all stores has what is a store's")
	}
	for _, query := range []string{"?from=yesterday", "?cursor=c1"} {
		if w := root.get("/stores/mine/audit" + query); w.Code != http.StatusUnprocessableEntity || !strings.Contains(w.Body.String(), `role="alert"`) {
			t.Errorf("%s: %d", query, w.Code)
		}
	}
}

// TestAuditPages: pages follow each other without a gap, with the filter.
func TestAuditPages(t *testing.T) {
	f := newFixture(t)
	for i := range 2*pageSize + 7 {
		name := fmt.Sprintf("name %d", i)
		if _, err := f.client.UpdateStore(t.Context(), "mine", billhook.StoreChange{Name: &name}); err != nil {
			t.Fatal(err)
		}
	}
	root := f.signedIn(rootSecret)
	path, seen := "/stores/mine/audit?event=stores.update", map[string]bool{}
	for pages := 1; ; pages++ {
		body := root.get(path).Body.String()
		for i := range 2*pageSize + 7 {
			if name := fmt.Sprintf(`<span class="is"><bdi class="outside">name %d<`, i); strings.Contains(body, name) {
				if seen[name] {
					t.Errorf("%q is there twice", name)
				}
				seen[name] = true
			}
		}
		before, _, more := strings.Cut(body, `" rel="next"`)
		if !more {
			if pages != 3 || len(seen) != 2*pageSize+7 {
				t.Errorf("%d entries on %d pages", len(seen), pages)
			}
			return
		}
		path = html.UnescapeString(before[strings.LastIndex(before, `href="`)+len(`href="`):])
	}
}
