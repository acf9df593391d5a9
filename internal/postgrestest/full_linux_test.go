package postgrestest

import (
	"strings"
	"testing"
)

// TestLimitFiles: what lies beyond the limit is refused, also by processes that
// were there before it; without room for its log of writes a server gives up.
func TestLimitFiles(t *testing.T) {
	s := Start(t)
	url := s.Database(t)
	fill := func() error {
		_, err := s.psql(url, "create table large as select repeat(md5(n::text), 20) from generate_series(1, 40000) as n")
		return err
	}
	s.LimitFiles(t, Segment)
	if err := fill(); err == nil || !strings.Contains(err.Error(), "could not extend file") {
		t.Errorf("a table of 26 MB: %v", err)
	}
	s.LimitFiles(t, Unlimited)
	check(t, fill())
	s.LimitFiles(t, Nothing)
	if _, err := s.psql(url, "drop table large"); err == nil {
		t.Error("a table was dropped without a write")
	}
	s.Kill(t)
	s.Start(t)
	rows, err := s.psql(url, "select count(*) from large")
	check(t, err)
	if rows != "40000" {
		t.Errorf("%s rows are left", rows)
	}
}
