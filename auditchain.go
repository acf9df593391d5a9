package billhook

import (
	"crypto/sha256"
	"encoding/binary"
	"time"
)

// Every entry of a store is in a chain, which one node writes: its hash covers
// what the entry says and the hash of the one before. Whoever changes, takes out
// or puts in an entry would have to write every later one anew, and whoever has
// kept a head sees that. The form is told in docs/decisions/0012-audit.md, for
// others to check an export by.
const (
	auditTag   = "billhook audit 1"
	genesisTag = "billhook audit 0"
)

// AuditGenesis stands for the entry before a chain's first.
func AuditGenesis(storeID string, chain int64) [32]byte {
	b := appendText([]byte(genesisTag), storeID)
	return sha256.Sum256(binary.BigEndian.AppendUint64(b, uint64(chain)))
}

// AppendAudit appends what the entry's hash is the SHA-256 of. Every text goes
// with its length, so that no two entries are written alike.
func AppendAudit(b []byte, before [32]byte, e *AuditEntry) []byte {
	kind := byte('a')
	if e.Emitted {
		kind = 'e'
	}
	b = append(append(b, auditTag...), before[:]...)
	b = appendNumber(appendNumber(append(b, kind), e.Chain), e.Number)
	b = appendText(appendText(appendText(b, e.StoreID), e.ID), e.Event)
	b = appendTime(b, e.CreatedAt)
	for _, text := range [...]string{e.Entity.Type, e.Entity.ID, e.Actor.Type, e.Actor.ID, e.RequestID} {
		b = appendText(b, text)
	}
	if !e.Emitted {
		return appendText(appendText(b, e.Old), e.New)
	}
	b = appendText(appendTime(b, e.OccurredAt), e.IdempotencyKey)
	b = appendText(appendNumber(b, int64(e.Deliveries)), e.DeliveryIDs)
	return append(b, e.DataHash[:]...)
}

func appendText(b []byte, s string) []byte {
	return append(binary.BigEndian.AppendUint32(b, uint32(len(s))), s...)
}

func appendNumber(b []byte, n int64) []byte { return binary.BigEndian.AppendUint64(b, uint64(n)) }

// appendTime appends Unix nanoseconds, 0 for the zero time.
func appendTime(b []byte, t time.Time) []byte {
	if t.IsZero() {
		return appendNumber(b, 0)
	}
	return appendNumber(b, t.UnixNano())
}
