package dashboard

import (
	"net/http"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/billhook/billhook"
	"github.com/billhook/billhook/profile"
)

// updatedAt is what a form has of when the store was changed last.
func updatedAt(t *testing.T, body string) string {
	t.Helper()
	found := regexp.MustCompile(`name="updatedAt" value="([^"]+)"`).FindStringSubmatch(body)
	if found == nil {
		t.Fatalf("no form\n%s", body)
	}
	return found[1]
}

// TestSettings: what is written is what the store has then, and the form shows it.
func TestSettings(t *testing.T) {
	f := newFixture(t)
	root := f.signedIn(rootSecret)
	full := []string{
		"name", "Möbel & Söhne", "profile", "elective-commerce", "validation", "warn", "ratePerSecond", "2.5", "concurrency", "7",
		"deactivateAfterSeconds", "86400", "payloadDays", "30", "attemptDays", "60", "auditDays", "90",
		"only", "10.0.0.0/8\r\n*.example.com", "deny", "evil.example.com", "ports", "443, 8443",
	}
	at := updatedAt(t, root.get("/stores/mine/settings").Body.String())
	if w := root.post("/stores/mine/settings", append(full, "updatedAt", at)...); w.Code != http.StatusSeeOther {
		t.Fatalf("%d\n%s", w.Code, w.Body)
	}
	day := int64(86400)
	want := billhook.StoreSettings{
		Limits: billhook.Limits{RatePerSecond: 2.5, Concurrency: 7}, DeactivateAfterSeconds: &day, Validation: billhook.ValidationWarn,
		Egress:    &billhook.StoreEgress{Only: []string{"10.0.0.0/8", "*.example.com"}, Deny: []string{"evil.example.com"}, Ports: []uint16{443, 8443}},
		Retention: &billhook.Retention{PayloadDays: 30, AttemptDays: 60, AuditDays: 90},
	}
	s, _ := f.client.Store(t.Context(), "mine")
	if s.Name != "Möbel & Söhne" || s.Profile != "elective-commerce" || !reflect.DeepEqual(s.StoreSettings, want) {
		t.Errorf("the store is %+v", s)
	}
	body := root.get("/stores/mine/settings").Body.String()
	for _, text := range []string{`value="2.5"`, `value="86400"`, `value="warn" selected`, "10.0.0.0/8\n*.example.com</textarea>", `443 8443</textarea>`, `value="90"`} {
		if !strings.Contains(body, text) {
			t.Errorf("the form has no %s", text)
		}
	}
	// Who opened the form before that takes nothing of it back.
	if w := root.post("/stores/mine/settings", "name", "Old", "profile", "standard", "updatedAt", at); w.Code != http.StatusConflict || !strings.Contains(w.Body.String(), `value="Old"`) {
		t.Errorf("a form from before: %d", w.Code)
	}
	// What is emptied is left to the deployment.
	if w := root.post("/stores/mine/settings", "name", "Shop", "profile", "standard", "validation", "off", "updatedAt", updatedAt(t, body)); w.Code != http.StatusSeeOther {
		t.Fatalf("%d\n%s", w.Code, w.Body)
	}
	if s, _ = f.client.Store(t.Context(), "mine"); !reflect.DeepEqual(s.StoreSettings, billhook.StoreSettings{Validation: billhook.ValidationOff}) && !reflect.DeepEqual(s.StoreSettings, billhook.StoreSettings{}) {
		t.Errorf("what is left: %+v", s.StoreSettings)
	}
}

// TestSettingsRefused: what is wrong is told, and nothing is changed.
func TestSettingsRefused(t *testing.T) {
	f := newFixture(t)
	root := f.signedIn(rootSecret)
	before, _ := f.client.Store(t.Context(), "mine")
	for _, form := range [][]string{
		{"profile", "none"}, {"ratePerSecond", "fast"}, {"concurrency", "1.5"}, {"concurrency", "-1"}, {"payloadDays", "-3"},
		{"deactivateAfterSeconds", "5"}, {"validation", "perhaps"}, {"only", "not/a/prefix"}, {"ports", "99999"}, {"ports", "http"},
	} {
		w := root.post("/stores/mine/settings", append([]string{form[0], form[1]}, "name", "New", "profile", "standard", "validation", "off")...)
		if w.Code != http.StatusUnprocessableEntity || !strings.Contains(w.Body.String(), `role="alert"`) {
			t.Errorf("%v: %d", form, w.Code)
		}
	}
	if after, _ := f.client.Store(t.Context(), "mine"); !reflect.DeepEqual(before, after) {
		t.Errorf("it was changed to %+v", after)
	}
}

// TestEgressIsForOperators: the key of the store changes the rest, and not where its
// webhooks may lead.
func TestEgressIsForOperators(t *testing.T) {
	f := newFixture(t)
	egress := &billhook.StoreEgress{Deny: []string{"evil.example.com"}}
	if _, err := f.client.UpdateStore(t.Context(), "mine", billhook.StoreChange{Egress: &egress}); err != nil {
		t.Fatal(err)
	}
	b := f.signedIn(f.key("mine", billhook.PermissionStoresManage))
	if w := b.post("/stores/mine/settings", "name", "Mine", "profile", "standard", "validation", "off", "deny", "", "only", "127.0.0.1"); w.Code != http.StatusSeeOther {
		t.Fatalf("%d\n%s", w.Code, w.Body)
	}
	if s, _ := f.client.Store(t.Context(), "mine"); s.Name != "Mine" || s.Egress == nil || !reflect.DeepEqual(*s.Egress, *egress) {
		t.Errorf("the store is %+v", s)
	}
}

// TestDeleteStore: only with its id typed, and only by who is for all stores.
func TestDeleteStore(t *testing.T) {
	f := newFixture(t)
	root := f.signedIn(rootSecret)
	for _, typed := range []string{"", "theirs", "Mine"} {
		if w := root.post("/stores/mine/delete", "id", typed); w.Code != http.StatusUnprocessableEntity {
			t.Errorf("%q typed: %d", typed, w.Code)
		}
	}
	if w := f.signedIn(f.key("mine", billhook.PermissionEverything)).post("/stores/mine/delete", "id", "mine"); w.Code != http.StatusForbidden {
		t.Errorf("the store's own key: %d", w.Code)
	}
	if w := root.post("/stores/default/delete", "id", "default"); w.Code != http.StatusConflict {
		t.Errorf("the default store: %d", w.Code)
	}
	if w := root.post("/stores/mine/delete", "id", "mine"); w.Code != http.StatusSeeOther {
		t.Errorf("%d\n%s", w.Code, w.Body)
	}
	if w := root.get("/stores/mine/settings"); w.Code != http.StatusNotFound {
		t.Errorf("after it is deleted: %d", w.Code)
	}
	if w := root.post("/stores/mine/delete", "id", "mine"); w.Code != http.StatusNotFound {
		t.Errorf("once more: %d", w.Code)
	}
}

// TestStoreRetries: the policy is the profile's, a preset or the store's own, and saving
// the rest leaves it as it is.
func TestStoreRetries(t *testing.T) {
	f := newFixture(t)
	b := f.signedIn(rootSecret)
	save := func(pairs ...string) *profile.RetryPolicy {
		t.Helper()
		form := append([]string{"name", "Shop", "profile", "standard"}, pairs...)
		if w := b.post("/stores/mine/settings", form...); w.Code != http.StatusSeeOther {
			t.Fatalf("%v: %d\n%s", pairs, w.Code, w.Body)
		}
		s, err := f.client.Store(t.Context(), "mine")
		if err != nil {
			t.Fatal(err)
		}
		return s.RetryPolicy
	}
	if p := save("retry", ""); p != nil {
		t.Errorf("the profile's is %+v", p)
	}
	name := profile.Presets()[0]
	preset, _ := profile.Preset(name)
	if p := save("retry", name); p == nil || retryOf(p) != name {
		t.Errorf("%s is %+v, not %+v", name, p, preset)
	}
	own := []string{"retry", "own", "maxAttempts", "7", "initialDelay", "1.5", "backoffMultiplier", "3", "maxDelay", "600", "maxAge", "86400"}
	p := save(own...)
	if p == nil || p.MaxAttempts != 7 || p.InitialDelay != 1500*time.Millisecond || p.BackoffMultiplier != 3 || p.MaxDelay != 10*time.Minute || p.MaxAge != 24*time.Hour {
		t.Fatalf("the store's own is %+v", p)
	}
	body := b.get("/stores/mine/settings").Body.String()
	for _, want := range []string{`value="own" selected`, `name="maxAttempts" inputmode="numeric" value="7"`, `value="1.5"`, `value="86400"`} {
		if !strings.Contains(body, want) {
			t.Errorf("the form lacks %s", want)
		}
	}
	if again := save(own...); !sameJSON(again, p) {
		t.Errorf("saved again it is %+v", again)
	}
	if p := save("retry", ""); p != nil {
		t.Errorf("back to the profile's: %+v", p)
	}
}
