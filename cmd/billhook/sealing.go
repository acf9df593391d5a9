package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/billhook/billhook"
)

const (
	// sealKeysEnv holds the keys that seal secrets, as id:base64 with commas
	// between, where there is no file to keep them in. There is no flag for it:
	// flags show in the list of processes.
	sealKeysEnv = "BILLHOOK_SECRET_KEYS"
	// sealKeysFile is the key file's name in the data folder.
	sealKeysFile = "secret-keys"
)

// checkSealing says what is wrong with where the keys come from, before anything
// is made.
func (cmd *serveCmd) checkSealing() error {
	fromEnv := os.Getenv(sealKeysEnv)
	switch {
	case cmd.SecretKeyFile != "" && fromEnv != "":
		return fmt.Errorf("give --secret-key-file or %s, not both", sealKeysEnv)
	case cmd.SecretKeyFile != "":
		_, err := keyFile(cmd.SecretKeyFile).load()
		if errors.Is(err, os.ErrNotExist) {
			err = fmt.Errorf("%w: billhook keys rotate --secret-key-file=%s makes it", err, cmd.SecretKeyFile)
		}
		return err
	case fromEnv != "":
		_, err := envKeys(fromEnv)
		return err
	case cmd.DatabaseURL != "" && !cmd.Dev:
		return fmt.Errorf("with --database-url give --secret-key-file, the same keys on every node, since secrets are sealed and there is no folder to keep a key in: "+
			"billhook keys rotate --secret-key-file=FILE makes the file; or set %s", sealKeysEnv)
	}
	return nil
}

// keyring has the keys that the flags name. A data folder gets its own at its
// first start.
func (cmd *serveCmd) keyring(ctx context.Context, db billhook.Database, logger *slog.Logger) (*billhook.Keyring, error) {
	if fromEnv := os.Getenv(sealKeysEnv); fromEnv != "" {
		return billhook.NewKeyring(func() ([]billhook.SealKey, error) { return envKeys(fromEnv) })
	}
	file := keyFile(cmd.SecretKeyFile)
	switch {
	case file != "":
	case cmd.DatabaseURL != "":
		logger.Warn("secrets are kept in the database as they are: there is no --secret-key-file")
		return nil, nil
	default:
		file = keyFile(filepath.Join(cmd.Data, sealKeysFile))
		if err := file.checkLost(ctx, db); err != nil {
			return nil, err
		}
		if err := file.create(); err != nil {
			return nil, fmt.Errorf("make the key that seals secrets: %w", err)
		}
	}
	if file.exposed() {
		logger.Warn("others can read the keys that seal secrets: chmod 600 it", "file", string(file))
	}
	return billhook.NewKeyring(file.load)
}

// checkLost fails where the file is not there and the database has secrets that a
// key of it has sealed: a new one would hide the loss.
func (f keyFile) checkLost(ctx context.Context, db billhook.Database) error {
	if _, err := os.Stat(string(f)); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	all, err := db.Configuration(ctx)
	if err != nil {
		return err
	}
	inUse := keysIn(all.Webhooks)
	if len(inUse) == 0 {
		return nil
	}
	sealed := 0
	for i := range all.Webhooks {
		if len(all.Webhooks[i].SealKeys()) > 0 {
			sealed++
		}
	}
	return &billhook.Error{
		Message: fmt.Sprintf("%s is not there, and %d webhooks have secrets that are sealed with its key %s",
			f, sealed, strings.Join(slices.Sorted(maps.Keys(inUse)), ", ")),
		Hint: fmt.Sprintf("restore the file from its backup. If it is lost: billhook keys rotate --secret-key-file=%s makes another, "+
			"deliveries to those webhooks wait, and POST /api/webhooks/{id}/rotate-secret with gracePeriodSeconds 0 gives each a new secret; values of headers and tls are given anew", f),
	}
}

func envKeys(text string) ([]billhook.SealKey, error) {
	var keys []billhook.SealKey
	for i, part := range strings.Split(text, ",") {
		id, encoded, _ := strings.Cut(part, ":")
		key, err := parseKey(strings.TrimSpace(id), encoded)
		if err != nil {
			return nil, fmt.Errorf("%s, key %d: %w", sealKeysEnv, i+1, err)
		}
		keys = append(keys, key)
	}
	return keys, nil
}
