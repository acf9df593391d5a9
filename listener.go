package billhook

import (
	"context"
	"encoding/base64"
	"net/http"
	"sync"
	"time"

	"github.com/billhook/billhook/sign"
)

// A Listening says what of a store's events somebody listens to, who gets them without
// an address of their own (billhook listen).
type Listening struct {
	// StoreID defaults to DefaultStore.
	StoreID string
	// WebhookID names a webhook as which to listen: its secrets sign, its headers are
	// set, its event types and its filter choose. It may be inactive. Default: none,
	// and a secret signs that is the store's listeners' own.
	WebhookID string
	// Events are patterns as in Webhook. Default: all.
	Events []string
}

// A Listener makes the requests of events for somebody who listens. Nothing of it is
// on record as a delivery.
type Listener struct {
	client *Client
	of     Listening
}

// A SignedRequest is what is sent of an event, ready to be sent.
type SignedRequest struct {
	Method string
	// Header is complete but for what frames the message. Its names are as they go on
	// the wire.
	Header http.Header
	Body   []byte
	// At is when it was signed. Receivers refuse what was signed long ago.
	At time.Time
}

// Listen begins to listen. Where that is as a webhook it is on record, once an hour for
// each caller.
func (c *Client) Listen(ctx context.Context, of Listening) (*Listener, error) {
	of.StoreID = orDefaultStore(of.StoreID)
	_, v, err := c.registry.emitting(of.StoreID)
	if err != nil {
		return nil, err
	}
	if len(of.Events) > 0 {
		if err := checkEvents(of.Events, v); err != nil {
			return nil, err
		}
	}
	l := &Listener{client: c, of: of}
	if _, err := l.endpoint(); err != nil {
		return nil, err
	}
	if of.WebhookID == "" || !c.listens.first(listen{of.StoreID, of.WebhookID, callerOf(ctx).Actor}, now()) {
		return l, nil
	}
	return l, c.record(ctx, newAudit(ctx, of.StoreID, AuditWebhookListen, Reference{entityWebhook, of.WebhookID}))
}

// endpoint is what the requests are made by, as it is now.
func (l *Listener) endpoint() (*endpoint, error) {
	if l.of.WebhookID == "" {
		_, p, err := l.client.registry.store(l.of.StoreID)
		if err != nil {
			return nil, err
		}
		return newEndpoint(Webhook{StoreID: l.of.StoreID, URL: "http://localhost", Secrets: []Secret{{Value: l.Secret()}}}, p, 1)
	}
	if _, _, err := l.client.registry.store(l.of.StoreID); err != nil {
		return nil, err
	}
	e := l.client.registry.endpoint(Lane{StoreID: l.of.StoreID, WebhookID: l.of.WebhookID})
	switch {
	case e == nil:
		return nil, notFound("webhook", l.of.WebhookID)
	case e.shut:
		return nil, errSecretShut()
	}
	return e, nil
}

// Secret is that of the store's listeners, made of the Keyring: the same on all nodes
// and after a restart, until the key that it is made of is dropped. It is "" where one
// listens as a webhook: whoever may see that one's secret asks for it.
func (l *Listener) Secret() string {
	if l.of.WebhookID != "" {
		return ""
	}
	// Of several keys the last has been there longest.
	keys := l.client.DeriveKeys("listening to store " + l.of.StoreID)
	return sign.SecretPrefix + base64.StdEncoding.EncodeToString(keys[len(keys)-1])
}

// WebhookID is that of the webhook as which one listens, or "".
func (l *Listener) WebhookID() string { return l.of.WebhookID }

// Wants reports whether the event is for the listener. Of a webhook's settings its
// event types and its filter count, as they are now: an event for which the filter has
// no value is not for it.
func (l *Listener) Wants(e *Event) (bool, error) {
	if len(l.of.Events) > 0 && !(&Webhook{Events: l.of.Events}).wants(e.Type) {
		return false, nil
	}
	if l.of.WebhookID == "" {
		return true, nil
	}
	to, err := l.endpoint()
	if err != nil || !to.webhook.wants(e.Type) {
		return false, err
	}
	if to.webhook.Filter == "" {
		return true, nil
	}
	matches, failure := to.filter.matches(to.webhook.Filter, l.client.config.Filters, &Payload{Event: e})
	return matches && failure == nil, nil
}

// Request makes and signs the request of an event. It fails where nothing of the
// event's data is kept.
func (l *Listener) Request(e *Event) (SignedRequest, error) {
	to, err := l.endpoint()
	if err != nil {
		return SignedRequest{}, err
	}
	if !e.ErasedAt.IsZero() {
		return SignedRequest{}, &Error{Code: CodeConflict, Message: "the payload of this event is no longer kept"}
	}
	r := SignedRequest{Method: http.MethodPost, At: now()}
	id, eventType := e.ID, e.Type
	if to.batches() {
		id, eventType = batchID([]*Event{e}), ""
		r.Body, _ = to.batchBody([]*Pending{{Event: e}})
	} else {
		r.Body = to.appendEnvelope(nil, e)
	}
	r.Header = to.header(id, eventType, sequenceText(e), e.TraceContext, r.At, r.Body)
	return r, nil
}

// A listen is somebody's as a webhook.
type listen struct {
	storeID, webhookID string
	by                 Reference
}

// listens are those that were put on record of late, so that one who connects again
// and again is there once an hour.
type listens struct {
	mu sync.Mutex
	at map[listen]time.Time
}

const listenAgain = time.Hour

func (l *listens) first(one listen, at time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	for known, since := range l.at {
		if at.Sub(since) >= listenAgain {
			delete(l.at, known)
		}
	}
	if _, ok := l.at[one]; ok {
		return false
	}
	if l.at == nil {
		l.at = map[listen]time.Time{}
	}
	l.at[one] = at
	return true
}
