package main

import (
	"context"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/billhook/billhook"
	"github.com/billhook/billhook/sqlite"
)

// TestVerifyLostStore: who takes a store's row out of the database hides nothing of
// its log, and is found out.
func TestVerifyLostStore(t *testing.T) {
	ctx, dir := context.Background(), t.TempDir()
	db, err := sqlite.Open(filepath.Join(dir, databaseFile), sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Join(ctx); err != nil {
		t.Fatal(err)
	}
	at := time.Unix(1, 0).UTC()
	b := &billhook.Batch{Stores: []*billhook.StoreWrite{
		{Store: billhook.Store{ID: "b-kept", CreatedAt: at, UpdatedAt: at}, Create: true},
		{Store: billhook.Store{ID: "d-silent", CreatedAt: at, UpdatedAt: at}, Create: true},
	}}
	for i, store := range []string{"a-lost", "a-lost", "b-kept", "c-lost", billhook.AllStores} {
		b.Entries = append(b.Entries, &billhook.AuditEntry{StoreID: store, ID: fmt.Sprint("aud_", i), Event: billhook.AuditStoreCreate, CreatedAt: at})
	}
	if err := db.Commit(ctx, b); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}

	var walked []string
	source := auditSource{databaseFlags: databaseFlags{Data: dir}}
	err = source.each(ctx, func(log billhook.AuditLog, storeID string, lost bool) error {
		proof, err := billhook.VerifyAudit(ctx, log, storeID)
		walked = append(walked, fmt.Sprint(storeID, " ", proof.Entries, " ", lost))
		return err
	})
	if got := fmt.Sprint(walked); err != nil || got != "[* 1 false a-lost 2 true b-kept 1 false c-lost 1 true d-silent 0 false]" {
		t.Errorf("walked %s, %v", got, err)
	}
	for store, found := range map[string]bool{"": true, "a-lost": true, "b-kept": false, "d-silent": false} {
		source.Store = store
		if err := (&auditVerifyCmd{source}).Run(ctx); (err != nil) != found {
			t.Errorf("store %q: %v", store, err)
		}
	}
}

// TestInstant: a day is a whole one, at the end of a range too.
func TestInstant(t *testing.T) {
	for text, want := range map[string][2]string{
		"2026-03-01":                {"2026-03-01T00:00:00Z", "2026-03-02T00:00:00Z"},
		"2026-03-01T10:30:00Z":      {"2026-03-01T10:30:00Z", "2026-03-01T10:30:00Z"},
		"2026-03-01T10:30:00+02:00": {"2026-03-01T08:30:00Z", "2026-03-01T08:30:00Z"},
	} {
		var i instant
		if err := i.UnmarshalText([]byte(text)); err != nil {
			t.Fatal(err)
		}
		if got := [2]string{i.UTC().Format(time.RFC3339), i.end().UTC().Format(time.RFC3339)}; got != want {
			t.Errorf("%s is %v", text, got)
		}
	}
	var none instant
	if !none.end().IsZero() || none.UnmarshalText([]byte("yesterday")) == nil {
		t.Error("what is not given, or no time, is one")
	}
}
