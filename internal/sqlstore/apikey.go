package sqlstore

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/billhook/billhook"
)

const (
	apiKeyColumns = "store_id, id, name, prefix, salt, hash, permissions, created_at, updated_at, expires_at, revoked_at" // #nosec G101 -- names of columns

	createAPIKey  = "INSERT INTO billhook.api_keys (" + apiKeyColumns + ") VALUES (?,?,?,?,?,?,?,?,?,?,?) ON CONFLICT DO NOTHING"
	replaceAPIKey = "UPDATE billhook.api_keys SET store_id = ?, id = ?, name = ?, prefix = ?, salt = ?, hash = ?, permissions = ?, " +
		"created_at = ?, updated_at = ?, expires_at = ?, revoked_at = ? WHERE store_id = ? AND id = ? AND updated_at = ?"
)

// WriteAPIKey creates or replaces an API key.
func WriteAPIKey(ctx context.Context, on Conn, write *billhook.KeyWrite) error {
	k := &write.Key
	permissions, err := json.Marshal(k.Permissions)
	if err != nil {
		return fmt.Errorf("write API key: %w", err)
	}
	text, args := createAPIKey, []any{k.StoreID, k.ID, k.Name, k.Prefix, blob(k.Salt), blob(k.Hash), string(permissions),
		nanos(k.CreatedAt), nanos(k.UpdatedAt), nanos(k.ExpiresAt), nanos(k.RevokedAt)}
	if !write.Create {
		text, args = replaceAPIKey, append(args, k.StoreID, k.ID, nanos(write.Was))
	}
	n, err := on.Exec(ctx, text, args...)
	if err != nil {
		return fmt.Errorf("write API key: %w", err)
	}
	write.Refused = n == 0
	return nil
}

func scanAPIKey(from Row) (k billhook.APIKey, err error) {
	var permissions string
	var created, updated, expires, revoked int64
	err = from.Scan(&k.StoreID, &k.ID, &k.Name, &k.Prefix, &k.Salt, &k.Hash, &permissions, &created, &updated, &expires, &revoked)
	if err != nil {
		return k, err
	}
	k.CreatedAt, k.UpdatedAt, k.ExpiresAt, k.RevokedAt = moment(created), moment(updated), moment(expires), moment(revoked)
	if err := json.Unmarshal([]byte(permissions), &k.Permissions); err != nil {
		return k, fmt.Errorf("API key %q of store %q: %w", k.ID, k.StoreID, err)
	}
	return k, nil
}
