package profile

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestParseErrors damages a good profile in one place and wants that place
// named. Pointers lead to the member to set; a nil value removes it.
func TestParseErrors(t *testing.T) {
	for _, test := range []struct {
		at    string
		value any
		want  string // beginning of the error
	}{
		{"/name", nil, "/name: is missing"},
		{"/name", 1, "/name: must be a string"},
		{"/name", "Big", "/name: must be 1 to 64"},
		{"/name", "", "/name: must be 1 to 64"},
		{"/name", "9a", "/name: must be 1 to 64"},
		{"/title", "", "/title: must not be empty"},
		{"/other", 1, "/other: is unknown"},
		{"/Title", "x", "/Title: is unknown"},
		{"/signature", nil, ""},
		{"/signature", "x", "/signature: must be an object"},
		{"/signature/encoding", nil, "/signature/encoding: is missing"},
		{"/signature/encoding", "base64", ""},
		{"/signature/header", "", "/signature/header: must be a header name"},
		{"/signature/header", "x y", `/signature/header: header "x y" may hold`},
		{"/signature/header", strings.Repeat("x", 65), "/signature/header: must be a header name"},
		{"/signature/header", "Content-Length", `/signature/header: header "Content-Length" is reserved`},
		{"/signature/header", "HOST", "/signature/header: header"},
		{"/signature/header", "transfer-encoding", "/signature/header: header"},
		{"/signature/header", "Webhook-Signature", "/signature/header: header"},
		{"/envelope", map[string]any{}, "/envelope: must be an array"},
		{"/envelope", []any{}, `/envelope: has no member with the value "event.id"`},
		{"/envelope/0", "x", "/envelope/0: must be an object"},
		{"/envelope/0/name", nil, "/envelope/0/name: is missing"},
		{"/envelope/0/name", "", "/envelope/0/name: must not be empty"},
		{"/envelope/0/name", "7", `/envelope/0/name: "7" is an array index`},
		{"/envelope/0/name", "data", `/envelope/3/name: "data" is there twice`},
		{"/envelope/0/value", "event.ID", `/envelope/0/value: "event.ID" is unknown`},
		{"/envelope/0/value", nil, "/envelope/0: must have either"},
		{"/envelope/0/value", "event.data", `/envelope/3/value: "event.data" is there twice`},
		{"/envelope/0/value", "request.id", `/envelope: has no member with the value "event.id"`},
		{"/envelope/0/members", []any{}, ""},
		{"/envelope/4/members", []any{}, "/envelope/4: must have either"},
		{"/envelope/0/members", []any{map[string]any{"name": "x", "value": "event.id"}}, "/envelope/0: must have either"},
		{"/envelope/0/format", "unix", "/envelope/0/format: is for"},
		{"/envelope/2/format", "iso", "/envelope/2/format: must be"},
		{"/envelope/0/wrap", "object", "/envelope/0/wrap: is for"},
		{"/envelope/4/members/0/value", "x", `/envelope/4/members/0/value: "x" is unknown`},
		{"/ids/event/style", "serial", "/ids/event/style: must be"},
		{"/ids/webhook/prefix", "wh ", "/ids/webhook/prefix: may hold"},
		{"/ids/delivery", nil, "/ids/delivery: is missing"},
		{"/ids/delivery/length", 3, "/ids/delivery/length: is unknown"},
		{"/secret/bytes", 8, "/secret/bytes: must be from"},
		{"/secret/bytes", 32.5, "/secret/bytes: must be a whole number"},
		{"/secret/bytes", "32", "/secret/bytes: must be a whole number"},
		{"/secret/prefix", strings.Repeat("x", 33), "/secret/prefix: may hold"},
		{"/userAgent", "a\nb", "/userAgent: must be"},
		{"/userAgent", " a", "/userAgent: must be"},
		{"/allowHttp", "no", "/allowHttp: must be true or false"},
		{"/reserializes", 0, "/reserializes: must be true or false"},
		{"/catalogue", "ajar", "/catalogue: must be"},
		{"/timeout", 0, "/timeout: must be from"},
		{"/timeout", 1e15, "/timeout: must be from"},
		{"/success", "200", "/success: must be"},
		{"/retryPolicy/maxAttempts", 0, "/retryPolicy/maxAttempts: must be from"},
		{"/retryPolicy/backoffMultiplier", "2", "/retryPolicy/backoffMultiplier: must be a number"},
		{"/retryPolicy/jitter", nil, "/retryPolicy/jitter: is missing"},
		{"/retryPolicy/retryOn", "never", "/retryPolicy/retryOn: must be"},
		{"/retryPolicy", "three-days", ""},
		{"/retryPolicy", "four", "/retryPolicy: is none of the presets seconds, five, three-days"},
		{"/retryPolicy", 5, "/retryPolicy: must be an object"},
		{"/retryPolicy", nil, "/retryPolicy: is missing"},
		{"/retryPolicy/maxAge", 86400000, ""},
		{"/retryPolicy/timeout", 1, "/retryPolicy/timeout: must be from"},
		{"/eventTypes", []any{}, "/eventTypes: must not be empty"},
		{"/eventTypes/1/name", "payment.succeeded", `/eventTypes/1/name: "payment.succeeded" is there twice`},
		{"/eventTypes/1/name", "*", "/eventTypes/1/name: must be"},
		{"/eventTypes/1/description", "", "/eventTypes/1/description: must not be empty"},
		{"/eventTypes/1/entity/type", "", "/eventTypes/1/entity/type: must not be empty"},
		{"/eventTypes/1/entity/id", "/nowhere", "/eventTypes/1/entity/id: points at"},
		{"/eventTypes/1/entity/id", "/customer", "/eventTypes/1/entity/id: points at"},
		{"/eventTypes/1/example", []any{}, "/eventTypes/1/example: must be an object"},
		{"/eventTypes/1/example", nil, "/eventTypes/1/example: is missing"},
	} {
		p, err := Parse(damaged(t, test.at, test.value))
		if test.want == "" { // harmless
			if err != nil {
				t.Errorf("%s = %v: %v", test.at, test.value, err)
			} else if body := p.AppendBody(nil, Event{ID: "a"}); !strings.HasPrefix(string(body), `{"id":"a"`) {
				t.Errorf("%s = %v: body %s", test.at, test.value, body)
			}
			continue
		}
		var member *MemberError
		if !errors.As(err, &member) || !strings.HasPrefix(err.Error(), test.want) {
			t.Errorf("%s = %v: got %v, want %s", test.at, test.value, err, test.want)
		}
	}
}

func TestParseBadJSON(t *testing.T) {
	var syntax *JSONError
	if _, err := Parse([]byte(`{"name":}`)); !errors.As(err, &syntax) || syntax.Pointer != "/name" {
		t.Errorf("got %v", err)
	}
	for _, text := range []string{`null`, `[]`, `1`} {
		if _, err := Parse([]byte(text)); err == nil || err.Error() != "must be an object" {
			t.Errorf("%s: %v", text, err)
		}
	}
}

// damaged returns the etail-depot profile with one member changed.
func damaged(t *testing.T, pointer string, value any) []byte {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("profiles", "etail-depot.json"))
	if err != nil {
		t.Fatal(err)
	}
	var root any
	if err := json.Unmarshal(text, &root); err != nil {
		t.Fatal(err)
	}
	tokens := strings.Split(pointer[1:], "/")
	root = put(root, tokens, value)
	out, err := json.Marshal(root)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func put(in any, tokens []string, value any) any {
	if len(tokens) == 0 {
		return value
	}
	switch in := in.(type) {
	case map[string]any:
		if in[tokens[0]] = put(in[tokens[0]], tokens[1:], value); in[tokens[0]] == nil {
			delete(in, tokens[0])
		}
	case []any:
		i := int(tokens[0][0] - '0')
		in[i] = put(in[i], tokens[1:], value)
	}
	return in
}
