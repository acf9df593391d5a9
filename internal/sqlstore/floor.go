package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"

	"github.com/billhook/billhook"
)

const (
	selectFloors = "SELECT chain, number, hash, created_at FROM billhook.audit_floors WHERE store_id = ? ORDER BY chain"
	moveFloor    = "INSERT INTO billhook.audit_floors (store_id, chain, number, hash, created_at) VALUES (?, ?, ?, ?, ?) " +
		"ON CONFLICT (store_id, chain) DO UPDATE SET number = excluded.number, hash = excluded.hash, created_at = excluded.created_at"
	dropFloor = "DELETE FROM billhook.audit_floors WHERE store_id = ? AND chain = ?"
	dropHead  = "DELETE FROM billhook.audit_heads WHERE store_id = ? AND chain = ?"

	ofChain = " WHERE store_id = ? AND chain = ? AND chain > 0"
	entryAt = "SELECT created_at, hash FROM billhook.events" + ofChain + " AND number = ? UNION ALL SELECT created_at, hash FROM billhook.audit" + ofChain + " AND number = ?"
	// Without the numbers SQLite would look at those of all other chains.
	someOfIt   = "SELECT EXISTS (SELECT 1 FROM billhook.events" + ofChain + " AND number > 0) OR EXISTS (SELECT 1 FROM billhook.audit" + ofChain + " AND number > 0)"
	hashLength = 32
)

// AuditFloors reads where the store's chains begin.
func (r *Reader) AuditFloors(ctx context.Context, storeID string) ([]billhook.AuditFloor, error) {
	rows, err := r.query(ctx, selectFloors, storeID)
	all, err := collect(rows, err, scanFloor)
	if err != nil {
		return nil, fmt.Errorf("read the beginnings of chains: %w", err)
	}
	return all, nil
}

func scanFloor(from Row) (f billhook.AuditFloor, err error) {
	var at int64
	err = from.Scan(&f.Chain, &f.Number, &f.Hash, &at)
	f.At = moment(at)
	return f, err
}

// moveFloors gives the store's chains their new beginnings, once for each time that
// they are to be moved to, and notes it in the audit log. The rows below go later.
func (s *expiring) moveFloors(ctx context.Context, m *mark) error {
	x := s.x
	if x.Floor.IsZero() && x.Records.IsZero() {
		return nil
	}
	rows, err := s.conn.Query(ctx, selectFloors, x.StoreID)
	floors, err := collect(rows, err, scanFloor)
	if err != nil {
		return err
	}
	if m.floored < nanos(x.Floor) {
		m.floored = nanos(x.Floor)
		if floors, err = s.newFloors(ctx, floors); err != nil {
			return err
		}
	}
	s.floors = map[int64]int64{}
	for _, f := range floors {
		s.floors[f.Chain] = f.Number
	}
	return nil
}

// newFloors are the floors as they are then, and written so.
func (s *expiring) newFloors(ctx context.Context, floors []billhook.AuditFloor) ([]billhook.AuditFloor, error) {
	heads, err := s.headsOf(ctx)
	if err != nil {
		return nil, err
	}
	living, err := s.living(ctx)
	if err != nil {
		return nil, err
	}
	var all []billhook.AuditFloor
	moved := false
	for _, head := range heads {
		f := billhook.AuditFloor{Chain: head.Chain}
		if i := slices.IndexFunc(floors, func(f billhook.AuditFloor) bool { return f.Chain == head.Chain }); i >= 0 {
			f = floors[i]
		}
		if f.Number < head.Number {
			to, err := s.floorOf(ctx, f, head.Number)
			if err != nil {
				return nil, err
			}
			if to.Number > f.Number {
				f, moved = to, true
				if err := s.try(ctx, moveFloor, s.x.StoreID, f.Chain, f.Number, f.Hash, nanos(f.At)); err != nil {
					return nil, err
				}
			}
		} else if gone, err := s.forgetChain(ctx, f.Chain, living); err != nil {
			return nil, err
		} else if gone {
			continue
		}
		if f.Number > 0 {
			all = append(all, f)
		}
	}
	if moved && s.x.Audit != nil {
		s.x.Audit.New = billhook.RecordFloors(s.x.Floor, all)
		s.enter(s.x.Audit, true)
	}
	return all, nil
}

func (s *expiring) headsOf(ctx context.Context) ([]billhook.AuditHead, error) {
	rows, err := s.conn.Query(ctx, selectHeads, s.x.StoreID)
	return collect(rows, err, func(from Row) (h billhook.AuditHead, err error) {
		return h, from.Scan(&h.Chain, &h.Number, &h.Hash)
	})
}

// floorOf is the last entry of a chain, after the floor, that is from before the time.
// Entries are in the order of their times, but for what was taken into the chain
// later: so it is looked for by halves, and a few may stay for a day longer. An entry
// that is missing cannot be a floor, since its hash is not known.
func (s *expiring) floorOf(ctx context.Context, floor billhook.AuditFloor, head int64) (billhook.AuditFloor, error) {
	low, high := floor, head+1 // high is not from before it
	for probe := floor.Number + 1; high-low.Number > 1; {
		found, err := s.entry(ctx, floor.Chain, probe)
		if err != nil {
			return floor, err
		}
		if found == nil || found.At.Before(s.x.Floor) {
			low = billhook.AuditFloor{Chain: floor.Chain, Number: probe}
			if found != nil {
				low = *found
			}
		} else {
			high = probe
		}
		if probe = low.Number + (high-low.Number)/2; high == head+1 && low.Number == floor.Number+1 {
			probe = head // all of the chain, most likely, if its node is gone
		}
	}
	if low.Hash == nil {
		return floor, nil
	}
	return low, nil
}

// entry is one of a chain; nil where it is missing.
func (s *expiring) entry(ctx context.Context, chain, number int64) (*billhook.AuditFloor, error) {
	f, at := billhook.AuditFloor{Chain: chain, Number: number}, int64(0)
	err := s.conn.QueryRow(ctx, entryAt, s.x.StoreID, chain, number, s.x.StoreID, chain, number).Scan(&at, &f.Hash)
	if errors.Is(err, sql.ErrNoRows) || err == nil && len(f.Hash) != hashLength {
		return nil, nil
	}
	f.At = moment(at)
	return &f, err
}

// living are the chains that may still grow.
func (s *expiring) living(ctx context.Context) (map[int64]bool, error) {
	all := map[int64]bool{s.chains.chain: true}
	if s.dialect.Living == "" {
		return all, nil
	}
	rows, err := s.conn.Query(ctx, s.dialect.Living)
	found, err := collect(rows, err, func(from Row) (chain int64, err error) { return chain, from.Scan(&chain) })
	for _, chain := range found {
		all[chain] = true
	}
	return all, err
}

// forgetChain forgets a chain of which nothing is left and that nobody adds to.
func (s *expiring) forgetChain(ctx context.Context, chain int64, living map[int64]bool) (bool, error) {
	if living[chain] {
		return false, nil
	}
	var some bool
	if err := s.conn.QueryRow(ctx, someOfIt, s.x.StoreID, chain, s.x.StoreID, chain).Scan(&some); err != nil || some {
		return false, err
	}
	for _, text := range []string{dropFloor, dropHead} {
		if err := s.try(ctx, text, s.x.StoreID, chain); err != nil {
			return false, err
		}
	}
	return true, nil
}
