package sim

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/billhook/billhook"
)

// batchingOf is what a webhook chooses of batches for all its life. With a few events a
// request is one write of net/http's.
func (w *world) batchingOf(hookID string) (b billhook.Batching) {
	r := chance(w.plan.Seed, "batch", hookID)
	if oneIn(r, 3) {
		b.MaxEvents = 2 + r.IntN(6)
		b.MaxWaitMs = pick(r, []weighted[int64]{{1, 0}, {2, 1 + r.Int64N(3000)}})
	}
	return b
}

// envelopesOf are those of a request's body, which must be as the webhook wants it.
func (w *world) envelopesOf(hookID string, body []byte) []json.RawMessage {
	var all []json.RawMessage
	switch b := w.batchingOf(hookID); {
	case b.MaxEvents == 0:
		return []json.RawMessage{body}
	case json.Unmarshal(body, &all) != nil || len(all) == 0 || len(all) > b.MaxEvents:
		panic(fmt.Sprintf("not a batch of this world: %q", body))
	}
	if again := slices.Concat([]byte{'['}, bytes.Join(parts(all), []byte{','}), []byte{']'}); !bytes.Equal(again, body) {
		panic(fmt.Sprintf("not envelopes alone: %q", body))
	}
	return all
}

func parts(all []json.RawMessage) (parts [][]byte) {
	for _, one := range all {
		parts = append(parts, one)
	}
	return parts
}

// inBatch holds what an attempt says of its batch, and how large that was after so many
// attempts, against what was asked. It wants w.mu.
func (w *world) inBatch(l *life, e *exchange, a *billhook.Attempt, made, attempts int) {
	b := w.batchingOf(l.hook.id)
	if b.MaxEvents == 0 {
		if a.BatchSize != 0 || a.BatchID != "" {
			w.fail(l.name, "attempt %d is of the batch %q of %d, and its webhook has none", a.Number, a.BatchID, a.BatchSize)
		}
		return
	}
	most := b.MaxEvents
	for range made - 1 {
		most = max(most/4, 1)
	}
	if made > 1 && made >= attempts {
		most = 1
	}
	if a.BatchSize != len(e.lives) || a.BatchID == "" || a.BatchSize > most {
		w.fail(l.name, "attempt %d was in the batch %q of %d; there were %d, and might be %d", a.Number, a.BatchID, a.BatchSize, len(e.lives), most)
	}
}
