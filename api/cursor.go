package api

import (
	"encoding/base64"
	"encoding/binary"
	"time"

	"github.com/billhook/billhook"
)

// A cursor continues a list. Callers see base64url of its kind and version,
// and the position after which to go on; they may not look into it.
const (
	storeCursor     = 's' // after this id
	webhookCursor   = 'w' // after this id
	deliveryCursor  = 'd' // before this id
	keyCursor       = 'k' // after this id
	eventTypeCursor = 't' // after this name
	eventCursor     = 'e' // before this time and id
	auditCursor     = 'a' // before this time and id
	recoveryCursor  = 'r' // before this id
	erasureCursor   = 'x' // before this id

	cursorVersion = 1
	maxCursorID   = 256 // bytes; no id is longer
)

// idCursor is the cursor of a list that is ordered by id.
func idCursor(kind byte, id string) string {
	return base64.RawURLEncoding.EncodeToString(append([]byte{kind, cursorVersion}, id...))
}

// parseIDCursor is the reverse of idCursor.
func parseIDCursor(kind byte, cursor string) (id string, ok bool) {
	b, ok := openCursor(kind, cursor)
	if !ok || len(b) == 0 || len(b) > maxCursorID {
		return "", false
	}
	return string(b), true
}

// positionCursor is the cursor of a list that is ordered by time.
func positionCursor(kind byte, p billhook.EventPosition) string {
	b := []byte{kind, cursorVersion}
	b = binary.BigEndian.AppendUint64(b, uint64(p.CreatedAt.UnixNano()))
	return base64.RawURLEncoding.EncodeToString(append(b, p.ID...))
}

// parsePositionCursor is the reverse of positionCursor.
func parsePositionCursor(kind byte, cursor string) (p billhook.EventPosition, ok bool) {
	b, ok := openCursor(kind, cursor)
	if !ok || len(b) <= 8 || len(b) > 8+maxCursorID {
		return p, false
	}
	p.CreatedAt = time.Unix(0, int64(binary.BigEndian.Uint64(b))).UTC()
	p.ID = string(b[8:])
	return p, true
}

func openCursor(kind byte, cursor string) ([]byte, bool) {
	b, err := base64.RawURLEncoding.Strict().DecodeString(cursor)
	if err != nil || len(b) < 2 || b[0] != kind || b[1] != cursorVersion {
		return nil, false
	}
	return b[2:], true
}
