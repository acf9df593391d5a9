package billhook

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/billhook/billhook/profile"
)

// MaxRetryAfter is the longest that a receiver's Retry-After is heeded for.
const MaxRetryAfter = 24 * time.Hour

// judge says what an answer that came at the given time means: a 2xx acknowledges,
// nothing else does.
func judge(a *Attempt, resp *http.Response, p *profile.Profile, at time.Time) {
	a.StatusCode = resp.StatusCode
	if p.Succeeded(resp.StatusCode) {
		return
	}
	a.RetryAfter = retryAfter(resp.Header.Get("Retry-After"), at)
	switch {
	case resp.StatusCode == http.StatusSwitchingProtocols:
		a.Failure = FailureProtocol
	case resp.StatusCode/100 == 3:
		a.Failure = FailureRedirect
	default:
		a.Failure = FailureStatus
	}
	a.Error = answered(resp, a.RetryAfter, at)
}

// retryAfter reads how long from now a receiver wants to be left alone (RFC 9110
// §10.2.3): seconds, or an HTTP date. 0 for what is neither, or over; at most
// MaxRetryAfter.
func retryAfter(value string, now time.Time) time.Duration {
	value = strings.TrimSpace(value)
	if value == "" {
		return 0
	}
	if strings.Trim(value, "0123456789") == "" {
		seconds, err := strconv.ParseUint(value, 10, 64)
		if limit := uint64(MaxRetryAfter / time.Second); err != nil || seconds > limit { // too many digits, or too long
			return MaxRetryAfter
		}
		return time.Duration(seconds) * time.Second // #nosec G115 -- at most a day
	}
	date, err := http.ParseTime(value)
	if err != nil {
		return 0
	}
	return min(max(date.Sub(now), 0), MaxRetryAfter)
}
