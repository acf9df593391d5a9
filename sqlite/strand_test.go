package sqlite

import (
	"context"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/billhook/billhook"
)

// TestLongStrand emits about one entity of which very many deliveries are held back:
// an emit costs what it did with few of them.
func TestLongStrand(t *testing.T) {
	db := open(t, filepath.Join(t.TempDir(), "billhook.db"))
	item, lane := billhook.Reference{Type: "item", ID: "1"}, billhook.Lane{StoreID: "default", WebhookID: "wh"}
	emitted := 0
	emit := func(n int) (took time.Duration) {
		b := &billhook.Batch{}
		for range n {
			emitted++
			event, at := fmt.Sprint("evt_", emitted), time.Unix(int64(emitted), 0)
			b.Emits = append(b.Emits, &billhook.Emit{
				Event: billhook.Event{StoreID: lane.StoreID, ID: event, Type: "test", CreatedAt: at, OccurredAt: at, Entity: item, Data: []byte("{}"), Deliveries: 1},
				Deliveries: []billhook.Pending{{
					Lane: lane, Position: billhook.Position{DueAt: at, ID: fmt.Sprint("dlv_", emitted)}, EventID: event, EventType: "test", CreatedAt: at,
					Place: &billhook.Place{Entity: item},
				}},
			})
		}
		began := time.Now()
		if err := db.Commit(context.Background(), b); err != nil {
			t.Fatal(err)
		}
		return time.Since(began)
	}
	// The shortest of some: the disk and whoever else uses the machine add to a time.
	shortest := func() time.Duration {
		took := emit(1)
		for range 20 {
			took = min(took, emit(1))
		}
		return took
	}
	few := shortest()
	for range 40 {
		emit(1000)
	}
	many := shortest()
	t.Logf("an emit took %v behind few and %v behind %d", few, many, emitted)
	if many > 3*few+3*time.Millisecond {
		t.Errorf("what is held back makes an emit take %v instead of %v", many, few)
	}
}
