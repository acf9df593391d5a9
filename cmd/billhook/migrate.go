package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"text/tabwriter"
	"time"

	"github.com/billhook/billhook/postgres"
)

// migrateCmd is for those who let a role that may do so change the schema, and
// the nodes run as one that may not. A database in a file is migrated by whoever
// opens it.
type migrateCmd struct {
	Up     migrateUpCmd     `cmd:"" help:"Run the migrations that the database lacks."`
	Status migrateStatusCmd `cmd:"" help:"List the migrations, and when the database had them."`
}

type migrateUpCmd struct {
	DatabaseURL string `env:"BILLHOOK_DATABASE_URL" required:"" placeholder:"postgres://…" help:"The PostgreSQL database."`
}

func (cmd *migrateUpCmd) Run(ctx context.Context) error {
	before, err := postgres.Migrations(ctx, cmd.DatabaseURL)
	if err != nil {
		return err
	}
	if err := postgres.Migrate(ctx, cmd.DatabaseURL); err != nil {
		return err
	}
	after, err := postgres.Migrations(ctx, cmd.DatabaseURL)
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
	DatabaseURL string `env:"BILLHOOK_DATABASE_URL" required:"" placeholder:"postgres://…" help:"The PostgreSQL database."`
}

func (cmd *migrateStatusCmd) Run(ctx context.Context) error {
	all, err := postgres.Migrations(ctx, cmd.DatabaseURL)
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
