package sqlstore

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"

	"github.com/billhook/billhook"
)

const (
	eventTypeColumns = "store_id, name, definition, created_at, updated_at, deleted_at"

	createEventType  = "INSERT INTO billhook.event_types (" + eventTypeColumns + ") VALUES (?,?,?,?,?,?) ON CONFLICT DO NOTHING"
	replaceEventType = "UPDATE billhook.event_types SET store_id = ?, name = ?, definition = ?, created_at = ?, updated_at = ?, deleted_at = ? " +
		"WHERE store_id = ? AND name = ? AND updated_at = ?"
)

// WriteEventType defines or replaces an event type.
func WriteEventType(ctx context.Context, on Conn, write *billhook.EventTypeWrite) error {
	t := &write.EventType
	definition, err := encoded(t.EventTypeDefinition)
	if err != nil {
		return fmt.Errorf("write event type: %w", err)
	}
	text, args := createEventType, []any{t.StoreID, t.Name, definition, nanos(t.CreatedAt), nanos(t.UpdatedAt), nanos(t.DeletedAt)}
	if !write.Create {
		text, args = replaceEventType, append(args, t.StoreID, t.Name, nanos(write.Was))
	}
	n, err := on.Exec(ctx, text, args...)
	if err != nil {
		return fmt.Errorf("write event type: %w", err)
	}
	write.Refused = n == 0
	return nil
}

func scanEventType(from Row) (t billhook.EventType, err error) {
	var definition sql.NullString
	var created, updated, deleted int64
	if err = from.Scan(&t.StoreID, &t.Name, &definition, &created, &updated, &deleted); err != nil {
		return t, err
	}
	t.CreatedAt, t.UpdatedAt, t.DeletedAt = moment(created), moment(updated), moment(deleted)
	if definition.Valid {
		if err := json.Unmarshal([]byte(definition.String), &t.EventTypeDefinition); err != nil {
			return t, fmt.Errorf("event type %q of store %q: %w", t.Name, t.StoreID, err)
		}
	}
	return t, nil
}
