package dashboard

import (
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/billhook/billhook"
)

// TestFirstSteps: a fresh installation leads from one step to the next.
func TestFirstSteps(t *testing.T) {
	f := newFixture(t)
	root := f.signedIn(rootSecret)
	expect := func(path string, want ...string) {
		t.Helper()
		w := root.get(path)
		if w.Code != http.StatusOK {
			t.Fatalf("%s: %d", path, w.Code)
		}
		for _, text := range want {
			if !strings.Contains(w.Body.String(), text) {
				t.Errorf("%s has no %s\n%s", path, text, w.Body)
			}
		}
	}
	// The first store that is not the default one is taken for theirs.
	expect("/overview", `<li class="step-done">`, `class="button primary" href="/stores/mine/keys#new"`)
	f.key("mine", billhook.PermissionEventsEmit)
	expect("/overview", `class="button primary" href="/stores/mine/webhooks"`)
	hook := f.webhook("mine", "http://127.0.0.1:1/mine")
	expect("/overview", `class="button primary" href="/stores/mine/webhooks/`+hook.ID+`"`)
	expect("/stores/theirs/overview", `class="button primary" href="/stores/theirs/keys#new"`)
}

// TestOverviewInUse: what waits is counted and named, of the store alone and of all.
func TestOverviewInUse(t *testing.T) {
	f := newFixture(t)
	hook := f.webhook("mine", "http://127.0.0.1:1/mine")
	for range 3 {
		if _, err := f.client.Emit(t.Context(), billhook.Emission{StoreID: "mine", Type: "order.paid", Data: []byte(`{}`)}); err != nil {
			t.Fatal(err)
		}
	}
	root := f.signedIn(rootSecret)
	const waiting = `<dt>Waiting now</dt><dd>3</dd>`
	ofStore := strings.NewReplacer(`<a href="/stores/mine/deliveries?status=pending">3</a>`, "3")
	for path, points := range map[string]int{"/overview": 13, "/stores/mine/overview?range=day": 97, "/stores/mine/overview?range=week": 85, "/stores/mine/overview?range=no": 13} {
		body := ofStore.Replace(root.get(path).Body.String())
		if !strings.Contains(body, waiting) {
			t.Errorf("%s does not tell what waits\n%s", path, body)
		}
		// One more where the range does not begin with a step.
		if got := strings.Count(body, `<th scope="row"><time`); got != points && got != points-1 {
			t.Errorf("%s has %d points, not %d", path, got, points)
		}
	}
	if body := root.get("/stores/mine/overview").Body.String(); !strings.Contains(body, "Where deliveries wait") || !strings.Contains(body, "/stores/mine/webhooks/"+hook.ID) {
		t.Errorf("it is not told for whom they wait\n%s", body)
	}
	if body := root.get("/stores/theirs/overview").Body.String(); strings.Contains(body, waiting) || strings.Contains(body, hook.ID) {
		t.Error("another store shows it too")
	}
	reader := f.signedIn(f.key("mine", billhook.PermissionDeliveriesRead))
	if body := reader.get("/stores/mine/overview").Body.String(); !strings.Contains(ofStore.Replace(body), waiting) || strings.Contains(body, hook.URL) {
		t.Error("who may not see webhooks sees them here, or not what waits")
	}
}

// TestTroublesComeFirst: a webhook that fails is named with the reason and its store.
func TestTroublesComeFirst(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		f := newFixtureIn(t, dir)
		hook := f.webhook("mine", "http://nowhere.invalid/hook")
		go func() { _ = f.client.Run(t.Context()) }()
		if _, err := f.client.Emit(t.Context(), billhook.Emission{StoreID: "mine", Type: "order.paid", Data: []byte(`{}`)}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		root := f.signedIn(rootSecret)
		for _, path := range []string{"/overview", "/stores/mine/overview"} {
			body := root.get(path).Body.String()
			trouble, charts := strings.Index(body, "/stores/mine/webhooks/"+hook.ID), strings.Index(body, "data-chart")
			if trouble < 0 || charts < trouble || !strings.Contains(body, "nowhere.invalid") || !strings.Contains(body, "in a row") {
				t.Errorf("%s does not begin with what fails\n%s", path, body)
			}
		}
		if body := root.get("/stores/theirs/overview").Body.String(); strings.Contains(body, hook.ID) {
			t.Error("another store shows it too")
		}
	})
}

func TestDurations(t *testing.T) {
	w := mustLoadWords()
	for d, want := range map[time.Duration]string{
		0: "0 ms", 4200 * time.Microsecond: "4 ms", 1234 * time.Millisecond: "1.2 s", 90 * time.Second: "90 s",
		5 * time.Minute: "5 min", 3 * time.Hour: "3 h", 80 * time.Hour: "3 d",
	} {
		if got := w.duration("en", d); got != want {
			t.Errorf("%v is %q, not %q", d, got, want)
		}
	}
	if got := w.duration("de", 1234*time.Millisecond); got != "1,2 s" {
		t.Errorf("in German: %q", got)
	}
}
