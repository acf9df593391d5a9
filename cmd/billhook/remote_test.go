package main

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"strings"
	"testing"

	"github.com/billhook/billhook/client"
)

// TestRemoteKey: the well-known key is tried on this machine only, and nothing tells a
// key that was given.
func TestRemoteKey(t *testing.T) {
	for url, ok := range map[string]bool{
		"http://127.0.0.1:4000": true, "http://localhost:4000": true, "http://[::1]:4000": true,
		"https://hooks.example": false, "http://127.0.0.1.example": false, "http://192.168.1.2:4000": false, "nonsense": false,
	} {
		_, err := (&remoteFlags{URL: url}).client()
		if (err == nil) != ok || err != nil && !strings.Contains(err.Error(), "BILLHOOK_API_KEY") {
			t.Errorf("%s: %v", url, err)
		}
	}
	const key = "a-key-of-tests"
	for _, bad := range []remoteFlags{{URL: "hooks.example", APIKey: key}, {URL: "https://hooks.example", APIKey: key + "\n"}} {
		if _, err := bad.client(); err == nil || strings.Contains(err.Error(), key) {
			t.Errorf("%+v: %v", bad.URL, err)
		}
	}
}

// TestHints: an error of a call says what to do about it.
func TestHints(t *testing.T) {
	c, err := client.New(client.Config{BaseURL: "http://127.0.0.1:1", Attempts: 1})
	if err != nil {
		t.Fatal(err)
	}
	_, unreached := c.Stores.Get(t.Context(), "shop")
	for want, err := range map[string]error{
		"give one":             &client.Error{Code: "unauthorized", Hint: "give one"},
		"BILLHOOK_API_KEY":     &client.Error{Code: "unauthorized"},
		"keys create":          &client.Error{Code: "forbidden"},
		"billhook serve --dev": unreached,
	} {
		if got := hintOf(fmt.Errorf("wrapped: %w", err)); !strings.Contains(got, want) {
			t.Errorf("%v: %q lacks %q", err, got, want)
		}
	}
	// Of a database that is not there, say, this is no word about Billhook.
	for _, err := range []error{errors.New("else"), &net.OpError{Op: "dial", Err: errors.New("refused")}} {
		if got := hintOf(err); got != "" {
			t.Errorf("%v: %s", err, got)
		}
	}
}

// TestTell: an error is told with all that is wrong and what to do, and moves no cursor.
func TestTell(t *testing.T) {
	var b bytes.Buffer
	tell(&b, fmt.Errorf("line 7: %w", &client.Error{
		Status: 422, Code: "schema_mismatch", Detail: "two\x1b[2J things", Hint: "look",
		Errors: []client.ErrorDetail{{Pointer: "/a", Detail: "is no number"}, {Pointer: "/b", Detail: "is missing"}},
	}))
	want := "billhook: line 7: two\\x1b[2J things (422 schema_mismatch)\n  /a: is no number\n  /b: is missing\n  hint: look\n"
	if b.String() != want {
		t.Errorf("%s\nnot\n%s", &b, want)
	}
}

// TestPrintJSON: a line, and no escapes that only pages need.
func TestPrintJSON(t *testing.T) {
	var b bytes.Buffer
	if err := printJSON(&b, map[string]string{"a": "<&>\n"}); err != nil || b.String() != `{"a":"<&>\n"}`+"\n" {
		t.Errorf("%s, %v", &b, err)
	}
}
