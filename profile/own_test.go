package profile

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/billhook/billhook/sign"
)

// ownVector is one golden delivery under a profile that is in the vector itself. They
// are apart from vectors.json, whose readers know the built-in profiles by name.
type ownVector struct {
	Profile json.RawMessage `json:"profile"`
	Secret  string          `json:"secret"`
	ID      string          `json:"id"`
	Type    string          `json:"type"`
	Time    string          `json:"time"`
	Data    string          `json:"data"`
	SentAt  int64           `json:"sentAt"`
	Body    string          `json:"body"`
	Headers []vectorHeader  `json:"headers"`
}

// ownLayouts are what made-up platforms have in the place of the standard profile's.
var ownLayouts = []struct{ name, secret, changes string }{
	{"shop", "shop-secret-0123", `{"signature": {"header": "X-Shop-Hmac-SHA256", "encoding": "base64"},
		"headers": [{"name": "X-Shop-Topic", "value": "event.type"}, {"name": "X-Shop-Version", "constant": "2024-01"}],
		"envelope": [{"name": "", "value": "event.data"}]}`},
	{"hub", "hub-secret-01234", `{"signature": {"header": "X-Hub-Signature-256", "encoding": "hex", "value": "sha256={signature}"},
		"headers": [{"name": "X-Hub-Event", "value": "event.type"}, {"name": "X-Hub-Delivery", "value": "event.id"}]}`},
	{"pay", "whsec_pay.secret", `{"signature": {"header": "Pay-Signature", "encoding": "hex", "value": "t={timestamp},v1={signature}", "signs": "{timestamp}.{body}"},
		"envelope": [{"name": "id", "value": "event.id"}, {"name": "object", "constant": "event"}, {"name": "livemode", "constant": false},
			{"name": "created", "value": "event.time", "format": "unix"}, {"name": "data", "value": "event.data", "wrap": "object"}, {"name": "type", "value": "event.type"}]}`},
	{"chat", "chat-secret-0123", `{"signature": {"header": "X-Chat-Signature", "encoding": "upper-hex", "value": "v0={signature}", "signs": "v0:{timestamp}:{body}"},
		"headers": [{"name": "X-Chat-Request-Timestamp", "value": "attempt.time"}]}`},
	{"named", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", `{"signature": {"header": "named-signature", "encoding": "base64", "value": "v1,{signature}", "signs": "{id}.{timestamp}.{body}", "key": "base64"},
		"headers": [{"name": "named-id", "value": "event.id"}, {"name": "named-timestamp", "value": "attempt.time"}],
		"envelope": [{"name": "id", "value": "event.id"}, {"name": "type", "value": "event.type"}, {"name": "sentAt", "value": "event.time", "format": "unixms"}, {"name": "data", "value": "event.data"}]}`},
}

// ownProfile is the standard profile with members changed.
func ownProfile(t testing.TB, name, changes string) *Profile {
	t.Helper()
	root := map[string]json.RawMessage{}
	text, err := json.Marshal(named(t, Default))
	if err == nil {
		err = json.Unmarshal(text, &root)
	}
	if err == nil {
		err = json.Unmarshal([]byte(changes), &root)
	}
	if err != nil {
		t.Fatal(err)
	}
	root["name"] = fmt.Appendf(nil, "%q", name)
	if text, err = json.Marshal(root); err != nil {
		t.Fatal(err)
	}
	p, err := Parse(text)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return p
}

func deliverOwn(t *testing.T, v ownVector) (p *Profile, body string, headers []vectorHeader) {
	t.Helper()
	p, err := Parse(v.Profile)
	if err != nil {
		t.Fatal(err)
	}
	at, err := time.Parse(time.RFC3339Nano, v.Time)
	if err != nil {
		t.Fatal(err)
	}
	raw, sent := p.AppendBody(nil, Event{ID: v.ID, Type: v.Type, Time: at, Data: []byte(v.Data)}), time.Unix(v.SentAt, 0)
	for _, h := range append(p.Headers([]string{v.Secret}, v.ID, sent, raw), p.EventHeaders(v.ID, v.Type, sent)...) {
		headers = append(headers, vectorHeader(h))
	}
	return p, string(raw), headers
}

// TestOwnVectors: profiles that use all that the format has sign and look as their
// golden deliveries, verify, and refuse what is changed.
func TestOwnVectors(t *testing.T) {
	path := filepath.Join("testdata", "own.json")
	if *update {
		writeOwnVectors(t, path)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var golden []ownVector
	if err := json.Unmarshal(text, &golden); err != nil || len(golden) != len(ownLayouts) {
		t.Fatalf("%d vectors, %v", len(golden), err)
	}
	for _, v := range golden {
		p, body, headers := deliverOwn(t, v)
		if body != v.Body || fmt.Sprint(headers) != fmt.Sprint(v.Headers) {
			t.Errorf("%s:\n got %s %v\nwant %s %v", p.Name, body, headers, v.Body, v.Headers)
		}
		checkOwn(t, p, v)
	}
	out, err := exec.Command("node", filepath.Join("testdata", "verify-own.js"), path).CombinedOutput()
	if want := fmt.Sprintf("%d own profiles hold\n", len(golden)); err != nil || string(out) != want {
		t.Errorf("run node, which this test needs: %v\n%s", err, out)
	}
}

func checkOwn(t *testing.T, p *Profile, v ownVector) {
	t.Helper()
	now := time.Unix(v.SentAt+60, 0)
	verify := func(secret, body string, now time.Time, change func(name, value string) string) error {
		value := func(name string) string {
			for _, h := range v.Headers {
				if strings.EqualFold(h.Name, name) {
					return change(h.Name, h.Value)
				}
			}
			return ""
		}
		_, err := p.Verify([]string{"another-secret", secret}, value, []byte(body), now, time.Minute)
		return err
	}
	same := func(_, value string) string { return value }
	if err := verify(v.Secret, v.Body, now, same); err != nil {
		t.Errorf("%s does not verify: %v", p.Name, err)
	}
	if err := verify("yet-another-one", v.Body, now, same); !errors.Is(err, sign.ErrMismatch) {
		t.Errorf("%s: another secret: %v", p.Name, err)
	}
	if err := verify(v.Secret, v.Body+" ", now, same); !errors.Is(err, sign.ErrMismatch) {
		t.Errorf("%s: another body: %v", p.Name, err)
	}
	cut := func(name, value string) string {
		if name == p.Signature.Header {
			return value[:len(value)-2]
		}
		return value
	}
	if err := verify(v.Secret, v.Body, now, cut); !errors.Is(err, sign.ErrMalformed) {
		t.Errorf("%s: cut: %v", p.Name, err)
	}
	if err := verify(v.Secret, v.Body, now, func(_, _ string) string { return "" }); !errors.Is(err, sign.ErrMissing) {
		t.Errorf("%s: without headers: %v", p.Name, err)
	}
	stale := verify(v.Secret, v.Body, now.Add(time.Minute), same)
	if timed := p.Signature.Layout().SignsTime(); timed != errors.Is(stale, sign.ErrStale) || !timed && stale != nil {
		t.Errorf("%s: two minutes later: %v", p.Name, stale)
	}
}

func writeOwnVectors(t *testing.T, path string) {
	t.Helper()
	var all []ownVector
	for _, own := range ownLayouts {
		text, err := json.Marshal(ownProfile(t, own.name, own.changes))
		if err != nil {
			t.Fatal(err)
		}
		v := ownVector{Profile: text, Secret: own.secret, ID: "evt_01jh9s1a0k0000000000000000", Type: "orders/create", Time: "2025-01-11T16:00:00.123456Z", Data: `{"id":"o_1","total":25.5}`, SentAt: 1736611260}
		_, v.Body, v.Headers = deliverOwn(t, v)
		all = append(all, v)
	}
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(all); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, out.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
}

// TestOwnProfileErrors: what a profile's own headers and signature may not be.
func TestOwnProfileErrors(t *testing.T) {
	for _, test := range []struct {
		at    string
		value any
		want  string
	}{
		{"/signature/value", "v1=", "/signature/value: must be"},
		{"/signature/value", "{signature}{timestamp}", "/signature/value: must be"},
		{"/signature/value", "{signature} {signature}", "/signature/value: must be"},
		{"/signature/value", "{signature}{id}", "/signature/value: must be"},
		{"/signature/value", "a{signature}\n", "/signature/value: must be"},
		{"/signature/signs", "{timestamp}", "/signature/signs: must be"},
		{"/signature/signs", "{body}{url}", "/signature/signs: must be"},
		{"/signature/key", "hex", "/signature/key: must be"},
		{"/signature/encoding", "base32", "/signature/encoding: must be"},
		{"/headers", []any{map[string]any{"name": "Etail-Signature", "constant": "x"}}, "/headers/0/name: \"Etail-Signature\" is there twice"},
		{"/headers", []any{map[string]any{"name": "Content-Type", "constant": "x"}}, `/headers/0/name: header "Content-Type" is reserved`},
		{"/headers", []any{map[string]any{"name": "x-a"}}, "/headers/0: must have either"},
		{"/headers", []any{map[string]any{"name": "x-a", "value": "event.data"}}, "/headers/0/value: must be"},
		{"/headers", []any{map[string]any{"name": "x-a", "constant": "a\r\nb: c"}}, "/headers/0/constant: must be"},
		{"/envelope/0/constant", 1, "/envelope/0: must have either"},
		{"/envelope", []any{map[string]any{"name": "", "value": "event.data"}}, "/headers: has none with the value"},
		{"/envelope", []any{map[string]any{"name": "", "value": "event.id"}}, "/envelope/0/name: must not be empty"},
	} {
		_, err := Parse(damaged(t, test.at, test.value))
		if err == nil || !strings.HasPrefix(err.Error(), test.want) {
			t.Errorf("%s = %v: got %v, want %s", test.at, test.value, err, test.want)
		}
	}
	p := ownProfile(t, "shop", ownLayouts[0].changes)
	for _, h := range p.EventHeaders("evt_1", "a\r\nx: y", time.Unix(1, 0)) {
		if h.Name == "X-Shop-Topic" {
			t.Errorf("a header has a line break in it: %q", h.Value)
		}
	}
	if batch := p.EventHeaders("bat_1", "", time.Unix(1, 0)); len(batch) != 1 {
		t.Errorf("a batch has %v", batch)
	}
}
