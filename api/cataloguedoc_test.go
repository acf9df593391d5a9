package api

import (
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/billhook/billhook"
)

// TestCatalogueDocument does what docs/CATALOGUE.md says: each block is a request, its
// body, and after the arrow the status and what the answer holds.
func TestCatalogueDocument(t *testing.T) {
	source, err := os.ReadFile("../docs/CATALOGUE.md")
	if err != nil {
		t.Fatal(err)
	}
	f := newFixture(t, billhook.Config{}, Config{})
	blocks := regexp.MustCompile("(?s)```http\n(\\w+) (\\S+)\n(.*?)\n→ (\\d+) (.*?)\n```").FindAllStringSubmatch(string(source), -1)
	if len(blocks) < 12 || len(blocks) != strings.Count(string(source), "```http") {
		t.Fatalf("%d examples", len(blocks))
	}
	part := regexp.MustCompile(`\{.*?\}|"[^"]*":\{.*?\}|("[^"]*":("[^"]*"|[^" ]+)(,"[^"]*":[^" ,]+)*)|"([^"\\]|\\.)*"`)
	for i, block := range blocks {
		x := exchange{name: fmt.Sprint(i), method: block[1], path: block[2], body: block[3], has: part.FindAllString(block[5], -1)}
		fmt.Sscan(block[4], &x.status)
		for j, has := range x.has { // words stand for themselves
			if strings.HasPrefix(has, `"`) && !strings.Contains(has, `":`) {
				x.has[j] = strings.Trim(has, `"`)
			}
		}
		if len(x.has) == 0 {
			t.Errorf("example %d says nothing of its answer", i)
		}
		f.do(t, x)
	}

	data := regexp.MustCompile("(?s)```json\n(.*?)\n```").FindSubmatch(source)
	if data == nil {
		t.Fatal("no data")
	}
	if _, err := f.client.CreateStore(t.Context(), billhook.Store{ID: "table"}); err != nil {
		t.Fatal(err)
	}
	if _, err := f.client.Emit(t.Context(), billhook.Emission{StoreID: "table", Type: "order.paid", Data: data[1]}); err != nil {
		t.Fatal(err)
	}
	rows := regexp.MustCompile("(?m)^\\| `(.*)` \\| (yes|no|no value) \\|$").FindAllStringSubmatch(string(source), -1)
	if len(rows) < 12 {
		t.Fatalf("%d filters", len(rows))
	}
	for _, row := range rows {
		expression := strings.ReplaceAll(row[1], `\|`, `|`)
		run, err := f.client.TryFilter(t.Context(), billhook.FilterRun{StoreID: "table", Filter: expression})
		got := map[[2]int]string{{1, 0}: "yes", {0, 0}: "no", {0, 1}: "no value"}[[2]int{run.Matched, run.Failed}]
		if err != nil || run.Looked != 1 || got != row[2] {
			t.Errorf("%s: %s, not %s: %v %+v", expression, got, row[2], err, run.Failures)
		}
	}
}
