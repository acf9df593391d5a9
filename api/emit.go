package api

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/billhook/billhook"
)

var emissionMembers = []string{"type", "data", "id", "entity", "actor", "occurredAt", "idempotencyKey", "version", "deliverAt"}

// emitEvent is the hot path. It answers once the event is on disk.
func (c *call) emitEvent() error {
	key, err := c.idempotencyKey()
	if err != nil {
		return err
	}
	text, err := c.body(c.cfg.MaxBody)
	if err != nil {
		return err
	}
	e, err := readEmission(text)
	if err != nil {
		return err
	}
	e.StoreID = c.storeID
	if key != "" && e.IdempotencyKey != "" && key != e.IdempotencyKey {
		return &parameterError{Name: "Idempotency-Key", Message: "says otherwise than the member idempotencyKey"}
	}
	if key != "" {
		e.IdempotencyKey = key
	}
	event, err := c.client.Emit(c.r.Context(), e)
	if err != nil {
		return err
	}
	c.send(http.StatusAccepted, headerJSON, appendEmitted(make([]byte, 0, 160), &event))
	return nil
}

// appendEmitted appends {"id","type","createdAt","deliveries"}.
func appendEmitted(b []byte, e *billhook.Event) []byte {
	b = append(b, `{"id":`...)
	b, _ = jsontext.AppendQuote(b, e.ID) // fails only on what is not UTF-8, which the root refuses
	b = append(b, `,"type":`...)
	b, _ = jsontext.AppendQuote(b, e.Type)
	b = append(b, `,"createdAt":`...)
	b = appendInstant(b, e.CreatedAt)
	b = append(b, `,"deliveries":`...)
	b = strconv.AppendInt(b, int64(e.Deliveries), 10)
	return append(b, '}')
}

func (c *call) idempotencyKey() (string, error) {
	given := c.r.Header["Idempotency-Key"]
	switch {
	case len(given) == 0:
		return "", nil
	case len(given) > 1:
		return "", &parameterError{Name: "Idempotency-Key", Message: "is given more than once"}
	case given[0] == "" || len(given[0]) > 255 || strings.IndexFunc(given[0], notPrintable) >= 0:
		return "", &parameterError{Name: "Idempotency-Key", Message: "must be 1 to 255 printable ASCII characters"}
	}
	return given[0], nil
}

func notPrintable(r rune) bool { return r < ' ' || r > '~' }

// readEmission reads the body of POST /api/events. Data stays a part of text.
func readEmission(text []byte) (e billhook.Emission, err error) {
	err = readBody(text, func(rd *reader) error {
		e, err = rd.emission()
		return err
	})
	return e, err
}

func (rd *reader) emission() (e billhook.Emission, err error) {
	err = rd.object(emissionMembers, func(name string) (err error) {
		switch name {
		case "type":
			e.Type, err = rd.string()
		case "data":
			e.Data, err = rd.raw()
		case "id":
			e.ID, err = optional(rd, rd.filled)
		case "entity":
			e.Entity, err = optional(rd, rd.reference)
		case "actor":
			e.Actor, err = optional(rd, rd.reference)
		case "occurredAt":
			e.OccurredAt, err = optional(rd, rd.time)
		case "deliverAt":
			e.DeliverAt, err = optional(rd, rd.time)
		case "idempotencyKey":
			e.IdempotencyKey, err = optional(rd, rd.filled)
		case "version":
			e.Version, err = optional(rd, rd.version)
		}
		return err
	})
	switch {
	case err != nil:
		return e, err
	case e.Type == "":
		return e, rd.missing("type")
	case e.Data == nil:
		return e, rd.missing("data")
	}
	return e, nil
}

// filled reads a string that is not empty: an empty id is a mistake, not a
// wish for a new one.
func (rd *reader) filled() (string, error) {
	s, err := rd.string()
	if err == nil && s == "" {
		err = rd.refuse("is empty")
	}
	return s, err
}

// version reads the number of a version, which begin with 1.
func (rd *reader) version() (int, error) {
	n, err := rd.int()
	if err == nil && n < 1 {
		err = rd.refuse("must be 1 or more")
	}
	return n, err
}

func (rd *reader) reference() (r billhook.Reference, err error) {
	err = rd.object([]string{"type", "id"}, func(name string) (err error) {
		switch name {
		case "type":
			r.Type, err = rd.filled()
		case "id":
			r.ID, err = rd.filled()
		}
		return err
	})
	switch {
	case err != nil:
		return r, err
	case r.Type == "":
		return r, rd.missing("type")
	case r.ID == "":
		return r, rd.missing("id")
	}
	return r, nil
}

// emitEvents emits a batch. An event that is invalid refuses all; a duplicate
// refuses itself, and its result says so.
func (c *call) emitEvents() error {
	if len(c.r.Header["Idempotency-Key"]) > 0 {
		return &parameterError{Name: "Idempotency-Key", Message: "is for one event: give each event of a batch its idempotencyKey"}
	}
	text, err := c.body(c.cfg.MaxBatchBody)
	if err != nil {
		return err
	}
	batch, err := readBatch(text, c.cfg.MaxBatch)
	if err != nil {
		return err
	}
	c.charge(len(batch))
	results, err := c.client.EmitBatch(c.r.Context(), c.storeID, batch)
	if err != nil {
		return err
	}
	b := append(make([]byte, 0, 32+160*len(results)), `{"data":[`...)
	for i := range results {
		if i > 0 {
			b = append(b, ',')
		}
		if b, err = c.appendResult(b, i, &results[i]); err != nil {
			return err
		}
	}
	c.send(http.StatusAccepted, headerJSON, append(b, `]}`...))
	return nil
}

// readBatch reads the body of POST /api/events/batch, of at most limit events.
func readBatch(text []byte, limit int) ([]billhook.Emission, error) {
	batch := []billhook.Emission{}
	err := readBody(text, func(rd *reader) error {
		given := false
		err := rd.object([]string{"events"}, func(string) error {
			given = true
			return rd.array(func() error {
				e, err := rd.emission()
				if err == nil && len(batch) == limit {
					return &billhook.Error{
						Code:    billhook.CodeTooLarge,
						Pointer: "/events",
						Message: "has more than " + strconv.Itoa(limit) + " events",
						Hint:    "send them in several batches",
					}
				}
				batch = append(batch, e)
				return err
			})
		})
		switch {
		case err != nil:
			return err
		case !given:
			return rd.missing("events")
		case len(batch) == 0:
			return &billhook.Error{Code: billhook.CodeInvalid, Pointer: "/events", Message: "is empty"}
		}
		return nil
	})
	return batch, err
}

// appendResult appends an emitted event, or {"error": problem}.
func (c *call) appendResult(b []byte, i int, r *billhook.EmitResult) ([]byte, error) {
	if r.Err == nil {
		return appendEmitted(b, &r.Event), nil
	}
	p := problemOf(r.Err)
	if p.Code == codeInternal {
		return nil, r.Err
	}
	if !strings.HasPrefix(p.Pointer, "/events/") {
		p.Pointer = "/events/" + strconv.Itoa(i) + p.Pointer
	}
	b = append(b, `{"error":`...)
	b, err := appendJSON(b, &p)
	return append(b, '}'), err
}
