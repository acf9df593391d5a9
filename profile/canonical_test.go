package profile

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"
)

func TestCanonical(t *testing.T) {
	for _, test := range []struct{ src, want string }{
		{` { "b" : 1 , "a" : [ ] , "c" : { } } `, `{"b":1,"a":[],"c":{}}`},
		{"[true,false,null]\n", `[true,false,null]`},
		{`{"b":1,"2":2,"10":3,"1":4,"a":5}`, `{"1":4,"2":2,"10":3,"b":1,"a":5}`},
		{`{"a":1,"b":2,"a":3}`, `{"a":3,"b":2}`},
		{`{"a":1,"b":2,"\u0061":{"c":1,"c":2}}`, `{"a":{"c":2},"b":2}`},
		{`{"x":1,"5":1,"x":2,"5":3,"x":4}`, `{"5":3,"x":4}`},
		{`["<>&\/\u003c\u2028"]`, "[\"<>&/<\u2028\"]"},
		{`[1e20,1e21,1E-6,1e-7,100.0,1.50,-0,-0.0,1e2]`, `[100000000000000000000,1e+21,0.000001,1e-7,100,1.5,0,0,100]`},
		{`"\ud800 \udc00\ud800 \ud83d\ude00"`, `"\ud800 \udc00\ud800 😀"`},
	} {
		got, err := Canonical([]byte(test.src), Options{ExactNumbers: true})
		if err != nil || string(got) != test.want {
			t.Errorf("%s:\n got %s, %v\nwant %s", test.src, got, err, test.want)
		}
	}
}

func TestAppendCanonical(t *testing.T) {
	src := []byte(` {"b":1,"0":2} `)
	got, err := AppendCanonical([]byte("data="), src, Options{})
	if err != nil || string(got) != `data={"0":2,"b":1}` || string(src) != ` {"b":1,"0":2} ` {
		t.Errorf("got %s, %v; src is now %s", got, err, src)
	}
}

func TestCanonicalErrors(t *testing.T) {
	exact := Options{ExactNumbers: true}
	for _, test := range []struct {
		src           string
		opt           Options
		code, pointer string
		offset        int
	}{
		{``, exact, CodeInvalidJSON, "", 0},
		{` `, exact, CodeInvalidJSON, "", 1},
		{`{`, exact, CodeInvalidJSON, "", 1},
		{`{"a"`, exact, CodeInvalidJSON, "", 4},
		{`{"a";1}`, exact, CodeInvalidJSON, "", 4},
		{`{"a":1,}`, exact, CodeInvalidJSON, "", 7},
		{`{"a":1 "b":2}`, exact, CodeInvalidJSON, "", 7},
		{`{"a":[1,2,x]}`, exact, CodeInvalidJSON, "/a/2", 10},
		{`[1,]`, exact, CodeInvalidJSON, "/1", 3},
		{`[1 2]`, exact, CodeInvalidJSON, "", 3},
		{`{"a":tru}`, exact, CodeInvalidJSON, "/a", 5},
		{`[nul`, exact, CodeInvalidJSON, "/0", 1},
		{`1 1`, exact, CodeInvalidJSON, "", 2},
		{`{}]`, exact, CodeInvalidJSON, "", 2},
		{`01`, exact, CodeInvalidJSON, "", 0},
		{`-`, exact, CodeInvalidJSON, "", 1},
		{`[1.]`, exact, CodeInvalidJSON, "/0", 3},
		{`[1e]`, exact, CodeInvalidJSON, "/0", 3},
		{`[1e+]`, exact, CodeInvalidJSON, "/0", 4},
		{`["a`, exact, CodeInvalidJSON, "/0", 3},
		{`["\x"]`, exact, CodeInvalidJSON, "/0", 2},
		{`["\u12g4"]`, exact, CodeInvalidJSON, "/0", 2},
		{`["\`, exact, CodeInvalidJSON, "/0", 2},
		{"[\"a\nb\"]", exact, CodeInvalidJSON, "/0", 3},
		{"\ufeff{}", exact, CodeInvalidJSON, "", 0},
		{"{\"a\":[\"b\xff\"]}", exact, CodeInvalidUTF8, "/a/0", 8},
		{"[\"\xed\xa0\x80\"]", exact, CodeInvalidUTF8, "/0", 2}, // a surrogate in UTF-8
		{"{\"\xc3\":1}", exact, CodeInvalidUTF8, "", 2},
		{`{"a/b~c":{"\u0064\n\ud800":[0,9007199254740993]}}`, exact, CodeInexactNumber, "/a~1b~0c/d\n\ufffd/1", 30},
		{`{"a":1e400,"a":1}`, exact, CodeInexactNumber, "/a", 5},
		{`[[]]`, Options{MaxDepth: 1}, CodeTooDeep, "/0", 1},
		{`{"a":{}}`, Options{MaxDepth: 1}, CodeTooDeep, "/a", 5},
		{strings.Repeat("[", 65), Options{}, CodeTooDeep, strings.Repeat("/0", 64), 64},
		{strings.Repeat("[", 20000), Options{MaxDepth: 1 << 30}, CodeTooDeep, strings.Repeat("/0", maxMaxDepth), maxMaxDepth},
	} {
		got, err := Canonical([]byte(test.src), test.opt)
		var refused *JSONError
		if !errors.As(err, &refused) || got != nil {
			t.Errorf("%q: got %s, %v", test.src, got, err)
			continue
		}
		if refused.Code != test.code || refused.Pointer != test.pointer || refused.Offset != test.offset {
			t.Errorf("%q: got %s %q at %d, want %s %q at %d", shorten([]byte(test.src)),
				refused.Code, shorten([]byte(refused.Pointer)), refused.Offset, test.code, shorten([]byte(test.pointer)), test.offset)
		}
	}
	for depth := range 64 {
		if _, err := Canonical(nest(depth+1, "[", "", "]"), Options{}); err != nil {
			t.Errorf("depth %d: %v", depth+1, err)
		}
	}
}

func TestJSONErrorText(t *testing.T) {
	long := "1" + strings.Repeat("0", 100) + "1"
	for src, want := range map[string]string{
		`[1] x`:          `unexpected text after the value (at byte 4)`,
		`{"a":`:          `/a: unexpected end of the text (at byte 5)`,
		`[` + long + `]`: `/0: a receiver's JavaScript cannot hold the number ` + long[:40] + `… exactly; send it as a string (at byte 1)`,
	} {
		if _, err := Canonical([]byte(src), Options{ExactNumbers: true}); err == nil || err.Error() != want {
			t.Errorf("%s: got %v, want %s", src, err, want)
		}
	}
}

// hostile returns texts that are made to take long, each about so many bytes.
func hostile(size int) map[string][]byte {
	object := func(key func(i int) string, members int) []byte {
		var b bytes.Buffer
		b.WriteByte('{')
		for i := range members {
			if i > 0 {
				b.WriteByte(',')
			}
			fmt.Fprintf(&b, `"%s":%d`, key(i), i)
		}
		b.WriteByte('}')
		return b.Bytes()
	}
	reordered := `{"b":0,"1":`
	return map[string][]byte{
		"many keys":             object(func(i int) string { return fmt.Sprintf("k%06d", i) }, size/12),
		"many equal keys":       object(func(int) string { return "k" }, size/12),
		"many pairs of keys":    object(func(i int) string { return fmt.Sprintf("k%06d", i/2) }, size/12),
		"descending indices":    object(func(i int) string { return fmt.Sprint(size/12 - i) }, size/12),
		"16 keys a thousand":    bytes.Join([][]byte{{'['}, bytes.Repeat(append(object(func(i int) string { return fmt.Sprint("k", i) }, 16), ','), size/110), []byte("0]")}, nil),
		"reordered at depth":    nest(60, reordered, `"`+strings.Repeat("x", size)+`"`, `}`),
		"open brackets":         bytes.Repeat([]byte("["), size),
		"open objects":          bytes.Repeat([]byte(`{"a":`), size/5),
		"long exponent":         []byte("1e" + strings.Repeat("9", size)),
		"long number":           []byte(strings.Repeat("9", size)),
		"long fraction":         []byte("0." + strings.Repeat("0", size) + "1"),
		"long zero":             []byte("0." + strings.Repeat("0", size) + "e-99999999999999999999"),
		"long round number":     []byte("1" + strings.Repeat("0", size) + "e-" + strconv.Itoa(size)),
		"numbers of 800 digits": bytes.Join([][]byte{{'['}, bytes.Repeat([]byte("1."+strings.Repeat("3", 800)+","), size/800), []byte("0]")}, nil),
		"escapes":               []byte(`"` + strings.Repeat(`\ud800`, size/6) + `"`),
		"long pointer":          []byte(`{"` + strings.Repeat("~", size) + `":x}`),
		"unterminated string":   []byte(`"` + strings.Repeat("a", size)),
	}
}

// TestCanonicalHostile wants eight times the text to take about eight times as
// long; what is quadratic takes 64 times. Proportions hold on slow machines and
// under the race detector too.
func TestCanonicalHostile(t *testing.T) {
	const small, factor, limit = 1 << 14, 8, 32
	fastest := func(src []byte) time.Duration {
		best := time.Hour
		for range 3 {
			start := time.Now()
			Canonical(src, Options{})
			Canonical(src, Options{ExactNumbers: true})
			best = min(best, time.Since(start))
		}
		return max(best, time.Microsecond)
	}
	large := hostile(small * factor)
	for name, src := range hostile(small) {
		// A neighbour on the machine may slow one round down, what is quadratic
		// is so in all.
		var few, many time.Duration
		for round := 0; round == 0 || round < 10 && many > limit*few; round++ {
			few, many = fastest(src), fastest(large[name])
		}
		if many > limit*few {
			t.Errorf("%s: %v for %d bytes, %v for %d", name, few, len(src), many, len(large[name]))
		}
	}
	if got, err := Canonical(large["long round number"], Options{ExactNumbers: true}); err != nil || string(got) != "1" {
		t.Errorf("long round number: %s, %v", shorten(got), err)
	}
}

// order is an ordinary body of about 500 bytes.
const order = `{"id":"550e8400-e29b-41d4-a716-446655440000","orderNumber":"ORD-2026-000042","status":"pending",` +
	`"grandTotal":4999,"currency":"USD","customer":{"id":"cus_12345","email":"customer@example.com","name":"Zoë Müller"},` +
	`"items":[{"sku":"DESK-WAL-160","quantity":1,"price":49.99},{"sku":"LAMP-01","quantity":2,"price":24.99}],` +
	`"shipping":{"method":"standard","cost":9.99,"address":{"street":"123 Main St","city":"Anytown","zip":"12345","country":"US"}},` +
	`"note":"Please ring \"twice\".","createdAt":"2026-03-15T10:30:00.000Z"}`

func BenchmarkCanonical(b *testing.B) {
	src := []byte(order)
	b.SetBytes(int64(len(src)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Canonical(src, Options{ExactNumbers: true}); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkCanonicalHostile(b *testing.B) {
	for name, src := range hostile(1 << 20) {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(src)))
			for b.Loop() {
				Canonical(src, Options{ExactNumbers: true})
			}
		})
	}
}

// BenchmarkCompact is what encoding/json takes to copy the same text.
func BenchmarkCompact(b *testing.B) {
	src := []byte(order)
	b.ReportAllocs()
	for b.Loop() {
		var out bytes.Buffer
		json.Compact(&out, src)
	}
}
