package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// TestMoment: a time is told as one, as a day, or by how long ago it was.
func TestMoment(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // where it is midnight, the 1st of January 2000
		for text, want := range map[string]string{
			"2h":                        "1999-12-31T22:00:00Z",
			"90s":                       "1999-12-31T23:58:30Z",
			"7d":                        "1999-12-25T00:00:00Z",
			"1999-12-24":                "1999-12-24T00:00:00Z",
			"1999-12-24T10:30:00+02:00": "1999-12-24T08:30:00Z",
		} {
			var m moment
			if err := m.UnmarshalText([]byte(text)); err != nil {
				t.Error(err)
			}
			if got := m.UTC().Format(time.RFC3339); got != want {
				t.Errorf("%s is %s, not %s", text, got, want)
			}
		}
		var l later
		if err := l.UnmarshalText([]byte("1d")); err != nil || l.UTC().Format(time.DateOnly) != "2000-01-02" {
			t.Errorf("in a day is %v, %v", l, err)
		}
		for _, bad := range []string{"", "yesterday", "-2h", "d", "1.5d", "99999999d"} {
			if new(moment).UnmarshalText([]byte(bad)) == nil || new(later).UnmarshalText([]byte(bad)) == nil {
				t.Errorf("%q is a time", bad)
			}
		}
	})
}

// TestSubject: an entity's id may have colons.
func TestSubject(t *testing.T) {
	var s subject
	if err := s.UnmarshalText([]byte("order:eu:7")); err != nil || s.orNil().Type != "order" || s.orNil().ID != "eu:7" {
		t.Errorf("%+v, %v", s, err)
	}
	for _, bad := range []string{"", "order", "order:", ":7"} {
		if err := s.UnmarshalText([]byte(bad)); err == nil {
			t.Errorf("%q is a subject", bad)
		}
	}
	if (subject{}).orNil() != nil {
		t.Error("nothing is a subject")
	}
}

// TestInput: a value is itself, a file's, or what is piped in.
func TestInput(t *testing.T) {
	file := filepath.Join(t.TempDir(), "data.json")
	if err := os.WriteFile(file, []byte(`{"big":9007199254740993}`+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got, err := input("@" + file).json("--data"); err != nil || string(got) != `{"big":9007199254740993}` {
		t.Errorf("%s, %v", got, err)
	}
	if got, err := input(`[1]`).json("--data"); err != nil || string(got) != `[1]` {
		t.Errorf("%s, %v", got, err)
	}
	for _, bad := range []string{`{"a":}`, "@" + file + ".not", "", `{} {}`} {
		if _, err := input(bad).json("--data"); err == nil || !strings.HasPrefix(err.Error(), "--data: ") {
			t.Errorf("%q: %v", bad, err)
		}
	}
	for _, bad := range []string{`[1]`, `null`, `"a"`} {
		if _, err := (&bodyFlag{Body: input(bad)}).members(); err == nil {
			t.Errorf("%s is an object", bad)
		}
	}
	b := body{}
	if err := b.headers([]string{"X-A: 1:2", "X-B:"}); err != nil || b["headers"].(map[string]string)["X-A"] != "1:2" {
		t.Errorf("%v, %v", b, err)
	}
	if err := b.headers([]string{"secret-without-a-colon"}); err == nil {
		t.Error("a line without a colon is a header")
	}
}
