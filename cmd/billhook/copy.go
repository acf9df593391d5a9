package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/billhook/billhook/internal/sqlstore"
	"github.com/billhook/billhook/postgres"
	"github.com/billhook/billhook/sqlite"
)

// The flags have no environment variables: what serve reads names a database in
// use.
type copyCmd struct {
	From string `required:"" placeholder:"DATABASE" help:"What is copied: sqlite:PATH, of a file or a data folder, or postgres://…"`
	To   string `required:"" placeholder:"DATABASE" help:"An empty database, or one that this copy has begun."`
	Rows int    `default:"5000" help:"How many rows one transaction writes at most."`
}

// Help is printed below the flags.
func (copyCmd) Help() string {
	return "Stop all nodes first. It may be interrupted: the same command goes on where it stopped. " +
		"At the end both sides are read back and compared. " +
		"Secrets stay sealed: start the nodes with the same keys, --secret-key-file=DIR/secret-keys say. " +
		"PGPASSWORD, or a file ~/.pgpass, keeps a password off the command line."
}

func (cmd *copyCmd) Run(ctx context.Context) (err error) {
	if cmd.Rows < 1 {
		return fmt.Errorf("--rows=%d: give a number above 0", cmd.Rows)
	}
	from, err := openSide(ctx, cmd.From, sqlite.CopyFrom, postgres.CopyFrom)
	if err != nil {
		return fmt.Errorf("--from: %w", err)
	}
	defer from.Close()
	to, err := openSide(ctx, cmd.To, sqlite.CopyTo, postgres.CopyTo)
	if err != nil {
		return fmt.Errorf("--to: %w", err)
	}
	defer func() { err = errors.Join(err, to.Close()) }()
	m := newMeter(os.Stderr)
	c := sqlstore.Copy{From: from, To: to, Rows: cmd.Rows, Tell: m.tell}
	proof, err := c.Run(ctx)
	m.end()
	switch {
	case err != nil && ctx.Err() != nil:
		return errors.New("interrupted: the same command goes on where this one stopped")
	case err != nil:
		return err
	}
	return cmd.report(os.Stdout, from.Name, to.Name, proof)
}

// openSide opens the database that a flag names.
func openSide(ctx context.Context, text string, file func(string) (*sqlstore.Side, error),
	server func(context.Context, string) (*sqlstore.Side, error)) (*sqlstore.Side, error) {
	if strings.HasPrefix(text, "postgres://") || strings.HasPrefix(text, "postgresql://") {
		return server(ctx, text)
	}
	path, ok := strings.CutPrefix(text, "sqlite:")
	if !ok || path == "" {
		return nil, errors.New("give sqlite:PATH or postgres://user@host/database")
	}
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		path = filepath.Join(path, databaseFile)
	}
	return file(path)
}

// report prints the comparison. It fails where the sides differ.
func (cmd *copyCmd) report(w io.Writer, from, to string, p *sqlstore.Proof) error {
	var differ []string
	var rows, changed int64
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "table\trows\tchecksum\trows there\tchecksum there\t")
	for _, c := range p.Tables {
		verdict := "equal"
		if !c.Equal() {
			verdict = "DIFFERENT"
			differ = append(differ, c.Table)
		}
		rows, changed = rows+c.From.Rows, changed+c.Changed
		fmt.Fprintf(table, "%s\t%d\t%s\t%d\t%s\t%s\n", c.Table, c.From.Rows, c.From.Checksum, c.To.Rows, c.To.Checksum, verdict)
	}
	if err := table.Flush(); err != nil {
		return err
	}
	if len(differ) > 0 {
		return fmt.Errorf("%s and %s differ in %s: something has written to one of them since the copy began. "+
			"Stop it, and copy again to a new, empty database", from, to, strings.Join(differ, ", "))
	}
	if changed > 0 {
		fmt.Fprintf(w, "\n%d rows hold text that PostgreSQL cannot, a NUL or what is not UTF-8, in a receiver's\n"+
			"headers as a rule. It is U+FFFD there, and was compared as that.\n", changed)
	}
	if p.Before {
		fmt.Fprintf(w, "\nThis is what a copy proved at %s. Nothing was copied or read now.\n", p.FinishedAt.Format(time.RFC3339))
		return nil
	}
	fmt.Fprintf(w, "\nAll %d rows are in %s.\nStart the nodes with it, and none with %s any more: it would send what waits a second time.\n", rows, to, from)
	return nil
}
