package receive

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"regexp"
	"time"
)

// A Dialect is a database's way of writing the inbox's statements.
type Dialect int

const (
	SQLite     Dialect = iota + 1 // 3.24 and later
	PostgreSQL                    // 9.5 and later
	MySQL                         // 5.7 and later, and MariaDB
)

// maxID is as long as an id may be, in bytes: MySQL's column would cut off the
// rest, and two events could become one.
const maxID = 255

// An Inbox is a table in the receiver's own database that knows which events
// were handled. Since an event is noted in the same transaction in which it is
// handled, it is handled exactly once, whatever crashes and whichever process
// it comes to.
//
// Ids are told apart within one sender: use one table for each.
type Inbox struct {
	// Dialect is the database's.
	Dialect Dialect
	// Table is the table's name: letters, digits and underscores.
	// Default: "webhook_inbox".
	Table string
}

var tableName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]{0,47}$`)

// statement puts the table's name into one of the dialect's statements.
func (i Inbox) statement(of map[Dialect]string) (string, error) {
	text, ok := of[i.Dialect]
	if !ok {
		return "", errors.New("receive: Inbox: Dialect must be SQLite, PostgreSQL or MySQL")
	}
	table := cmp.Or(i.Table, "webhook_inbox")
	if !tableName.MatchString(table) {
		return "", fmt.Errorf("receive: Inbox: Table %q may hold letters, digits and underscores, 48 at most", table)
	}
	return fmt.Sprintf(text, table), nil
}

// Ids are compared byte by byte, which MySQL does with binary columns only.
var inboxDDL = map[Dialect]string{
	SQLite: `CREATE TABLE IF NOT EXISTS %[1]s (id TEXT NOT NULL PRIMARY KEY, received_at INTEGER NOT NULL) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS %[1]s_received_at ON %[1]s (received_at)`,
	PostgreSQL: `CREATE TABLE IF NOT EXISTS %[1]s (id text COLLATE "C" PRIMARY KEY, received_at bigint NOT NULL);
CREATE INDEX IF NOT EXISTS %[1]s_received_at ON %[1]s (received_at)`,
	MySQL: `CREATE TABLE IF NOT EXISTS %[1]s (id VARBINARY(255) NOT NULL PRIMARY KEY, received_at BIGINT NOT NULL, INDEX %[1]s_received_at (received_at)) ENGINE=InnoDB`,
}

// MySQL's ON DUPLICATE KEY UPDATE would count a row for a repeat too, where the
// connection counts found rows.
var inboxInsert = map[Dialect]string{
	SQLite:     `INSERT INTO %s (id, received_at) VALUES (?, ?) ON CONFLICT (id) DO NOTHING`,
	PostgreSQL: `INSERT INTO %s (id, received_at) VALUES ($1, $2) ON CONFLICT (id) DO NOTHING`,
	MySQL:      `INSERT IGNORE INTO %s (id, received_at) VALUES (?, ?)`,
}

var inboxPurge = map[Dialect]string{
	SQLite:     `DELETE FROM %s WHERE received_at < ?`,
	PostgreSQL: `DELETE FROM %s WHERE received_at < $1`,
	MySQL:      `DELETE FROM %s WHERE received_at < ?`,
}

// DDL returns what makes the table, for a migration or every start: one
// statement in MySQL, two in the others. received_at is in unix seconds.
func (i Inbox) DDL() (string, error) { return i.statement(inboxDDL) }

// Seen notes the event in the transaction, and says whether that was done
// before. Call it first of all in the transaction, and when it says true, do
// nothing. When the transaction is rolled back, the event was not seen.
//
// While another transaction has the same event, Seen waits for how that ends.
// It may fail where the database cannot tell (a serialization failure, a
// deadlock): roll back, and let the sender come again.
func (i Inbox) Seen(ctx context.Context, tx *sql.Tx, id string) (bool, error) {
	if id == "" {
		return false, errNoID
	}
	if len(id) > maxID {
		return false, fmt.Errorf("receive: Inbox: an id of %d bytes; %d are let in", len(id), maxID)
	}
	insert, err := i.statement(inboxInsert)
	if err != nil {
		return false, err
	}
	result, err := tx.ExecContext(ctx, insert, id, time.Now().Unix())
	if err != nil {
		return false, fmt.Errorf("note event in inbox: %w", err)
	}
	inserted, err := result.RowsAffected()
	if err != nil {
		return false, fmt.Errorf("note event in inbox: %w", err)
	}
	return inserted == 0, nil
}

// Do calls f in a transaction of its own that notes the event, unless it was
// handled before; then it returns nil. When f fails, all is rolled back.
func (i Inbox) Do(ctx context.Context, db *sql.DB, id string, f func(tx *sql.Tx) error) error {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("begin transaction: %w", err)
	}
	defer tx.Rollback() // after a commit it does nothing
	seen, err := i.Seen(ctx, tx, id)
	if seen || err != nil {
		return err
	}
	if err := f(tx); err != nil {
		return err
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("commit transaction: %w", err)
	}
	return nil
}

// Purge forgets the events that were noted before a time, and returns how
// many. Leave those that the sender may still send again: what is forgotten is
// handled again.
func (i Inbox) Purge(ctx context.Context, db *sql.DB, before time.Time) (int64, error) {
	purge, err := i.statement(inboxPurge)
	if err != nil {
		return 0, err
	}
	result, err := db.ExecContext(ctx, purge, before.Unix())
	if err != nil {
		return 0, fmt.Errorf("purge inbox: %w", err)
	}
	return result.RowsAffected()
}
