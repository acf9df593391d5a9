package dashboard

import (
	"fmt"
	"slices"
	"testing"
	"time"
)

// TestObserve: each request is told by its pattern, whatever stands in its path.
func TestObserve(t *testing.T) {
	f := newFixture(t)
	var told []string
	f.handler = New(f.client, Config{Keys: fixtureKeys{f.client}, Observe: func(route string, status int, took time.Duration) {
		if took < 0 {
			t.Errorf("%s took %v", route, took)
		}
		told = append(told, fmt.Sprintf("%s %d", route, status))
	}})
	b := f.signedIn(rootSecret)
	b.get("/stores/mine/webhooks")
	b.get("/stores/none/webhooks")
	b.get("/a/stranger's/path")
	b.post("/stores", "id", "mine")
	b.get("/")
	want := []string{
		"POST /signin 303", "GET /stores/{store}/webhooks 200", "GET /stores/{store}/webhooks 404", "other 404", "POST /stores 409", "GET /{$} 303",
	}
	if !slices.Equal(told, want) {
		t.Errorf("%q, not %q", told, want)
	}
}
