package main

import (
	"testing"
	"time"

	"github.com/billhook/billhook/client"
)

// TestBecameOf: what a delivery has come to is said in a line, and of one that goes on
// when, and how that is seen.
func TestBecameOf(t *testing.T) {
	now := time.Date(2026, 3, 1, 10, 30, 0, 0, time.Local)
	soon, past, ok := now.Add(90*time.Second), now.Add(-time.Second), 204
	const shown = "`billhook deliveries get dlv_1` shows what comes of it"
	for want, d := range map[string]client.DeliveryWithAttempts{
		"  wh_1: delivered, 204 No Content in 12 ms": {
			Delivery:   client.Delivery{Status: "delivered", Attempts: 1},
			AttemptLog: []client.Attempt{{StatusCode: &ok, DurationMs: 12.3}}},
		"  wh_1: delivered, 204 No Content in 3 ms, at attempt 2": {
			Delivery:   client.Delivery{Status: "delivered", Attempts: 2},
			AttemptLog: []client.Attempt{{DurationMs: 9}, {StatusCode: &ok, DurationMs: 3}}},
		"  wh_1: pending after 1 attempt: it\\x1b is down\n    the next attempt is at 10:31:30, in 1m30s; " + shown: {
			Delivery:   client.Delivery{Status: "pending", Attempts: 1, Reason: "it\x1b is down", NextAttemptAt: &soon},
			AttemptLog: []client.Attempt{{Error: "it\x1b is down"}}},
		"  wh_1: pending, not tried yet\n    " + shown: {
			Delivery: client.Delivery{Status: "pending", NextAttemptAt: &past}},
		"  wh_1: dead after 3 attempts: it is down": {
			Delivery:   client.Delivery{Status: "dead", Attempts: 3, Reason: "it is down"},
			AttemptLog: []client.Attempt{{}, {}, {}}},
		"  wh_1: held: the webhook is inactive": {
			Delivery: client.Delivery{Status: "held", Reason: "the webhook is inactive", NextAttemptAt: &soon}},
	} {
		d.ID, d.WebhookID = "dlv_1", "wh_1"
		if got := becameOf(&d, now); got != want {
			t.Errorf("%q\nnot\n%q", got, want)
		}
	}
}
