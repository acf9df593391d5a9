package profile

import (
	"bytes"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/billhook/billhook/sign"
)

func TestAppendString(t *testing.T) {
	for s, want := range map[string]string{
		"":                               `""`,
		"plain":                          `"plain"`,
		"\"\\/\b\f\n\r\t\x00\x1f\x7f<&>": `"\"\\/\b\f\n\r\t\u0000\u001f` + "\x7f<&>\"",
		"é漢😀\u2028\u2029":                "\"é漢😀\u2028\u2029\"",
		"a\xffb\xed\xa0\x80":             "\"a\ufffdb\ufffd\ufffd\ufffd\"",
		"\ufffd":                         "\"\ufffd\"",
	} {
		got := AppendString([]byte("x"), s)
		if string(got) != "x"+want {
			t.Errorf("%q: got %s, want %s", s, got[1:], want)
		}
		if canonical, err := Canonical(got[1:], Options{}); err != nil || !bytes.Equal(canonical, got[1:]) {
			t.Errorf("%q: not canonical: %s, %v", s, canonical, err)
		}
	}
}

func TestAppendBodyWrap(t *testing.T) {
	p := named(t, "etail-depot")
	for data, want := range map[string]string{
		``:                                     `{"object":null}`,
		`1`:                                    `{"object":1}`,
		`[]`:                                   `{"object":[]}`,
		`{}`:                                   `{"object":{}}`,
		`{"id":1}`:                             `{"object":{"id":1}}`,
		`{"object":{"id":1}}`:                  `{"object":{"id":1}}`,
		`{"object":{}}`:                        `{"object":{}}`,
		`{"object":{"a":"}}","b":["\"}"]}}`:    `{"object":{"a":"}}","b":["\"}"]}}`,
		`{"object":{"object":{}}}`:             `{"object":{"object":{}}}`,
		`{"object":{},"x":{}}`:                 `{"object":{"object":{},"x":{}}}`,
		`{"object":{"a":1},"x":{"y":{"z":1}}}`: `{"object":{"object":{"a":1},"x":{"y":{"z":1}}}}`,
		`{"object":1}`:                         `{"object":{"object":1}}`,
		`{"object":[{}]}`:                      `{"object":{"object":[{}]}}`,
		`{"object":"{}"}`:                      `{"object":{"object":"{}"}}`,
		`{"objects":{}}`:                       `{"object":{"objects":{}}}`,
	} {
		body := p.AppendBody(nil, Event{ID: "evt_1", Type: "t", Data: []byte(data)})
		got, ok := Resolve(body, "/data")
		if !ok || string(got) != want {
			t.Errorf("%s: got %s in %s", data, got, body)
		}
	}
}

func TestAppendBodyRequest(t *testing.T) {
	p := named(t, "etail-depot")
	for _, test := range []struct{ id, key, want string }{
		{"evt_123", "", `{"id":"req_123","idempotency_key":null}`},
		{"123", "key\n1", `{"id":"req_123","idempotency_key":"key\n1"}`},
		{"evt_a\"b", "\"", `{"id":"req_a\"b","idempotency_key":"\""}`},
	} {
		body := p.AppendBody([]byte("x"), Event{ID: test.id, IdempotencyKey: test.key})
		if got, _ := Resolve(body[1:], "/request"); string(got) != test.want || body[0] != 'x' {
			t.Errorf("%+v: got %s", test, body)
		}
	}
}

func TestAppendBodyTime(t *testing.T) {
	for text, want := range map[string][3]string{
		"2026-03-15T10:30:00Z":                {`1773570600`, `"2026-03-15T10:30:00Z"`, `"2026-03-15T10:30:00.000Z"`},
		"2026-03-15T12:30:00.9999+02:00":      {`1773570600`, `"2026-03-15T10:30:00Z"`, `"2026-03-15T10:30:00.999Z"`},
		"2024-02-29T23:59:59.000999999-00:30": {`1709252999`, `"2024-03-01T00:29:59Z"`, `"2024-03-01T00:29:59.000Z"`},
	} {
		at, err := time.Parse(time.RFC3339Nano, text)
		if err != nil {
			t.Fatal(err)
		}
		for i, format := range []string{FormatUnix, FormatRFC3339, FormatRFC3339ms} {
			if got := string(appendTime(nil, at, format)); got != want[i] {
				t.Errorf("%s as %s: %s, want %s", text, format, got, want[i])
			}
		}
	}
}

// TestAppendBodyHostile has every string of the event try to break out.
func TestAppendBodyHostile(t *testing.T) {
	evil := "\",\"x\":\"\\\u2028\xff\x00</script>"
	for _, name := range Names() {
		p := named(t, name)
		body := p.AppendBody(nil, Event{ID: evil, Type: evil, Data: []byte(`{"1":"` + "\u2028" + `"}`), IdempotencyKey: evil})
		canonical, err := Canonical(body, Options{ExactNumbers: true})
		if err != nil || !bytes.Equal(canonical, body) || strings.Contains(string(body), `,"x":`) {
			t.Errorf("%s: %s, %v", name, body, err)
		}
	}
}

// TestOwnProfile builds a profile that none of the built-in ones is like.
func TestOwnProfile(t *testing.T) {
	root := map[string]any{}
	text, _ := json.Marshal(named(t, "standard"))
	if err := json.Unmarshal(text, &root); err != nil {
		t.Fatal(err)
	}
	root["envelope"] = json.RawMessage(`[{"name":"meta \u0022","members":[{"name":"i","value":"event.id"},{"name":"deep","members":[{"name":"t","value":"event.type"}]}]},` +
		`{"name":"__proto__","value":"event.data","wrap":"1"}]`)
	text, _ = json.Marshal(root)
	p, err := Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	got := p.AppendBody(nil, Event{ID: "a", Type: "b", Data: []byte("[]")})
	if want := `{"meta \"":{"i":"a","deep":{"t":"b"}},"__proto__":{"1":[]}}`; string(got) != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestHeaders(t *testing.T) {
	at, body := time.Unix(1700000000, 5), []byte(`{}`)
	secrets := []string{"whsec_your_random_secret_string", "order-secret-123"}
	for _, name := range Names() {
		p := named(t, name)
		header := http.Header{}
		var names []string
		for _, h := range p.Headers(secrets, "evt_1", at, body) {
			header.Set(h.Name, h.Value)
			names = append(names, h.Name)
		}
		want := []string{"webhook-id", "webhook-timestamp", "webhook-signature"}
		if p.Signature != nil {
			want = append([]string{p.Signature.Header}, want...)
			if err := sign.VerifyHex(secrets[:1], body, header.Get(p.Signature.Header)); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
		if !slices.Equal(names, want) {
			t.Errorf("%s: headers %v", name, names)
		}
		for i := range secrets {
			if err := sign.VerifyStandard(secrets[i:i+1], header, body, at, time.Second); err != nil {
				t.Errorf("%s, secret %d: %v", name, i, err)
			}
		}
	}
}

func BenchmarkAppendBody(b *testing.B) {
	data, err := Canonical([]byte(order), Options{})
	if err != nil {
		b.Fatal(err)
	}
	for _, name := range Names() {
		b.Run(name, func(b *testing.B) {
			p := named(b, name)
			e := Event{ID: "evt_01arykyc81000g40r40m30e209", Type: "order.created", Time: time.UnixMilli(1700000000123), Data: data}
			b.ReportAllocs()
			var buf []byte
			for b.Loop() {
				buf = p.AppendBody(buf[:0], e)
			}
		})
	}
}

func BenchmarkHeaders(b *testing.B) {
	p, at, body := named(b, "litestore"), time.Unix(1700000000, 0), []byte(order)
	secrets := []string{"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"}
	b.ReportAllocs()
	for b.Loop() {
		p.Headers(secrets, "evt_01arykyc81000g40r40m30e209", at, body)
	}
}
