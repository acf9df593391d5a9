package sqlstore

import (
	"context"
	"fmt"

	"github.com/billhook/billhook"
)

const (
	// answerColumns are what an attempt has that its delivery has not.
	answerColumns  = "duration, url, failure, error, response_headers, response_body, batch_id, batch_size"
	attemptColumns = "store_id, delivery_id, number, started_at, status_code, " + answerColumns

	selectAnswer = "duration, COALESCE(url, ''), COALESCE(failure, ''), COALESCE(error, ''), COALESCE(response_headers, ''), response_body, COALESCE(batch_id, ''), COALESCE(batch_size, 0)"
	// attemptsOf reads those that did not end the delivery and the one that did.
	attemptsOf = "SELECT store_id, delivery_id, number, started_at, status_code, " + selectAnswer +
		" FROM billhook.attempts WHERE store_id = ? AND delivery_id = ? UNION ALL SELECT " + endingAttempt + selectAnswer + fromEnded + " ORDER BY 3"

	endingAttempt = "store_id, id, attempts, last_attempt_at, status_code, "
	fromEnded     = " FROM billhook.deliveries WHERE store_id = ? AND id = ? AND duration IS NOT NULL"
)

func appendAnswer(args []any, a *billhook.Attempt) []any {
	var size any
	if a.BatchSize > 0 {
		size = int64(a.BatchSize)
	}
	return append(args, int64(a.Duration), optional(a.URL), optional(string(a.Failure)), optional(a.Error), optional(a.ResponseHeaders), optionalBytes(a.ResponseBody), optional(a.BatchID), size)
}

// Attempts reads a delivery's attempts, first to last.
func (r *Reader) Attempts(ctx context.Context, storeID, deliveryID string) ([]billhook.Attempt, error) {
	rows, err := r.query(ctx, attemptsOf, storeID, deliveryID, storeID, deliveryID)
	all, err := collect(rows, err, scanAttempt)
	if err != nil {
		return nil, fmt.Errorf("read attempts: %w", err)
	}
	return all, nil
}

func scanAttempt(from Row) (a billhook.Attempt, err error) {
	var started int64
	err = from.Scan(&a.StoreID, &a.DeliveryID, &a.Number, &started, &a.StatusCode, &a.Duration, &a.URL, &a.Failure, &a.Error,
		&a.ResponseHeaders, &a.ResponseBody, &a.BatchID, &a.BatchSize)
	a.StartedAt = moment(started)
	return a, err
}
