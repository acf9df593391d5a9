package billhook_test

import (
	"context"
	"errors"
	"testing"

	"github.com/billhook/billhook"
)

// A slow database finds nothing until its caller gives up.
type slow struct{ billhook.Database }

func (slow) Deliveries(ctx context.Context, _ billhook.DeliveryFilter) ([]billhook.Delivery, error) {
	<-ctx.Done()
	return nil, errors.New("interrupted")
}

// TestSlowList: a list that takes too long is given up with a hint, unless it
// was the caller who gave up.
func TestSlowList(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		w.useDatabase(slow{w.db})
		_, err := w.client.Deliveries(context.Background(), billhook.DeliveryFilter{EventType: "never"})
		if billhook.ErrorCode(err) != billhook.CodeTooSlow {
			t.Errorf("got %v", err)
		}
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		if _, err := w.client.Deliveries(ctx, billhook.DeliveryFilter{}); err == nil || billhook.ErrorCode(err) != "" {
			t.Errorf("a caller who gave up: got %v", err)
		}
	})
}
