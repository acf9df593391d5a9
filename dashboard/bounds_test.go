package dashboard

import (
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/billhook/billhook"
)

// TestThrottled: whoever has had as many pages as are allowed is told when to come
// again, and nothing is done; it is asked for who they are and which store it is about.
func TestThrottled(t *testing.T) {
	f := newFixture(t)
	var asked []string
	wait := time.Duration(0)
	f.handler = New(f.client, Config{Keys: fixtureKeys{f.client}, Logger: slog.New(slog.DiscardHandler), Wait: func(keyStoreID, _, storeID string) time.Duration {
		asked = append(asked, keyStoreID+">"+storeID)
		return wait
	}})
	root, mine := f.signedIn(rootSecret), f.signedIn(f.key("mine", billhook.PermissionEverything))
	asked = nil
	for _, b := range []*browser{root, mine} {
		if w := b.get("/stores/mine/webhooks"); w.Code != http.StatusOK {
			t.Fatal(w.Code)
		}
	}
	if got := strings.Join(asked, " "); got != ">mine mine>mine" {
		t.Errorf("asked of %q", got)
	}
	wait = 1500 * time.Millisecond
	w := root.post("/stores", "id", "made")
	if w.Code != http.StatusTooManyRequests || w.Header().Get("Retry-After") != "2" {
		t.Errorf("%d, Retry-After %q", w.Code, w.Header().Get("Retry-After"))
	}
	if _, err := f.client.Store(t.Context(), "made"); billhook.ErrorCode(err) != billhook.CodeNotFound {
		t.Error("it was done all the same")
	}
}

// TestLongForms: of who may be anyone a form of a key's length is read and no more; and one
// that cannot be read is refused, and not taken for one that somebody has emptied.
func TestLongForms(t *testing.T) {
	f := newFixture(t)
	if w := (&browser{f: f}).post("/signin", "filler", strings.Repeat("x", maxOpenForm), "key", rootSecret); w.Code != http.StatusRequestEntityTooLarge || len(w.Result().Cookies()) > 0 {
		t.Errorf("a sign-in of more than that: %d", w.Code)
	}
	b, long := f.signedIn(rootSecret), strings.Repeat("x", maxForm)
	if w := b.post("/stores", "filler", long, "id", "made"); w.Code != http.StatusRequestEntityTooLarge {
		t.Errorf("a form of more than that: %d", w.Code)
	}
	const settings, eventType = "/stores/mine/settings", "/stores/mine/event-types/shop.closed"
	only := []string{"198.51.100.0/24"}
	egress := &billhook.StoreEgress{Only: only}
	if _, err := f.client.UpdateStore(t.Context(), "mine", billhook.StoreChange{Egress: &egress}); err != nil {
		t.Fatal(err)
	}
	described := "somebody has described it"
	if _, err := f.client.CreateEventType(t.Context(), "mine", "shop.closed", billhook.EventTypeChange{Description: &described}); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{settings, eventType + "/edit"} {
		if w := b.post(path, "only", long, "schema", "{}"); w.Code != http.StatusRequestEntityTooLarge || !strings.Contains(w.Body.String(), "256 KiB") {
			t.Errorf("%s: %d, %s", path, w.Code, w.Body)
		}
		for media, body := range map[string]string{
			"application/x-www-form-urlencoded": "name=x&only=%zz", "multipart/form-data; boundary=b": "--b\r\nContent-Disposition: form-data; name=\"name\"\r\n\r\nx\r\n--b--\r\n", "text/plain": "name=x",
		} {
			r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(body))
			r.Header.Set("Content-Type", media)
			r.Header.Set("Sec-Fetch-Site", "same-origin")
			if w := b.do(r); w.Code != http.StatusUnprocessableEntity || !strings.Contains(w.Body.String(), "cannot be read") {
				t.Errorf("%s, %s: %d", path, media, w.Code)
			}
		}
	}
	store, err := f.client.Store(t.Context(), "mine")
	if err != nil || store.Egress == nil || !slices.Equal(store.Egress.Only, only) {
		t.Errorf("what could not be read has emptied the settings: %+v, %v", store.Egress, err)
	}
	its, _, err := f.client.EventType(t.Context(), "mine", "shop.closed")
	if err != nil || its.Description != described {
		t.Errorf("what could not be read has emptied the event type: %+v, %v", its, err)
	}
}

// TestManyEventTypes: a form with more event types than a webhook may have costs no more
// than one with a few more.
func TestManyEventTypes(t *testing.T) {
	var typed strings.Builder
	for i := range 50_000 {
		fmt.Fprintf(&typed, "a%d ", i)
	}
	picked := pickedEvents(url.Values{"events": strings.Fields(typed.String()), "otherEvents": {typed.String()}})
	if len(picked) != maxPicked {
		t.Errorf("%d are looked at", len(picked))
	}
	f := newFixture(t)
	start := time.Now()
	w := f.signedIn(rootSecret).post("/stores/mine/webhooks", "url", "https://shop.example/", "otherEvents", typed.String()[:200_000])
	if took := time.Since(start); w.Code != http.StatusUnprocessableEntity || took > 5*time.Second {
		t.Errorf("%d after %v", w.Code, took)
	}
}
