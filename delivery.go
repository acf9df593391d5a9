package billhook

import "time"

// A Status says where a delivery is in its life.
type Status string

const (
	// StatusPending: waiting for its first or its next attempt.
	StatusPending Status = "pending"
	// StatusDelivered: the receiver acknowledged it with a 2xx.
	StatusDelivered Status = "delivered"
	// StatusDead: no attempt succeeded and the policy allows no more, or the receiver
	// wants none (410).
	StatusDead Status = "dead"
	// StatusCancelled: its webhook was deleted before it was delivered, or its
	// payload was erased.
	StatusCancelled Status = "cancelled"
	// StatusSkipped: it was not to be sent after all; its reason says why.
	StatusSkipped Status = "skipped"
	// StatusHeld is how a pending delivery shows whose webhook is not active. No
	// Database knows it: it is derived when a delivery is read.
	StatusHeld Status = "held"
)

// A Delivery is one event for one webhook.
type Delivery struct {
	StoreID   string
	ID        string
	WebhookID string
	EventID   string
	EventType string
	Status    Status
	// Attempts counts the requests made so far.
	Attempts int
	// AttemptsBefore counts those made before the last manual retry: the
	// policy looks only at the ones since.
	AttemptsBefore int
	// StatusCode is the last answer's; 0 when there was none.
	StatusCode int
	// Reason says in words why it is not delivered; empty when there is
	// nothing to tell.
	Reason string

	CreatedAt     time.Time
	LastAttemptAt time.Time
	// NextAttemptAt is when a pending delivery is due; zero for the others.
	NextAttemptAt time.Time
	// FinishedAt is when it left pending; zero until then.
	FinishedAt time.Time

	// Sequence and Entity are the event's, and Test says that it is one of Client.Test.
	// Reads fill them in.
	Sequence int64
	Entity   Reference
	Test     bool
	// Payload is the event's data. Reads fill it in; nil once that is gone.
	Payload []byte
	// ErasedAt is when it went; zero while it is there, and where not even the record
	// of the event is kept any more.
	ErasedAt time.Time
}
