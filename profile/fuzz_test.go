package profile

import (
	"bytes"
	"cmp"
	"encoding/json"
	"math/big"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"
)

// FuzzCanonical checks what holds of every text: accepted just when
// encoding/json accepts it, the same value as encoding/json reads, and
// canonical again without a change.
func FuzzCanonical(f *testing.F) {
	for _, seed := range []string{
		order, `{"b":1,"2":2,"b":3,"1":[1e21,-0,1.50]}`, `["\ud800","\ud83d\ude00","\u2028"]`, `{"__proto__":{},"a":01}`,
		`[1e400,9007199254740993,0.1e-7]`, "\"\xff\"", `{"a":{"a":{"a":[]}}}`, `-`,
	} {
		f.Add([]byte(seed), true)
		f.Add([]byte(seed), false)
	}
	f.Fuzz(func(t *testing.T, src []byte, exact bool) {
		opt := Options{MaxDepth: maxMaxDepth, ExactNumbers: exact}
		got, err := Canonical(src, opt)
		if err != nil {
			refused := err.(*JSONError)
			if refused.Offset < 0 || refused.Offset > len(src) || !utf8.ValidString(refused.Pointer) {
				t.Fatalf("%q: %#v", src, refused)
			}
			if refused.Code == CodeInvalidJSON && json.Valid(src) {
				t.Fatalf("%q: refused, %v", src, err)
			}
			return
		}
		if !json.Valid(src) || !utf8.Valid(src) || !utf8.Valid(got) {
			t.Fatalf("%q: accepted as %q", src, got)
		}
		again, err := Canonical(got, opt)
		if err != nil || !bytes.Equal(got, again) {
			t.Fatalf("%q: %q becomes %q, %v", src, got, again, err)
		}
		if bytes.Contains(bytes.ToLower(src), []byte(`\ud`)) {
			return // encoding/json cannot hold surrogates, and merges their keys
		}
		if want, have := slowly(t, src), slowly(t, got); !reflect.DeepEqual(want, have) {
			t.Fatalf("%q: %#v, but %q: %#v", src, want, got, have)
		}
	})
}

// slowly reads a text with encoding/json and gives its numbers one spelling.
func slowly(t *testing.T, text []byte) any {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	var v any
	if err := decoder.Decode(&v); err != nil {
		t.Fatalf("%q: %v", text, err)
	}
	return respell(v)
}

func respell(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for name, value := range v {
			v[name] = respell(value)
		}
	case []any:
		for i, value := range v {
			v[i] = respell(value)
		}
	case json.Number:
		return decimalText(string(v))
	}
	return v
}

// decimalText spells a number as its digits and the power of ten they are
// multiplied by, apart from the code that is tested.
func decimalText(s string) any {
	type value struct {
		negative bool
		digits   string
		exponent string
	}
	s = strings.ToLower(s)
	mantissa, exponent, _ := strings.Cut(s, "e")
	negative := strings.HasPrefix(mantissa, "-")
	whole, fraction, _ := strings.Cut(strings.TrimPrefix(mantissa, "-"), ".")
	digits := strings.TrimLeft(whole+fraction, "0")
	shift := -len(fraction)
	for strings.HasSuffix(digits, "0") {
		digits = digits[:len(digits)-1]
		shift++
	}
	if digits == "" {
		return value{}
	}
	power, _ := new(big.Int).SetString(cmp.Or(exponent, "0"), 10)
	return value{negative, digits, power.Add(power, big.NewInt(int64(shift))).String()}
}
