package profile

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"math/big"
	"math/rand/v2"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"
)

// reserialised is what Node made of a JSON text.
type reserialised struct {
	ok   bool // JSON.parse accepted it
	text string
}

// askNode pipes the texts through one Node process. Node is part of the
// contract that this package keeps, so its absence fails the test.
func askNode(t *testing.T, texts [][]byte) []reserialised {
	t.Helper()
	var in bytes.Buffer
	for _, text := range texts {
		in.WriteString(base64.StdEncoding.EncodeToString(text))
		in.WriteByte('\n')
	}
	node := exec.Command("node", "--stack-size=4000", "testdata/stringify.js")
	node.Stdin = &in
	var stderr bytes.Buffer
	node.Stderr = &stderr
	out, err := node.Output()
	if err != nil {
		t.Fatalf("run node, which this test needs: %v\n%s", err, stderr.String())
	}
	lines := strings.Split(strings.TrimSuffix(string(out), "\n"), "\n")
	if len(lines) != len(texts) {
		t.Fatalf("node answered %d of %d", len(lines), len(texts))
	}
	answers := make([]reserialised, len(lines))
	for i, line := range lines {
		raw, err := base64.StdEncoding.DecodeString(line[1:])
		if err != nil {
			t.Fatal(err)
		}
		answers[i] = reserialised{ok: line[0] == '+', text: string(raw)}
	}
	return answers
}

func TestNodeValues(t *testing.T) {
	g := &generator{Rand: rand.New(rand.NewPCG(1, 2))}
	texts := [][]byte{
		[]byte(`{"b":1,"4294967295":1,"4294967294":2,"4294967296":3,"9007199254740991":5,"7":1,"00":1,"-1":2,"1.5":1,"0":0,"__proto__":{"a":1},"b":9}`),
		[]byte(`{"a":1,"__proto__":{"x":1},"1":1,"__proto__":{"y":2}}`),
		[]byte(`["\ud800","\udc00\ud800","\ud800\u0041","\uD83D\uDE00","\ud83d\ud83d\ude00","` + "\u2028\u2029\u007f\u00e9" + `"]`),
		[]byte(`"\"\\\/\b\f\n\r\t\u0000\u0001\u000B\u001f\u007F\u2028\u2029\uFFFF\ufeff"`),
		[]byte(`{"":0,"` + strings.Repeat("k", 300) + `":1}`),
		nest(3000, `[`, `1`, `]`),
		nest(3000, `{"b":0,"1":`, `"x"`, `,"0":2,"b":1}`),
	}
	for escape := range 0x10000 {
		texts = append(texts, fmt.Appendf(nil, `"\u%04x"`, escape))
	}
	for range 8000 {
		texts = append(texts, g.text())
	}
	opt := Options{MaxDepth: 5000, ExactNumbers: true}
	for i, node := range askNode(t, texts) {
		got, err := Canonical(texts[i], opt)
		if !node.ok || err != nil {
			t.Fatalf("%s: node %v, Canonical %v", shorten(texts[i]), node.ok, err)
		}
		if string(got) != node.text {
			t.Fatalf("%s:\n got %s\nnode %s", texts[i], got, node.text)
		}
		again, err := Canonical(got, opt)
		if err != nil || !bytes.Equal(again, got) {
			t.Fatalf("%s: not stable: %s, %v", got, again, err)
		}
	}
}

func TestNodeNumbers(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	texts := [][]byte{
		[]byte("-0"), []byte("0.0"), []byte("-0e5"), []byte("0e999999999"), []byte("9007199254740991"),
		[]byte("9007199254740992"), []byte("9007199254740993"), []byte("12345678901234567890"),
		[]byte("0.10000000000000000055"), []byte("1e400"), []byte("-1e400"), []byte("1e-400"), []byte("5e-324"),
		[]byte("4.9406564584124654e-324"), []byte("2.2250738585072014e-308"), []byte("1.7976931348623157e308"),
		[]byte("1.7976931348623159e308"), []byte("1180591620717411303424"), []byte("123456789012345680000"),
		[]byte("100e-2"), []byte("0.000001"), []byte("0.0000001"), []byte("1E21"), []byte("1e+20"), []byte("25.50"),
		[]byte("0." + strings.Repeat("0", 400) + "1e401"), []byte("1" + strings.Repeat("0", 400) + "e-400"),
	}
	for exponent := -330; exponent <= 310; exponent++ {
		for digits := 1; digits <= 20; digits++ {
			texts = append(texts, number(r, digits, exponent))
		}
	}
	answers := askNode(t, texts)
	inexact := 0
	for i, node := range answers {
		src := string(texts[i])
		exact := node.text != "null" && sameDecimal(src, node.text)
		got, err := Canonical(texts[i], Options{ExactNumbers: true})
		if exact {
			if err != nil || string(got) != node.text {
				t.Fatalf("%s: got %s, %v; node %s", src, got, err, node.text)
			}
		} else {
			inexact++
			var refused *JSONError
			if !errors.As(err, &refused) || refused.Code != CodeInexactNumber {
				t.Fatalf("%s is not exact (node: %s), but got %s, %v", src, node.text, got, err)
			}
		}
		kept, err := Canonical(texts[i], Options{})
		if want := map[bool]string{true: node.text, false: src}[exact]; err != nil || string(kept) != want {
			t.Fatalf("%s: carried as %s, %v; want %s", src, kept, err, want)
		}
	}
	if inexact < 1000 || inexact > len(texts)/2 {
		t.Errorf("%d of %d numbers inexact: the generator is off", inexact, len(texts))
	}
}

// TestNodeAccepts compares what is accepted, on texts damaged at random.
func TestNodeAccepts(t *testing.T) {
	g := &generator{Rand: rand.New(rand.NewPCG(5, 6))}
	const alphabet = "{}[]\",:\\/ \n\t\r\v\f\x00\x1f0123456789+-.eEtruefalsnbu\u00a0\ufeff\u2028é"
	marks := []rune(alphabet)
	var texts [][]byte
	for len(texts) < 20000 {
		text := g.text()
		if len(text) > 200 {
			continue
		}
		for range 1 + g.IntN(2) {
			at := g.IntN(len(text) + 1)
			cut := min(len(text), at+g.IntN(3))
			insert := ""
			if g.IntN(3) > 0 {
				insert = string(marks[g.IntN(len(marks))])
			}
			text = append(append(bytes.Clone(text[:at]), insert...), text[cut:]...)
		}
		if utf8.Valid(text) {
			texts = append(texts, text)
		}
	}
	accepted := 0
	for i, node := range askNode(t, texts) {
		got, err := Canonical(texts[i], Options{})
		if node.ok != (err == nil) {
			t.Fatalf("%q: node accepts: %v, Canonical: %v", texts[i], node.ok, err)
		}
		if err != nil {
			if refused := err.(*JSONError); refused.Code != CodeInvalidJSON || refused.Offset > len(texts[i]) {
				t.Fatalf("%q: %#v", texts[i], err)
			}
			continue
		}
		accepted++
		if exact, err := Canonical(texts[i], Options{ExactNumbers: true}); err == nil && (string(exact) != node.text || !bytes.Equal(got, exact)) {
			t.Fatalf("%q: got %s, node %s", texts[i], exact, node.text)
		}
	}
	if accepted < 1000 || accepted > 19000 {
		t.Errorf("%d of %d accepted: the generator is off", accepted, len(texts))
	}
}

// sameDecimal compares the values of two numbers without binary64.
func sameDecimal(a, b string) bool {
	x, okX := new(big.Rat).SetString(a)
	y, okY := new(big.Rat).SetString(b)
	if strings.HasPrefix(strings.TrimLeft(a, "-"), "0e") {
		x, okX = new(big.Rat), true // big.Rat would compute the exponent
	}
	return okX && okY && x.Cmp(y) == 0
}

// number makes one of so many digits and about that exponent, in one of the
// ways to write it.
func number(r *rand.Rand, digits, exponent int) []byte {
	var b strings.Builder
	if r.IntN(2) == 0 {
		b.WriteByte('-')
	}
	if r.IntN(8) == 0 {
		b.WriteString("0.")
		b.WriteString(strings.Repeat("0", r.IntN(8)))
		b.WriteByte(byte('0' + r.IntN(10)))
	} else {
		b.WriteByte(byte('1' + r.IntN(9)))
		for i := 1; i < digits; i++ {
			if i == digits/2 && r.IntN(2) == 0 {
				b.WriteByte('.')
			}
			b.WriteByte(byte('0' + r.IntN(10)))
		}
	}
	if exponent != 0 {
		b.WriteString([]string{"e", "E"}[r.IntN(2)])
		if exponent > 0 && r.IntN(2) == 0 {
			b.WriteByte('+')
		}
		b.WriteString(strconv.Itoa(exponent))
	}
	return []byte(b.String())
}

func nest(depth int, open, inner, end string) []byte {
	return []byte(strings.Repeat(open, depth) + inner + strings.Repeat(end, depth))
}

// generator makes JSON texts that ECMAScript can hold exactly, in every way of
// writing them that differs from its own.
type generator struct{ *rand.Rand }

func (g *generator) text() []byte { return g.value(nil, 4) }

func (g *generator) space(b []byte) []byte {
	for g.IntN(5) == 0 {
		b = append(b, " \n\t\r"[g.IntN(4)])
	}
	return b
}

func (g *generator) value(b []byte, depth int) []byte {
	b = g.space(b)
	kind := g.IntN(10)
	if depth == 0 {
		kind = g.IntN(6)
	}
	switch kind {
	case 0:
		b = append(b, []string{"true", "false", "null"}[g.IntN(3)]...)
	case 1, 2:
		b = append(b, number(g.Rand, 1+g.IntN(14), g.IntN(40)-25)...)
	case 3, 4, 5:
		b = g.str(b)
	case 6, 7:
		b = append(b, '[')
		for i := range g.IntN(4) {
			if i > 0 {
				b = append(b, ',')
			}
			b = g.value(b, depth-1)
		}
		b = append(g.space(b), ']')
	default:
		b = append(b, '{')
		members := g.IntN(6)
		if g.IntN(12) == 0 {
			members = 10 + g.IntN(30) // beyond fewMembers
			depth = min(depth, 1)
		}
		for i := range members {
			if i > 0 {
				b = append(b, ',')
			}
			b = append(g.space(g.key(g.space(b))), ':')
			b = g.value(b, max(depth-1, 0))
		}
		b = append(g.space(b), '}')
	}
	return g.space(b)
}

var keys = []string{
	`"a"`, `"\u0061"`, `"b"`, `"id"`, `"__proto__"`, `"__prot\u006f__"`, `"constructor"`, `"toJSON"`, `"length"`, `""`,
	`"0"`, `"\u0030"`, `"1"`, `"2"`, `"10"`, `"01"`, `"-1"`, `"1e3"`, `"1.0"`, `"+1"`, `" 1"`, `"4294967294"`, `"4294967295"`,
	`"4294967296"`, `"2147483647"`, `"2147483648"`, `"9007199254740992"`, `"99999999999999999999"`, `"\ud800"`, `"\uD800"`,
	`"\ud83d\ude00"`, `"😀"`, `"\u2028"`, `"a/b~c"`, `"\n"`, `"\u000a"`,
}

func (g *generator) key(b []byte) []byte {
	switch g.IntN(6) {
	case 0:
		return g.str(b)
	case 1:
		return append(strconv.AppendInt(append(b, '"'), int64(g.IntN(40)), 10), '"')
	}
	return append(b, keys[g.IntN(len(keys))]...)
}

var pieces = []string{
	"a", "Z", "0", " ", "é", "漢", "😀", "\u2028", "\u2029", "\u007f", "\ufeff", "<", "&", "'", "/",
	`\"`, `\\`, `\/`, `\b`, `\f`, `\n`, `\r`, `\t`, `\u0000`, `\u001F`, `\u0008`, `\u0022`, `\u005c`, `\u00e9`,
	`\u2028`, `\ud800`, `\uDBFF`, `\udc00`, `\uDFFF`, `\ud83d\ude00`, `\uD83D\uDE00`, `\ufffd`, `\uFFFF`,
}

func (g *generator) str(b []byte) []byte {
	b = append(b, '"')
	for range g.IntN(8) {
		b = append(b, pieces[g.IntN(len(pieces))]...)
	}
	return append(b, '"')
}
