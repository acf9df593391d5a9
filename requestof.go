package billhook

import (
	"context"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A Request is what is sent of a delivery, as far as anybody may see it who reads
// deliveries.
type Request struct {
	Method string
	URL    string
	// Headers are in order of name.
	Headers []RequestHeader
	// Body is the exact bytes.
	Body []byte
	// SignatureBase is what the header webhook-signature signs: id.timestamp.body
	// (Standard Webhooks). The profile's own header signs Body alone.
	SignatureBase []byte
	// At is when it was, or would be, sent.
	At time.Time
	// Sent: it is as the last attempt was, if the webhook has not changed since. Else it
	// is as it would be sent now.
	Sent bool
	// BatchSize is in company with how many the last attempt was, itself included, in one
	// array; this is the delivery alone then. 0 where the webhook has no batches.
	BatchSize int
}

// A RequestHeader is a header of a Request. The values of signatures, and of the
// headers that the webhook has set, which may be passwords, are not shown.
type RequestHeader struct {
	Name, Value string
	Hidden      bool
}

// RequestOf makes the request of a delivery anew, by what sends it: the body is the
// same always, and the headers are those of the webhook as it is now. It fails where
// the payload is no longer kept or the webhook was deleted.
func (c *Client) RequestOf(ctx context.Context, storeID, deliveryID string) (Request, error) {
	d, err := c.Delivery(ctx, storeID, deliveryID)
	if err != nil {
		return Request{}, err
	}
	e := c.registry.endpoint(Lane{StoreID: storeID, WebhookID: d.WebhookID})
	switch {
	case e == nil:
		return Request{}, &Error{Code: CodeConflict, Message: say("request.webhook")}
	case e.shut:
		return Request{}, errSecretShut()
	}
	event, err := c.Event(ctx, storeID, d.EventID)
	if err != nil {
		return Request{}, err
	}
	if !event.ErasedAt.IsZero() {
		return Request{}, &Error{Code: CodeConflict, Message: say("request.payload")}
	}
	attempts, err := c.db.Attempts(ctx, storeID, deliveryID)
	if err != nil {
		return Request{}, err
	}
	r := Request{Method: http.MethodPost, URL: e.webhook.URL, At: now()}
	if n := len(attempts); n > 0 {
		last := &attempts[n-1]
		r.At, r.URL, r.Sent, r.BatchSize = last.StartedAt, last.URL, true, last.BatchSize
	}
	id, eventType := event.ID, event.Type
	r.Body = e.appendEnvelope(nil, &event)
	if e.batches() {
		id, eventType = batchID([]*Event{&event}), ""
		r.Body, _ = e.batchBody([]*Pending{{Event: &event}})
	}
	r.Headers = e.shownHeaders(e.header(id, eventType, sequenceText(&event), event.TraceContext, r.At, r.Body))
	r.SignatureBase = slices.Concat([]byte(id+"."+strconv.FormatInt(r.At.Unix(), 10)+"."), r.Body)
	return r, nil
}

func errSecretShut() *Error {
	return &Error{Code: CodeConflict, Message: say("request.secret"), Hint: "start with the key that it is sealed with"}
}

// shownHeaders are a request's without what is nobody's to see.
func (e *endpoint) shownHeaders(h http.Header) (shown []RequestHeader) {
	hidden := []string{"webhook-signature"}
	if e.profile.Signature != nil {
		hidden = append(hidden, strings.ToLower(e.profile.Signature.Header))
	}
	for _, s := range e.static {
		hidden = append(hidden, strings.ToLower(s.Name))
	}
	for name, values := range h {
		one := RequestHeader{Name: name, Value: strings.Join(values, ", "), Hidden: slices.Contains(hidden, strings.ToLower(name))}
		if one.Hidden {
			one.Value = ""
		}
		shown = append(shown, one)
	}
	slices.SortFunc(shown, func(a, b RequestHeader) int { return strings.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name)) })
	return shown
}
