package main

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/billhook/billhook/client"
	"github.com/billhook/billhook/internal/listen"
)

func TestLocalURL(t *testing.T) {
	for text, want := range map[string]string{
		"localhost:3000/hook": "http://localhost:3000/hook", "http://localhost:3000": "http://localhost:3000", "127.0.0.1:1": "http://127.0.0.1:1",
		"https://shop.test/a?b=c": "https://shop.test/a?b=c", "ftp://localhost": "", "": "", "http://": "", "localhost:x": "", "localhost:/hook": "",
	} {
		u, err := localURL(text)
		if (err != nil) != (want == "") || err == nil && u.String() != want {
			t.Errorf("%q is %v, %v", text, u, err)
		}
	}
}

// TestListenUsage: what cannot be meant is told with the flag that it is about.
func TestListenUsage(t *testing.T) {
	for line, want := range map[string]string{
		"listen":                      "--forward-to",
		"listen --forward-to ftp://x": "--forward-to=ftp://x",
		"listen --forward-to localhost --timeout 1ms":                      "--timeout=1ms",
		"listen --forward-to localhost --tries=-1":                         "--tries=-1",
		"listen --forward-to localhost --after x --since 10m":              "--after and --since",
		"listen --forward-to localhost --since yesterday":                  "yesterday",
		"listen --forward-to localhost --events order.*,cart.* --tries 3":  "",
		"listen --forward-to localhost --since 10m --webhook wh_1 --json":  "",
		"tail --status unknown":                                            "--status",
		"tail --status dead --webhook wh_1 --type order.paid --store shop": "",
	} {
		_, err := newParser(t).Parse(strings.Fields(line))
		if (err != nil) != (want != "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", line, err)
		}
	}
}

// TestListenLine: what a receiver answered cannot move a terminal's cursor, and a failure
// is shown with its beginning.
func TestListenLine(t *testing.T) {
	s := &listenShow{cmd: &listenCmd{}}
	for want, r := range map[string]listen.Result{
		"order.paid  evt_1  200  3 ms  2 bytes":                                      {Answer: listen.Answer{Status: 200, Size: 2, Start: []byte("ok")}},
		"order.paid  evt_1  500  3 ms  9 bytes  no \\x1b[2J\\nsuch":                  {Answer: listen.Answer{Status: 500, Size: 9, Start: []byte("no \x1b[2J\nsuch")}},
		"order.paid  evt_1  nobody is there  (sent again in 0.5 s; the others wait)": {Answer: listen.Answer{Err: errors.New("nobody is there")}, Outcome: listen.Again, Wait: 500 * time.Millisecond},
		"order.paid  evt_1  503  3 ms  0 bytes  (left out after 3 tries)":            {Answer: listen.Answer{Status: 503}, Outcome: listen.Skipped, Try: 3},
		"order.paid  evt_1  left out: its data is no longer kept":                    {Outcome: listen.Gone},
	} {
		r.ID, r.Type, r.Answer.Took = "evt_1", "order.paid", 3*time.Millisecond
		if _, got, _ := strings.Cut(s.line(&r), "  "); got != want {
			t.Errorf("%q, not %q", got, want)
		}
	}
	s.paint = true
	if got := s.line(&listen.Result{Answer: listen.Answer{Status: 200}}); !strings.Contains(got, "\x1b[32m200") {
		t.Errorf("without colour: %q", got)
	}
}

func TestChangeLine(t *testing.T) {
	at := time.Date(2026, 3, 1, 10, 30, 0, 0, time.Local)
	status := 503
	d := client.Delivery{ID: "dlv_1", WebhookID: "wh_1", Event: "order.paid", Status: "pending", Reason: "it\x1b answered 503", CreatedAt: at, NextAttemptAt: &at}
	want := `10:30:00.000  dlv_1  wh_1  order.paid  pending  attempt 2: 503  12 ms  it\x1b answered 503  (next attempt at 10:30:00)`
	if got := changeLine(&d, &client.Attempt{Number: 2, StatusCode: &status, DurationMs: 12.4, StartedAt: at}, false); got != want {
		t.Errorf("%q, not %q", got, want)
	}
	d.Status, d.Reason = "held", ""
	if got := changeLine(&d, nil, false); got != "10:30:00.000  dlv_1  wh_1  order.paid  held" {
		t.Errorf("%q", got)
	}
}
