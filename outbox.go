package billhook

import (
	"context"
	"errors"
	"strings"
)

// outboxStep is how much of the outbox one transaction deals with.
const outboxStep = 200

// emptyOutbox makes events of what was asked for in SQL, whenever it is woken.
// Several nodes may be at it, each at its share: who takes an entry out of the
// outbox has it.
func (c *Client) emptyOutbox(ctx context.Context, woken <-chan struct{}) {
	for {
		select {
		case <-woken:
		case <-ctx.Done():
			return
		}
		for more := true; more && ctx.Err() == nil; {
			var err error
			if more, err = c.emitAsked(ctx); err != nil {
				// The database tells of them again.
				if ctx.Err() != nil {
					return
				}
				c.config.Logger.Error("cannot emit what was asked for in SQL", "err", err)
				break
			}
		}
	}
}

// emitAsked deals with the oldest entries, and reports whether there may be
// more. What Emit would refuse is refused, with the reason.
func (c *Client) emitAsked(ctx context.Context) (more bool, err error) {
	asked, err := c.db.Outbox(ctx, outboxStep)
	if err != nil || len(asked) == 0 {
		return false, err
	}
	emits, refusals, err := c.prepareAsked(ctx, asked)
	if err == nil && len(refusals) > 0 {
		// The store, or what it takes, may be newer than what this node knows.
		if err = c.reload(ctx); err == nil {
			emits, refusals, err = c.prepareAsked(ctx, asked)
		}
	}
	if err != nil {
		return false, err
	}
	for _, r := range refusals {
		// The reason may quote the data, which is for no log.
		c.config.Logger.Error("what was asked for in SQL cannot be emitted; its row in the outbox says why", "store", r.StoreID, "number", r.Number, "code", r.Code, "member", r.Member)
	}
	if len(refusals) > 0 {
		err := c.committer.do(ctx, write{parts: len(refusals), add: func(b *Batch) { b.Refusals = append(b.Refusals, refusals...) }})
		if err != nil {
			return false, err
		}
	}
	held := false
	if len(emits) > 0 {
		if err := c.commitOnce(ctx, nil, emits...); err != nil {
			return false, err
		}
		for _, em := range emits {
			if em.Held {
				held = true // it stays in the outbox, of which the database tells again
				continue
			}
			if _, err := em.result(); err != nil && !em.Gone {
				c.config.Logger.Error("what was asked for in SQL is another event's repeat", "store", em.Event.StoreID, "type", em.Event.Type, "err", err)
			}
		}
	}
	return len(asked) == outboxStep && !held, nil
}

// memberOf is the member of an emission that a JSON Pointer leads into: what comes
// after it are names of the data's own.
func memberOf(pointer string) string {
	member, _, _ := strings.Cut(strings.TrimPrefix(pointer, "/"), "/")
	return member
}

// prepareAsked makes of each entry what is to be written, or says why it cannot
// be an event.
func (c *Client) prepareAsked(ctx context.Context, asked []Asked) (emits []*Emit, refusals []*Refusal, err error) {
	for _, a := range asked {
		if a.Emission.OccurredAt.IsZero() {
			a.Emission.OccurredAt = a.At
		}
		em, err := c.prepare(ctx, a.Emission.StoreID, a.Emission)
		var refused *Error
		switch {
		case errors.As(err, &refused):
			refusals = append(refusals, &Refusal{
				StoreID: a.Emission.StoreID, Number: a.Number, Reason: refused.Error(),
				Code: refused.Code, Member: memberOf(refused.Pointer),
			})
		case err != nil:
			return nil, nil, err
		default:
			em.Asked = a.Number
			emits = append(emits, em)
		}
	}
	return emits, refusals, nil
}
