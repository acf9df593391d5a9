package api

import "github.com/billhook/billhook"

// A batchingJSON says how deliveries are sent together.
type batchingJSON struct {
	MaxEvents int   `json:"maxEvents"`
	MaxWaitMs int64 `json:"maxWaitMs"`
	MaxBytes  int   `json:"maxBytes"`
}

// showBatching is nil where each is sent by itself.
func showBatching(b billhook.Batching) *batchingJSON {
	if b.MaxEvents == 0 {
		return nil
	}
	return &batchingJSON{b.MaxEvents, b.MaxWaitMs, b.Bytes()}
}

// batching reads how deliveries are to be sent together.
func (rd *reader) batching() (b billhook.Batching, err error) {
	return b, rd.object([]string{"maxEvents", "maxWaitMs", "maxBytes"}, func(name string) (err error) {
		switch name {
		case "maxEvents":
			b.MaxEvents, err = optional(rd, rd.int)
		case "maxWaitMs":
			b.MaxWaitMs, err = optional(rd, rd.integer)
		case "maxBytes":
			b.MaxBytes, err = optional(rd, rd.int)
		}
		return err
	})
}

// An attemptBatchJSON is the batch that an attempt was of.
type attemptBatchJSON struct {
	// ID is the webhook-id of the request.
	ID   string `json:"id"`
	Size int    `json:"size"`
}

func showAttemptBatch(a *billhook.Attempt) *attemptBatchJSON {
	if a.BatchSize == 0 {
		return nil
	}
	return &attemptBatchJSON{a.BatchID, a.BatchSize}
}
