package billhook

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/billhook/billhook/profile"
)

// Emit accepts an event: when it returns without an error, the event and its
// deliveries are on disk. A repeat with the same idempotency key answers the
// first result. The event is its own entry in the audit log.
func (c *Client) Emit(ctx context.Context, e Emission) (accepted Event, err error) {
	defer c.observeRefusal(&err)
	ctx, span := c.startEmit(ctx, e.StoreID, 1)
	if span != nil {
		defer func() { endEmit(span, accepted, err) }()
	}
	em, err := c.prepare(ctx, orDefaultStore(e.StoreID), e)
	if err != nil {
		return Event{}, err
	}
	if err := c.commit(ctx, em); err != nil {
		return Event{}, err
	}
	return em.result()
}

// EmitTx is Emit in a transaction of the caller's own on the same database: the
// event and its deliveries are there if it commits, and are delivered then: on
// PostgreSQL by whichever node runs, on SQLite by this process, once it calls Run.
// tx is a *sql.Tx or, on PostgreSQL, a pgx.Tx.
//
// The transaction has the event's entity until it ends: who emits the next event
// about that waits for it, for two seconds, and is refused then (CodeUnavailable). So
// emit late in it, and in one call or one order where it emits about several.
//
// On SQLite, begin the transaction with BEGIN IMMEDIATE and keep it short: there
// is one writer to the file, and everything else waits for it. Nothing but
// EmitTx may be called in between, since it would wait too. With the driver that
// comes with the package sqlite, every BeginTx is immediate, and waits, after
//
//	sql.Open("sqlite", "file:shop.db?_pragma=busy_timeout(5000)&_txlock=immediate")
func (c *Client) EmitTx(ctx context.Context, tx any, e Emission) (accepted Event, err error) {
	defer c.observeRefusal(&err)
	ctx, span := c.startEmit(ctx, e.StoreID, 1)
	if span != nil {
		defer func() { endEmit(span, accepted, err) }()
	}
	em, err := c.prepare(ctx, orDefaultStore(e.StoreID), e)
	if err != nil {
		return Event{}, err
	}
	if err := c.db.EmitTx(ctx, tx, []*Emit{em}); err != nil {
		return Event{}, fmt.Errorf("emit in transaction: %w", err)
	}
	return em.result()
}

func (c *Client) observeRefusal(err *error) {
	if *err != nil {
		c.config.Observer.Refused(ErrorCode(*err))
	}
}

// An EmitResult is what became of one event of a batch.
type EmitResult struct {
	Event Event
	// Err says why this one was not accepted: its id is taken, its idempotency
	// key stands for another emit, or a transaction of someone's holds either, and
	// it may be sent again (CodeUnavailable).
	Err error
}

// EmitBatch accepts events in one transaction. An invalid one refuses the whole
// batch; the error's Pointer begins with "/events/" and its index.
func (c *Client) EmitBatch(ctx context.Context, storeID string, emissions []Emission) (results []EmitResult, err error) {
	defer c.observeRefusal(&err)
	if len(emissions) == 0 {
		return nil, invalid("/events", "is empty")
	}
	if len(emissions) > c.config.MaxBatch {
		return nil, &Error{Code: CodeTooLarge, Pointer: "/events", Message: fmt.Sprintf("has more than %d events", c.config.MaxBatch), Hint: "send several batches"}
	}
	ctx, span := c.startEmit(ctx, storeID, len(emissions))
	if span != nil {
		defer func() { endBatch(span, results, err) }()
	}
	all := make([]*Emit, len(emissions))
	for i, e := range emissions {
		em, err := c.prepare(ctx, orDefaultStore(storeID), e)
		if err != nil {
			return nil, within(fmt.Sprintf("/events/%d", i), err)
		}
		all[i] = em
	}
	if err := c.commit(ctx, all...); err != nil {
		return nil, err
	}
	results = make([]EmitResult, len(all))
	for i, em := range all {
		results[i].Event, results[i].Err = em.result()
	}
	return results, nil
}

// prepare checks an emission and makes what is to be written of it.
func (c *Client) prepare(ctx context.Context, storeID string, e Emission) (*Emit, error) {
	s, v, err := c.registry.emitting(storeID)
	if err != nil {
		return nil, err
	}
	return c.prepareFor(ctx, &s, v, e, nil)
}

// prepareFor is prepare for the given webhooks, or with nil for those that want the
// event.
func (c *Client) prepareFor(ctx context.Context, s *Store, v vocabulary, e Emission, only []*endpoint) (*Emit, error) {
	storeID, p := s.ID, v.profile
	if err := checkEmission(&e, v); err != nil {
		return nil, err
	}
	version, err := v.version(&e)
	if err != nil {
		return nil, err
	}
	if len(e.Data) > c.config.MaxEventSize {
		return nil, &Error{Code: CodeTooLarge, Pointer: "/data", Message: fmt.Sprintf("is %d bytes long; %d are allowed", len(e.Data), c.config.MaxEventSize), Hint: "send a reference to what is large"}
	}
	options := p.Options()
	options.MaxDepth = c.config.MaxDepth
	data, err := profile.Canonical(e.Data, options)
	if err != nil {
		return nil, dataError(err)
	}
	at := now()
	event := Event{
		StoreID: storeID, ID: e.ID, Type: e.Type, Data: data, Entity: e.Entity, Actor: e.Actor,
		OccurredAt: e.OccurredAt, CreatedAt: at, IdempotencyKey: e.IdempotencyKey,
	}
	caller := callerOf(ctx)
	event.RequestID, event.TraceContext = caller.RequestID, TraceContextOf(ctx)
	if event.Actor == (Reference{}) {
		event.Actor = caller.Actor
	}
	if event.ID == "" {
		event.ID = newID(p.IDs.Event, at)
	}
	if event.Entity == (Reference{}) {
		event.Entity = v.entityOf(e.Type, data)
	}
	if event.OccurredAt.IsZero() {
		event.OccurredAt = at
	}
	em := &Emit{Event: event, OwnID: e.ID != ""}
	endpoints := only
	if endpoints == nil {
		if endpoints, em.Skipped, err = c.recipients(s, v, &em.Event, version); err != nil {
			return nil, err
		}
	}
	due, first := at, time.Time{}
	if e.DeliverAt.After(at) {
		due = e.DeliverAt.UTC().Round(0)
		first = due
	}
	em.Deliveries = make([]Pending, 0, len(endpoints))
	for _, to := range endpoints {
		if !to.webhook.takes() {
			em.Skipped = append(em.Skipped, Skipped{to.webhook.ID, SkipInactive})
			continue
		}
		delivery := Pending{
			Lane:     Lane{StoreID: storeID, WebhookID: to.webhook.ID},
			Position: Position{DueAt: due, ID: newID(p.IDs.Delivery, at)},
			EventID:  event.ID, EventType: event.Type, CreatedAt: at, FirstDue: first, Event: &em.Event,
		}
		if due == at && event.Entity != (Reference{}) && to.webhook.orders(event.Type) {
			delivery.Place = &Place{Entity: event.Entity}
		}
		em.Deliveries = append(em.Deliveries, delivery)
	}
	em.Event.Deliveries = len(em.Deliveries)
	return em, nil
}

func checkEmission(e *Emission, v vocabulary) error {
	if e.Type == "" {
		return invalid("/type", "is missing")
	}
	if err := checkEventType(e.Type, "/type"); err != nil {
		return err
	}
	if !v.accepts(e.Type) {
		return unknownEventType(e.Type, v, "/type")
	}
	if len(e.Data) == 0 {
		return invalid("/data", "is missing")
	}
	if e.ID != "" {
		if err := checkID(e.ID, "/id", maxID, ':'); err != nil {
			return err
		}
	}
	if err := checkIdempotencyKey(e.IdempotencyKey); err != nil {
		return err
	}
	if err := checkReference(e.Entity, "/entity"); err != nil {
		return err
	}
	if err := checkReference(e.Actor, "/actor"); err != nil {
		return err
	}
	if err := checkDeliverAt(e.DeliverAt, now()); err != nil {
		return err
	}
	return checkTime(e.OccurredAt, "/occurredAt")
}

// dataError says what is wrong with an event's data, as a member of the
// emission.
func dataError(err error) error {
	var bad *profile.JSONError
	if !errors.As(err, &bad) {
		return err
	}
	e := &Error{Code: CodeInvalidJSON, Pointer: "/data" + bad.Pointer, Message: bad.Message}
	switch bad.Code {
	case profile.CodeTooDeep:
		e.Code = CodeTooDeep
	case profile.CodeInexactNumber:
		e.Code, e.Hint = CodeInexactNumber, "send it as a string: this store's receivers would read another number"
	}
	return e
}

const (
	// heldFirst is after how long an emit is tried again whose key a caller's
	// transaction holds; the time doubles. heldLimit is how long it waits in all.
	heldFirst = 25 * time.Millisecond
	heldLimit = 2 * time.Second
)

// commit writes emits in one transaction, but for those that have to wait for a
// caller's: they are tried again by themselves until heldLimit.
func (c *Client) commit(ctx context.Context, emits ...*Emit) error {
	until := time.Now().Add(heldLimit)
	for again := heldFirst; ; again *= 2 {
		err := c.commitOnce(ctx, nil, emits...)
		if err != nil && again > heldFirst && ErrorCode(err) == CodeUnavailable {
			// The others are on disk, whatever becomes of these.
			for _, em := range emits {
				em.Held = true
			}
			return nil
		}
		if err != nil {
			return err
		}
		var held []*Emit
		for _, em := range emits {
			if em.Held {
				held = append(held, em)
			}
		}
		if emits = held; len(held) == 0 || time.Now().Add(again).After(until) {
			return nil
		}
		select {
		case <-time.After(again):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// commitOnce writes emits, and entries of the audit log, in one transaction and
// hands the deliveries over.
func (c *Client) commitOnce(ctx context.Context, entries []*AuditEntry, emits ...*Emit) error {
	parts := len(emits)
	for _, em := range emits {
		parts += len(em.Deliveries)
	}
	err := c.committer.do(ctx, write{
		parts:      parts,
		deliveries: parts - len(emits),
		add: func(b *Batch) {
			b.Emits = append(b.Emits, emits...)
			b.Entries = append(b.Entries, entries...)
		},
		handOver: func() {
			for _, em := range emits {
				switch {
				case !em.Written():
				case em.Event.IsTest():
					c.scheduler.ask(em.Deliveries)
				default:
					c.scheduler.pushNew(em.Deliveries)
				}
			}
		},
	})
	for _, em := range emits {
		if err == nil && em.Written() {
			c.config.Observer.Accepted(&em.Event)
		}
	}
	return err
}

// result is what the caller of an emit is told.
func (em *Emit) result() (Event, error) {
	if em.Held {
		return Event{}, &Error{
			Code:    CodeUnavailable,
			Message: "a transaction that is not over holds the event's id, its idempotency key or its entity; nothing was accepted",
			Hint:    "send it again later",
		}
	}
	if em.Existing == nil {
		return em.Event, nil
	}
	first := em.Existing
	if em.Event.IdempotencyKey == "" || first.IdempotencyKey != em.Event.IdempotencyKey {
		return Event{}, &Error{
			Code: CodeDuplicate, Pointer: "/id",
			Message: fmt.Sprintf("the event %s is there already, since %s", quote(first.ID), first.CreatedAt.Format(time.RFC3339)),
			Hint:    "nothing is to be done if this was a repeat",
		}
	}
	// What is erased stays so, also where it is sent again.
	if first.Type != em.Event.Type || first.ErasedAt.IsZero() && !bytes.Equal(first.Data, em.Event.Data) {
		return Event{}, &Error{
			Code:    CodeKeyReused,
			Message: "the idempotency key stands for another event, " + quote(first.ID),
			Hint:    "use a new key for a new event",
		}
	}
	return *first, nil
}
