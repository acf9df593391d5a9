package sqlstore

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
)

// A table is one that a copy moves, as data: what its columns hold is of no
// concern here. Both databases compare the text in its key byte by byte, so that
// they walk it in the same order.
type table struct {
	name    string
	columns []column // the first of them, so many, are the key
	key     int
	// owned: a row belongs to a node besides, and to another one at the target.
	owned  bool
	insert *bulk
}

type column struct{ name, kind string }

// moved are all tables in the order in which they are copied. What waits comes
// last: a target that is not complete has nothing to send.
var moved = []*table{
	newTable("stores", 1, "id, name, profile, settings, created_at bigint, updated_at bigint, deleted_at bigint"),
	newTable("webhooks", 2, "store_id, id, url, events, name, description, is_active bigint, retry_policy, headers, secrets, key_pairs, overlap_signature, settings, "+
		"created_at bigint, updated_at bigint, deleted_at bigint"),
	newTable("api_keys", 2, "store_id, id, name, prefix, salt bytea, hash bytea, permissions, "+
		"created_at bigint, updated_at bigint, expires_at bigint, revoked_at bigint"),
	newTable("event_types", 2, "store_id, name, definition, created_at bigint, updated_at bigint, deleted_at bigint"),
	eventsTable,
	keysTable,
	newTable("sequences", 3, "store_id, entity_type, entity_id, number bigint"),
	newTable("audit", 3, "store_id, created_at bigint, id, event, entity_type, entity_id, actor_type, actor_id, request_id, "+
		"old_value, new_value, chain bigint, number bigint, hash bytea"),
	newTable("audit_heads", 2, "store_id, chain bigint, number bigint, hash bytea"),
	newTable("audit_floors", 2, "store_id, chain bigint, number bigint, hash bytea, created_at bigint"),
	newTable("retention", 1, "store_id, attempts_at bigint, attempts_id, payloads_at bigint, payloads_id, records_at bigint, records_id, floored_at bigint"),
	newTable("late", 3, "store_id, created_at bigint, id"),
	newTable("erasures", 2, "store_id, id, entity_type, entity_id, created_at bigint, finished_at bigint, events bigint, "+
		"phase bigint, reached_at bigint, reached_id"),
	newTable("attempts", 4, "store_id, delivery_id, number bigint, started_at bigint, status_code bigint, "+
		"duration bigint, url, failure, error, response_headers, response_body bytea, batch_id, batch_size bigint"),
	newTable("deliveries", 3, "store_id, id, created_at bigint, webhook_id, event_id, event_type, status, attempts bigint, "+
		"attempts_before bigint, status_code bigint, reason, last_attempt_at bigint, finished_at bigint, "+
		"duration bigint, url, failure, error, response_headers, response_body bytea, batch_id, batch_size bigint"),
	newTable("ledger", 5, "store_id, webhook_id, day bigint, reason, node bigint, matched bigint, pending bigint, delivered bigint, "+
		"dead bigint, cancelled bigint, skipped bigint, changes bigint"),
	newTable("activity", 3, "store_id, at bigint, run bigint, delivered bigint, failed bigint, dead bigint, waiting bigint, latencies bytea"),
	newTable("replays", 3, "store_id, event_id, webhook_id, delivery_id, created_at bigint"),
	owned(newTable("recoveries", 2, "store_id, id, status, step bigint, idempotency_key, plan, progress, created_at bigint, updated_at bigint")),
	owned(newTable("pending", 2, "store_id, id, webhook_id, event_id, event_type, attempts bigint, attempts_before bigint, "+
		"status_code bigint, reason, created_at bigint, last_attempt_at bigint, due_at bigint, entity_type, entity_id, sequence bigint, first_due bigint")),
}

var (
	// keysOfRow counts on the order of the first four.
	eventsTable = newTable("events", 3, "store_id, id, created_at bigint, idempotency_key, type, occurred_at bigint, "+
		"entity_type, entity_id, actor_type, actor_id, deliveries bigint, delivery_ids, data bytea, "+
		"request_id, sequence bigint, chain bigint, number bigint, hash bytea, data_hash bytea, erased_at bigint, trace_context")
	// keysTable is only in databases whose Dialect says so.
	keysTable = newTable("event_keys", 2, "store_id, key, event_id, created_at bigint")
)

// newTable takes columns as SQL declares them; those without a type are text.
func newTable(name string, key int, columns string) *table {
	t := &table{name: name, key: key, insert: &bulk{what: "insert " + name}}
	for declared := range strings.SplitSeq(columns, ", ") {
		name, kind, ok := strings.Cut(declared, " ")
		if !ok {
			kind = "text"
		}
		t.columns = append(t.columns, column{name, ":" + kind})
		t.insert.row = append(t.insert.row, ":"+kind)
	}
	t.insert.insert = "billhook." + name + " (" + names(t.columns) + ")"
	return t
}

// owned gives the owner that all rows have as the bulk's shared argument.
func owned(t *table) *table {
	t.owned = true
	t.insert.shared, t.insert.row = 1, append(t.insert.row, "?1")
	t.insert.insert = strings.TrimSuffix(t.insert.insert, ")") + ", owner)"
	return t
}

func names(columns []column) string {
	all := make([]string, len(columns))
	for i, c := range columns {
		all[i] = c.name
	}
	return strings.Join(all, ", ")
}

func (t *table) all() string { return "SELECT " + names(t.columns) + " FROM billhook." + t.name }

// after selects what comes after a key, or everything for none, in the key's
// order.
func (t *table) after(key []any) string {
	text, of := t.all(), names(t.columns[:t.key])
	if key != nil {
		text += " WHERE (" + of + ") > (?" + strings.Repeat(", ?", t.key-1) + ")"
	}
	return text + " ORDER BY " + of
}

// keysOfRow are the rows of event_keys that stand for an event where it is not
// known whether the caller chose its id.
func keysOfRow(event []any) [][]any {
	store, id, created, key := event[0], event[1], event[2], event[3]
	keys := [][]any{{store, keyOfID + id.(string), id, created}}
	if key != nil {
		keys = append(keys, []any{store, keyOfIdempotency + key.(string), id, created})
	}
	return keys
}

// walk reads rows one after the other, each as a string, an int64, a []byte or
// nil for a column.
func (t *table) walk(ctx context.Context, on Conn, text string, args []any, visit func(row []any) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	found, err := on.Query(ctx, text, args...)
	if err != nil {
		return fmt.Errorf("read %s: %w", t.name, err)
	}
	defer found.Close()
	into := make([]any, len(t.columns))
	for found.Next() {
		row := make([]any, len(t.columns))
		for i := range row {
			into[i] = &row[i]
		}
		err := found.Scan(into...)
		for i, c := range t.columns {
			if err == nil {
				row[i], err = c.value(row[i])
			}
		}
		if err != nil {
			err = fmt.Errorf("read %s: %w", t.name, err)
		} else {
			err = visit(row)
		}
		if err != nil {
			cancel() // else closing would read all rows that are left
			return err
		}
	}
	if err := found.Err(); err != nil {
		return fmt.Errorf("read %s: %w", t.name, err)
	}
	return nil
}

// value is what the column has to hold. SQLite would let it hold anything.
func (c column) value(v any) (any, error) {
	switch got := v.(type) {
	case nil:
		return nil, nil
	case string:
		if c.kind == textKind {
			return v, nil
		}
	case []byte:
		if c.kind == byteaKind {
			return blob(got), nil // none is no NULL, which is another case
		}
	case int64:
		if c.kind == bigintKind {
			return v, nil
		}
	default:
		return nil, fmt.Errorf("column %s: %T in place of %s", c.name, got, c.kind[1:])
	}
	return nil, fmt.Errorf("column %s: %T in place of %s", c.name, v, c.kind[1:])
}

// position is a row's key as a JSON array.
func (t *table) position(row []any) (string, error) {
	text, err := json.Marshal(row[:t.key])
	return string(text), err
}

// keyAt is the key that a position holds; nil for none.
func (t *table) keyAt(position string) ([]any, error) {
	if position == "" {
		return nil, nil
	}
	var members []json.RawMessage
	if err := json.Unmarshal([]byte(position), &members); err != nil || len(members) != t.key {
		return nil, fmt.Errorf("position %q is no key of %s: %w", position, t.name, err)
	}
	key := make([]any, t.key)
	for i, member := range members {
		var err error
		if t.columns[i].kind == bigintKind {
			var n int64
			err = json.Unmarshal(member, &n)
			key[i] = n
		} else {
			var s string
			err = json.Unmarshal(member, &s)
			key[i] = s
		}
		if err != nil {
			return nil, fmt.Errorf("position %q is no key of %s: %w", position, t.name, err)
		}
	}
	return key, nil
}
