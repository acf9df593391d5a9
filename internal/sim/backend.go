package sim

import (
	"database/sql"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"github.com/billhook/billhook"
	"github.com/billhook/billhook/sqlite"
)

// A backend is the kind of database that a world has.
type backend interface {
	// open opens the database for a new process.
	open() (billhook.Database, error)
	// bury deals with what a process that crashed has left open.
	bury(billhook.Database) error
	// begin begins a transaction of a caller's, for EmitTx and to be ended.
	begin() (any, transaction, error)
	// shift sets how far the database's clock is ahead, if it has one.
	shift(ahead time.Duration)
	// ask puts an event into the outbox, if it has one.
	ask(billhook.Emission) bool
	// owned: processes own what they accept, and others must take it over.
	owned() bool
}

// A transaction is a caller's, as *sql.Tx is.
type transaction interface {
	Commit() error
	Rollback() error
}

// shares is the backend of the model.
type shares struct{ *Shared }

func (s *shares) open() (billhook.Database, error) { return s.Open(), nil }
func (s *shares) bury(billhook.Database) error     { return nil }
func (s *shares) begin() (any, transaction, error) {
	tx := s.Begin()
	return tx, tx, nil
}
func (s *shares) shift(ahead time.Duration)    { s.Shift(ahead) }
func (s *shares) ask(e billhook.Emission) bool { s.Ask(e); return true }
func (s *shares) owned() bool                  { return true }

// files is the backend of one process on a SQLite file after the other.
type files struct {
	dir   string
	opens int
}

func (f *files) path() string { return filepath.Join(f.dir, fmt.Sprintf("%d.db", f.opens)) }

func (f *files) open() (billhook.Database, error) { return sqlite.Open(f.path(), sqlite.Options{}) }

// bury leaves the process's file as it is and goes on with a copy of what is on
// disk at this moment, since the system would have released its lock.
func (f *files) bury(db billhook.Database) error {
	left := f.path()
	f.opens++
	for _, suffix := range []string{"", "-wal"} {
		content, err := os.ReadFile(left + suffix)
		if os.IsNotExist(err) && suffix != "" {
			continue
		}
		if err == nil {
			err = os.WriteFile(f.path()+suffix, content, 0o600)
		}
		if err != nil {
			return err
		}
	}
	return db.Close()
}

func (f *files) begin() (any, transaction, error) {
	app, err := sql.Open("sqlite", (&url.URL{Scheme: "file", Path: f.path(), RawQuery: "_txlock=immediate"}).String())
	if err != nil {
		return nil, nil, err
	}
	tx, err := app.Begin()
	if err != nil {
		app.Close()
		return nil, nil, err
	}
	return tx, &fileTx{tx, app}, nil
}

func (f *files) shift(time.Duration)        {}
func (f *files) ask(billhook.Emission) bool { return false }
func (f *files) owned() bool                { return false }

// A fileTx closes its connection when it ends.
type fileTx struct {
	*sql.Tx
	app *sql.DB
}

func (t *fileTx) Commit() error {
	defer t.app.Close()
	return t.Tx.Commit()
}

func (t *fileTx) Rollback() error {
	defer t.app.Close()
	return t.Tx.Rollback()
}
