package doctor

import (
	"context"
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/billhook/billhook"
)

// change changes the database behind the service's back.
func (w *world) change(statements ...string) {
	w.Helper()
	db, err := sql.Open("sqlite", "file:"+w.doctor.Inside.DatabaseFile+"?_pragma=busy_timeout(5000)")
	if err != nil {
		w.Fatal(err)
	}
	defer db.Close()
	for _, statement := range statements {
		result, err := db.Exec(statement)
		if err != nil {
			w.Fatal(err)
		}
		if n, err := result.RowsAffected(); err != nil || n == 0 {
			w.Fatalf("%s: changed %d rows, %v", statement, n, err)
		}
	}
}

func TestFolder(t *testing.T) {
	w := newWorld(t)
	w.doctor.Inside.Folder = filepath.Join(w.folder, "none")
	w.wants("data folder", Fail, "no such file")
	w.doctor.Inside.Folder = w.doctor.Inside.DatabaseFile
	w.wants("data folder", Fail, "is no folder")
}

func TestSpace(t *testing.T) {
	w := newWorld(t)
	if free, err := freeSpace(w.folder); err != nil || free <= 0 {
		t.Errorf("free: %d, %v", free, err)
	}
	for free, level := range map[int64]Level{50 << 20: Fail, 1 << 30: Warn, 100 << 30: OK} {
		var found Finding
		w.doctor.told = func(f Finding) { found = f }
		w.doctor.checkSpace(free)
		if found.Level != level {
			t.Errorf("%d bytes: %+v", free, found)
		}
	}
}

// TestLog has a log that is long, and none.
func TestLog(t *testing.T) {
	w := newWorld(t)
	long := filepath.Join(t.TempDir(), "long-wal")
	if err := os.WriteFile(long, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(long, 300<<20); err != nil { // takes no room: nothing is written
		t.Fatal(err)
	}
	var found Finding
	w.doctor.told = func(f Finding) { found = f }
	if w.doctor.checkLog(long); found.Level != Warn || found.Message != "300.0 MiB long" {
		t.Errorf("%+v", found)
	}
	if w.doctor.checkLog(long + "-none"); found.Level != OK {
		t.Errorf("%+v", found)
	}
}

func TestMigrations(t *testing.T) {
	w := newWorld(t)
	w.change("DELETE FROM billhook_migrations WHERE version = (SELECT MAX(version) FROM billhook_migrations)")
	w.wants("migrations", Fail, "lacks 1 of", "billhook migrate up")
	w.doctor.Inside.DatabaseFile = filepath.Join(t.TempDir(), "none.db")
	w.doctor.Inside = w.inside(w.doctor.Inside.DatabaseFile)
	w.wants("migrations", Fail, "no such file")
}

func TestSecretKeys(t *testing.T) {
	w := newWorld(t)
	w.register(billhook.Registration{ID: "sealed", URL: "http://127.0.0.1:9/", Events: []string{"never.said"}})
	w.wants("secrets", OK, "all 1 webhooks are sealed, and open")
	file := filepath.Join(w.folder, "secret-keys")
	w.doctor.Inside.KeyFile = file
	w.wants("secret keys", Fail, "is not there")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	w.wants("secret keys", OK, "nobody else")
	if err := os.Chmod(file, 0o640); err != nil { // #nosec G302 -- that is what is to be found
		t.Fatal(err)
	}
	w.wants("secret keys", Fail, "0640", "chmod 600")
	w.doctor.Inside.KeyFile = ""
	w.doctor.Inside.Keys = func() (*billhook.Keyring, error) { return w.keyring(keyOf(2)), nil }
	w.wants("secrets", Fail, "of 1 webhooks they do not open: sealed")
	w.doctor.Inside.Keys = func() (*billhook.Keyring, error) { return nil, errors.New("damaged") }
	w.wants("secret keys", Fail, "damaged")
	w.doctor.Inside.Keys = nil
	w.wants("secrets", Skip, "--secret-key-file")
}

// TestPlainSecrets: a database without keys is told of.
func TestPlainSecrets(t *testing.T) {
	w := newWorld(t)
	var found Finding
	w.doctor.told = func(f Finding) { found = f }
	w.doctor.Inside.Keys = nil
	w.doctor.checkSecrets([]billhook.Webhook{{ID: "a", Secrets: []billhook.Secret{{Value: "as-it-is"}}}})
	if found.Level != Warn {
		t.Errorf("%+v", found)
	}
	w.doctor.Inside.Keys = func() (*billhook.Keyring, error) { return w.keyring(keyOf(1)), nil }
	w.doctor.checkSecrets([]billhook.Webhook{{ID: "a", Secrets: []billhook.Secret{{Value: "as-it-is"}}}})
	if found.Level != Warn || !strings.Contains(found.Message, "1 of 1") {
		t.Errorf("with keys that have not sealed it: %+v", found)
	}
}

// TestAudit changes an entry behind the service's back.
func TestAudit(t *testing.T) {
	w := newWorld(t)
	w.register(billhook.Registration{ID: "a", URL: "http://127.0.0.1:9/", Events: []string{"never.said"}})
	w.wants("audit log", OK)
	w.linked()
	w.change("UPDATE billhook_audit SET actor_id = 'somebody-else' WHERE entity_id = 'a'")
	w.wants("audit log", Fail, "not as it was written", "billhook audit verify")
	w.doctor.Budget = time.Nanosecond
	w.wants("audit log", Skip, "not through within")
	w.wants("ledger", Skip, "not through within")
}

// linked waits until all entries are in a chain.
func (w *world) linked() {
	w.Helper()
	w.until("all entries are in a chain", func() bool {
		p, err := w.client.VerifyAudit(w.Context(), "default")
		if err != nil {
			w.Fatal(err)
		}
		return p.Unlinked == 0 && p.Entries > 0
	})
}

func (w *world) until(what string, is func() bool) {
	w.Helper()
	for deadline := time.Now().Add(30 * time.Second); !is(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			w.Fatalf("not within 30s: %s", what)
		}
	}
}

// TestLedger takes a delivery out of the ledger.
func TestLedger(t *testing.T) {
	w := newWorld(t)
	w.register(billhook.Registration{ID: "a", URL: "http://127.0.0.1:9/", Events: []string{"*"}, Inactive: true, WebhookSettings: billhook.WebhookSettings{WhenInactive: billhook.InactiveHold}})
	w.emit()
	w.wants("ledger", OK, "1 deliveries")
	w.change("DELETE FROM billhook_ledger")
	w.wants("ledger", Fail, "do not agree", "billhook ledger verify")
}

// TestNoDatabase has one that cannot be opened once the migrations are known.
func TestNoDatabase(t *testing.T) {
	w := newWorld(t)
	w.doctor.Inside.Open = func(context.Context) (Database, error) { return nil, errors.New("locked") }
	w.wants("database", Fail, "locked")
	w.doctor.Inside = nil
	w.wants("database", Skip, "--data")
}
