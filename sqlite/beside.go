package sqlite

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/billhook/billhook"
	"github.com/billhook/billhook/internal/sqlstore"
)

// Webhooks reads all webhooks of a file, also while another process has it open.
func Webhooks(ctx context.Context, path string) ([]billhook.Webhook, error) {
	path, err := filepath.Abs(path)
	if err == nil {
		_, err = os.Stat(path) // SQLite would make it
	}
	if err != nil {
		return nil, fmt.Errorf("read database: %w", err)
	}
	pool, err := openPool(ctx, path, 1, 1<<20)
	if err != nil {
		return nil, fmt.Errorf("read database %s: %w", path, err)
	}
	defer pool.Close()
	all, err := sqlstore.NewReader(pool, dialect).Configuration(ctx)
	return all.Webhooks, err
}
