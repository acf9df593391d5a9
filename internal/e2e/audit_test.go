package e2e

import (
	"bytes"
	"crypto/sha256"
	"database/sql"
	endian "encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	_ "modernc.org/sqlite" // the driver "sqlite"
)

// audit runs a command of billhook audit and returns what it prints.
func audit(t *testing.T, code int, args ...string) string {
	t.Helper()
	p := spawn(t, nil, binary, append([]string{"audit"}, args...)...)
	if got := p.exitCode(patience); got != code {
		t.Fatalf("audit %v exits with %d: %s%s", args, got, p.stdout, p.stderr.tail())
	}
	return p.stdout.String()
}

// An exported line, read as someone would who knows only the documented form.
type exported struct {
	StoreID, Hash, Source, ID, Event, CreatedAt, EntityType, EntityID, ActorType, ActorID, RequestID string
	Chain, Number                                                                                    int64
	OldValue, NewValue                                                                               string
	OccurredAt, IdempotencyKey, DeliveryIDs, DataSHA256                                              string
	Deliveries                                                                                       int64
}

// hash is that of docs/decisions/0012-audit.md, written down once more.
func (e *exported) hash(t *testing.T, before []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	text := func(all ...string) {
		for _, s := range all {
			_ = endian.Write(&b, endian.BigEndian, uint32(len(s)))
			b.WriteString(s)
		}
	}
	number := func(n int64) { _ = endian.Write(&b, endian.BigEndian, n) }
	moment := func(s string) {
		at, err := time.Parse(time.RFC3339Nano, s)
		if err != nil {
			t.Fatal(err)
		}
		number(at.UnixNano())
	}
	if before == nil {
		b.WriteString("billhook audit 0")
		text(e.StoreID)
		number(e.Chain)
		sum := sha256.Sum256(b.Bytes())
		before = sum[:]
		b.Reset()
	}
	b.WriteString("billhook audit 1")
	b.Write(before)
	b.WriteByte(map[string]byte{"event": 'e', "billhook": 'a'}[e.Source])
	number(e.Chain)
	number(e.Number)
	text(e.StoreID, e.ID, e.Event)
	moment(e.CreatedAt)
	text(e.EntityType, e.EntityID, e.ActorType, e.ActorID, e.RequestID)
	if e.Source == "billhook" {
		text(e.OldValue, e.NewValue)
	} else {
		moment(e.OccurredAt)
		text(e.IdempotencyKey)
		number(e.Deliveries)
		text(e.DeliveryIDs)
		data, err := hex.DecodeString(e.DataSHA256)
		if err != nil {
			t.Fatal(err)
		}
		b.Write(data)
	}
	sum := sha256.Sum256(b.Bytes())
	return sum[:]
}

// checkExport checks all chains of an export as a third party would, and returns
// its lines.
func checkExport(t *testing.T, text string) (all []exported) {
	t.Helper()
	for line := range strings.Lines(text) {
		var e exported
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			t.Fatalf("%v: %s", err, line)
		}
		all = append(all, e)
	}
	if !slices.IsSortedFunc(all, func(a, b exported) int { return strings.Compare(a.StoreID+a.CreatedAt, b.StoreID+b.CreatedAt) }) {
		t.Error("not by store, oldest first")
	}
	byNumber := slices.Clone(all)
	slices.SortStableFunc(byNumber, func(a, b exported) int { return int(a.Number - b.Number) })
	type chain struct {
		store  string
		number int64
	}
	heads, lengths := map[chain][]byte{}, map[chain]int64{}
	for _, e := range byNumber {
		c := chain{e.StoreID, e.Chain}
		lengths[c]++
		hash := e.hash(t, heads[c])
		if e.Number != lengths[c] || hex.EncodeToString(hash) != e.Hash {
			t.Fatalf("number %d after %d, hash %x: %+v", e.Number, lengths[c]-1, hash, e)
		}
		heads[c] = hash
	}
	return all
}

// TestAudit proves and exports the audit log beside the service, and finds what was
// changed behind its back.
func TestAudit(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	s := serve(t, data)
	s.call("POST", "/api/stores", `{"id":"other","name":"Zürich <✓>"}`, 201)
	s.register("/api/webhooks", `{"url":"http://127.0.0.1:9/","events":["order.paid"],"headers":{"X-A":"b"}}`)
	for i := range 250 {
		s.call("POST", "/api/events", fmt.Sprintf(`{"type":"order.paid","id":"evt_%d","data":{"n":%d},"entity":{"type":"order","id":"ö/%d"}}`, i, i, i), 202)
	}
	const entries = 1 + 1 + 250 // the store, the webhook
	if said := audit(t, 0, "verify", "--data", data); !strings.HasPrefix(said, fmt.Sprintf("store default: %d entries are as they were written\n  chain 1 ends at %d ", entries, entries)) ||
		!strings.Contains(said, "\nstore other: 1 entries are") {
		t.Errorf("verify says\n%s", said)
	}
	all := checkExport(t, audit(t, 0, "export", "--data", data))
	if len(all) != entries+1 {
		t.Errorf("%d lines exported, want %d", len(all), entries+1)
	}
	if some := checkedLines(audit(t, 0, "export", "--data", data, "--store", "default", "--from", all[100].CreatedAt, "--to", all[110].CreatedAt)); some != 10 {
		t.Errorf("%d lines between the 100th and the 110th", some)
	}
	day := all[0].CreatedAt[:len("2006-01-02")]
	if some := checkedLines(audit(t, 0, "export", "--data", data, "--from", day, "--to", all[entries].CreatedAt[:len(day)])); some != entries+1 {
		t.Errorf("%d lines of the whole day", some)
	}
	audit(t, 1, "verify", "--data", data, "--store", "nope")
	audit(t, 1, "verify", "--data", t.TempDir())
	s.stop()

	db, err := sql.Open("sqlite", filepath.Join(data, "billhook.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Exec(`UPDATE billhook_events SET data = '{"n":0}' WHERE id = 'evt_100'`); err != nil {
		t.Fatal(err)
	}
	said := audit(t, 1, "verify", "--data", data)
	if !strings.Contains(said, "store default: BROKEN at chain 1, entry 103 (order.paid evt_100): ") || !strings.Contains(said, "\nstore other: 1 entries are") {
		t.Errorf("verify says\n%s", said)
	}
}

func checkedLines(text string) int { return strings.Count(text, "\n") }

// TestAuditOfNodes is the same of several nodes on one PostgreSQL.
func TestAuditOfNodes(t *testing.T) {
	t.Parallel()
	c := startNodes(t, 2)
	for i := range 40 {
		c.nodes[i%2].call("POST", "/api/events", fmt.Sprintf(`{"type":"order.paid","data":%d}`, i), 202)
	}
	// The store's own entry was written before there was a node.
	want := "store default: 41 entries are as they were written\n"
	var said string
	eventually(t, patience, func() string {
		said = audit(t, 0, "verify", "--database-url", c.url)
		if !strings.HasPrefix(said, want) {
			return said
		}
		return ""
	})
	if strings.Count(said, "  chain ") != 2 {
		t.Errorf("verify says\n%s", said)
	}
	if all := checkExport(t, audit(t, 0, "export", "--database-url", c.url)); len(all) != 41 {
		t.Errorf("%d lines exported", len(all))
	}
}
