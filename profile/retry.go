package profile

import (
	"encoding/json"
	"math"
	"time"
)

// Values of RetryPolicy.RetryOn.
const (
	RetryOnAny          = "any"           // whatever went wrong
	RetryOnServerErrors = "server-errors" // 5xx, or no answer at all
)

// maxDelay bounds RetryPolicy's delays.
const maxDelay = 30 * 24 * time.Hour

// RetryPolicy says how often and when a failed delivery is tried again. In
// JSON, durations are whole milliseconds.
type RetryPolicy struct {
	// MaxAttempts counts all attempts, the first included: 1 to 100.
	MaxAttempts int
	// BackoffMultiplier is what each delay is longer than the one before: 1 to
	// 100 times.
	BackoffMultiplier float64
	// InitialDelay is the delay that the multiplier begins with: 0 to 30 days.
	InitialDelay time.Duration
	// MaxDelay is the longest delay: 0 to 30 days.
	MaxDelay time.Duration
	// Jitter is the share of a delay, 0 to 1, that chance may take off it. It
	// never makes one longer.
	Jitter float64
	// FirstExponent is the multiplier's exponent in the first delay: 0 where it
	// is InitialDelay itself, 1 in platforms that count from one. 0 to 10.
	FirstExponent int
	// RetryOn is RetryOnAny or RetryOnServerErrors.
	RetryOn string
}

// Delay returns how long to wait after so many attempts, the last of which has
// failed, before the next: the smaller of MaxDelay and InitialDelay ·
// BackoffMultiplier^(attempts-1+FirstExponent), less Jitter · random of it.
// random is from 0 to 1.
func (p RetryPolicy) Delay(attempts int, random float64) time.Duration {
	if p.InitialDelay <= 0 || p.MaxDelay <= 0 {
		return 0
	}
	exponent := float64(max(attempts, 1)-1) + float64(p.FirstExponent)
	delay := float64(p.InitialDelay) * math.Pow(p.BackoffMultiplier, exponent)
	delay = min(delay, float64(p.MaxDelay)) // also what is infinite by now
	return time.Duration(delay * (1 - p.Jitter*random))
}

// Retries says whether an attempt that failed with this status code, 0 if
// there was no answer, may be followed by another.
func (p RetryPolicy) Retries(statusCode int) bool {
	return p.RetryOn != RetryOnServerErrors || statusCode == 0 || statusCode >= 500
}

// Check returns a *MemberError for the first member that is out of its range.
func (p RetryPolicy) Check() error {
	switch {
	case p.MaxAttempts < 1 || p.MaxAttempts > 100:
		return bad("/maxAttempts", "must be from 1 to 100")
	case !(p.BackoffMultiplier >= 1 && p.BackoffMultiplier <= 100):
		return bad("/backoffMultiplier", "must be from 1 to 100")
	case p.InitialDelay < 0 || p.InitialDelay > maxDelay:
		return bad("/initialDelay", "must be from 0 to %d (ms, 30 days)", maxDelay.Milliseconds())
	case p.MaxDelay < 0 || p.MaxDelay > maxDelay:
		return bad("/maxDelay", "must be from 0 to %d (ms, 30 days)", maxDelay.Milliseconds())
	case !(p.Jitter >= 0 && p.Jitter <= 1):
		return bad("/jitter", "must be from 0 to 1")
	case p.FirstExponent < 0 || p.FirstExponent > 10:
		return bad("/firstExponent", "must be from 0 to 10")
	case p.RetryOn != RetryOnAny && p.RetryOn != RetryOnServerErrors:
		return bad("/retryOn", "must be %q or %q", RetryOnAny, RetryOnServerErrors)
	}
	return nil
}

// retryJSON is RetryPolicy as it is written, its durations in milliseconds.
type retryJSON struct {
	MaxAttempts       int     `json:"maxAttempts"`
	BackoffMultiplier float64 `json:"backoffMultiplier"`
	InitialDelay      int64   `json:"initialDelay"`
	MaxDelay          int64   `json:"maxDelay"`
	Jitter            float64 `json:"jitter"`
	FirstExponent     int     `json:"firstExponent"`
	RetryOn           string  `json:"retryOn"`
}

func (p RetryPolicy) wire() retryJSON {
	return retryJSON{
		p.MaxAttempts, p.BackoffMultiplier, p.InitialDelay.Milliseconds(), p.MaxDelay.Milliseconds(),
		p.Jitter, p.FirstExponent, p.RetryOn,
	}
}

func (w retryJSON) policy() RetryPolicy {
	return RetryPolicy{
		w.MaxAttempts, w.BackoffMultiplier, milliseconds(w.InitialDelay), milliseconds(w.MaxDelay),
		w.Jitter, w.FirstExponent, w.RetryOn,
	}
}

// milliseconds converts without overflow: what is out of range stays so.
func milliseconds(ms int64) time.Duration {
	const limit = math.MaxInt64 / int64(time.Millisecond)
	return time.Duration(max(-limit, min(ms, limit))) * time.Millisecond
}

// MarshalJSON writes durations as whole milliseconds.
func (p RetryPolicy) MarshalJSON() ([]byte, error) { return json.Marshal(p.wire()) }

// UnmarshalJSON reads durations as whole milliseconds. Members that the text
// lacks keep the value they have, so a policy can be read over a default. It
// does not call Check. Errors about a member are *MemberError.
func (p *RetryPolicy) UnmarshalJSON(text []byte) error {
	if string(text) == "null" { // as encoding/json has it
		return nil
	}
	w := p.wire()
	if err := decode(text, &w, optional); err != nil {
		return err
	}
	*p = w.policy()
	return nil
}
