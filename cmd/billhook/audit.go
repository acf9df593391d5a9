package main

import (
	"bufio"
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"time"

	"github.com/billhook/billhook"
)

// auditCmd lists what a service tells; verify and export read the database beside the
// service that uses it.
type auditCmd struct {
	List   auditListCmd   `cmd:"" help:"List what was done, newest first." example:"billhook audit list --entity webhook:wh_1"`
	Verify auditVerifyCmd `cmd:"" help:"Prove that the audit log is as it was written, or name the first entry that is not." example:"billhook audit verify --data data"`
	Export auditExportCmd `cmd:"" help:"Write the audit log as JSON lines, oldest first, with all that a hash covers." example:"billhook audit export --data data --from 2026-03-01"`
}

// auditSource says which database is read, and of which store.
type auditSource struct {
	databaseFlags
	Store string `placeholder:"ID" help:"Only this store. Default: all, the deleted too."`
}

// each does something for each store, in the order of their ids. lost are those of
// which only the log is left: no store ever goes, but by someone's hand.
func (s *auditSource) each(ctx context.Context, do func(log billhook.AuditLog, storeID string, lost bool) error) (err error) {
	v, err := s.openView(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, v.Close()) }()
	ids, err := v.AuditStores(ctx) // first: a store that is made meanwhile is not lost
	if err != nil {
		return err
	}
	all, err := v.Configuration(ctx)
	if err != nil {
		return err
	}
	stored := map[string]bool{billhook.AllStores: true} // which is none, and has no row
	for _, store := range all.Stores {
		stored[store.ID] = true
		ids = append(ids, store.ID)
	}
	if s.Store == billhook.AllStores {
		ids = append(ids, s.Store) // its log may be empty
	}
	slices.Sort(ids)
	found := false
	for _, id := range slices.Compact(ids) {
		if s.Store == "" || s.Store == id {
			found = true
			if err := do(v, id, !stored[id]); err != nil {
				return err
			}
		}
	}
	if !found && s.Store != "" {
		return fmt.Errorf("there is no store %q", s.Store)
	}
	return nil
}

type auditVerifyCmd struct {
	auditSource
}

func (cmd *auditVerifyCmd) Run(ctx context.Context) error {
	broken := 0
	err := cmd.each(ctx, func(log billhook.AuditLog, storeID string, lost bool) error {
		p, err := billhook.VerifyAudit(ctx, log, storeID)
		if err != nil {
			return fmt.Errorf("store %s: %w", storeID, err)
		}
		if p.Broken != nil || lost {
			broken++
		}
		if lost {
			if _, err := fmt.Fprintf(os.Stdout, "store %s: BROKEN: the store itself is gone from the database; of its log:\n", storeID); err != nil {
				return err
			}
		}
		return printProof(os.Stdout, &p)
	})
	if err == nil && broken > 0 {
		err = fmt.Errorf("the audit log of %d stores is not as it was written", broken)
	}
	return err
}

// printProof prints a line for a store, and one for the head of each of its chains:
// kept elsewhere, these show later that nothing was written anew before them.
func printProof(w io.Writer, p *billhook.AuditProof) error {
	if p.Broken != nil {
		_, err := fmt.Fprintf(w, "store %s: BROKEN at %v\n", p.StoreID, p.Broken)
		return err
	}
	line := fmt.Sprintf("store %s: %d entries are as they were written", p.StoreID, p.Entries)
	if p.Unlinked > 0 {
		line += fmt.Sprintf("; %d are in no chain yet", p.Unlinked)
	}
	_, err := fmt.Fprintln(w, line)
	for _, f := range p.Floors {
		if err == nil {
			_, err = fmt.Fprintf(w, "  chain %d begins after %d %x: that and all before it, up to %s, have expired\n", f.Chain, f.Number, f.Hash, exportTime(f.At))
		}
	}
	for _, h := range p.Chains {
		if err == nil {
			_, err = fmt.Fprintf(w, "  chain %d ends at %d %x\n", h.Chain, h.Number, h.Hash)
		}
	}
	return err
}

type auditExportCmd struct {
	auditSource
	From instant `placeholder:"TIME" help:"Only entries from this time on, such as 2026-03-01T00:00:00Z, or from this day on in UTC, such as 2026-03-01."`
	To   instant `placeholder:"TIME" help:"Only entries before this time, or up to this day and with it."`
}

// An instant is a time as text, or a whole day in UTC, as in the API.
type instant struct {
	time.Time
	day bool
}

// UnmarshalText implements encoding.TextUnmarshaler.
func (i *instant) UnmarshalText(text []byte) (err error) {
	if i.Time, err = time.Parse(time.DateOnly, string(text)); err == nil {
		i.day = true
		return nil
	}
	if i.Time, err = time.Parse(time.RFC3339, string(text)); err != nil {
		return fmt.Errorf("%q is no time: give one such as 2026-03-01T10:30:00Z, or a day such as 2026-03-01", text)
	}
	return nil
}

// end is when a range is over that ends with the instant.
func (i *instant) end() time.Time {
	if i.day {
		return i.AddDate(0, 0, 1)
	}
	return i.Time
}

func (cmd *auditExportCmd) Run(ctx context.Context) error {
	out := bufio.NewWriter(os.Stdout)
	err := cmd.each(ctx, func(log billhook.AuditLog, storeID string, _ bool) error {
		return exportStore(ctx, log, storeID, cmd.From.Time, cmd.To.end(), out)
	})
	return errors.Join(err, out.Flush())
}

// exportStep is how many entries are read at a time.
const exportStep = 200

func exportStore(ctx context.Context, log billhook.AuditLog, storeID string, from, to time.Time, out io.Writer) error {
	lines := json.NewEncoder(out)
	lines.SetEscapeHTML(false)
	after := billhook.EventPosition{CreatedAt: from} // comes before all ids of that moment
	for {
		page, err := log.AuditSince(ctx, storeID, after, to, exportStep)
		if err != nil {
			return fmt.Errorf("store %s: %w", storeID, err)
		}
		for i := range page {
			if err := lines.Encode(auditLineOf(&page[i])); err != nil {
				return err
			}
		}
		if len(page) < exportStep {
			return nil
		}
		last := &page[len(page)-1]
		after = billhook.EventPosition{CreatedAt: last.CreatedAt, ID: last.ID}
	}
}

// An auditLine has all that the hash covers, each as it is hashed: see
// docs/decisions/0012-audit.md.
type auditLine struct {
	StoreID    string `json:"storeId"`
	Chain      int64  `json:"chain"`
	Number     int64  `json:"number"`
	Hash       string `json:"hash"`
	Source     string `json:"source"`
	ID         string `json:"id"`
	Event      string `json:"event"`
	CreatedAt  string `json:"createdAt"`
	EntityType string `json:"entityType"`
	EntityID   string `json:"entityId"`
	ActorType  string `json:"actorType"`
	ActorID    string `json:"actorId"`
	RequestID  string `json:"requestId"`

	*entryLine
	*eventLine
}

// An entryLine is what only entries of Billhook's own have. The values are text, as
// they are hashed.
type entryLine struct {
	OldValue string `json:"oldValue"`
	NewValue string `json:"newValue"`
}

// An eventLine is what only events have.
type eventLine struct {
	OccurredAt     string `json:"occurredAt"`
	IdempotencyKey string `json:"idempotencyKey"`
	Deliveries     int    `json:"deliveries"`
	DeliveryIDs    string `json:"deliveryIds"`
	DataSHA256     string `json:"dataSha256"`
}

func auditLineOf(e *billhook.AuditEntry) auditLine {
	line := auditLine{
		StoreID: e.StoreID, Chain: e.Chain, Number: e.Number, Hash: hex.EncodeToString(e.Hash), Source: "billhook",
		ID: e.ID, Event: e.Event, CreatedAt: exportTime(e.CreatedAt), EntityType: e.Entity.Type, EntityID: e.Entity.ID,
		ActorType: e.Actor.Type, ActorID: e.Actor.ID, RequestID: e.RequestID,
	}
	if !e.Emitted {
		line.entryLine = &entryLine{e.Old, e.New}
		return line
	}
	line.Source = "event"
	line.eventLine = &eventLine{exportTime(e.OccurredAt), e.IdempotencyKey, e.Deliveries, e.DeliveryIDs, hex.EncodeToString(e.DataHash[:])}
	return line
}

// exportTime is RFC 3339 with all nanoseconds; "" for none.
func exportTime(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format("2006-01-02T15:04:05.000000000Z07:00")
}
