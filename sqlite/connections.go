package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	_ "modernc.org/sqlite" // the driver "sqlite"

	"github.com/billhook/billhook"
	"github.com/billhook/billhook/internal/sqlstore"
)

// oldest is the first SQLite that has the fix of the WAL-reset bug, which
// could corrupt a file that is written and checkpointed at the same time.
const oldest = "3.51.3"

// logLimit is what is kept of a log that a long read let grow, in bytes.
const logLimit = 64 << 20

// connections are all that this process has to the file.
type connections struct {
	write *sql.DB
	conn  *sql.Conn // write's only one
	own   *conn     // the same
	// lists is for reads that may take long, point for the engine's own, which
	// are short and must never stand behind those.
	lists, point *sql.DB

	checkpointer *checkpointer

	// thorough: pages that come free are overwritten too.
	thorough bool

	writer        *sqlstore.Writer
	readers       readers // on lists
	engineReaders readers // on point
}

// connect opens the writing connection first: it recovers the log and
// migrates before anyone reads.
func connect(ctx context.Context, path string, o Options) (*connections, error) {
	// The file is made here and not by SQLite, for its mode, which SQLite
	// gives to its log as well.
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	file.Close()
	c := &connections{}
	if err := c.openWriter(ctx, path, o); err != nil {
		c.close()
		return nil, err
	}
	if err := c.openReaders(ctx, path, o); err != nil {
		c.close()
		return nil, err
	}
	if c.checkpointer, err = startCheckpointer(ctx, path); err != nil {
		c.close()
		return nil, err
	}
	return c, nil
}

func (c *connections) openWriter(ctx context.Context, path string, o Options) (err error) {
	if c.write, err = sql.Open("sqlite", source(path)); err != nil {
		return err
	}
	c.write.SetMaxOpenConns(1)
	if c.conn, err = c.write.Conn(ctx); err != nil {
		return err
	}
	if err := checkVersion(ctx, c.conn); err != nil {
		return err
	}
	for _, pragma := range []string{
		"page_size = 8192", // of a new file: fewer pages to log a commit, and to split
		"journal_mode = WAL",
		"synchronous = FULL", // the log is synced before a commit returns
		cacheSize(o.WriterCache),
		"mmap_size = 0", // mapped pages would count as this process's memory
		"temp_store = MEMORY",
		"secure_delete = FAST",   // what is deleted within a page is overwritten
		"wal_autocheckpoint = 0", // the checkpointer's work
		"journal_size_limit = " + strconv.Itoa(logLimit),
	} {
		if _, err := c.conn.ExecContext(ctx, "PRAGMA "+pragma); err != nil {
			return fmt.Errorf("pragma %s: %w", pragma, err)
		}
	}
	if err := migrate(ctx, c.conn); err != nil {
		return err
	}
	c.own = &conn{on: c.conn, prepared: map[string]*sql.Stmt{}}
	c.writer = sqlstore.NewWriter(c.own, dialect, insert)
	c.writer.Owner = owner
	return nil
}

func (c *connections) openReaders(ctx context.Context, path string, o Options) (err error) {
	if c.lists, err = openPool(ctx, path, o.Readers, o.ReaderCache); err != nil {
		return err
	}
	if c.point, err = openPool(ctx, path, enginePool, o.ReaderCache); err != nil {
		return err
	}
	c.readers = newReaders(c.lists)
	c.engineReaders = newReaders(c.point)
	return nil
}

// enginePool is how many connections the engine's own reads have.
const enginePool = 2

func openPool(ctx context.Context, path string, conns, cache int) (*sql.DB, error) {
	pool, err := sql.Open("sqlite", source(path, "query_only = 1", cacheSize(cache), "mmap_size = 0", "temp_store = MEMORY"))
	if err != nil {
		return nil, err
	}
	pool.SetMaxOpenConns(conns)
	pool.SetMaxIdleConns(conns)
	if err := pool.PingContext(ctx); err != nil {
		pool.Close()
		return nil, err
	}
	return pool, nil
}

// close closes the writing connection last: the last to go folds the log into
// the file.
func (c *connections) close() error {
	var errs []error
	if c.checkpointer != nil {
		errs = append(errs, c.checkpointer.close())
	}
	for _, pool := range []*sql.DB{c.lists, c.point} {
		if pool != nil {
			errs = append(errs, pool.Close())
		}
	}
	if c.conn != nil {
		errs = append(errs, c.conn.Close())
	}
	if c.write != nil {
		errs = append(errs, c.write.Close())
	}
	return errors.Join(errs...)
}

// list lists all that waits.
func (c *connections) list(ctx context.Context) error {
	if err := c.checkpointer.before(c.conn); err != nil {
		return err
	}
	if err := c.writer.List(ctx, c.own.transaction()); err != nil {
		return err
	}
	c.checkpointer.after()
	return nil
}

// commit writes a batch.
func (c *connections) commit(ctx context.Context, b *billhook.Batch) error {
	if err := c.checkpointer.before(c.conn); err != nil {
		return err
	}
	if err := c.overwrite(ctx, len(b.Expiries)+len(b.Erasings) > 0); err != nil {
		return err
	}
	if err := c.writer.Commit(ctx, c.own.transaction(), b); err != nil {
		return err
	}
	c.checkpointer.after()
	if slices.ContainsFunc(b.Erasings, func(e *billhook.Erasing) bool { return e.Finished }) {
		c.checkpointer.clear()
	}
	return nil
}

// overwrite has pages that come free be overwritten, where that is wanted: what is
// kept no longer is not to be found in the file. Otherwise it would be work for
// nothing.
func (c *connections) overwrite(ctx context.Context, thorough bool) error {
	if thorough == c.thorough {
		return nil
	}
	how := "FAST"
	if thorough {
		how = "ON"
	}
	if _, err := c.conn.ExecContext(ctx, "PRAGMA secure_delete = "+how); err != nil {
		return fmt.Errorf("pragma secure_delete: %w", err)
	}
	c.thorough = thorough
	return nil
}

// probeSize is more than a log just begun or a nearly full disk has by
// accident.
const probeSize = 64 << 10

// prove folds the log into the file and writes to it.
func (c *connections) prove(ctx context.Context) error {
	var busy, logged, folded int
	err := c.conn.QueryRowContext(ctx, "PRAGMA wal_checkpoint(TRUNCATE)").Scan(&busy, &logged, &folded)
	if err == nil && busy != 0 {
		err = errors.New("another program reads the file")
	}
	if err != nil {
		return fmt.Errorf("checkpoint: %w", err)
	}
	if _, err := c.conn.ExecContext(ctx, dialect.Probe); err != nil {
		return fmt.Errorf("write: %w", err)
	}
	return nil
}

// source names the file for the driver, as a URI so that no character in the
// path means anything.
func source(path string, pragmas ...string) string {
	path = filepath.ToSlash(path)
	if !strings.HasPrefix(path, "/") {
		path = "/" + path // C:/… on Windows
	}
	u := url.URL{Scheme: "file", Path: path, RawQuery: url.Values{"_pragma": pragmas, "_dqs": {"0"}, "_error_rc": {"1"}}.Encode()}
	return u.String()
}

func cacheSize(bytes int) string { return "cache_size = -" + strconv.Itoa(bytes>>10) } // in KiB

func checkVersion(ctx context.Context, conn *sql.Conn) error {
	var version string
	if err := conn.QueryRowContext(ctx, "SELECT sqlite_version()").Scan(&version); err != nil {
		return err
	}
	if older(version, oldest) {
		return fmt.Errorf("SQLite %s is linked in, which can corrupt files: build with modernc.org/sqlite that has %s or later", version, oldest)
	}
	return nil
}

// older compares versions such as 3.51.3 number by number.
func older(version, than string) bool {
	a, b := strings.Split(version, "."), strings.Split(than, ".")
	for i := range min(len(a), len(b)) {
		x, _ := strconv.Atoi(a[i])
		y, _ := strconv.Atoi(b[i])
		if x != y {
			return x < y
		}
	}
	return len(a) < len(b)
}
