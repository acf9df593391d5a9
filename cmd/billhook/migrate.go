package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"text/tabwriter"
	"time"

	"github.com/billhook/billhook/postgres"
	"github.com/billhook/billhook/sqlite"
)

// migrateCmd is for those who let a role that may do so change the schema, and
// the nodes run as one that may not. A database in a file is migrated by whoever
// opens it.
type migrateCmd struct {
	Up     migrateUpCmd     `cmd:"" help:"Run the migrations that the database lacks; of a file, without the service that uses it." example:"billhook migrate up --data data"`
	Status migrateStatusCmd `cmd:"" help:"List the migrations, and when the database had them." example:"billhook migrate status --data data"`
}

// migrateTarget says which database.
type migrateTarget struct{ databaseFlags }

// migrations lists those of the database, which must be there.
func (m *migrateTarget) migrations(ctx context.Context) ([]postgres.Migration, error) {
	if m.DatabaseURL != "" {
		return postgres.Migrations(ctx, m.DatabaseURL)
	}
	inFile, err := sqlite.Migrations(ctx, m.file())
	if err != nil {
		return nil, whichDatabase(err)
	}
	all := make([]postgres.Migration, len(inFile))
	for i, one := range inFile {
		all[i] = postgres.Migration(one)
	}
	return all, nil
}

func (m *migrateTarget) migrate(ctx context.Context) error {
	if m.DatabaseURL != "" {
		return postgres.Migrate(ctx, m.DatabaseURL)
	}
	db, err := sqlite.Open(m.file(), sqlite.Options{})
	if err != nil {
		return err
	}
	return db.Close()
}

type migrateUpCmd struct {
	migrateTarget
}

func (cmd *migrateUpCmd) Run(ctx context.Context) error {
	before, err := cmd.migrations(ctx)
	if err != nil {
		return err
	}
	if err := cmd.migrate(ctx); err != nil {
		return err
	}
	after, err := cmd.migrations(ctx)
	if err != nil {
		return err
	}
	ran := 0
	for i, m := range after {
		if !m.AppliedAt.IsZero() && (i >= len(before) || before[i].AppliedAt.IsZero()) {
			fmt.Printf("ran %d %s\n", m.Version, m.Name)
			ran++
		}
	}
	if ran == 0 {
		fmt.Println("the database has had all migrations")
	}
	return nil
}

type migrateStatusCmd struct {
	migrateTarget
}

func (cmd *migrateStatusCmd) Run(ctx context.Context) error {
	all, err := cmd.migrations(ctx)
	if err != nil {
		return err
	}
	return printMigrations(os.Stdout, all)
}

func printMigrations(w io.Writer, all []postgres.Migration) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "version\tname\tapplied at")
	for _, m := range all {
		at := "pending"
		if !m.AppliedAt.IsZero() {
			at = m.AppliedAt.UTC().Format(time.RFC3339)
		}
		fmt.Fprintf(table, "%d\t%s\t%s\n", m.Version, m.Name, at)
	}
	return table.Flush()
}
