package profile

import (
	"encoding/json"
	"errors"
	"math"
	"testing"
	"time"
)

func TestRetryDelay(t *testing.T) {
	litestore := RetryPolicy{5, 2, time.Second, 30 * time.Second, 0, 1, RetryOnServerErrors}
	jittery := RetryPolicy{8, 2, time.Second, time.Hour, 0.2, 0, RetryOnAny}
	steep := RetryPolicy{100, 100, 30 * 24 * time.Hour, 30 * 24 * time.Hour, 0, 10, RetryOnAny}
	for _, test := range []struct {
		policy   RetryPolicy
		attempts int
		random   float64
		want     time.Duration
	}{
		// min(1000·2^attempt, 30000), as the platform's own code counts.
		{litestore, 1, 0.5, 2 * time.Second},
		{litestore, 2, 0.5, 4 * time.Second},
		{litestore, 4, 0.5, 16 * time.Second},
		{litestore, 5, 0.5, 30 * time.Second},
		{jittery, 1, 0, time.Second},
		{jittery, 1, 1, 800 * time.Millisecond},
		{jittery, 3, 0.5, 3600 * time.Millisecond},
		{jittery, 100, 0, time.Hour},
		{jittery, 0, 0, time.Second},
		{jittery, -5, 0, time.Second},
		{jittery, math.MaxInt, 0, time.Hour},
		{steep, 100, 0, 30 * 24 * time.Hour},
		{RetryPolicy{MaxAttempts: 2, BackoffMultiplier: 2, MaxDelay: time.Hour}, math.MaxInt, 0, 0},
		{RetryPolicy{MaxAttempts: 2, BackoffMultiplier: 2, InitialDelay: time.Hour}, 1, 0, 0},
		{RetryPolicy{BackoffMultiplier: 1, InitialDelay: time.Second, MaxDelay: time.Hour, Jitter: 1}, 9, 1, 0},
	} {
		if got := test.policy.Delay(test.attempts, test.random); got != test.want {
			t.Errorf("%+v.Delay(%d, %v) = %v, want %v", test.policy, test.attempts, test.random, got, test.want)
		}
	}
}

func TestRetries(t *testing.T) {
	for _, test := range []struct {
		on   string
		code int
		want bool
	}{
		{RetryOnAny, 0, true}, {RetryOnAny, 302, true}, {RetryOnAny, 404, true}, {RetryOnAny, 500, true},
		{RetryOnServerErrors, 0, true}, {RetryOnServerErrors, 302, false}, {RetryOnServerErrors, 404, false},
		{RetryOnServerErrors, 499, false}, {RetryOnServerErrors, 500, true}, {RetryOnServerErrors, 599, true},
	} {
		if got := (RetryPolicy{RetryOn: test.on}).Retries(test.code); got != test.want {
			t.Errorf("%s %d: %v", test.on, test.code, got)
		}
	}
}

func TestRetryCheck(t *testing.T) {
	good := RetryPolicy{5, 2, time.Second, time.Minute, 0.5, 1, RetryOnAny}
	if err := good.Check(); err != nil {
		t.Error(err)
	}
	for pointer, spoil := range map[string][]func(p *RetryPolicy){
		"/maxAttempts":       {func(p *RetryPolicy) { p.MaxAttempts = 0 }, func(p *RetryPolicy) { p.MaxAttempts = 101 }},
		"/backoffMultiplier": {func(p *RetryPolicy) { p.BackoffMultiplier = 0.5 }, func(p *RetryPolicy) { p.BackoffMultiplier = math.NaN() }},
		"/initialDelay":      {func(p *RetryPolicy) { p.InitialDelay = -1 }, func(p *RetryPolicy) { p.InitialDelay = maxDelay + 1 }},
		"/maxDelay":          {func(p *RetryPolicy) { p.MaxDelay = -1 }, func(p *RetryPolicy) { p.MaxDelay = maxDelay + 1 }},
		"/jitter":            {func(p *RetryPolicy) { p.Jitter = 1.1 }, func(p *RetryPolicy) { p.Jitter = math.NaN() }},
		"/firstExponent":     {func(p *RetryPolicy) { p.FirstExponent = -1 }, func(p *RetryPolicy) { p.FirstExponent = 11 }},
		"/retryOn":           {func(p *RetryPolicy) { p.RetryOn = "" }},
	} {
		for _, spoil := range spoil {
			p := good
			spoil(&p)
			var member *MemberError
			if err := p.Check(); !errors.As(err, &member) || member.Pointer != pointer {
				t.Errorf("%+v: %v", p, err)
			}
		}
	}
}

func TestRetryJSON(t *testing.T) {
	p := RetryPolicy{5, 2.5, 1500 * time.Millisecond, 30 * time.Second, 0.2, 1, RetryOnServerErrors}
	text, err := json.Marshal(p)
	const want = `{"maxAttempts":5,"backoffMultiplier":2.5,"initialDelay":1500,"maxDelay":30000,"jitter":0.2,"firstExponent":1,"retryOn":"server-errors"}`
	if err != nil || string(text) != want {
		t.Errorf("got %s, %v", text, err)
	}
	var again RetryPolicy
	if err := json.Unmarshal(text, &again); err != nil || again != p {
		t.Errorf("got %+v, %v", again, err)
	}
	// What the text lacks stays as it is.
	if err := json.Unmarshal([]byte(`{"maxAttempts":3,"initialDelay":1e3}`), &again); err != nil || again.MaxAttempts != 3 ||
		again.InitialDelay != time.Second || again.MaxDelay != 30*time.Second {
		t.Errorf("got %+v, %v", again, err)
	}
	before := again
	if err := json.Unmarshal([]byte(`null`), &again); err != nil || again != before {
		t.Errorf("got %+v, %v", again, err)
	}
	for text, pointer := range map[string]string{
		`{"maxAttempts":"3"}`: "/maxAttempts", `{"initialDelay":0.5}`: "/initialDelay", `{"maxDelay":null}`: "/maxDelay",
		`{"delay":1}`: "/delay", `{"MaxDelay":1}`: "/MaxDelay", `[]`: "", `{"initialDelay":100000000000000000000}`: "/initialDelay",
	} {
		p := before
		var member *MemberError
		if err := json.Unmarshal([]byte(text), &p); !errors.As(err, &member) || member.Pointer != pointer || p != before {
			t.Errorf("%s: %+v, %v", text, p, err)
		}
	}
	// Out of range, but not wrapped around.
	if err := json.Unmarshal([]byte(`{"initialDelay":9000000000000000}`), &again); err != nil || again.Check() == nil {
		t.Errorf("got %+v, %v", again, err)
	}
}
