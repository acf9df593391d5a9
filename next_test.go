package billhook

import (
	"testing"
	"time"

	"github.com/billhook/billhook/profile"
)

func TestNext(t *testing.T) {
	any5 := profile.RetryPolicy{MaxAttempts: 5, BackoffMultiplier: 2, InitialDelay: time.Second, MaxDelay: 30 * time.Second, RetryOn: profile.RetryOnAny}
	server5 := any5
	server5.RetryOn = profile.RetryOnServerErrors
	jitter := any5
	jitter.Jitter = 0.5
	start := time.Unix(1_700_000_000, 0)
	tests := []struct {
		name    string
		number  int
		before  int
		code    int
		failure Failure
		policy  profile.RetryPolicy
		random  float64
		status  Status
		delay   time.Duration
	}{
		{"success", 1, 0, 200, FailureNone, any5, 0, StatusDelivered, 0},
		{"success at the last", 5, 0, 204, FailureNone, any5, 0, StatusDelivered, 0},
		{"first failure", 1, 0, 500, FailureStatus, any5, 0, StatusPending, time.Second},
		{"third failure", 3, 0, 500, FailureStatus, any5, 0, StatusPending, 4 * time.Second},
		{"last failure", 5, 0, 500, FailureStatus, any5, 0, StatusDead, 0},
		{"beyond the last", 9, 0, 500, FailureStatus, any5, 0, StatusDead, 0},
		{"4xx retried by any", 1, 0, 404, FailureStatus, any5, 0, StatusPending, time.Second},
		{"4xx not retried", 1, 0, 404, FailureStatus, server5, 0, StatusDead, 0},
		{"3xx not retried", 1, 0, 302, FailureRedirect, server5, 0, StatusDead, 0},
		{"5xx retried", 1, 0, 503, FailureStatus, server5, 0, StatusPending, time.Second},
		{"no answer retried", 1, 0, 0, FailureTimeout, server5, 0, StatusPending, time.Second},
		{"after a manual retry attempts count anew", 6, 5, 500, FailureStatus, any5, 0, StatusPending, time.Second},
		{"and end anew", 10, 5, 500, FailureStatus, any5, 0, StatusDead, 0},
		{"jitter shortens", 1, 0, 500, FailureStatus, jitter, 0.5, StatusPending, 750 * time.Millisecond},
		{"cap", 4, 0, 500, FailureStatus, profile.RetryPolicy{MaxAttempts: 9, BackoffMultiplier: 100, InitialDelay: time.Second, MaxDelay: 3 * time.Second}, 0, StatusPending, 3 * time.Second},
	}
	for _, tt := range tests {
		a := &Attempt{Number: tt.number, StartedAt: start, Duration: 2 * time.Second, StatusCode: tt.code, Failure: tt.failure, Error: "why"}
		got := Next(a, tt.before, tt.policy, tt.random)
		want := Step{Status: tt.status, Reason: "why"}
		if tt.status == StatusDelivered {
			want.Reason = ""
		}
		if tt.status == StatusPending {
			want.RetryAt = start.Add(2*time.Second + tt.delay)
		}
		if got != want {
			t.Errorf("%s: got %+v, want %+v", tt.name, got, want)
		}
	}
}
