package billhook

import (
	"cmp"
	"slices"
	"strings"
	"time"
)

// A Recovery makes deliveries that were lost to somebody pending again, many at a
// time and in the background: the dead ones that a filter finds, all that a
// webhook missed while its receiver was away, or events from before the webhook
// was there. It goes on in small steps until it is over, whichever node runs it.
type Recovery struct {
	StoreID string
	ID      string
	RecoveryPlan
	// IdempotencyKey is the caller's, unique in the store; may be empty.
	IdempotencyKey string
	Status         RecoveryStatus
	RecoveryProgress
	// Step counts the steps that were made, by which one is told from the next.
	Step      int64
	CreatedAt time.Time
	UpdatedAt time.Time
}

// A RecoveryKind says what a Recovery looks for.
type RecoveryKind string

const (
	// RecoveryRetry: deliveries that are over and that a filter finds.
	RecoveryRetry RecoveryKind = "retry"
	// RecoveryRecover: all that one webhook has missed in a window of time: its
	// deliveries that are dead, cancelled or skipped, that were made before the
	// window's end and over after its beginning.
	RecoveryRecover RecoveryKind = "recover"
	// RecoveryReplay: events of a window of time that one webhook wants, by its event
	// types, filter and versions, and has no delivery of, since it was added later, or
	// wanted others then.
	RecoveryReplay RecoveryKind = "replay"
)

// A RecoveryStatus says where a Recovery is in its life.
type RecoveryStatus string

const (
	RecoveryRunning   RecoveryStatus = "running"
	RecoveryDone      RecoveryStatus = "done"
	RecoveryCancelled RecoveryStatus = "cancelled" // by CancelRecovery
	RecoveryFailed    RecoveryStatus = "failed"    // Error says why
)

// A RecoveryPlan is what a Recovery was asked to do. It never changes, and a
// Database keeps it as one JSON object that it never looks into.
type RecoveryPlan struct {
	Kind RecoveryKind `json:"kind"`
	// WebhookID narrows a retry to one webhook; the others are always for one.
	WebhookID string `json:"webhookId,omitempty"`
	// DeliveryStatus is what a retry looks for: StatusDead, StatusCancelled,
	// StatusSkipped or, with a WebhookID, StatusDelivered. One that was skipped since
	// a newer one took its place is not looked for.
	DeliveryStatus Status `json:"deliveryStatus,omitempty"`
	// Types are event types, or patterns as a webhook's; none for all.
	Types []string `json:"types,omitempty"`
	// From and To bound what is looked for; a zero To is when it was asked for. Of
	// a retry they bound when the deliveries were made, of a replay when the events
	// were; what they mean to a recover is told there.
	From time.Time `json:"from,omitzero"`
	To   time.Time `json:"to,omitzero"`
	// RatePerSecond is how many deliveries become due in a second.
	RatePerSecond int `json:"ratePerSecond"`
}

// A RecoveryProgress is how far a Recovery has come, kept as RecoveryPlan is.
type RecoveryProgress struct {
	// Found counts what was looked for and found so far; Queued of these, what was
	// made pending. The rest was Left.
	Found  int          `json:"found"`
	Queued int          `json:"queued"`
	Left   RecoveryLeft `json:"left"`
	// After is how far it has looked: a delivery's id, or an event's position.
	After EventPosition `json:"after"`
	// NextDueAt is when the next delivery may be due.
	NextDueAt time.Time `json:"nextDueAt,omitzero"`
	// Error says in words why it failed.
	Error string `json:"error,omitempty"`
}

// A RecoveryOutcome counts what has become, by now, of the deliveries that a Recovery
// made pending. One that was delivered and then retried once more by hand waits.
type RecoveryOutcome struct {
	Delivered int `json:"delivered"`
	Dead      int `json:"dead"`
	Waiting   int `json:"waiting"`
	// Other: they were cancelled or skipped, or are no longer kept.
	Other int `json:"other"`
}

func (o *RecoveryOutcome) add(p RecoveryOutcome) {
	o.Delivered += p.Delivered
	o.Dead += p.Dead
	o.Waiting += p.Waiting
	o.Other += p.Other
}

func (o *RecoveryOutcome) all() int { return o.Delivered + o.Dead + o.Waiting + o.Other }

// RecoveryLeft counts what a Recovery found and left as it was, by why.
type RecoveryLeft struct {
	// Deleted and Inactive: the webhook is.
	Deleted  int `json:"deleted"`
	Inactive int `json:"inactive"`
	// Forgotten: the payload is no longer kept, or not whether the webhook has had it.
	Forgotten int `json:"forgotten"`
	// Changed: somebody else has dealt with it meanwhile.
	Changed int `json:"changed"`
}

// recoverable are the statuses of deliveries that their webhook has missed.
var recoverable = []Status{StatusDead, StatusCancelled, StatusSkipped}

// Statuses are those of the deliveries that are looked for.
func (p *RecoveryPlan) Statuses() []Status {
	switch p.Kind {
	case RecoveryRetry:
		return []Status{p.DeliveryStatus}
	case RecoveryRecover:
		return recoverable
	}
	return nil
}

// Takes reports whether a delivery may be made pending again that is over: one that
// came to an end when the recovery had been asked for is not meant. So no recovery
// takes one twice, nor what another has taken since.
func (r *Recovery) Takes(status Status, finishedAt time.Time) bool {
	return slices.Contains(r.Statuses(), status) && finishedAt.Before(r.CreatedAt)
}

// means reports whether a delivery that is over is what is looked for. A test was for
// the receiver of that moment, and is never sent again as if it had happened.
func (r *Recovery) means(d *Delivery) bool {
	if d.Test || !r.Takes(d.Status, d.FinishedAt) || !r.typed(d.EventType) || !r.To.IsZero() && !d.CreatedAt.Before(r.To) {
		return false
	}
	if d.Status == StatusSkipped && strings.HasPrefix(d.Reason, skippedSuperseded) {
		return false // after the newer one it would say what is not so any more
	}
	if r.Kind == RecoveryRecover {
		return !d.FinishedAt.Before(r.From)
	}
	return !d.CreatedAt.Before(r.From)
}

func (p *RecoveryPlan) typed(eventType string) bool {
	return len(p.Types) == 0 || (&Webhook{Events: p.Types}).wants(eventType)
}

// until is the end of a replay's window: what comes after it was asked for goes its
// ordinary way.
func (r *Recovery) until() time.Time {
	if r.To.IsZero() || r.To.After(r.CreatedAt) {
		return r.CreatedAt
	}
	return r.To
}

const (
	// recoveryPage is how much a step looks at, and recoveryStep how much of it
	// one makes pending, in one transaction.
	recoveryPage = 500
	recoveryStep = 250
	// recoveryLead is how far ahead of its time a delivery is made pending. What is
	// pending goes on when a recovery is cancelled, so it is not far.
	recoveryLead = time.Second
)

func (p *RecoveryPlan) interval() time.Duration {
	return time.Second / time.Duration(max(p.RatePerSecond, 1))
}

// quota is how many deliveries the next step may make pending.
func (r *Recovery) quota(now time.Time) int {
	first := r.NextDueAt
	if first.Before(now) {
		first = now
	}
	n := int(now.Add(recoveryLead).Sub(first)/r.interval()) + 1
	return min(max(n, 1), recoveryStep)
}

// nextStepAt is when there is room for another step.
func (r *Recovery) nextStepAt(now time.Time) time.Time {
	if at := r.NextDueAt.Add(-recoveryLead / 2); at.After(now) {
		return at
	}
	return now
}

// spread gives deliveries their times, one after the other at the rate.
func (r *Recovery) spread(all []Pending, now time.Time) {
	due := r.NextDueAt
	if due.Before(now) {
		due = now
	}
	for i := range all {
		all[i].DueAt = due
		due = due.Add(r.interval())
	}
	r.NextDueAt = due
}

// A reach says whether a delivery to a webhook could be sent.
type reach int

const (
	reachable reach = iota
	inactive
	deleted
	unheard // another node has made it, and this one does not know of it yet
	full    // enough waits for it already
	// forgotten: its payload is.
	forgotten
)

// pick looks through deliveries that are over, up to the first that it may not take
// yet, and returns those that are to be pending again.
func (r *Recovery) pick(page []Delivery, quota int, kept func(*Delivery) bool, to func(webhookID string) reach) (taken []Pending) {
	for i := range page {
		d := &page[i]
		if r.means(d) {
			reached := forgotten
			if kept(d) {
				reached = to(d.WebhookID)
			}
			switch reached {
			case forgotten:
				r.Left.Forgotten++
			case unheard, full:
				return taken
			case inactive:
				r.Left.Inactive++
			case deleted:
				r.Left.Deleted++
			default:
				if len(taken) == quota {
					return taken
				}
				taken = append(taken, Pending{
					Lane: Lane{StoreID: r.StoreID, WebhookID: d.WebhookID}, Position: Position{ID: d.ID},
					EventID: d.EventID, EventType: d.EventType, CreatedAt: d.CreatedAt,
				})
			}
			r.Found++
		}
		r.After.ID = d.ID
	}
	return taken
}

// pickEvents is pick for a replay: it looks through events, and returns those that
// the webhook wants, passes and has not. Their deliveries have no id yet. Of an event
// that cannot be told it looks no further.
func (r *Recovery) pickEvents(page []EventFor, quota int, hook *Webhook, kept func(*EventFor) bool, passes func(*EventFor) (bool, error)) (taken []Pending, err error) {
	for i := range page {
		e := &page[i]
		meant := !e.Has && !e.Test && r.typed(e.Type) && hook.wants(e.Type)
		if meant && !kept(e) {
			r.Found, r.Left.Forgotten, meant = r.Found+1, r.Left.Forgotten+1, false
		}
		if meant {
			if meant, err = passes(e); err != nil {
				return nil, err
			}
		}
		if meant {
			if len(taken) == quota {
				return taken, nil
			}
			p := Pending{Lane: Lane{StoreID: r.StoreID, WebhookID: r.WebhookID}, EventID: e.ID, EventType: e.Type, CreatedAt: e.CreatedAt}
			if e.Sequence > 0 && hook.orders(e.Type) {
				p.Place = &Place{Entity: e.Entity, Sequence: e.Sequence}
			}
			taken = append(taken, p)
			r.Found++
		}
		r.After = EventPosition{CreatedAt: e.CreatedAt, ID: e.ID}
	}
	return taken, nil
}

// same reports whether two plans ask for the same.
func (p *RecoveryPlan) same(q *RecoveryPlan) bool {
	return p.Kind == q.Kind && p.WebhookID == q.WebhookID && p.DeliveryStatus == q.DeliveryStatus && slices.Equal(p.Types, q.Types) &&
		p.From.Equal(q.From) && p.To.Equal(q.To) && p.RatePerSecond == q.RatePerSecond
}

// A RecoveryRequest is what a caller wants recovered.
type RecoveryRequest struct {
	// StoreID defaults to DefaultStore.
	StoreID string
	// The plan. DeliveryStatus defaults to StatusDead for a retry; RatePerSecond, of
	// 1 to 10,000, to 100; From must be given but for a retry.
	RecoveryPlan
	// IdempotencyKey makes a repeat answer the first recovery: at most 255
	// printable ASCII characters. Default: none.
	IdempotencyKey string
}

const defaultRecoveryRate, maxRecoveryRate = 100, 10_000

func (p *RecoveryPlan) withDefaults() {
	p.RatePerSecond = cmp.Or(p.RatePerSecond, defaultRecoveryRate)
	if p.Kind == RecoveryRetry {
		p.DeliveryStatus = cmp.Or(p.DeliveryStatus, StatusDead)
	}
}

// A RecoveryCount is what a recovery would find now.
type RecoveryCount struct {
	// Found counts what could be sent, and Left what could not.
	Found int
	Left  RecoveryLeft
	// AtLeast: there may be more than Found.
	AtLeast bool
}
