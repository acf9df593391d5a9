package sqlstore

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"

	"github.com/billhook/billhook"
)

const (
	storeColumns   = "id, name, profile, settings, created_at, updated_at, deleted_at"
	webhookColumns = "store_id, id, url, events, name, description, is_active, retry_policy, headers, secrets, key_pairs, overlap_signature, settings, created_at, updated_at, deleted_at"

	createStore  = "INSERT INTO billhook.stores (" + storeColumns + ") VALUES (?,?,?,?,?,?,?) ON CONFLICT DO NOTHING"
	replaceStore = "UPDATE billhook.stores SET id = ?, name = ?, profile = ?, settings = ?, created_at = ?, updated_at = ?, deleted_at = ? WHERE id = ? AND updated_at = ?"

	createWebhook  = "INSERT INTO billhook.webhooks (" + webhookColumns + ") VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?) ON CONFLICT DO NOTHING"
	replaceWebhook = "UPDATE billhook.webhooks SET store_id = ?, id = ?, url = ?, events = ?, name = ?, description = ?, is_active = ?, " +
		"retry_policy = ?, headers = ?, secrets = ?, key_pairs = ?, overlap_signature = ?, settings = ?, created_at = ?, updated_at = ?, deleted_at = ? WHERE store_id = ? AND id = ? AND updated_at = ?"
)

// WriteStore creates or replaces a store.
func WriteStore(ctx context.Context, on Conn, write *billhook.StoreWrite) error {
	s := &write.Store
	settings, err := encoded(s.StoreSettings)
	if err != nil {
		return fmt.Errorf("write store: %w", err)
	}
	text, args := createStore, []any{s.ID, s.Name, s.Profile, settings, nanos(s.CreatedAt), nanos(s.UpdatedAt), nanos(s.DeletedAt)}
	if !write.Create {
		text, args = replaceStore, append(args, s.ID, nanos(write.Was))
	}
	n, err := on.Exec(ctx, text, args...)
	if err != nil {
		return fmt.Errorf("write store: %w", err)
	}
	write.Refused = n == 0
	return nil
}

// WriteWebhook creates or replaces a webhook.
func WriteWebhook(ctx context.Context, on Conn, write *billhook.WebhookWrite) error {
	h := &write.Webhook
	args := []any{h.StoreID, h.ID, h.URL, nil, h.Name, h.Description, boolean(h.IsActive), nil, nil, nil, nil, h.OverlapSignature,
		nil, nanos(h.CreatedAt), nanos(h.UpdatedAt), nanos(h.DeletedAt)}
	for i, value := range map[int]any{3: h.Events, 7: h.RetryPolicy, 8: h.Headers, 9: h.Secrets, 10: h.KeyPairs, 12: h.WebhookSettings} {
		text, err := encoded(value)
		if err != nil {
			return fmt.Errorf("write webhook: %w", err)
		}
		args[i] = text
	}
	text := createWebhook
	if !write.Create {
		text, args = replaceWebhook, append(args, h.StoreID, h.ID, nanos(write.Was))
	}
	n, err := on.Exec(ctx, text, args...)
	if err != nil {
		return fmt.Errorf("write webhook: %w", err)
	}
	write.Refused = n == 0
	return nil
}

// Configuration reads all stores, webhooks, API keys and event types as they were at
// one moment.
func (r *Reader) Configuration(ctx context.Context) (all billhook.Configuration, err error) {
	tx, err := r.db.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return all, fmt.Errorf("read configuration: %w", err)
	}
	defer tx.Rollback()
	rows, err := tx.QueryContext(ctx, r.dialect.Text("SELECT "+storeColumns+" FROM billhook.stores ORDER BY id"))
	if all.Stores, err = collect(rows, err, scanStore); err != nil {
		return all, fmt.Errorf("read stores: %w", err)
	}
	rows, err = tx.QueryContext(ctx, r.dialect.Text("SELECT "+webhookColumns+" FROM billhook.webhooks ORDER BY store_id, id"))
	if all.Webhooks, err = collect(rows, err, scanWebhook); err != nil {
		return all, fmt.Errorf("read webhooks: %w", err)
	}
	rows, err = tx.QueryContext(ctx, r.dialect.Text("SELECT "+apiKeyColumns+" FROM billhook.api_keys ORDER BY store_id, id"))
	if all.Keys, err = collect(rows, err, scanAPIKey); err != nil {
		return all, fmt.Errorf("read API keys: %w", err)
	}
	rows, err = tx.QueryContext(ctx, r.dialect.Text("SELECT "+eventTypeColumns+" FROM billhook.event_types ORDER BY store_id, name"))
	if all.EventTypes, err = collect(rows, err, scanEventType); err != nil {
		return all, fmt.Errorf("read event types: %w", err)
	}
	return all, nil
}

func scanStore(from Row) (s billhook.Store, err error) {
	var created, updated, deleted int64
	var settings sql.NullString
	if err = from.Scan(&s.ID, &s.Name, &s.Profile, &settings, &created, &updated, &deleted); err != nil {
		return s, err
	}
	s.CreatedAt, s.UpdatedAt, s.DeletedAt = moment(created), moment(updated), moment(deleted)
	if settings.Valid {
		if err := json.Unmarshal([]byte(settings.String), &s.StoreSettings); err != nil {
			return s, fmt.Errorf("store %q: %w", s.ID, err)
		}
	}
	return s, nil
}

func scanWebhook(from Row) (h billhook.Webhook, err error) {
	var active, created, updated, deleted int64
	var events, policy, headers, secrets, pairs, settings sql.NullString
	err = from.Scan(&h.StoreID, &h.ID, &h.URL, &events, &h.Name, &h.Description, &active, &policy, &headers, &secrets,
		&pairs, &h.OverlapSignature, &settings, &created, &updated, &deleted)
	if err != nil {
		return h, err
	}
	h.IsActive = active != 0
	h.CreatedAt, h.UpdatedAt, h.DeletedAt = moment(created), moment(updated), moment(deleted)
	for _, member := range []struct {
		text sql.NullString
		into any
	}{{events, &h.Events}, {policy, &h.RetryPolicy}, {headers, &h.Headers}, {secrets, &h.Secrets}, {pairs, &h.KeyPairs}, {settings, &h.WebhookSettings}} {
		if !member.text.Valid {
			continue
		}
		if err := json.Unmarshal([]byte(member.text.String), member.into); err != nil {
			return h, fmt.Errorf("webhook %q of store %q: %w", h.ID, h.StoreID, err)
		}
	}
	return h, nil
}

// encoded is a value as JSON, or nil where that would say nothing.
func encoded(v any) (any, error) {
	text, err := json.Marshal(v)
	if err != nil || string(text) == "null" || string(text) == "{}" {
		return nil, err
	}
	return string(text), nil
}

func boolean(b bool) int64 {
	if b {
		return 1
	}
	return 0
}
