package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"

	"github.com/billhook/billhook"
	"github.com/billhook/billhook/postgres"
	"github.com/billhook/billhook/sqlite"
)

// databaseFlags say which database a command is about, as serve does.
type databaseFlags struct {
	Data        string `env:"BILLHOOK_DATA" default:"data" help:"Folder of the database file."`
	DatabaseURL string `env:"BILLHOOK_DATABASE_URL" placeholder:"postgres://…" help:"PostgreSQL that keeps the data in place of a file."`
}

// file is where the database is if it is a file.
func (f *databaseFlags) file() string { return filepath.Join(f.Data, databaseFile) }

// A view is a database that is only read, beside the service that uses it.
type view interface {
	billhook.AuditLog
	billhook.Accounts
	Configuration(ctx context.Context) (billhook.Configuration, error)
	// AuditStores names every store of which there are entries or chains.
	AuditStores(ctx context.Context) ([]string, error)
	Close() error
}

func (f *databaseFlags) openView(ctx context.Context) (view, error) {
	if f.DatabaseURL != "" {
		return postgres.OpenView(ctx, f.DatabaseURL)
	}
	v, err := sqlite.OpenView(ctx, f.file())
	if err != nil {
		return nil, whichDatabase(err)
	}
	return v, nil
}

// whichDatabase adds to an error of a file that is not there what to give.
func whichDatabase(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%w: give the --data of a service that has run, or --database-url", err)
	}
	return err
}
