package main

import (
	"testing"
	"time"
)

// TestInstant: a day is a whole one, at the end of a range too.
func TestInstant(t *testing.T) {
	for text, want := range map[string][2]string{
		"2026-03-01":                {"2026-03-01T00:00:00Z", "2026-03-02T00:00:00Z"},
		"2026-03-01T10:30:00Z":      {"2026-03-01T10:30:00Z", "2026-03-01T10:30:00Z"},
		"2026-03-01T10:30:00+02:00": {"2026-03-01T08:30:00Z", "2026-03-01T08:30:00Z"},
	} {
		var i instant
		if err := i.UnmarshalText([]byte(text)); err != nil {
			t.Fatal(err)
		}
		if got := [2]string{i.UTC().Format(time.RFC3339), i.end().UTC().Format(time.RFC3339)}; got != want {
			t.Errorf("%s is %v", text, got)
		}
	}
	var none instant
	if !none.end().IsZero() || none.UnmarshalText([]byte("yesterday")) == nil {
		t.Error("what is not given, or no time, is one")
	}
}
