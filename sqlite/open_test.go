package sqlite

import (
	"context"
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
	if _, err := db.conns.lists.Exec("DELETE FROM stores"); err == nil {
		t.Error("a reading connection can write")
	}
}

func TestMigrateAgain(t *testing.T) {
	path := filepath.Join(t.TempDir(), "billhook.db")
	db := open(t, path)
	version := db.pragma(t, "user_version")
	if version == "0" {
		t.Fatal("no migration was counted")
	}
	db.exec(t, "INSERT INTO stores VALUES ('kept', '', '', 0, 0, 0)")
	db.Close()
	db = open(t, path)
	if got := db.pragma(t, "user_version"); got != version {
		t.Errorf("user_version: got %s, want %s", got, version)
	}
	stores, _, err := db.Configuration(context.Background())
	if err != nil || len(stores) != 1 {
		t.Errorf("stores: %v, %v", stores, err)
	}
}

func TestForeignFiles(t *testing.T) {
	for _, test := range []struct {
		pragma, hint string
		err          error
	}{
		{"user_version = 99", "run the newer billhook", ErrNewer},
		{"application_id = 7", "name another file", nil},
	} {
		path := filepath.Join(t.TempDir(), "billhook.db")
		db := open(t, path)
		db.exec(t, "PRAGMA "+test.pragma)
		db.Close()
		_, err := Open(path, Options{})
		if err == nil || test.err != nil && !errors.Is(err, test.err) || !strings.Contains(err.Error(), test.hint) {
			t.Errorf("%s: got %v, want a hint to %s", test.pragma, err, test.hint)
		}
		// A refused file is not held on to.
		if _, again := Open(path, Options{}); errors.Is(again, ErrInUse) {
			t.Errorf("%s: the lock was kept", test.pragma)
		}
	}
	path := filepath.Join(t.TempDir(), "text")
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
	db.exec(t, "INSERT INTO stores VALUES ('s', '', '', 0, 0, 0)")
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
	open(t, path).exec(t, "INSERT INTO stores VALUES ('s', '', '', 0, 0, 0)")
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
