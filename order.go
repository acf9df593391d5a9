package billhook

import (
	"fmt"
	"slices"
	"time"
)

// What WebhookSettings.Order may be.
const (
	// OrderNone: each delivery is sent when it is due. It is the default, and "" is
	// the same.
	OrderNone = "none"
	// OrderEntity: what is about one entity is sent in the order of its Sequence,
	// each once the one before is over.
	OrderEntity = "entity"
)

// A Coalesce says of which event types only the newest is worth sending.
type Coalesce struct {
	// Latest are event types and patterns, as in Webhook.Events. A waiting delivery
	// of such a type is skipped once a newer one of the same type, about the same
	// entity, waits too. They are sent in the order of their entity, whatever Order
	// is: an older one that failed must not come after a newer one.
	Latest []string `json:"latest,omitempty"`
}

// A Place is a delivery's in the order of its entity. The deliveries of a webhook
// about one entity are a Strand, and the contract of a Database is:
//
//	Of each strand at most one delivery is a node's to send. The others are held
//	back, and belong to nobody. Where one is held back, there is one that is a
//	node's, or that nobody has claimed yet.
//
// Commit keeps it. What comes into a strand is held back; at the end of the
// transaction, of each strand that it touched and of which nothing is to be sent,
// the delivery with the lowest sequence becomes this node's (Batch.Released). Who
// touches a lane's strands takes the lane's turn before it looks, and has it until
// its transaction is over, so that of two transactions the second sees what the
// first did.
type Place struct {
	Entity   Reference
	Sequence int64
}

// A Strand is what waits for one webhook about one entity.
type Strand struct {
	Lane
	Entity Reference
}

// Strand is the one that the delivery is in; zero where it is in none.
func (p *Pending) Strand() Strand {
	if p.Place == nil {
		return Strand{}
	}
	return Strand{Lane: p.Lane, Entity: p.Place.Entity}
}

// A Skip ends a delivery without an attempt, as StatusSkipped, since Newest waits
// in its strand; and, with it, those of its type that are held back before Newest,
// up to some hundred.
type Skip struct {
	// Delivery is fenced as an Outcome's is, and by Newest, or what is newer still:
	// it must wait even then. A Skip may have been written when its commit failed,
	// and somebody have retried the delivery by the time it is written again.
	Delivery Pending
	Newest   Place
	Reason   string
	At       time.Time

	// Stale is set by Commit, and Behind to the ids of the others that it has ended.
	Stale  bool
	Behind []string
}

// A Free makes something of a strand this node's to send, where nothing is and
// something is held back.
type Free struct{ Strand Strand }

// orders reports whether deliveries of the event type are sent in the order of
// their entity.
func (s *WebhookSettings) orders(eventType string) bool {
	return s.Order == OrderEntity || s.coalesces(eventType)
}

// coalesces reports whether of the event type only the newest is to be sent.
func (s *WebhookSettings) coalesces(eventType string) bool {
	return slices.ContainsFunc(s.Coalesce.Latest, func(pattern string) bool { return matches(pattern, eventType) })
}

// checkOrder says what is wrong with a webhook's order and what it coalesces.
func checkOrder(before, s *WebhookSettings, v vocabulary) error {
	switch s.Order {
	case "", OrderNone, OrderEntity:
	default:
		return &Error{Code: CodeInvalid, Pointer: "/order", Message: quote(s.Order) + " is no order", Hint: `use "none" or "entity"`}
	}
	if slices.Equal(before.Coalesce.Latest, s.Coalesce.Latest) {
		return nil
	}
	if len(s.Coalesce.Latest) > maxEvents {
		return invalid("/coalesce/latest", "has more than %d entries", maxEvents)
	}
	for i, pattern := range s.Coalesce.Latest {
		if err := checkPattern(pattern, v, fmt.Sprintf("/coalesce/latest/%d", i)); err != nil {
			return err
		}
	}
	return nil
}

// maxAhead is how far in the future an event's DeliverAt may be.
const maxAhead = 366 * 24 * time.Hour

// checkDeliverAt says whether an event can wait so long.
func checkDeliverAt(t, now time.Time) error {
	if t.After(now.Add(maxAhead)) {
		return &Error{Code: CodeInvalid, Pointer: "/deliverAt", Message: "is more than a year ahead", Hint: "emit it when it is nearer"}
	}
	return checkTime(t, "/deliverAt")
}
