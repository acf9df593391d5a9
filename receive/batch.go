package receive

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/billhook/billhook/sign"
)

// VerifyBatch is Verify for a webhook with batches, whose body is an array of
// envelopes that is signed once. It returns them in their order; each Message has its
// event's own id, by which repeats are found: what was sent before may come again in
// other company. A body that is one envelope, from before the webhook had batches, is a
// batch of one.
func (v *Verifier) VerifyBatch(header http.Header, body []byte) ([]Message, error) {
	return v.verifyBatch(header, body, time.Now())
}

func (v *Verifier) verifyBatch(header http.Header, body []byte, now time.Time) ([]Message, error) {
	if !bytes.HasPrefix(body, []byte{'['}) {
		m, err := v.verify(header, body, now)
		if err != nil {
			return nil, err
		}
		return []Message{m}, nil
	}
	if int64(len(body)) > v.maxBody {
		return nil, v.tooLarge()
	}
	signed, err := v.signed(header, body, now)
	if err != nil {
		return nil, err
	}
	// As with AnyBody: "id.time.body" could be cut at another dot.
	if v.own == nil && strings.Contains(header.Get(sign.HeaderID), ".") {
		return nil, fmt.Errorf("%w: %s holds a dot", ErrMalformed, sign.HeaderID)
	}
	var envelopes []json.RawMessage
	if json.Unmarshal(body, &envelopes) != nil || len(envelopes) == 0 {
		return nil, fmt.Errorf("%w: not an array with something in it", ErrEnvelope)
	}
	all := make([]Message, len(envelopes))
	for i, envelope := range envelopes {
		m, err := v.layout.read(envelope)
		switch {
		case m.ID == "" && err == nil: // nothing else tells it from others
			return nil, fmt.Errorf("%w: number %d has no id", ErrEnvelope, i+1)
		case m.ID == "", err != nil && !v.anyBody:
			return nil, fmt.Errorf("%w (number %d)", err, i+1)
		}
		m.Body, m.Timestamp = envelope, signed
		all[i] = m
	}
	return all, nil
}

// BatchHandler is Handler for a webhook with batches: it calls f for each event of a
// request, in their order, also when it has failed for another. The answer is for all of
// them, so that where one failed those that went well come again too: wrap f with
// Once.Each, or use an Inbox.
func (v *Verifier) BatchHandler(f func(ctx context.Context, m Message) error) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var all []Message
		body, err := v.read(w, r)
		if err == nil {
			all, err = v.VerifyBatch(r.Header, body)
		}
		if err != nil {
			v.refuse(w, r, err)
			return
		}
		var failure error // to be busy is none where something has failed
		for _, m := range all {
			if err := v.handle(r.Context(), m, f); err != nil && (failure == nil || busy(failure)) {
				failure = err
			}
		}
		confirm(w, failure)
	})
}
