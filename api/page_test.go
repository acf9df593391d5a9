package api

import (
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/billhook/billhook"
)

// TestPageBytes: a page of large payloads ends early, and what it leaves out is on
// the next.
func TestPageBytes(t *testing.T) {
	const size = 1 << 20
	config := development()
	config.MaxEventSize = maxPageBytes + size
	f := newFixture(t, config, Config{MaxBody: maxPageBytes + 2*size})
	f.register(t, `{"url":"http://127.0.0.1:9/x","events":["*"]}`)
	payload := func(n int) []byte { return []byte(`"` + strings.Repeat("x", n-2) + `"`) }
	sizes := []int{size, size, maxPageBytes + 1, size, size, size, size, size, size, size, size, size} // the newest last
	for i, n := range sizes {
		if _, err := f.client.Emit(t.Context(), billhook.Emission{ID: fmt.Sprintf("evt_%02d", i), Type: "x", Data: payload(n)}); err != nil {
			t.Fatal(err)
		}
	}
	for _, path := range []string{"/api/events", "/api/deliveries"} {
		var pages []int
		for cursor := ""; ; {
			a := f.do(t, exchange{method: "GET", path: path + "?limit=100" + cursor, status: 200})
			pages = append(pages, len(a.data()))
			next, more := a.members()["nextCursor"].(string)
			if !more || len(pages) > len(sizes) {
				break
			}
			cursor = "&cursor=" + url.QueryEscape(next)
		}
		// Eight are full, the ninth goes with none, and the large one is alone.
		if got := fmt.Sprint(pages); got != "[8 1 1 2]" {
			t.Errorf("%s: pages of %s", path, got)
		}
	}
}
