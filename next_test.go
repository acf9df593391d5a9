package billhook

import (
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/billhook/billhook/profile"
)

func TestNext(t *testing.T) {
	any5 := profile.RetryPolicy{MaxAttempts: 5, BackoffMultiplier: 2, InitialDelay: time.Second, MaxDelay: 30 * time.Second, RetryOn: profile.RetryOnAny}
	server5, jitter, hour, once := any5, any5, any5, any5
	server5.RetryOn = profile.RetryOnServerErrors
	jitter.Jitter = 0.5
	hour.MaxAge = time.Hour
	once.MaxAttempts = 1
	busy := server5
	busy.RetryCodes = []int{429}
	listed := profile.RetryPolicy{MaxAttempts: 3, Delays: []time.Duration{time.Minute, 48 * time.Hour}, RetryOn: profile.RetryOnAny}
	start := time.Unix(1_700_000_000, 0)
	tests := []struct {
		name       string
		number     int
		before     int
		code       int
		failure    Failure
		retryAfter time.Duration
		age        time.Duration // when the attempt began
		policy     profile.RetryPolicy
		random     float64
		status     Status
		delay      time.Duration
		says       string
	}{
		{"success", 1, 0, 200, FailureNone, 0, 0, any5, 0, StatusDelivered, 0, ""},
		{"success at the last", 5, 0, 204, FailureNone, 0, 0, any5, 0, StatusDelivered, 0, ""},
		{"success beyond its age", 2, 0, 204, FailureNone, 0, 2 * time.Hour, hour, 0, StatusDelivered, 0, ""},
		{"first failure", 1, 0, 500, FailureStatus, 0, 0, any5, 0, StatusPending, time.Second, "why"},
		{"third failure", 3, 0, 500, FailureStatus, 0, 0, any5, 0, StatusPending, 4 * time.Second, "why"},
		{"last failure", 5, 0, 500, FailureStatus, 0, 31 * time.Hour, any5, 0, StatusDead, 0, "5 attempts in 31 h, the last: why"},
		{"beyond the last", 9, 0, 500, FailureStatus, 0, 0, any5, 0, StatusDead, 0, "9 attempts in 2 s, the last: why"},
		{"the only one", 1, 0, 500, FailureStatus, 0, 0, once, 0, StatusDead, 0, "why (it was the only attempt that the retry policy allows)"},
		{"4xx retried by any", 1, 0, 404, FailureStatus, 0, 0, any5, 0, StatusPending, time.Second, "why"},
		{"4xx not retried", 1, 0, 404, FailureStatus, 0, 0, server5, 0, StatusDead, 0, "why (not tried again: the retry policy does not do that after a 404)"},
		{"3xx not retried", 1, 0, 302, FailureRedirect, 0, 0, server5, 0, StatusDead, 0, "why (not tried again: the retry policy does not do that after a 302)"},
		{"5xx retried", 1, 0, 503, FailureStatus, 0, 0, server5, 0, StatusPending, time.Second, "why"},
		{"a code that is listed", 1, 0, 429, FailureStatus, 0, 0, busy, 0, StatusPending, time.Second, "why"},
		{"no answer retried", 1, 0, 0, FailureTimeout, 0, 0, server5, 0, StatusPending, time.Second, "why"},
		{"after a manual retry attempts count anew", 6, 5, 500, FailureStatus, 0, 0, any5, 0, StatusPending, time.Second, "why"},
		{"and end anew", 10, 5, 500, FailureStatus, 0, 0, any5, 0, StatusDead, 0, "5 attempts since it was retried by hand, the last: why"},
		{"jitter shortens", 1, 0, 500, FailureStatus, 0, 0, jitter, 0.5, StatusPending, 750 * time.Millisecond, "why"},
		{"cap", 4, 0, 500, FailureStatus, 0, 0, profile.RetryPolicy{MaxAttempts: 9, BackoffMultiplier: 100, InitialDelay: time.Second, MaxDelay: 3 * time.Second}, 0, StatusPending, 3 * time.Second, "why"},
		{"delays of its own", 2, 0, 500, FailureStatus, 0, 0, listed, 0, StatusPending, 48 * time.Hour, "why"},
		{"and no more of them", 3, 0, 500, FailureStatus, 0, 49 * time.Hour, listed, 0, StatusDead, 0, "3 attempts in 49 h, the last: why"},
		{"asked to wait", 1, 0, 429, FailureStatus, time.Minute, 0, any5, 0, StatusPending, time.Minute, "why"},
		{"asked to wait, without jitter", 1, 0, 503, FailureStatus, time.Minute, 0, jitter, 0.9, StatusPending, time.Minute, "why"},
		{"asked to wait for less than the policy does", 3, 0, 503, FailureStatus, time.Second, 0, any5, 0, StatusPending, 4 * time.Second, "why"},
		{"asked to wait by a redirect", 1, 0, 301, FailureRedirect, time.Minute, 0, any5, 0, StatusPending, time.Minute, "why"},
		{"asked to wait where the policy does not retry", 1, 0, 429, FailureStatus, time.Minute, 0, server5, 0, StatusDead, 0, "why (not tried again: the retry policy does not do that after a 429)"},
		{"old, and not too old", 2, 0, 500, FailureStatus, 0, time.Hour - 4*time.Second, hour, 0, StatusPending, 2 * time.Second, "why"},
		{"too old for another", 2, 0, 500, FailureStatus, 0, time.Hour - 4*time.Second + 1, hour, 0, StatusDead, 0, "2 attempts in 60 min, and no more, since the retry policy tries for 60 min (maxAge); the last: why"},
		{"asked to wait until it is too old", 1, 0, 429, FailureStatus, time.Hour, 0, hour, 0, StatusDead, 0, "1 attempt in 2 s, and no more, since the retry policy tries for 60 min (maxAge); the last: why"},
		{"too old when it was retried", 3, 2, 500, FailureStatus, 0, 9 * time.Hour, hour, 0, StatusDead, 0, "1 attempt since it was retried by hand, and no more, since the retry policy tries for 60 min (maxAge); the last: why"},
		{"was not sent", 1, 0, 0, FailureExpired, 0, 9 * time.Hour, hour, 0, StatusDead, 0, "why"},
		{"gone", 1, 0, 410, FailureStatus, 0, 0, any5, 0, StatusDead, 0, "why"},
		{"gone at the last", 5, 0, 410, FailureStatus, time.Minute, 2 * time.Hour, hour, 0, StatusDead, 0, "why"},
	}
	for _, tt := range tests {
		d := &Pending{CreatedAt: start.Add(-tt.age), Attempts: tt.number - 1, AttemptsBefore: tt.before}
		a := &Attempt{Number: tt.number, StartedAt: start, Duration: 2 * time.Second, StatusCode: tt.code, Failure: tt.failure, Error: "why", RetryAfter: tt.retryAfter}
		got := Next(d, a, tt.policy, tt.random)
		want := Step{Status: tt.status, Reason: tt.says, Deactivate: tt.code == 410}
		if tt.status == StatusPending {
			want.RetryAt = start.Add(2*time.Second + tt.delay)
		}
		if got != want {
			t.Errorf("%s: got %+v, want %+v", tt.name, got, want)
		}
	}
}

// TestNextHolds: what must be so for all policies and attempts, on many of them.
func TestNextHolds(t *testing.T) {
	const tries = 50_000
	r := rand.New(rand.NewPCG(5, 17))
	seen := map[Status]int{}
	for range tries {
		p, d, a := anyPolicy(r), &Pending{}, anyAttempt(r)
		if err := p.Check(); err != nil {
			t.Fatalf("%+v: %v", p, err)
		}
		d.AttemptsBefore = r.IntN(3)
		d.Attempts = d.AttemptsBefore + r.IntN(6)
		a.Number = d.Attempts + 1
		d.CreatedAt = a.StartedAt.Add(-time.Duration(r.Int64N(int64(5 * time.Hour))))
		random := r.Float64()
		before, policy := *a, p.Clone()
		got := Next(d, a, p, random)
		if !reflect.DeepEqual(*a, before) || !reflect.DeepEqual(p, policy) || got != Next(d, a, p, random) {
			t.Fatalf("%+v, %+v: not pure", p, a)
		}
		seen[got.Status]++
		made, end := a.Number-d.AttemptsBefore, a.StartedAt.Add(a.Duration)
		left := p.Retries(a.StatusCode) && made < p.MaxAttempts && a.StatusCode != 410 && a.Failure != FailureExpired
		longest := max(p.Delay(made, 0), a.RetryAfter)
		expires := expiry(d, p)
		var wrong string
		switch at := got.RetryAt; {
		case a.Success() != (got.Status == StatusDelivered):
			wrong = "delivered is what succeeded"
		case got.Deactivate != (a.StatusCode == 410):
			wrong = "410 alone deactivates"
		case a.Success() && (got.Reason != "" || !at.IsZero()):
			wrong = "a success has neither reason nor retry"
		case !a.Success() && !strings.Contains(got.Reason, a.Error):
			wrong = "the reason tells of the last failure"
		case got.Status == StatusDead && (!at.IsZero() || left && (expires.IsZero() || !end.Add(longest).After(expires))):
			wrong = "dead is what may not be tried again"
		case got.Status == StatusPending && !left:
			wrong = "what is tried again may be"
		case got.Status == StatusPending && (at.Before(end.Add(a.RetryAfter)) || at.After(end.Add(longest))):
			wrong = "never earlier than asked for, nor later than the policy has it"
		case got.Status == StatusPending && !expires.IsZero() && at.After(expires):
			wrong = "never when it is too old"
		}
		if wrong != "" {
			t.Fatalf("%s: policy %+v, delivery %+v, attempt %+v: %+v", wrong, p, d, a, got)
		}
	}
	for _, status := range []Status{StatusDelivered, StatusDead, StatusPending} {
		if seen[status] < tries/10 {
			t.Errorf("only %d of %d are %s", seen[status], tries, status)
		}
	}
}

func anyPolicy(r *rand.Rand) profile.RetryPolicy {
	p := profile.RetryPolicy{
		MaxAttempts: 1 + r.IntN(8), BackoffMultiplier: 1 + 9*r.Float64(), InitialDelay: time.Duration(r.Int64N(int64(time.Minute))),
		MaxDelay: time.Duration(r.Int64N(int64(time.Hour))), Jitter: r.Float64(), FirstExponent: r.IntN(3),
		RetryOn: []string{profile.RetryOnAny, profile.RetryOnAny, profile.RetryOnServerErrors, profile.RetryOnListed}[r.IntN(4)],
	}
	if r.IntN(2) == 0 {
		for range max(p.MaxAttempts-1, 1) {
			p.Delays = append(p.Delays, time.Duration(r.Int64N(int64(time.Hour))))
		}
	}
	if r.IntN(2) == 0 {
		p.MaxAge = time.Second + time.Duration(r.Int64N(int64(6*time.Hour)))
	}
	if p.RetryOn != profile.RetryOnAny && r.IntN(2) == 0 {
		p.RetryCodes = []int{429, 503}
	}
	return p
}

func anyAttempt(r *rand.Rand) *Attempt {
	a := &Attempt{StartedAt: time.Unix(1_700_000_000, r.Int64N(1e9)), Duration: time.Duration(r.Int64N(int64(15 * time.Second)))}
	a.StatusCode = []int{0, 200, 204, 302, 404, 410, 429, 500, 503}[r.IntN(9)]
	switch {
	case a.StatusCode/100 == 2:
		return a
	case a.StatusCode == 0:
		a.Failure = []Failure{FailureTimeout, FailureConnect, FailureExpired}[r.IntN(3)]
	default:
		a.Failure = FailureStatus
	}
	a.Error = "your shop did something"
	if a.StatusCode != 0 && r.IntN(2) == 0 {
		a.RetryAfter = time.Duration(r.Int64N(int64(MaxRetryAfter)))
	}
	return a
}

func TestExpired(t *testing.T) {
	start := time.Unix(1_700_000_000, 0)
	policy := profile.RetryPolicy{MaxAge: time.Hour}
	for _, tt := range []struct {
		age              time.Duration
		attempts, before int
		policy           profile.RetryPolicy
		want             bool
	}{
		{0, 0, 0, policy, false},
		{time.Hour, 0, 0, policy, false},
		{time.Hour + expiryGrace, 0, 0, policy, false}, // Next may have set it for the last moment
		{time.Hour + expiryGrace + 1, 0, 0, policy, true},
		{9 * time.Hour, 3, 0, policy, true},
		{9 * time.Hour, 3, 3, policy, false}, // retried by hand
		{9 * time.Hour, 4, 3, policy, true},
		{9 * time.Hour, 0, 0, profile.RetryPolicy{}, false},
	} {
		d := &Pending{CreatedAt: start.Add(-tt.age), Attempts: tt.attempts, AttemptsBefore: tt.before}
		if got := expired(d, tt.policy, start); got != tt.want {
			t.Errorf("%+v: %v", tt, got)
		}
	}
	// The age of one that was scheduled counts from its time on.
	scheduled := &Pending{CreatedAt: start.Add(-9 * time.Hour), FirstDue: start, Position: Position{DueAt: start}}
	for _, attempts := range []int{0, 1} {
		scheduled.Attempts = attempts
		if last := start.Add(time.Hour + expiryGrace); expired(scheduled, policy, last) || !expired(scheduled, policy, last.Add(1)) {
			t.Errorf("a scheduled one, after %d attempts, has not an hour from its time on", attempts)
		}
	}
}
