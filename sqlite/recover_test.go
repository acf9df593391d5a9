package sqlite

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	codes "modernc.org/sqlite/lib"

	"github.com/billhook/billhook"
)

// emits is a batch of events whose payloads take up some space.
func emits(ids ...string) *billhook.Batch {
	b := &billhook.Batch{}
	for _, id := range ids {
		b.Emits = append(b.Emits, &billhook.Emit{Event: billhook.Event{
			StoreID: "default", ID: id, Type: "test", Data: bytes.Repeat([]byte("x"), 100_000),
		}})
	}
	return b
}

func (d *Database) has(t *testing.T, id string) bool {
	t.Helper()
	_, err := d.Event(context.Background(), "default", id)
	if err != nil && !errors.Is(err, billhook.ErrNotFound) {
		t.Fatal(err)
	}
	return err == nil
}

// TestRecover breaks the writing connection in several ways.
func TestRecover(t *testing.T) {
	ctx := context.Background()
	for _, test := range []struct {
		name, pragma string
		code         int
	}{
		{"full", "max_page_count = 1", codes.SQLITE_FULL}, // 1 means: as many as there are
		{"read-only", "query_only = 1", codes.SQLITE_READONLY},
	} {
		t.Run(test.name, func(t *testing.T) {
			db := open(t, filepath.Join(t.TempDir(), "billhook.db"))
			if err := db.Commit(ctx, emits("before")); err != nil {
				t.Fatal(err)
			}
			db.exec(t, "PRAGMA "+test.pragma)
			if err := db.conns.prove(ctx); primary(err) != test.code {
				t.Errorf("prove: got %v, want code %d", err, test.code)
			}
			if err := db.Commit(ctx, emits("during")); primary(err) != test.code {
				t.Fatalf("commit: got %v, want code %d", err, test.code)
			}
			if err := db.Commit(ctx, emits("unrecovered")); !errors.Is(err, errFailed) {
				t.Errorf("commit without recovery: got %v", err)
			}
			if !db.has(t, "before") || db.has(t, "during") {
				t.Error("reads do not go on as before")
			}
			if err := db.Recover(ctx); err != nil {
				t.Fatal(err)
			}
			if err := db.Commit(ctx, emits("after")); err != nil {
				t.Fatal(err)
			}
			if !db.has(t, "before") || db.has(t, "during") || db.has(t, "unrecovered") || !db.has(t, "after") {
				t.Error("wrong events after recovery")
			}
		})
	}
}

// TestRecoverInVain takes the folder away and gives it back.
func TestRecoverInVain(t *testing.T) {
	ctx := context.Background()
	folder := filepath.Join(t.TempDir(), "data")
	db := open(t, filepath.Join(folder, "billhook.db"))
	if err := db.Commit(ctx, emits("before")); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(folder, folder+"-away"); err != nil {
		t.Skip(err) // systems that do not rename what is open
	}
	for range 2 {
		if err := db.Recover(ctx); err == nil {
			t.Fatal("recovered a file that is not there")
		}
		if _, err := db.Lanes(ctx); !errors.Is(err, errFailed) {
			t.Errorf("read: got %v", err)
		}
		if err := db.Commit(ctx, emits("during")); !errors.Is(err, errFailed) {
			t.Errorf("commit: got %v", err)
		}
	}
	if err := os.Rename(folder+"-away", folder); err != nil {
		t.Fatal(err)
	}
	if err := db.Recover(ctx); err != nil {
		t.Fatal(err)
	}
	if !db.has(t, "before") || db.has(t, "during") {
		t.Error("wrong events after recovery")
	}
}

// TestCrash opens what is on disk after a commit, without any closing.
func TestCrash(t *testing.T) {
	path := filepath.Join(t.TempDir(), "billhook.db")
	db := open(t, path)
	if err := db.Commit(context.Background(), emits("evt_1", "evt_2")); err != nil {
		t.Fatal(err)
	}
	left := filepath.Join(t.TempDir(), "left.db")
	for _, suffix := range []string{"", "-wal"} {
		content, err := os.ReadFile(path + suffix)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(left+suffix, content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if found := open(t, left); !found.has(t, "evt_1") || !found.has(t, "evt_2") {
		t.Error("a committed event is lost")
	}
}

// TestBusy lets another program hold the file, in a bubble: waiting costs no
// time there, and would hang it if SQLite itself slept.
func TestBusy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx := context.Background()
		path := filepath.Join(t.TempDir(), "billhook.db")
		db := open(t, path)
		other, err := sql.Open("sqlite", source(path))
		if err != nil {
			t.Fatal(err)
		}
		defer other.Close()
		other.SetMaxOpenConns(1)
		hold := func(do string) {
			if _, err := other.Exec(do); err != nil {
				t.Fatal(err)
			}
		}

		hold("BEGIN IMMEDIATE")
		go func() {
			time.Sleep(time.Second)
			hold("COMMIT")
		}()
		if err := db.Commit(ctx, emits("evt_1")); err != nil {
			t.Fatal(err)
		}

		hold("BEGIN IMMEDIATE")
		short, cancel := context.WithTimeout(ctx, time.Second)
		defer cancel()
		if err := db.Commit(short, emits("evt_2")); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("commit with a second to wait: got %v", err)
		}
		start := time.Now()
		if err := db.Commit(ctx, emits("evt_2")); primary(err) != codes.SQLITE_BUSY {
			t.Errorf("commit: got %v, want busy", err)
		}
		if waited := time.Since(start); waited < 5*time.Second || waited > 6*time.Second {
			t.Errorf("waited %v, want 5 s", waited)
		}
		hold("COMMIT")
		if err := db.Recover(ctx); err != nil {
			t.Fatal(err)
		}
		if err := db.Commit(ctx, emits("evt_2")); err != nil {
			t.Fatal(err)
		}
		db.Close()
	})
}
