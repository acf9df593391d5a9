package api

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/billhook/billhook"
)

// Whatever the body is, it is refused with a code of ours, or it is an
// emission that encoding/json reads the same way, alone and in a batch.
func FuzzReadEmission(f *testing.F) {
	for _, seed := range []string{
		``, `{}`, `[]`, `null`, `{"type":"t","data":null}`, `{"type":"t","data":{"a":1,"a":2}}`,
		`{"type":"t","data":1,"type":"u"}`, `{"type":"t","data":1}{}`, ` { "type" : "\u0074\n" , "data" : [ 1 , "\ud800" ] } `,
		`{"type":"t","data":1,"id":"i","entity":{"type":"a","id":"b"},"actor":null,"occurredAt":"2026-03-01T10:30:00.5+01:00","idempotencyKey":"k"}`,
		`{"t\u0079pe":"t","data":1}`, `{"type":"\ud800","data":1}`, "{\"type\":\"\xff\",\"data\":1}", `{"type":"t","data":tru}`,
		`{"type":"t","data":` + strings.Repeat("[", 100) + strings.Repeat("]", 100) + `}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		before := bytes.Clone(text)
		e, err := readEmission(text)
		if !bytes.Equal(text, before) {
			t.Fatal("the body was changed")
		}
		if err != nil {
			var bad *billhook.Error
			if !errors.As(err, &bad) {
				t.Fatalf("%v is not ours", err)
			}
			switch bad.Code {
			case billhook.CodeInvalid, billhook.CodeInvalidJSON, billhook.CodeTooDeep:
			default:
				t.Fatalf("refused as %s", bad.Code)
			}
			return
		}
		var want struct {
			Type           string
			Data           json.RawMessage
			ID             string
			IdempotencyKey string
			Entity, Actor  struct{ Type, ID string }
		}
		if err := json.Unmarshal(text, &want); err != nil {
			if strings.Contains(err.Error(), "max depth") { // the root's limit is lower still
				return
			}
			t.Fatalf("read what encoding/json does not: %v", err)
		}
		got := fmt.Sprint(e.Type, e.ID, e.IdempotencyKey, e.Entity, e.Actor)
		if want := fmt.Sprint(want.Type, want.ID, want.IdempotencyKey, want.Entity, want.Actor); got != want {
			t.Errorf("read %s where encoding/json reads %s", got, want)
		}
		if !bytes.Equal(e.Data, want.Data) && string(e.Data) != "null" {
			t.Errorf("data is %s, not %s", e.Data, want.Data)
		}
		batch, err := readBatch(fmt.Appendf(nil, `{"events":[%s]}`, text), 1)
		if err != nil || len(batch) != 1 || !reflect.DeepEqual(batch[0], e) {
			t.Errorf("in a batch it is %v, %v", batch, err)
		}
	})
}
