package billhook

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"time"
)

// A Batching says how many of a webhook's deliveries are sent together, as one JSON
// array in one request, and for how long they wait for each other (docs/BATCHES.md).
type Batching struct {
	// MaxEvents is how many at the most: 2 to 100. Default: 0, and each is sent by
	// itself, in no array.
	MaxEvents int `json:"maxEvents,omitempty"`
	// MaxWaitMs is how long the first that is due waits for others, in milliseconds: 0
	// to 60,000. Default: 0, and it goes with what is due by then.
	MaxWaitMs int64 `json:"maxWaitMs,omitempty"`
	// MaxBytes bounds the body: 1,024 to 1,048,576 bytes. An event that is larger is
	// sent alone. Default: 262,144.
	MaxBytes int `json:"maxBytes,omitempty"`
}

const (
	minBatchEvents, maxBatchEvents                      = 2, 100
	maxBatchWait                                        = time.Minute
	minBatchBytes, defaultBatchBytes, maxBatchBytesEver = 1 << 10, 256 << 10, 1 << 20
)

// check says what is wrong with it.
func (b Batching) check() error {
	switch wait := maxBatchWait.Milliseconds(); {
	case b.MaxEvents == 0 && b != (Batching{}):
		return invalid("/batch/maxEvents", "is missing; or, where there are to be no batches, another member is there")
	case b.MaxEvents != 0 && (b.MaxEvents < minBatchEvents || b.MaxEvents > maxBatchEvents):
		return invalid("/batch/maxEvents", "is neither 0, for no batches, nor between %d and %d", minBatchEvents, maxBatchEvents)
	case b.MaxWaitMs < 0 || b.MaxWaitMs > wait:
		return invalid("/batch/maxWaitMs", "is not between 0 and %d", wait)
	case b.MaxBytes != 0 && (b.MaxBytes < minBatchBytes || b.MaxBytes > maxBatchBytesEver):
		return invalid("/batch/maxBytes", "is not between %d and %d", minBatchBytes, maxBatchBytesEver)
	}
	return nil
}

// Bytes is MaxBytes, or its default.
func (b Batching) Bytes() int { return cmp.Or(b.MaxBytes, defaultBatchBytes) }

func (b Batching) wait() time.Duration { return time.Duration(b.MaxWaitMs) * time.Millisecond }

// company is with how many others at the most, itself included, a delivery is sent
// after so many attempts of the most that there are: a quarter of those of the time
// before, and alone the last time. So what its receiver will not take is soon by
// itself, and no other delivery is dead for its company.
func (b Batching) company(made, most int) int {
	if made > 0 && made+1 >= most {
		return 1
	}
	return max(b.MaxEvents>>(2*made), 1)
}

// batchID names the request that has just these events in this order. Whenever they
// are sent together it is the same.
func batchID(events []*Event) string {
	all := sha256.New()
	for _, e := range events {
		all.Write(append([]byte(e.ID), 0)) // no id has a zero in it
	}
	return "batch_" + hex.EncodeToString(all.Sum(nil)[:16])
}

// batches reports whether what is sent to the webhook is an array of events.
func (e *endpoint) batches() bool { return e.webhook.Batch.MaxEvents > 0 }

// company is Batching.company of a delivery that waits. While it is not known whether
// the receiver is there, one tells as much as many.
func (e *endpoint) company(p *Pending) int {
	made := p.Attempts - p.AttemptsBefore
	if e.record.breaker.open || made > 0 && e.maybeLast(p, made) {
		return 1
	}
	return e.webhook.Batch.company(made, e.policy.MaxAttempts)
}

// maybeLast reports whether a delivery may be too old for another attempt after the
// one that is due and so many before that.
func (e *endpoint) maybeLast(p *Pending, made int) bool {
	expires := expiry(p, e.policy)
	ends := p.DueAt.Add(e.webhook.Batch.wait() + e.timeout)
	return !expires.IsZero() && ends.Add(e.policy.Delay(made+1, 0)).After(expires)
}
