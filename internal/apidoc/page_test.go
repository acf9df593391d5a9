package main

import (
	"encoding/json"
	"os"
	"strings"
	"testing"
)

// TestCurrent: the page is what the document makes of it now.
func TestCurrent(t *testing.T) {
	text, err := os.ReadFile("../../api/openapi.json")
	if err != nil {
		t.Fatal(err)
	}
	want, err := render(text)
	if err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile("../../docs/API.md")
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != want {
		t.Error("docs/API.md is not current: go run ./internal/apidoc > docs/API.md")
	}
}

// TestComplete: every operation is on the page once, but for those under /v2 that are
// the same as one under /api.
func TestComplete(t *testing.T) {
	text, err := os.ReadFile("../../api/openapi.json")
	if err != nil {
		t.Fatal(err)
	}
	var d document
	if err := json.Unmarshal(text, &d); err != nil {
		t.Fatal(err)
	}
	all, err := d.operations()
	if err != nil {
		t.Fatal(err)
	}
	shown := map[string]int{}
	for _, g := range groups {
		for _, e := range g.examples {
			shown[e.operation]++
			if !strings.Contains(e.shell, "curl -s") {
				t.Errorf("%s is not shown by a call: %s", e.operation, e.shell)
			}
		}
	}
	for id, o := range all {
		twin := all[strings.TrimSuffix(id, "V2")]
		if strings.HasPrefix(o.path, "/v2/") {
			if twin == o || twin == nil || twin.path != strings.Replace(o.path, "/v2/", "/api/", 1) || twin.method != o.method {
				t.Errorf("%s is not the same as one under /api", id)
			}
			continue
		}
		if shown[id] != 1 {
			t.Errorf("%s is on the page %d times", id, shown[id])
		}
	}
	if len(all) < 40 {
		t.Errorf("%d operations", len(all))
	}
}
