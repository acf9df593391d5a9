package doctor

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"time"

	"github.com/billhook/billhook"
)

// checkInside looks at the database and the files.
func (d *Doctor) checkInside(ctx context.Context) {
	in := d.Inside
	if in.Folder != "" {
		d.checkFolder()
	}
	if in.Condition != nil {
		if !d.checkServer(ctx) {
			return
		}
	}
	if !d.checkMigrations(ctx) {
		return
	}
	db, err := in.Open(ctx)
	if err != nil {
		d.fail("database", "see the findings above, and the service's log", "cannot be read: %v", err)
		return
	}
	defer db.Close()
	all, err := db.Configuration(ctx)
	if err != nil {
		d.fail("database", "see the findings above, and the service's log", "the configuration cannot be read: %v", err)
		return
	}
	d.checkSecrets(all.Webhooks)
	d.checkAudit(ctx, db, all.Stores)
	d.checkLedger(ctx, db, &all)
}

func (d *Doctor) checkMigrations(ctx context.Context) bool {
	const check = "migrations"
	all, err := d.Inside.Migrations(ctx)
	if err != nil {
		d.fail(check, "give the --data or --database-url of the service", "cannot be read: %v", err)
		return false
	}
	pending := 0
	for _, m := range all {
		if m.AppliedAt.IsZero() {
			pending++
		}
	}
	if pending > 0 {
		d.fail(check, "start the service with this version, or run `billhook migrate up`", "the database lacks %d of %d", pending, len(all))
		return false
	}
	d.ok(check, "all %d have run", len(all))
	return true
}

// checkSecrets looks at the keys that seal, and whether they open what is sealed.
func (d *Doctor) checkSecrets(webhooks []billhook.Webhook) {
	const check = "secret keys"
	in := d.Inside
	if in.KeyFile != "" {
		info, err := os.Stat(in.KeyFile)
		switch {
		case errors.Is(err, os.ErrNotExist):
			d.fail(check, "restore it from its backup: without it no secret opens", "%s is not there", in.KeyFile)
			return
		case err != nil:
			d.fail(check, "let the service read it, and nobody else", "%v", err)
			return
		case runtime.GOOS != "windows" && info.Mode().Perm()&0o077 != 0:
			d.fail(check, "chmod 600 "+in.KeyFile, "others may read %s (%04o): with a copy of the database they have all secrets", in.KeyFile, info.Mode().Perm())
		default:
			d.ok(check, "nobody else may read %s", in.KeyFile)
		}
	}
	var keyring *billhook.Keyring
	if in.Keys != nil {
		var err error
		if keyring, err = in.Keys(); err != nil {
			d.fail(check, "restore the keys from their backup", "cannot be read: %v", err)
			return
		}
	}
	var shut []string
	var why error
	open := 0
	for i := range webhooks {
		if len(webhooks[i].SealKeys()) == 0 {
			open++
		}
		if err := keyring.Opens(webhooks[i]); err != nil {
			shut, why = append(shut, webhooks[i].ID), err
		}
	}
	switch {
	case len(shut) > 0 && keyring == nil:
		d.skip("secrets", "%d webhooks have sealed ones, and the keys are not here: give --secret-key-file", len(shut))
	case len(shut) > 0:
		d.fail("secrets", "put the key back from its backup, or give these webhooks new secrets: their deliveries wait", "of %d webhooks they do not open: %s: %v", len(shut), some(shut), why)
	case keyring == nil && len(webhooks) > 0:
		d.warn("secrets", "give --secret-key-file: `billhook keys rotate --secret-key-file=FILE` makes it", "those of %d webhooks are in the database as they are", len(webhooks))
	case open > 0:
		d.warn("secrets", "start the service with these keys: it seals them", "those of %d of %d webhooks are in the database as they are", open, len(webhooks))
	default:
		d.ok("secrets", "those of all %d webhooks are sealed, and open", len(webhooks))
	}
}

// checkAudit proves the audit log, as far as the time lets it.
func (d *Doctor) checkAudit(ctx context.Context, db billhook.AuditLog, stores []billhook.Store) {
	const check = "audit log"
	ctx, cancel := context.WithTimeout(ctx, d.Budget)
	defer cancel()
	entries, unlinked := int64(0), int64(0)
	for _, storeID := range append([]string{billhook.AllStores}, storeIDs(stores)...) {
		p, err := billhook.VerifyAudit(ctx, db, storeID)
		switch {
		case p.Broken != nil:
			d.fail(check, "keep a copy of the database, and find out who had a hand in it: `billhook audit verify` tells all", "of the store %q it is not as it was written: %v", storeID, p.Broken)
			return
		case ctx.Err() != nil:
			d.skip(check, "not through within %v, and right so far: `billhook audit verify` reads all of it", d.Budget)
			return
		case err != nil:
			d.fail(check, "look at the database", "cannot be read: %v", err)
			return
		}
		entries += p.Entries
		unlinked += p.Unlinked
	}
	if unlinked > 0 {
		d.skip(check, "%d entries are in no chain yet, and cannot be proved: a service takes them in while it runs", unlinked)
	}
	d.ok(check, "%d entries are as they were written", entries)
}

func storeIDs(stores []billhook.Store) (ids []string) {
	for i := range stores {
		ids = append(ids, stores[i].ID)
	}
	return ids
}

// checkLedger compares the ledger with what there is, as far as the time lets it.
func (d *Doctor) checkLedger(ctx context.Context, db billhook.Accounts, all *billhook.Configuration) {
	const check = "ledger"
	ctx, cancel := context.WithTimeout(ctx, d.Budget)
	defer cancel()
	webhooks := map[string][]string{}
	for _, w := range all.Webhooks {
		webhooks[w.StoreID] = append(webhooks[w.StoreID], w.ID)
	}
	deliveries := 0
	for _, s := range all.Stores {
		c, err := billhook.CheckLedger(ctx, db, s.ID, webhooks[s.ID], time.Millisecond)
		switch {
		case err == nil && len(c.Differences) > 0: // else not all was read
			d.fail(check, "report it, with what `billhook ledger verify` tells: a delivery may be lost", "%d days do not agree with the deliveries: %v", len(c.Differences), c.Differences[0])
			return
		case ctx.Err() != nil:
			d.skip(check, "not through within %v, and right so far: `billhook ledger verify` reads all of it", d.Budget)
			return
		case err != nil:
			d.fail(check, "look at the database", "cannot be read: %v", err)
			return
		}
		deliveries += c.Deliveries
	}
	d.ok(check, "agrees with all %d deliveries", deliveries)
}

// checkGrowth tells of a database that only grows.
func (d *Doctor) checkGrowth(bytes int64) {
	const check = "retention"
	what := fmt.Sprintf("the database has %s", size(bytes))
	switch {
	case d.state.unknown:
		d.skip(check, "%s; whether stores have a retention wants a key with stores:manage for all stores", what)
	case d.state.retained:
		d.ok(check, "%s, and every store says how long it keeps things", what)
	case bytes > d.Growth:
		d.warn(check, "set --retention-payload-days and the others, or a store's retention", "%s, and stores keep everything for ever, unless the service was started with --retention-…", what)
	default:
		d.ok(check, "%s; stores keep everything for ever, unless the service was started with --retention-…", what)
	}
}
