package api

import (
	"testing"
	"time"

	"github.com/billhook/billhook"
)

// Whatever a caller sends as a cursor, it is refused or it is a position that
// makes the same cursor again.
func FuzzCursor(f *testing.F) {
	f.Add("", int64(0), "")
	f.Add(idCursor(deliveryCursor, "dlv_01"), int64(1), "evt_01")
	f.Add(positionCursor(eventCursor, billhook.EventPosition{CreatedAt: time.Unix(1736611200, 5), ID: "evt_01"}), int64(-1), "é\xff")
	f.Fuzz(func(t *testing.T, text string, nanos int64, id string) {
		for _, kind := range []byte{storeCursor, webhookCursor, deliveryCursor, keyCursor} {
			if got, ok := parseIDCursor(kind, text); ok {
				if again, ok := parseIDCursor(kind, idCursor(kind, got)); !ok || again != got {
					t.Errorf("%q is the id %q, which is the id %q", text, got, again)
				}
			}
			got, ok := parseIDCursor(kind, idCursor(kind, id))
			if want := id != "" && len(id) <= maxCursorID; ok != want || ok && got != id {
				t.Errorf("the cursor of %q is that of %q, %v", id, got, ok)
			}
			if _, ok := parsePositionCursor(eventCursor, idCursor(kind, id)); ok {
				t.Errorf("a cursor of kind %c passes for one of events", kind)
			}
		}
		if got, ok := parsePositionCursor(eventCursor, text); ok {
			if again, ok := parsePositionCursor(eventCursor, positionCursor(eventCursor, got)); !ok || again != got {
				t.Errorf("%q is %v, which is %v", text, got, again)
			}
		}
		p := billhook.EventPosition{CreatedAt: time.Unix(0, nanos).UTC(), ID: id}
		got, ok := parsePositionCursor(eventCursor, positionCursor(eventCursor, p))
		if want := id != "" && len(id) <= maxCursorID; ok != want || ok && got != p {
			t.Errorf("the cursor of %v is that of %v, %v", p, got, ok)
		}
	})
}
