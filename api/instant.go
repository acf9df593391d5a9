package api

import (
	"time"

	"github.com/go-json-experiment/json/jsontext"
)

// An instant is a time in an answer: RFC 3339 in UTC with milliseconds; null
// when it is zero.
type instant time.Time

const instantLayout = "2006-01-02T15:04:05.000Z07:00"

func appendInstant(b []byte, t time.Time) []byte {
	b = append(b, '"')
	b = t.UTC().AppendFormat(b, instantLayout)
	return append(b, '"')
}

// MarshalJSONTo implements json.MarshalerTo.
func (t instant) MarshalJSONTo(enc *jsontext.Encoder) error {
	if time.Time(t).IsZero() {
		return enc.WriteToken(jsontext.Null)
	}
	return enc.WriteValue(appendInstant(enc.AvailableBuffer(), time.Time(t)))
}
