package billhook

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/billhook/billhook/profile"
)

// judgedAt is a Wednesday.
var judgedAt = time.Date(2026, 3, 4, 14, 0, 0, 500, time.UTC)

func TestJudge(t *testing.T) {
	p, _ := profile.Named("standard")
	for code, want := range map[int]Failure{
		200: FailureNone, 201: FailureNone, 204: FailureNone, 299: FailureNone,
		101: FailureProtocol, 300: FailureRedirect, 301: FailureRedirect, 304: FailureRedirect, 399: FailureRedirect,
		400: FailureStatus, 410: FailureStatus, 500: FailureStatus, 599: FailureStatus, 999: FailureStatus,
	} {
		var a Attempt
		judge(&a, &http.Response{StatusCode: code, Header: http.Header{"Location": {"/login\x1b"}, "Retry-After": {"60"}}}, p, judgedAt)
		if a.StatusCode != code || a.Failure != want || a.Success() != (a.Error == "") || strings.Contains(a.Error, "\x1b") || (a.RetryAfter == time.Minute) == a.Success() {
			t.Errorf("%d: %+v", code, a)
		}
	}
}

func TestRetryAfter(t *testing.T) {
	const at = "Wed, 04 Mar 2026 15:00:00 GMT"
	hour := time.Hour - 500
	for value, want := range map[string]time.Duration{
		"": 0, "0": 0, "1": time.Second, " 120 ": 2 * time.Minute, "0060": time.Minute,
		"86400": MaxRetryAfter, "86401": MaxRetryAfter, "999999999999": MaxRetryAfter, "99999999999999999999999999": MaxRetryAfter,
		"-1": 0, "+1": 0, "1.5": 0, "1e3": 0, "0x10": 0, "60s": 0, "60, 120": 0, "soon": 0, "١٢": 0, "1\n": time.Second,
		at: hour, " " + at: hour,
		"Wednesday, 04-Mar-26 15:00:00 GMT": hour, // RFC 850
		"Wed Mar  4 15:00:00 2026":          hour, // ANSI C
		"Wed, 04 Mar 2026 13:00:00 GMT":     0,    // over
		"Wed, 04 Mar 2326 13:00:00 GMT":     MaxRetryAfter,
		"Wed, 04 Mar 9999 13:00:00 GMT":     MaxRetryAfter,
		"Wed, 04 Mar 2026 15:00:00 CET":     0, // GMT alone will do
		"2026-03-04T15:00:00Z":              0, // what is no HTTP date
		strings.Repeat("9", 100_000):        MaxRetryAfter,
		strings.Repeat("x", 100_000):        0,
	} {
		if got := retryAfter(value, judgedAt); got != want {
			t.Errorf("%.40q: %v, want %v", value, got, want)
		}
	}
}

func TestAnswered(t *testing.T) {
	for _, tt := range []struct {
		code                 int
		location, retryAfter string
		want                 string
	}{
		{301, "/login", "", "your shop answered 301 to /login: redirects are not followed; register the new address"},
		{302, "https://new.example/" + strings.Repeat("x", 1000), "", "your shop answered 302 to https://new.example/" + strings.Repeat("x", 180) + "…: redirects are not followed; register the new address"},
		{304, "", "", "your shop answered 304: redirects are not followed; answer with a 2xx"},
		{307, "/a", "60", "your shop answered 307 to /a: redirects are not followed; register the new address; it asks to be left alone until 14:01:01 UTC"},
		{404, "", "", "your shop answered 404 Not Found: nothing takes deliveries at this address; register the right one"},
		{418, "", "", "your shop answered 418 I'm a teapot"},
		{599, "", "", "your shop answered 599"},
		{429, "", "", "your shop asks for fewer requests (429)"},
		{429, "", "soon", "your shop asks for fewer requests (429)"},
		{429, "", "299", "your shop asks for fewer requests (429) until 14:05:00 UTC"},
		{429, "", "3600", "your shop asks for fewer requests (429) until 15:01 UTC"},
		{429, "", "Wed, 04 Mar 2026 15:05:00 GMT", "your shop asks for fewer requests (429) until 15:05 UTC"},
		{503, "", "36000", "your shop answered 503 Service Unavailable: it is overloaded, or closed for maintenance; it asks to be left alone until 5 Mar 2026 00:01 UTC"},
		{410, "", "60", "your shop answered 410 Gone, which says that it wants no more deliveries; activate the webhook again when it does"},
		{101, "", "", "your shop answered 101 and wants to change the protocol; answer with a 2xx"},
	} {
		resp := &http.Response{StatusCode: tt.code, Header: http.Header{}}
		resp.Header.Set("Location", tt.location)
		resp.Header.Set("Retry-After", tt.retryAfter)
		at := judgedAt
		if tt.retryAfter == "299" {
			at = at.Add(-500 * time.Nanosecond).Add(time.Second)
		}
		if got := answered(resp, retryAfter(tt.retryAfter, at), at); got != tt.want {
			t.Errorf("%d: %q, want %q", tt.code, got, tt.want)
		}
	}
}

func TestSpan(t *testing.T) {
	for d, want := range map[time.Duration]string{
		-time.Second: "0 ms", 0: "0 ms", 850 * time.Millisecond: "850 ms", time.Second: "1 s", 1500 * time.Millisecond: "1.5 s",
		15 * time.Second: "15 s", 15*time.Second + 2*time.Millisecond: "15 s", 119 * time.Second: "119 s", 2 * time.Minute: "2 min",
		150 * time.Minute: "150 min", 3 * time.Hour: "3 h", 31 * time.Hour: "31 h", 75*time.Hour + 35*time.Minute: "3 days", 30 * 24 * time.Hour: "30 days",
	} {
		if got := span(d); got != want {
			t.Errorf("%v: %q, want %q", d, got, want)
		}
	}
}

func TestKeepHeaders(t *testing.T) {
	h := http.Header{"B": {"2", "3"}, "A": {"1"}, "Z": {strings.Repeat("x", MaxResponseKept)}}
	if got := keepHeaders(h); got != "A: 1\nB: 2\nB: 3\n" {
		t.Errorf("%q", got)
	}
}
