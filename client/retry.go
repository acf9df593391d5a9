package client

import (
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"time"
)

const (
	// firstWait is before the second attempt; it doubles for each that follows.
	firstWait = 200 * time.Millisecond
	maxWait   = 5 * time.Second
	// longestAnswered is the longest Retry-After that is waited for. Who is told to come
	// back later than that has the error at once.
	longestAnswered = time.Minute
)

// next says whether a call is made again after an error, and how long after. It is
// pure: random is from 0 to below 1.
func next(repeatable bool, attempt, attempts int, err error, random float64) (time.Duration, bool) {
	if attempt >= attempts {
		return 0, false
	}
	// Half of it is left to chance, so that those who failed together come back apart.
	backoff := min(firstWait<<min(attempt-1, 10), maxWait)
	backoff = backoff/2 + time.Duration(random*float64(backoff/2))
	var refused *Error
	if errors.As(err, &refused) {
		switch refused.Status {
		case http.StatusTooManyRequests: // nothing was done
		case http.StatusServiceUnavailable, http.StatusBadGateway, http.StatusGatewayTimeout:
			if !repeatable {
				return 0, false // it may be done all the same
			}
		default:
			return 0, false
		}
		return max(backoff, refused.RetryAfter), refused.RetryAfter <= longestAnswered
	}
	var lost *lostError
	if !errors.As(err, &lost) || isForGood(err) {
		return 0, false
	}
	return backoff, repeatable || lost.unsent
}

// isUnsent says that there was no connection to send anything on.
func isUnsent(err error) bool {
	var op *net.OpError
	return errors.As(err, &op) && op.Op == "dial"
}

// isForGood says that the next attempt would end the same.
func isForGood(err error) bool {
	var certificate *tls.CertificateVerificationError
	var dns *net.DNSError
	return errors.As(err, &certificate) || errors.As(err, &dns) && dns.IsNotFound
}
