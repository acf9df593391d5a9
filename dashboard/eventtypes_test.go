package dashboard

import (
	"net/http"
	"strings"
	"testing"

	"github.com/billhook/billhook"
)

// TestEventTypePages: a type is added, shown, changed and deleted; a change that would
// break receivers is refused with what it would break, and made when that is wanted.
func TestEventTypePages(t *testing.T) {
	f := newFixture(t)
	b := f.signedIn(rootSecret)
	const list = "/stores/mine/event-types"
	if body := b.get(list).Body.String(); !strings.Contains(body, `class="empty"`) && !strings.Contains(body, "<table>") {
		t.Errorf("the list is neither empty nor one\n%s", body)
	}
	schema := `{"type":"object","properties":{"id":{"type":"string"},"total":{"type":"integer"}},"required":["id","total"]}`
	form := []string{"name", "order/paid.v1", "description", "An <order> was paid", "entityType", "order", "entityId", "/id", "example", `{"id":"A-1","total":1}`, "schema", schema}
	w := b.post(list, form...)
	const path = list + "/order%2Fpaid.v1"
	if to := w.Header().Get("Location"); w.Code != http.StatusSeeOther || to != path+"?done=eventtypes.done.created" {
		t.Fatalf("%d, to %s\n%s", w.Code, to, w.Body)
	}
	if w := b.post(list, form...); w.Code != http.StatusConflict || !strings.Contains(w.Body.String(), `id="name-wrong"`) {
		t.Errorf("twice: %d", w.Code)
	}
	for _, page := range []string{list, path} {
		if body := b.get(page).Body.String(); !strings.Contains(body, "An &lt;order&gt; was paid") || !strings.Contains(body, "Version 1") {
			t.Errorf("%s: %s", page, body)
		}
	}
	if body := b.get(path).Body.String(); !strings.Contains(body, "A-1") || !strings.Contains(body, "&#34;required&#34;") {
		t.Errorf("its page lacks the example or the schema\n%s", body)
	}
	opened := updatedAt(t, b.get(path+"/edit").Body.String())
	change := func(schema string, more ...string) (int, string) {
		w := b.post(path+"/edit", append([]string{"description", "Paid", "entityType", "order", "entityId", "/id", "example", `{"id":"A-1","total":1}`, "schema", schema}, more...)...)
		return w.Code, w.Body.String()
	}
	breaking := `{"type":"object","properties":{"id":{"type":"string"},"total":{"type":"string"}},"required":["id","total"]}`
	code, body := change(breaking)
	if code != http.StatusConflict || !strings.Contains(body, `name="force"`) || !strings.Contains(body, "/schema/properties/total") || !strings.Contains(body, `id="schema-wrong"`) {
		t.Errorf("a breaking change: %d\n%s", code, body)
	}
	if code, body := change(`{"type":`); code != http.StatusUnprocessableEntity || !strings.Contains(body, `id="schema-wrong"`) || strings.Contains(body, `name="force"`) {
		t.Errorf("no JSON: %d", code)
	}
	if code, _ := change(breaking, "force", "yes"); code != http.StatusSeeOther {
		t.Errorf("by force: %d", code)
	}
	if code, body := change(schema, "updatedAt", opened); code != http.StatusConflict || !strings.Contains(body, "Somebody has changed this") {
		t.Errorf("a form from before that: %d", code)
	}
	if code, _ := change(breaking, "updatedAt", updatedAt(t, b.get(path+"/edit").Body.String())); code != http.StatusSeeOther {
		t.Errorf("a form from after that: %d", code)
	}
	stored, _, err := f.client.EventType(t.Context(), "mine", "order/paid.v1")
	if err != nil || stored.Version() != 2 || stored.Description != "Paid" || len(stored.Examples) != 1 {
		t.Errorf("%+v, %v", stored, err)
	}
	if body := b.get(path + "/delete").Body.String(); !strings.Contains(body, "Delete this event type?") {
		t.Error("nobody asks before it is deleted")
	}
	if w := b.post(path + "/delete"); w.Code != http.StatusSeeOther {
		t.Errorf("delete: %d", w.Code)
	}
	if w := b.get(path); w.Code != http.StatusNotFound {
		t.Errorf("it is still there: %d", w.Code)
	}
	reader := f.signedIn(f.key("mine", billhook.PermissionWebhooksRead))
	if w := reader.get(list); w.Code != http.StatusOK || strings.Contains(w.Body.String(), "+new") {
		t.Errorf("who may only read: %d, or is offered to add one", w.Code)
	}
}
