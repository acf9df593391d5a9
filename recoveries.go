package billhook

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/billhook/billhook/profile"
)

const (
	// maxRecoveries bounds the recoveries of a store that run at a time.
	maxRecoveries = 100
	// countLimit is up to how many a count is exact.
	countLimit = 10_000
	// outcomeSteps is of how many steps it is counted at a time what became of them.
	outcomeSteps = 20
)

var recoveryID = profile.IDFormat{Prefix: "rcv_", Style: profile.StyleULIDLower}

// StartRecovery accepts a recovery: when it returns without an error it is on disk,
// and a node that runs goes about it. A repeat with the same idempotency key
// answers the first one as it is now.
func (c *Client) StartRecovery(ctx context.Context, r RecoveryRequest) (Recovery, error) {
	planned, err := c.plan(r)
	if err != nil {
		return Recovery{}, err
	}
	if err := c.checkRunning(ctx, &planned); err != nil {
		return Recovery{}, err
	}
	planned.ID = newID(recoveryID, planned.CreatedAt)
	w := &RecoveryWrite{Recovery: planned, Audit: newAudit(ctx, planned.StoreID, AuditRecoveryCreate, Reference{entityRecovery, planned.ID})}
	w.Audit.New = auditValue(planned.RecoveryPlan)
	err = c.committer.do(ctx, write{
		parts: 1,
		add:   func(b *Batch) { b.Recoveries = append(b.Recoveries, w) },
		handOver: func() {
			c.recoverer.wake()
			c.scheduler.probe(Lane{StoreID: planned.StoreID, WebhookID: planned.WebhookID}) // it may wait for room
		},
	})
	switch first := w.Existing; {
	case err != nil:
		return Recovery{}, err
	case first == nil:
		return planned, nil
	case !first.same(&planned.RecoveryPlan):
		return Recovery{}, &Error{
			Code:    CodeKeyReused,
			Message: "the idempotency key stands for another recovery, " + quote(first.ID),
			Hint:    "use a new key for a new recovery",
		}
	default:
		return *first, nil
	}
}

// CountRecovery counts what StartRecovery would find, exactly up to 10,000 and as
// far as it can look in 10 seconds. It writes nothing.
func (c *Client) CountRecovery(ctx context.Context, r RecoveryRequest) (RecoveryCount, error) {
	planned, err := c.plan(r)
	if err != nil {
		return RecoveryCount{}, err
	}
	done, err := c.turns.take(ctx, planned.StoreID)
	if err != nil {
		return RecoveryCount{}, err
	}
	defer done()
	limited, cancel := context.WithTimeout(ctx, listLimit)
	defer cancel()
	count := RecoveryCount{}
	for {
		before := planned.After
		_, more, err := c.recoverer.look(limited, &planned, countLimit+1, endless)
		tooSlow := err != nil && limited.Err() != nil && ctx.Err() == nil
		if err != nil && !tooSlow {
			return RecoveryCount{}, err
		}
		count.Left = planned.Left
		count.Found = planned.Found - count.Left.Deleted - count.Left.Inactive - count.Left.Forgotten
		switch stuck := planned.After == before; { // at a webhook that this node has not heard of
		case count.Found > countLimit || tooSlow || more && stuck:
			count.Found, count.AtLeast = min(count.Found, countLimit), true
			return count, nil
		case !more:
			return count, nil
		}
	}
}

// Recovery finds a recovery.
func (c *Client) Recovery(ctx context.Context, storeID, id string) (Recovery, error) {
	if _, _, err := c.registry.store(storeID); err != nil {
		return Recovery{}, err
	}
	r, err := c.db.Recovery(ctx, storeID, id)
	if errors.Is(err, ErrNotFound) {
		return Recovery{}, notFound("recovery", id)
	}
	return r, err
}

// RecoveryOutcome counts what has become of what a recovery had made pending when it was
// read, as Recovery does: of all of its Queued, and of what has come to them since. It
// looks every delivery up, as far as that goes in 10 seconds.
func (c *Client) RecoveryOutcome(ctx context.Context, r Recovery) (RecoveryOutcome, error) {
	done, err := c.turns.take(ctx, r.StoreID)
	if err != nil {
		return RecoveryOutcome{}, err
	}
	defer done()
	limited, cancel := context.WithTimeout(ctx, listLimit)
	defer cancel()
	var all RecoveryOutcome
	for after := int64(0); ; {
		counted, reached, err := c.db.RecoveryOutcome(limited, r.StoreID, r.ID, after, outcomeSteps)
		if err != nil && limited.Err() != nil && ctx.Err() == nil {
			err = &Error{Code: CodeTooSlow, Message: "it takes too long to count what became of so many deliveries", Hint: "list the webhook's deliveries", Err: err}
		}
		if err != nil {
			return RecoveryOutcome{}, err
		}
		if reached == 0 {
			break
		}
		all.add(counted)
		after = reached
	}
	// Which ones others were is kept as long as they are.
	all.Other += max(r.Queued-all.all(), 0)
	return all, nil
}

// Recoveries lists recoveries, newest first.
func (c *Client) Recoveries(ctx context.Context, f RecoveryFilter) ([]Recovery, error) {
	f.StoreID = orDefaultStore(f.StoreID)
	if _, _, err := c.registry.store(f.StoreID); err != nil {
		return nil, err
	}
	switch f.Status {
	case "", RecoveryRunning, RecoveryDone, RecoveryCancelled, RecoveryFailed:
	default:
		return nil, invalid("/status", "%s is none of running, done, cancelled, failed", quote(string(f.Status)))
	}
	return list(ctx, &c.turns, f.StoreID, f, "ask for fewer", c.db.Recoveries)
}

// CancelRecovery ends a recovery that runs, and answers what it is then. What it
// has made pending is delivered; what it has not come to yet stays as it is. One
// that is over stays what it is.
func (c *Client) CancelRecovery(ctx context.Context, storeID, id string) (Recovery, error) {
	if _, err := c.Recovery(ctx, storeID, id); err != nil {
		return Recovery{}, err
	}
	s := &RecoveryStop{StoreID: storeID, ID: id, At: now(), Audit: newAudit(ctx, storeID, AuditRecoveryCancel, Reference{entityRecovery, id})}
	s.Audit.Old = auditValue(recoveryValue{Status: RecoveryRunning})
	s.Audit.New = auditValue(recoveryValue{Status: RecoveryCancelled})
	err := c.committer.do(ctx, write{parts: 1, add: func(b *Batch) { b.RecoveryStops = append(b.RecoveryStops, s) }})
	switch {
	case err != nil:
		return Recovery{}, err
	case s.Recovery == nil:
		return Recovery{}, notFound("recovery", id)
	}
	return *s.Recovery, nil
}

// plan checks a request and makes the recovery of it that is to be.
func (c *Client) plan(r RecoveryRequest) (Recovery, error) {
	storeID, at := orDefaultStore(r.StoreID), now()
	_, v, err := c.registry.emitting(storeID)
	if err != nil {
		return Recovery{}, err
	}
	r.withDefaults()
	r.Types = slices.Clone(r.Types)
	if err := checkPlan(&r.RecoveryPlan, v); err != nil {
		return Recovery{}, err
	}
	if err := checkIdempotencyKey(r.IdempotencyKey); err != nil {
		return Recovery{}, err
	}
	if r.WebhookID != "" {
		switch c.reach(Lane{StoreID: storeID, WebhookID: r.WebhookID}) {
		case reachable:
		case inactive:
			return Recovery{}, &Error{Code: CodeConflict, Message: say("conflict.inactive"), Hint: "activate it first"}
		default:
			if r.Kind == RecoveryRetry {
				return Recovery{}, invalid("/webhookId", "there is no webhook %s in this store", quote(r.WebhookID))
			}
			return Recovery{}, notFound("webhook", r.WebhookID)
		}
	}
	return Recovery{
		StoreID: storeID, RecoveryPlan: r.RecoveryPlan, IdempotencyKey: r.IdempotencyKey,
		Status: RecoveryRunning, CreatedAt: at, UpdatedAt: at,
	}, nil
}

func checkPlan(p *RecoveryPlan, in vocabulary) error {
	from, to := "/from", "/to"
	switch p.Kind {
	case RecoveryRetry:
		switch {
		case p.DeliveryStatus == StatusDead, p.DeliveryStatus == StatusCancelled, p.DeliveryStatus == StatusSkipped:
		case p.DeliveryStatus != StatusDelivered:
			return &Error{
				Code: CodeInvalid, Pointer: "/status", Message: quote(string(p.DeliveryStatus)) + " is none of dead, cancelled, skipped, delivered",
				Hint: "what is pending goes by itself; retry one for having it go now",
			}
		case p.WebhookID == "":
			return &Error{Code: CodeInvalid, Pointer: "/webhookId", Message: "is missing", Hint: "what was delivered is sent again to one webhook at a time"}
		}
	case RecoveryRecover, RecoveryReplay:
		from, to = "/since", "/until"
		switch {
		case p.WebhookID == "":
			return invalid("/webhookId", "is missing")
		case p.From.IsZero():
			return invalid(from, "is missing")
		case p.DeliveryStatus != "":
			return invalid("/status", "is for a retry")
		}
	default:
		return invalid("/kind", "%s is none of retry, recover, replay", quote(string(p.Kind)))
	}
	if err := cmp.Or(checkTime(p.From, from), checkTime(p.To, to)); err != nil {
		return err
	}
	if !p.To.IsZero() && !p.From.Before(p.To) {
		return invalid(to, "is not after %s", strings.TrimPrefix(from, "/"))
	}
	if p.RatePerSecond < 1 || p.RatePerSecond > maxRecoveryRate {
		return invalid("/ratePerSecond", "is not between 1 and %d", maxRecoveryRate)
	}
	if len(p.Types) > maxEvents {
		return invalid("/types", "has more than %d entries", maxEvents)
	}
	for i, pattern := range p.Types {
		pointer := fmt.Sprintf("/types/%d", i)
		if p.Kind == RecoveryRetry {
			pointer = "/event"
		}
		if err := checkPattern(pattern, in, pointer); err != nil {
			return err
		}
	}
	return nil
}

// checkRunning refuses one recovery too many. A repeat is none.
func (c *Client) checkRunning(ctx context.Context, planned *Recovery) error {
	running, err := c.db.Recoveries(ctx, RecoveryFilter{StoreID: planned.StoreID, Status: RecoveryRunning, Limit: maxRecoveries})
	if err != nil || len(running) < maxRecoveries {
		return err
	}
	if planned.IdempotencyKey != "" && slices.ContainsFunc(running, func(r Recovery) bool { return r.IdempotencyKey == planned.IdempotencyKey }) {
		return nil
	}
	return &Error{Code: CodeConflict, Message: say("conflict.recoveries", maxRecoveries), Hint: "wait until one is over, or cancel one"}
}

// reach says whether a delivery in a lane could be sent.
func (c *Client) reach(l Lane) reach {
	switch e := c.registry.endpoint(l); {
	case e != nil && e.webhook.IsActive:
		return reachable
	case e != nil:
		return inactive
	case c.registry.deleted(l):
		return deleted
	}
	return unheard
}

// recoveryValue is what the audit log has of how a recovery ended.
type recoveryValue struct {
	Status RecoveryStatus `json:"status"`
	Found  int            `json:"found,omitempty"`
	Queued int            `json:"queued,omitempty"`
	Left   *RecoveryLeft  `json:"left,omitempty"`
	Error  string         `json:"error,omitempty"`
}

// recoveryEnd is the entry of a recovery's end, which nobody asks for.
func recoveryEnd(r *Recovery, at time.Time) *AuditEntry {
	return &AuditEntry{
		StoreID: r.StoreID, ID: newID(auditID, at), Event: AuditRecoveryEnd, Entity: Reference{entityRecovery, r.ID}, CreatedAt: at,
		Old: auditValue(recoveryValue{Status: RecoveryRunning}),
		New: auditValue(recoveryValue{r.Status, r.Found, r.Queued, &r.Left, r.Error}),
	}
}
