package dashboard

import (
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
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

// TestLongForms: of who may be anyone a form of a key's length is read and no more.
func TestLongForms(t *testing.T) {
	f := newFixture(t)
	if w := (&browser{f: f}).post("/signin", "filler", strings.Repeat("x", maxOpenForm), "key", rootSecret); w.Code != http.StatusUnauthorized {
		t.Errorf("a sign-in of more than that: %d", w.Code)
	}
	if w := f.signedIn(rootSecret).post("/stores", "filler", strings.Repeat("x", maxForm), "id", "made"); w.Code/100 == 3 {
		t.Errorf("a form of more than that: %d", w.Code)
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
