package dashboard

import (
	"fmt"
	"html"
	"net/http"
	"net/url"
	"regexp"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/billhook/billhook"
)

var rowIDs = regexp.MustCompile(`<tr data-id="([^"]+)"`)

// listed are the ids of the deliveries on a page, in its order.
func listed(t *testing.T, b *browser, path string) (ids []string, text string) {
	t.Helper()
	w := b.get(path)
	if w.Code != http.StatusOK {
		t.Fatalf("%s: %d\n%s", path, w.Code, w.Body)
	}
	for _, found := range rowIDs.FindAllStringSubmatch(w.Body.String(), -1) {
		ids = append(ids, found[1])
	}
	return ids, w.Body.String()
}

// TestDeliveriesFilter: each field of the form, alone and together.
func TestDeliveriesFilter(t *testing.T) {
	f := newFixture(t)
	one := f.webhook("mine", "http://127.0.0.1:1/one")
	_, paid := f.emit("mine", "order.paid", `{"id":"A-1","note":"ring twice"}`)
	if _, err := f.client.Deactivate(t.Context(), "mine", one.ID); err != nil {
		t.Fatal(err)
	}
	two := f.webhook("mine", "http://127.0.0.1:1/two")
	for began := time.Now(); time.Since(began) < 2*time.Millisecond; { // ids of one millisecond are in no order
		runtime.Gosched()
	}
	_, lost := f.emit("mine", "order.lost", `{"id":"A-2"}`)
	b := f.signedIn(rootSecret)
	hourAgo, soon := time.Now().UTC().Add(-time.Hour).Format("2006-01-02T15:04"), time.Now().UTC().Add(time.Hour).Format(time.RFC3339)
	both := []string{lost.ID, paid.ID}
	for query, want := range map[string][]string{
		"":                  both,
		"webhook=" + one.ID: {paid.ID},
		"type=order.lost":   {lost.ID},
		"status=held":       {paid.ID},
		"status=pending":    {lost.ID},
		"status=dead":       nil,
		"q=RING+twice":      {paid.ID},
		"q=" + paid.EventID: {paid.ID},
		"q=" + lost.ID:      {lost.ID},
		"within=1h":         both,
		"from=" + hourAgo:   both,
		"to=" + hourAgo:     nil,
		"from=" + hourAgo + "&to=" + url.QueryEscape(soon):      both,
		"from=" + url.QueryEscape(soon):                         nil,
		"webhook=" + two.ID + "&type=order.lost&q=A-2":          {lost.ID},
		"webhook=" + two.ID + "&type=order.paid":                nil,
		"webhook=&type=&status=&q=&from=&to=&within=&cursor=":   both,
		"webhook=+" + one.ID + "+&status=+held+&q=+ring+twice+": {paid.ID},
	} {
		if got, text := listed(t, b, "/stores/mine/deliveries?"+query); fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%s: %v, not %v", query, got, want)
		} else if len(want) == 0 && !strings.Contains(text, `class="empty"`) {
			t.Errorf("%s: nothing says that there is nothing", query)
		}
	}
	for query, says := range map[string]string{
		"from=yesterday":                  `id="from-wrong"`,
		"to=31.12.2026":                   `id="to-wrong"`,
		"from=" + soon + "&to=" + hourAgo: "from", // + is a space there, and so no time
		"status=lost":                     `id="status-wrong"`,
		"q=" + strings.Repeat("x", 300):   `id="q-wrong"`,
		"from=2026-02-02&to=2026-01-01":   "Is not after from",
	} {
		if w := b.get("/stores/mine/deliveries?" + query); w.Code != http.StatusUnprocessableEntity || !strings.Contains(w.Body.String(), says) {
			t.Errorf("%s: %d, without %q", query, w.Code, says)
		}
	}
}

// TestDeliveriesOffers: what is offered is what the viewer may do, and what can be done.
func TestDeliveriesOffers(t *testing.T) {
	f := newFixture(t)
	hook := f.webhook("mine", "http://127.0.0.1:1/the-address")
	f.emit("mine", "order.paid", `{}`)
	if err := f.client.Delete(t.Context(), "mine", hook.ID); err != nil {
		t.Fatal(err)
	}
	named, err := f.client.Register(t.Context(), billhook.Registration{StoreID: "mine", URL: "http://127.0.0.1:1/named", Name: "Warehouse", Events: []string{"*"}})
	if err != nil {
		t.Fatal(err)
	}
	_, d := f.emit("mine", "order.paid", `{}`)
	const live, retry = "data-live=", "/stores/mine/deliveries/retry?"
	all, reader := f.signedIn(rootSecret), f.signedIn(f.key("mine", billhook.PermissionDeliveriesRead))
	for _, test := range []struct {
		b           *browser
		query       string
		live, retry bool
	}{
		{all, "", true, false},
		{all, "?status=pending", true, false},
		{all, "?status=delivered", true, false},
		{all, "?q=x", false, false},
		{all, "?cursor=" + d.ID, false, false},
		{all, "?from=2026-01-01", false, false},
		{reader, "", true, false},
	} {
		_, html := listed(t, test.b, "/stores/mine/deliveries"+test.query)
		if strings.Contains(html, live) != test.live || strings.Contains(html, retry) != test.retry {
			t.Errorf("%s: live %v, retry %v", test.query, strings.Contains(html, live), strings.Contains(html, retry))
		}
	}
	if _, html := listed(t, all, "/stores/mine/deliveries"); !strings.Contains(html, "Warehouse") {
		t.Error("webhooks have no names")
	}
	for _, path := range []string{"/stores/mine/deliveries", "/stores/mine/deliveries/" + d.ID, "/stores/mine/events/" + d.EventID} {
		html := reader.get(path).Body.String()
		if !strings.Contains(html, named.ID) || strings.Contains(html, "Warehouse") {
			t.Errorf("%s: who may not see webhooks sees their names, or not their ids", path)
		}
		if strings.Contains(html, `action="/stores/mine/deliveries/`+d.ID+`/retry"`) {
			t.Errorf("%s: who may not retry is offered it", path)
		}
		if html := all.get(path).Body.String(); path != "/stores/mine/deliveries" && !strings.Contains(html, `action="/stores/mine/deliveries/`+d.ID+`/retry"`) {
			t.Errorf("%s: who may retry is not offered it", path)
		}
	}
}

// TestDeliveriesLookBack: a search that was bounded says how far it has looked, and the
// link to go on leads to the end of it.
func TestDeliveriesLookBack(t *testing.T) {
	f := newFixture(t)
	f.webhook("mine", "http://127.0.0.1:1/mine")
	_, rare := f.emit("mine", "order.rare", `{}`)
	batch := make([]billhook.Emission, 100)
	for i := range batch {
		batch[i] = billhook.Emission{Type: "order.paid", Data: []byte(`{}`)}
	}
	for range 250 {
		if _, err := f.client.EmitBatch(t.Context(), "mine", batch); err != nil {
			t.Fatal(err)
		}
	}
	b := f.signedIn(rootSecret)
	path, looks := "/stores/mine/deliveries?type=order.rare", 0
	goOn := regexp.MustCompile(`<p class="searched">Looked back to <time datetime="[^"]+"[^>]*>[^<]+</time>\. <a href="([^"]+)"`)
	for ; looks < 1000; looks++ {
		ids, text := listed(t, b, path)
		if len(ids) > 0 {
			if ids[0] != rare.ID || looks == 0 {
				t.Errorf("found %v at look %d", ids, looks)
			}
			return
		}
		next := goOn.FindStringSubmatch(text)
		if next == nil {
			t.Fatalf("look %d neither finds it nor leads on:\n%s", looks, text)
		}
		path = html.UnescapeString(next[1])
	}
	t.Errorf("not found in %d looks", looks)
}

// TestDeliveriesPages: every delivery is on one page, once.
func TestDeliveriesPages(t *testing.T) {
	f := newFixture(t)
	f.webhook("mine", "http://127.0.0.1:1/mine")
	for range 2*pageSize + 1 {
		f.emit("mine", "order.paid", `{}`)
	}
	b, seen := f.signedIn(rootSecret), map[string]bool{}
	path, pages := "/stores/mine/deliveries?status=pending", 0
	next := regexp.MustCompile(`<a class="button" href="([^"]+)" rel="next"`)
	for ; path != ""; pages++ {
		ids, text := listed(t, b, path)
		for _, id := range ids {
			if seen[id] {
				t.Errorf("%s is there twice", id)
			}
			seen[id] = true
		}
		path = ""
		if found := next.FindStringSubmatch(text); found != nil {
			path = html.UnescapeString(found[1])
		}
	}
	if pages != 3 || len(seen) != 2*pageSize+1 {
		t.Errorf("%d on %d pages", len(seen), pages)
	}
}

// TestHostilePayload: nothing of it is markup or hidden, and a megabyte is a page of
// ordinary size with all of it as a file.
func TestHostilePayload(t *testing.T) {
	f := newFixture(t)
	f.webhook("mine", "http://127.0.0.1:1/mine")
	b := f.signedIn(rootSecret)
	const marker = `</script><script>taken()</script>`
	for _, text := range []string{marker, marker + "\u202e\u2066\u0085\u007f", strings.Repeat("\u202e", 300_000)} {
		e, d := f.emit("mine", "note.made", `{"note":"`+text+`"}`)
		for _, path := range []string{"/stores/mine/deliveries/" + d.ID, "/stores/mine/events/" + e.ID, "/stores/mine/deliveries?q=" + e.ID} {
			w := b.get(path)
			html := w.Body.String()
			if w.Code != http.StatusOK || strings.Contains(html, "<script>taken") || strings.ContainsAny(html, "\u202e\u2066\u0085\u007f") {
				t.Errorf("%s of %.20q: %d", path, text, w.Code)
			}
			if len(html) > 2<<20 {
				t.Errorf("%s of %.20q is %d bytes", path, text, len(html))
			}
		}
		for path, want := range map[string]string{"/stores/mine/deliveries/" + d.ID + "/body": `"data":` + string(e.Data) + "}", "/stores/mine/events/" + e.ID + "/data": string(e.Data)} {
			w := b.get(path)
			if !strings.HasSuffix(w.Body.String(), want) || !strings.HasPrefix(w.Header().Get("Content-Type"), "text/plain") || !strings.HasPrefix(w.Header().Get("Content-Disposition"), "attachment") {
				t.Errorf("%s of %.20q: %v, %d bytes", path, text, w.Header(), w.Body.Len())
			}
		}
	}
}

// TestNothingToSend: a delivery without a payload, or without its webhook, says so and
// offers no retry.
func TestNothingToSend(t *testing.T) {
	f := newFixture(t)
	hook := f.webhook("mine", "http://127.0.0.1:1/mine")
	_, d := f.emit("mine", "order.paid", `{}`)
	if err := f.client.Delete(t.Context(), "mine", hook.ID); err != nil {
		t.Fatal(err)
	}
	b := f.signedIn(rootSecret)
	html := b.get("/stores/mine/deliveries/" + d.ID).Body.String()
	if !strings.Contains(html, "was deleted") || strings.Contains(html, `id="curl"`) || strings.Contains(html, "/retry\"") {
		t.Errorf("the page of one whose webhook is deleted:\n%s", html)
	}
	if w := b.post("/stores/mine/deliveries/" + d.ID + "/retry"); w.Code != http.StatusConflict || !strings.Contains(w.Body.String(), `role="alert"`) {
		t.Errorf("its retry: %d", w.Code)
	}
	if w := b.get("/stores/mine/deliveries/" + d.ID + "/body"); w.Code == http.StatusOK {
		t.Error("its body is known")
	}
}

// TestRetryAll: what is counted and asked for is what the list shows, once however often
// the form is sent, and never more than was seen.
func TestRetryAll(t *testing.T) {
	f := newFixture(t)
	hook := f.webhook("mine", "http://127.0.0.1:1/mine")
	f.emit("mine", "order.paid", `{}`)
	b := f.signedIn(rootSecret)
	const path = "/stores/mine/deliveries/retry"
	if w := b.get(path + "?status=dead"); w.Code != http.StatusOK || !strings.Contains(w.Body.String(), "Nothing matches") {
		t.Errorf("where there is nothing: %d", w.Code)
	}
	for query, says := range map[string]string{"status=dead&q=x": "Search", "status=pending": "Status", "status=delivered": "Webhook", "from=soon": "From", "type=or*der": "Event type"} {
		if w := b.get(path + "?" + query); w.Code != http.StatusUnprocessableEntity || !strings.Contains(w.Body.String(), `<bdi class="outside">`+says+`</bdi>: `) {
			t.Errorf("GET ?%s: %d, without %q", query, w.Code, says)
		}
	}
	form := []string{"status", "dead", "webhook", hook.ID, "type", "order.paid", "from", "2026-01-01T00:00", "to", "2027-01-01T00:00:00.5Z", "rate", "7", "key", "once", "of", "12"}
	for range 2 {
		w := b.post(path, form...)
		if to := w.Header().Get("Location"); w.Code != http.StatusSeeOther || !strings.HasPrefix(to, "/stores/mine/recoveries/rcv_") || !strings.Contains(to, "of=12") {
			t.Fatalf("%d %s\n%s", w.Code, to, w.Body)
		}
	}
	started, err := f.client.Recoveries(t.Context(), billhook.RecoveryFilter{StoreID: "mine", Limit: 10})
	if err != nil || len(started) != 1 {
		t.Fatalf("%d recoveries: %v", len(started), err)
	}
	got := started[0].RecoveryPlan
	if got.Kind != billhook.RecoveryRetry || got.DeliveryStatus != billhook.StatusDead || got.WebhookID != hook.ID || fmt.Sprint(got.Types) != "[order.paid]" || got.RatePerSecond != 7 ||
		!got.From.Equal(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)) || !got.To.Equal(time.Date(2027, 1, 1, 0, 0, 0, 5e8, time.UTC)) {
		t.Errorf("asked for %+v", got)
	}
	for name, value := range map[string]string{"rate": "fast", "q": "x", "to": "soon"} {
		if w := b.post(path, "status", "dead", "key", "other"+name, name, value); w.Code != http.StatusUnprocessableEntity || !strings.Contains(w.Body.String(), `role="alert"`) {
			t.Errorf("%s=%s: %d", name, value, w.Code)
		}
	}
	shown := b.get("/stores/mine/recoveries/" + started[0].ID + "?of=12").Body.String()
	for _, want := range []string{"Running", `<progress id="bar" max="12"`, `data-refresh=`, "/cancel\"", "order.paid"} {
		if !strings.Contains(shown, want) {
			t.Errorf("its page lacks %s", want)
		}
	}
	if w := b.post("/stores/mine/recoveries/" + started[0].ID + "/cancel"); w.Code != http.StatusSeeOther {
		t.Errorf("cancel: %d", w.Code)
	}
	shown = b.get("/stores/mine/recoveries/" + started[0].ID).Body.String()
	if !strings.Contains(shown, "Cancelled") || strings.Contains(shown, "data-refresh") || strings.Contains(shown, "/cancel\"") {
		t.Error("what is over looks as if it went on")
	}
}

// TestRetryLeads: back to where it was asked for, and nowhere else.
func TestRetryLeads(t *testing.T) {
	f := newFixture(t)
	f.webhook("mine", "http://127.0.0.1:1/mine")
	e, d := f.emit("mine", "order.paid", `{}`)
	b := f.signedIn(rootSecret)
	own := "/stores/mine/deliveries/" + d.ID
	for next, want := range map[string]string{"": own, "/stores/mine/events/" + e.ID: "/stores/mine/events/" + e.ID, "//elsewhere.example/": "/", "https://elsewhere.example/": "/"} {
		w := b.post(own+"/retry", "next", next)
		if to := w.Header().Get("Location"); w.Code != http.StatusSeeOther || to != want+"?done=delivery.done.retried" {
			t.Errorf("next=%s leads to %s", next, to)
		}
	}
}

// TestDeliveriesAbout: the list says what each is about and leads to all about the same,
// and a test is marked as one, in lists and on its page.
func TestDeliveriesAbout(t *testing.T) {
	f := newFixture(t)
	hook := f.webhook("mine", "http://127.0.0.1:1/mine")
	for _, id := range []string{"A-1", "A-2"} {
		if _, err := f.client.Emit(t.Context(), billhook.Emission{StoreID: "mine", Type: "order.paid", Entity: billhook.Reference{Type: "order", ID: id}, Data: []byte(`{"secret":"not-in-a-list"}`)}); err != nil {
			t.Fatal(err)
		}
	}
	test, err := f.client.Test(t.Context(), "mine", hook.ID, "order.paid")
	if err != nil {
		t.Fatal(err)
	}
	b := f.signedIn(rootSecret)
	all, text := listed(t, b, "/stores/mine/deliveries")
	if len(all) != 3 || strings.Count(text, `<span class="token">Test</span>`) != 1 || strings.Contains(text, "not-in-a-list") {
		t.Errorf("%v\n%s", all, text)
	}
	const about = "/stores/mine/deliveries?entityId=A-1&amp;entityType=order"
	if !strings.Contains(text, about) {
		t.Error("no row leads to what is about the same")
	}
	one, _ := listed(t, b, strings.ReplaceAll(about, "&amp;", "&"))
	if len(one) != 1 {
		t.Errorf("about A-1: %v", one)
	}
	if w := b.get("/stores/mine/deliveries?entityId=A-1"); w.Code != http.StatusUnprocessableEntity || !strings.Contains(w.Body.String(), `id="entityType-wrong"`) {
		t.Errorf("half of what it is about: %d", w.Code)
	}
	for _, path := range []string{"deliveries/" + test.ID, "events/" + test.EventID} {
		if body := b.get("/stores/mine/" + path).Body.String(); !strings.Contains(body, "This is a test event.") {
			t.Errorf("%s does not say that it is a test", path)
		}
	}
	// A retry of many cannot be asked for what was looked for by an entity.
	if w := b.get("/stores/mine/deliveries/retry?status=dead&entityType=order&entityId=A-1"); w.Code != http.StatusUnprocessableEntity {
		t.Errorf("a retry of all about A-1: %d", w.Code)
	}
}
