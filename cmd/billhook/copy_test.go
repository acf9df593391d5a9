package main

import (
	"strings"
	"testing"
	"time"

	"github.com/billhook/billhook/internal/sqlstore"
)

func TestReportOfDifference(t *testing.T) {
	same, other := sqlstore.Sum{Rows: 2, Checksum: "aa"}, sqlstore.Sum{Rows: 2, Checksum: "bb"}
	var out strings.Builder
	err := (&copyCmd{}).report(&out, "sqlite:one", "postgres://two/two", &sqlstore.Proof{Tables: []sqlstore.Comparison{
		{Table: "stores", From: same, To: same},
		{Table: "events", From: same, To: other},
	}})
	if err == nil || !strings.Contains(err.Error(), "differ in events") || !strings.Contains(err.Error(), "copy again to a new, empty database") {
		t.Errorf("%v", err)
	}
	if text := out.String(); strings.Count(text, " equal\n") != 1 || strings.Count(text, " DIFFERENT\n") != 1 || strings.Contains(text, "Start the nodes") {
		t.Errorf("%s", text)
	}
}

func TestReportOfChanges(t *testing.T) {
	same := sqlstore.Sum{Rows: 5, Checksum: "aa"}
	var out strings.Builder
	err := (&copyCmd{}).report(&out, "sqlite:one", "postgres://two/two", &sqlstore.Proof{Tables: []sqlstore.Comparison{
		{Table: "attempts", From: same, To: same, Changed: 3},
	}})
	if text := out.String(); err != nil || !strings.Contains(text, "\n3 rows hold text") || !strings.Contains(text, "All 5 rows are in postgres://two/two.") {
		t.Errorf("%v\n%s", err, text)
	}
}

func TestProgressLine(t *testing.T) {
	for want, p := range map[string]sqlstore.Progress{
		"copying   events     3000 of 12000 rows, 100 rows/s, 25 %, 1m30s left": {Table: "events", Done: 3000, Total: 12000, Before: 2000},
		"comparing pending    24000 of 24000 rows, 2400 rows/s, 100 %":          {Proving: true, Table: "pending", Done: 24000, Total: 24000},
		"copying   stores     0 of 7 rows, 0 rows/s, 0 %":                       {Table: "stores", Total: 7},
	} {
		if got := progressLine(p, 10*time.Second); got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
}
