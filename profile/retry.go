package profile

import (
	"math"
	"slices"
	"time"
)

// Values of RetryPolicy.RetryOn.
const (
	RetryOnAny          = "any"           // whatever went wrong
	RetryOnServerErrors = "server-errors" // 5xx, no answer at all, or one of RetryCodes
	RetryOnListed       = "listed"        // no answer at all, or one of RetryCodes
)

const (
	// maxDelay bounds RetryPolicy's delays.
	maxDelay = 30 * 24 * time.Hour
	// maxAttempts bounds RetryPolicy.MaxAttempts.
	maxAttempts = 100
	// minAge and maxAge bound RetryPolicy.MaxAge.
	minAge, maxAge = time.Second, 365 * 24 * time.Hour
	// shortest and longest bound RetryPolicy.Timeout: a request that waits for a
	// receiver keeps a place that others want.
	shortest, longest = 100 * time.Millisecond, time.Minute
	// maxCodes bounds RetryPolicy.RetryCodes.
	maxCodes = 50
	// gone is the status with which a receiver ends a delivery, whatever the policy.
	gone = 410
)

// RetryPolicy says how often and when a failed delivery is tried again. In
// JSON, durations are whole milliseconds, and the name of a preset (see Preset)
// stands for all of it.
type RetryPolicy struct {
	// MaxAttempts counts all attempts, the first included: 1 to 100, and with
	// Delays at most one more than there are.
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
	// RetryOn is RetryOnAny, RetryOnServerErrors or RetryOnListed.
	RetryOn string

	// Delays are the delays themselves, the first before the second attempt: at
	// most 99, each 0 to 30 days. They take the place of the backoff, which is the
	// four members but Jitter above. Default: none.
	Delays []time.Duration
	// MaxAge is how old a delivery may be when it is tried: 1 second to 365 days.
	// Default: 0, as old as it gets.
	MaxAge time.Duration
	// Timeout is how long one attempt may take, in place of Profile.Timeout:
	// 100 ms to 1 minute. Default: 0, the profile's.
	Timeout time.Duration
	// RetryCodes are status codes that are tried again, 300 to 599, at most 50. They
	// are not for RetryOnAny. Default: none.
	RetryCodes []int
}

// Delay returns how long to wait after so many attempts, the last of which has
// failed, before the next: the one of Delays, or the smaller of MaxDelay and
// InitialDelay · BackoffMultiplier^(attempts-1+FirstExponent), less Jitter · random
// of it. random is from 0 to 1.
func (p RetryPolicy) Delay(attempts int, random float64) time.Duration {
	attempts = max(attempts, 1)
	if n := len(p.Delays); n > 0 {
		return time.Duration(float64(p.Delays[min(attempts, n)-1]) * (1 - p.Jitter*random))
	}
	if p.InitialDelay <= 0 || p.MaxDelay <= 0 {
		return 0
	}
	exponent := float64(attempts-1) + float64(p.FirstExponent)
	delay := float64(p.InitialDelay) * math.Pow(p.BackoffMultiplier, exponent)
	delay = min(delay, float64(p.MaxDelay)) // also what is infinite by now
	return time.Duration(delay * (1 - p.Jitter*random))
}

// Retries says whether an attempt that failed with this status code, 0 if
// there was no answer, may be followed by another.
func (p RetryPolicy) Retries(statusCode int) bool {
	switch {
	case statusCode == 0 || p.RetryOn == RetryOnServerErrors && statusCode >= 500:
		return true
	case p.RetryOn == RetryOnServerErrors || p.RetryOn == RetryOnListed:
		return slices.Contains(p.RetryCodes, statusCode)
	}
	return true
}

// Clone is a copy that shares nothing with the policy.
func (p RetryPolicy) Clone() RetryPolicy {
	p.Delays, p.RetryCodes = slices.Clone(p.Delays), slices.Clone(p.RetryCodes)
	return p
}

// Settle makes one policy of members that were given and others that are those of
// another policy. given tells of a member's name in JSON whether it was given.
// Delays and a backoff take each other's place, a list of delays says how often it
// is tried unless that was given, and codes go with the RetryOn that wants none.
func (p *RetryPolicy) Settle(given func(member string) bool) {
	switch {
	case !given("delays"):
		if slices.ContainsFunc([]string{"backoffMultiplier", "initialDelay", "maxDelay", "firstExponent"}, given) {
			p.Delays = nil
		}
	case len(p.Delays) > 0 && !given("maxAttempts"):
		p.MaxAttempts = len(p.Delays) + 1
	}
	if given("retryOn") && p.RetryOn == RetryOnAny && !given("retryCodes") {
		p.RetryCodes = nil
	}
}

// Check returns a *MemberError for the first member that is out of its range.
func (p RetryPolicy) Check() error {
	switch {
	case p.MaxAttempts < 1 || p.MaxAttempts > maxAttempts:
		return bad("/maxAttempts", "must be from 1 to %d", maxAttempts)
	case len(p.Delays) > 0 && p.MaxAttempts > len(p.Delays)+1:
		return bad("/maxAttempts", "must be from 1 to %d, one more than there are delays", len(p.Delays)+1)
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
	case p.RetryOn != RetryOnAny && p.RetryOn != RetryOnServerErrors && p.RetryOn != RetryOnListed:
		return bad("/retryOn", "must be %q, %q or %q", RetryOnAny, RetryOnServerErrors, RetryOnListed)
	case p.MaxAge != 0 && (p.MaxAge < minAge || p.MaxAge > maxAge):
		return bad("/maxAge", "must be from %d to %d (ms, 365 days)", minAge.Milliseconds(), maxAge.Milliseconds())
	case p.Timeout != 0 && (p.Timeout < shortest || p.Timeout > longest):
		return bad("/timeout", "must be from %d to %d (ms)", shortest.Milliseconds(), longest.Milliseconds())
	}
	return p.checkLists()
}

func (p RetryPolicy) checkLists() error {
	if len(p.Delays) > maxAttempts-1 {
		return bad("/delays", "must be at most %d", maxAttempts-1)
	}
	for i, d := range p.Delays {
		if d < 0 || d > maxDelay {
			return bad(element("/delays", i), "must be from 0 to %d (ms, 30 days)", maxDelay.Milliseconds())
		}
	}
	switch {
	case len(p.RetryCodes) > maxCodes:
		return bad("/retryCodes", "must be at most %d", maxCodes)
	case len(p.RetryCodes) > 0 && p.RetryOn == RetryOnAny:
		return bad("/retryCodes", "says nothing beside the retryOn %q, which has every code tried again: set it to %q or %q", RetryOnAny, RetryOnListed, RetryOnServerErrors)
	}
	for i, code := range p.RetryCodes {
		switch {
		case code == gone:
			return bad(element("/retryCodes", i), "is 410, with which a receiver says that it wants no more")
		case code < 300 || code > 599:
			return bad(element("/retryCodes", i), "must be from 300 to 599")
		case slices.Contains(p.RetryCodes[:i], code):
			return bad(element("/retryCodes", i), "is there twice")
		}
	}
	return nil
}
