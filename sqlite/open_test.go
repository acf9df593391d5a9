package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

func (d *Database) exec(t *testing.T, text string) {
	t.Helper()
	if _, err := d.conns.conn.ExecContext(context.Background(), text); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
}

func (d *Database) pragma(t *testing.T, name string) (value string) {
	t.Helper()
	if err := d.conns.conn.QueryRowContext(context.Background(), "PRAGMA "+name).Scan(&value); err != nil {
		t.Fatalf("pragma %s: %v", name, err)
	}
	return value
}

func TestOpenTwice(t *testing.T) {
	path := filepath.Join(t.TempDir(), "billhook.db")
	first := open(t, path)
	_, err := Open(path, Options{})
	if !errors.Is(err, ErrInUse) {
		t.Fatalf("second open: got %v, want ErrInUse", err)
	}
	if !strings.Contains(err.Error(), "stop it") {
		t.Errorf("the error does not say what to do: %v", err)
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	open(t, path)
}

func TestPragmas(t *testing.T) {
	db := open(t, filepath.Join(t.TempDir(), "billhook.db"))
	for name, want := range map[string]string{"journal_mode": "wal", "synchronous": "2", "busy_timeout": "0", "mmap_size": "0"} {
		if got := db.pragma(t, name); got != want {
			t.Errorf("pragma %s: got %s, want %s", name, got, want)
		}
	}
	if _, err := db.conns.lists.Exec("DELETE FROM billhook_stores"); err == nil {
		t.Error("a reading connection can write")
	}
}

func TestMigrateAgain(t *testing.T) {
	path := filepath.Join(t.TempDir(), "billhook.db")
	db := open(t, path)
	count := func() (n int) {
		if err := db.conns.conn.QueryRowContext(context.Background(), "SELECT COUNT(*) FROM billhook_migrations").Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	before := count()
	if before == 0 {
		t.Fatal("no migration was counted")
	}
	db.exec(t, "INSERT INTO billhook_stores (id, name, profile, created_at, updated_at, deleted_at) VALUES ('kept', '', '', 0, 0, 0)")
	db.Close()
	db = open(t, path)
	if got := count(); got != before {
		t.Errorf("migrations: got %d, want %d", got, before)
	}
	all, err := db.Configuration(context.Background())
	if err != nil || len(all.Stores) != 1 {
		t.Errorf("stores: %v, %v", all.Stores, err)
	}
}

// TestCallersFile opens a file that an application has tables, a version and an
// id of its own in, with names that Billhook might have chosen too.
func TestCallersFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "shop.db")
	shop, err := sql.Open("sqlite", source(path))
	if err != nil {
		t.Fatal(err)
	}
	defer shop.Close()
	if _, err := shop.Exec("PRAGMA user_version = 7; PRAGMA application_id = 9; CREATE TABLE events (name TEXT); INSERT INTO events VALUES ('theirs')"); err != nil {
		t.Fatal(err)
	}
	db := open(t, path)
	if err := db.Commit(context.Background(), emits("ours")); err != nil {
		t.Fatal(err)
	}
	var version, id, rows int
	if err := shop.QueryRow("SELECT * FROM pragma_user_version, pragma_application_id, (SELECT COUNT(*) FROM events)").Scan(&version, &id, &rows); err != nil {
		t.Fatal(err)
	}
	if version != 7 || id != 9 || rows != 1 {
		t.Errorf("user_version %d, application_id %d, events %d: the application's file was changed", version, id, rows)
	}
}

func TestForeignFiles(t *testing.T) {
	path := filepath.Join(t.TempDir(), "billhook.db")
	db := open(t, path)
	db.exec(t, "INSERT INTO billhook_migrations VALUES (99, '0099_later.sql', '')")
	db.Close()
	_, err := Open(path, Options{})
	if !errors.Is(err, ErrNewer) || !strings.Contains(err.Error(), "run the newer billhook") {
		t.Errorf("got %v, want a hint to run the newer billhook", err)
	}
	// A refused file is not held on to.
	if _, again := Open(path, Options{}); errors.Is(again, ErrInUse) {
		t.Error("the lock was kept")
	}
	path = filepath.Join(t.TempDir(), "text")
	if err := os.WriteFile(path, []byte(strings.Repeat("not a database ", 1000)), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(path, Options{}); err == nil {
		t.Error("a text file was opened")
	}
}

func TestPrivateModes(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("windows has other permissions")
	}
	folder := filepath.Join(t.TempDir(), "data")
	db := open(t, filepath.Join(folder, "billhook.db"))
	db.exec(t, "INSERT INTO billhook_stores (id, name, profile, created_at, updated_at, deleted_at) VALUES ('s', '', '', 0, 0, 0)")
	for name, want := range map[string]os.FileMode{
		"": 0o700, "billhook.db": 0o600, "billhook.db-wal": 0o600, "billhook.db-shm": 0o600, "billhook.db.lock": 0o600,
	} {
		info, err := os.Stat(filepath.Join(folder, name))
		if err != nil {
			t.Fatal(err)
		}
		if got := info.Mode().Perm(); got != want {
			t.Errorf("mode of %q: got %o, want %o", name, got, want)
		}
	}
}

func TestOddPath(t *testing.T) {
	name := "a b%20c#d?e&f=g'ü.db"
	if runtime.GOOS == "windows" {
		name = "a b%20c#d&e=f'ü.db"
	}
	path := filepath.Join(t.TempDir(), name)
	open(t, path).exec(t, "INSERT INTO billhook_stores (id, name, profile, created_at, updated_at, deleted_at) VALUES ('s', '', '', 0, 0, 0)")
	if info, err := os.Stat(path + "-wal"); err != nil || info.Size() == 0 {
		t.Errorf("the file is elsewhere: %v", err)
	}
}

func TestClosed(t *testing.T) {
	ctx := context.Background()
	db := open(t, filepath.Join(t.TempDir(), "billhook.db"))
	for range 2 {
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if err := db.Commit(ctx, emits("evt_1")); !errors.Is(err, errClosed) {
		t.Errorf("commit: got %v", err)
	}
	if _, err := db.Lanes(ctx); !errors.Is(err, errClosed) {
		t.Errorf("read: got %v", err)
	}
	if err := db.Recover(ctx); !errors.Is(err, errClosed) {
		t.Errorf("recover: got %v", err)
	}
}

func TestOlder(t *testing.T) {
	for _, test := range []struct {
		version string
		older   bool
	}{
		{"3.51.2", true}, {"3.9.99", true}, {"2.60.0", true}, {"3.51", true},
		{"3.51.3", false}, {"3.51.10", false}, {"3.52.0", false}, {"4.0.0", false}, {"3.51.3.1", false},
	} {
		if got := older(test.version, oldest); got != test.older {
			t.Errorf("older(%s, %s) = %v", test.version, oldest, got)
		}
	}
}
