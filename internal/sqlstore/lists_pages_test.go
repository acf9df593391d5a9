package sqlstore_test

import (
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/billhook/billhook"
	"github.com/billhook/billhook/dashboard"
)

// anyone may do all.
type anyone struct{}

var everything = dashboard.Key{ID: "root", Permissions: []string{billhook.PermissionEverything}}

func (anyone) Match(string) (dashboard.Key, bool)        { return everything, true }
func (anyone) Find(string, string) (dashboard.Key, bool) { return everything, true }

// measurePages gets the dashboard's pages of what lists has, as a browser does, and fails
// where one takes too long, half of the times.
func (l *lists) measurePages() {
	l.Helper()
	server := httptest.NewServer(dashboard.New(l.client, dashboard.Config{Keys: anyone{}}))
	defer server.Close()
	jar, err := cookiejar.New(nil)
	check(l.T, err)
	browser := &http.Client{Jar: jar}
	_, err = browser.PostForm(server.URL+"/signin", url.Values{"key": {"any"}})
	check(l.T, err)

	day := func(n int) string {
		return time.Now().Add(-listSpan).Add(time.Duration(n) * 24 * time.Hour).UTC().Format("2006-01-02T15:04")
	}
	const row, none = "<tr data-id=", `class="empty"`
	l.Logf("%-42s %10s %10s", "page", "median", "most")
	for _, test := range []struct{ name, path, has string }{
		{"deliveries", "/deliveries", row},
		{"a later page", "/deliveries?cursor=" + l.middle, row},
		{"webhook", "/deliveries?webhook=wh_7", row},
		{"quiet webhook", "/deliveries?webhook=" + l.quiet, row},
		{"type", "/deliveries?type=order.paid", row},
		{"rare type", "/deliveries?type=product.rare", ""},
		{"type that nothing has", "/deliveries?type=nothing.has", none},
		{"webhook, type that nothing has", "/deliveries?webhook=wh_7&type=nothing.has", none},
		{"dead, type that nothing has", "/deliveries?status=dead&type=nothing.has", none},
		{"waiting", "/deliveries?status=pending", row},
		{"held", "/deliveries?status=held", row},
		{"delivered", "/deliveries?status=delivered", row},
		{"dead", "/deliveries?status=dead", row},
		{"cancelled, which none is", "/deliveries?status=cancelled", none},
		{"dead, webhook, type", "/deliveries?status=dead&webhook=wh_7&type=order.paid", ""},
		{"last hour", "/deliveries?within=1h", ""},
		{"last 7 days", "/deliveries?within=7d", row},
		{"a day", "/deliveries?from=" + day(10) + "&to=" + day(11), row},
		{"a day, dead", "/deliveries?status=dead&from=" + day(10) + "&to=" + day(11), row},
		{"a day, webhook, dead, type", "/deliveries?status=dead&webhook=wh_7&type=order.paid&from=" + day(10) + "&to=" + day(11), ""},
		{"search: order number", "/deliveries?q=ord_77", row},
		{"search: order number, dead", "/deliveries?q=ord_77&status=dead", ""},
		{"search: delivery", "/deliveries?q=" + l.some, row},
		{"search: a word of all", "/deliveries?q=lovelace", row},
		{"search: what nothing has", "/deliveries?q=hopper", none},
		{"search: what nothing has, a day", "/deliveries?q=hopper&from=" + day(10) + "&to=" + day(11), none},
		{"one delivery", "/deliveries/" + l.middle, "curl"},
		{"events", "/events", "order."},
		{"events of an order", "/events?entityType=order&entityId=ord_77", "ord_77"},
	} {
		var took []time.Duration
		for range 11 {
			began := time.Now()
			answer, err := browser.Get(server.URL + "/stores/" + billhook.DefaultStore + test.path)
			check(l.T, err)
			text, err := io.ReadAll(answer.Body)
			answer.Body.Close()
			took = append(took, time.Since(began))
			check(l.T, err)
			if answer.StatusCode != http.StatusOK || !strings.Contains(string(text), test.has) {
				l.Fatalf("%s: %d, without %q:\n%s", test.name, answer.StatusCode, test.has, text)
			}
		}
		slices.Sort(took)
		l.Logf("%-42s %10v %10v", test.name, took[5].Round(10*time.Microsecond), took[10].Round(10*time.Microsecond))
		if took[0] > limit() {
			l.Errorf("%s: took %v", test.name, took[0])
		}
	}
}
