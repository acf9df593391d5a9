package billhook

import "time"

// A Failure is the kind of reason for which an attempt did not succeed.
type Failure string

const (
	FailureNone     Failure = ""
	FailureStatus   Failure = "status"   // answered, but not with a 2xx
	FailureRedirect Failure = "redirect" // answered with a 3xx, which is never followed
	FailureTimeout  Failure = "timeout"  // no answer in time
	FailureResolve  Failure = "resolve"  // the host name has no address
	FailureConnect  Failure = "connect"  // no connection
	FailureTLS      Failure = "tls"      // no trusted TLS session
	FailureRefused  Failure = "refused"  // the address may not be dialled
	FailureProtocol Failure = "protocol" // the answer is not HTTP, or breaks off before its status
	FailureExpired  Failure = "expired"  // not sent: when its turn came it was older than the policy's MaxAge, or its payload no longer kept
)

// An Attempt is one request of a delivery and what came of it. A failed
// attempt is data, not an error.
type Attempt struct {
	StoreID    string
	DeliveryID string
	// Number counts from 1 within the delivery.
	Number    int
	StartedAt time.Time
	// Duration is from the start to the status line, or to the failure.
	Duration time.Duration
	// URL is where it was sent.
	URL string
	// StatusCode is the answer's; 0 when there was none.
	StatusCode int
	Failure    Failure
	// Error says in words what failed; empty on success.
	Error string
	// RetryAfter is how long the receiver asks to be left alone (RFC 9110, 10.2.3),
	// at most MaxRetryAfter; 0 when it does not. It is not kept.
	RetryAfter time.Duration
	// BatchID is the webhook-id of a request that had a batch of deliveries in it, and
	// BatchSize how many; empty and 0 for one without batches, or none at all.
	BatchID   string
	BatchSize int
	// ResponseHeaders are the answer's, one "Name: value" a line, at most
	// MaxResponseKept bytes; not those to a batch of several, which may quote what is
	// another's.
	ResponseHeaders string
	// ResponseBody is the beginning of the answer's body, as sent (not
	// decompressed), at most MaxResponseKept bytes; kept where the headers are.
	ResponseBody []byte
}

// MaxResponseKept is how much of an answer's headers and of its body an
// attempt keeps, in bytes each.
const MaxResponseKept = 4096

// Success reports whether the receiver acknowledged the delivery.
func (a *Attempt) Success() bool { return a.Failure == FailureNone }
