package sqlstore

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"

	"github.com/billhook/billhook"
)

const (
	storeColumns   = "id, name, profile, created_at, updated_at, deleted_at"
	webhookColumns = "store_id, id, url, events, name, description, is_active, retry_policy, headers, secrets, created_at, updated_at, deleted_at"

	createStore  = "INSERT INTO stores (" + storeColumns + ") VALUES (?,?,?,?,?,?) ON CONFLICT DO NOTHING"
	replaceStore = "INSERT INTO stores (" + storeColumns + ") VALUES (?,?,?,?,?,?) ON CONFLICT (id) DO UPDATE SET " +
		"name = excluded.name, profile = excluded.profile, created_at = excluded.created_at, updated_at = excluded.updated_at, deleted_at = excluded.deleted_at"

	insertWebhook  = "INSERT INTO webhooks (" + webhookColumns + ") VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?) ON CONFLICT "
	createWebhook  = insertWebhook + "DO NOTHING"
	replaceWebhook = insertWebhook + "(store_id, id) DO UPDATE SET " +
		"url = excluded.url, events = excluded.events, name = excluded.name, description = excluded.description, " +
		"is_active = excluded.is_active, retry_policy = excluded.retry_policy, headers = excluded.headers, secrets = excluded.secrets, " +
		"created_at = excluded.created_at, updated_at = excluded.updated_at, deleted_at = excluded.deleted_at"
)

func (w *Writer) store(ctx context.Context, write *billhook.StoreWrite) error {
	text := replaceStore
	if write.Create {
		text = createStore
	}
	s := &write.Store
	n, err := w.do(ctx, text, s.ID, s.Name, s.Profile, nanos(s.CreatedAt), nanos(s.UpdatedAt), nanos(s.DeletedAt))
	if err != nil {
		return fmt.Errorf("write store: %w", err)
	}
	write.Exists = n == 0
	return nil
}

func (w *Writer) webhook(ctx context.Context, write *billhook.WebhookWrite) error {
	text := replaceWebhook
	if write.Create {
		text = createWebhook
	}
	h := &write.Webhook
	args := []any{h.StoreID, h.ID, h.URL, nil, h.Name, h.Description, boolean(h.IsActive), nil, nil, nil,
		nanos(h.CreatedAt), nanos(h.UpdatedAt), nanos(h.DeletedAt)}
	for i, value := range map[int]any{3: h.Events, 7: h.RetryPolicy, 8: h.Headers, 9: h.Secrets} {
		encoded, err := json.Marshal(value)
		if err != nil {
			return fmt.Errorf("write webhook: %w", err)
		}
		if string(encoded) != "null" {
			args[i] = string(encoded)
		}
	}
	n, err := w.do(ctx, text, args...)
	if err != nil {
		return fmt.Errorf("write webhook: %w", err)
	}
	write.Exists = n == 0
	return nil
}

// Configuration reads all stores and webhooks as they were at one moment.
func (r *Reader) Configuration(ctx context.Context) ([]billhook.Store, []billhook.Webhook, error) {
	tx, err := r.db.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return nil, nil, fmt.Errorf("read configuration: %w", err)
	}
	defer tx.Rollback()
	rows, err := tx.QueryContext(ctx, "SELECT "+storeColumns+" FROM stores ORDER BY id")
	stores, err := collect(rows, err, scanStore)
	if err != nil {
		return nil, nil, fmt.Errorf("read stores: %w", err)
	}
	rows, err = tx.QueryContext(ctx, "SELECT "+webhookColumns+" FROM webhooks ORDER BY store_id, id")
	webhooks, err := collect(rows, err, scanWebhook)
	if err != nil {
		return nil, nil, fmt.Errorf("read webhooks: %w", err)
	}
	return stores, webhooks, nil
}

func scanStore(from row) (s billhook.Store, err error) {
	var created, updated, deleted int64
	err = from.Scan(&s.ID, &s.Name, &s.Profile, &created, &updated, &deleted)
	s.CreatedAt, s.UpdatedAt, s.DeletedAt = moment(created), moment(updated), moment(deleted)
	return s, err
}

func scanWebhook(from row) (h billhook.Webhook, err error) {
	var active, created, updated, deleted int64
	var events, policy, headers, secrets sql.NullString
	err = from.Scan(&h.StoreID, &h.ID, &h.URL, &events, &h.Name, &h.Description, &active, &policy, &headers, &secrets,
		&created, &updated, &deleted)
	if err != nil {
		return h, err
	}
	h.IsActive = active != 0
	h.CreatedAt, h.UpdatedAt, h.DeletedAt = moment(created), moment(updated), moment(deleted)
	for _, member := range []struct {
		text sql.NullString
		into any
	}{{events, &h.Events}, {policy, &h.RetryPolicy}, {headers, &h.Headers}, {secrets, &h.Secrets}} {
		if !member.text.Valid {
			continue
		}
		if err := json.Unmarshal([]byte(member.text.String), member.into); err != nil {
			return h, fmt.Errorf("webhook %q of store %q: %w", h.ID, h.StoreID, err)
		}
	}
	return h, nil
}

func boolean(b bool) int64 {
	if b {
		return 1
	}
	return 0
}
