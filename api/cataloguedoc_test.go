package api

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/billhook/billhook"
)

// TestCatalogueTable: each filter of docs/CATALOGUE.md answers of its event what the table
// says. The page's requests are run by internal/docstest.
func TestCatalogueTable(t *testing.T) {
	source, err := os.ReadFile("../docs/CATALOGUE.md")
	if err != nil {
		t.Fatal(err)
	}
	f := newFixture(t, billhook.Config{}, Config{})
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
