package billhook

import (
	"bytes"
	"strings"
	"testing"
)

// TestToken: only what one of the keys has signed counts, in the one form that it was
// signed in: a token with any byte changed, taken away or added is none.
func TestToken(t *testing.T) {
	a, b := bytes.Repeat([]byte{1}, 32), bytes.Repeat([]byte{2}, 32)
	const claims = `{"store":"mine"}`
	token := signToken(a, []byte(claims))
	if got, ok := readToken([][]byte{b, a}, token); !ok || string(got) != claims {
		t.Fatalf("%q, %v", got, ok)
	}
	body, sum, _ := strings.Cut(token, ".")
	otherBody, _, _ := strings.Cut(signToken(a, []byte(`{"store":"theirs"}`)), ".")
	for name, bad := range map[string]string{
		"another body": otherBody + "." + sum, "no signature": body, "an empty signature": body + ".",
		"half of a signature": body + "." + sum[:len(sum)/2], "nothing": "", "a dot": ".",
		"padding": token + "=", "a line break": token + "\n", "one within": body + ".\n" + sum, "more": token + ".x",
	} {
		if got, ok := readToken([][]byte{a}, bad); ok {
			t.Errorf("%s: %q", name, got)
		}
	}
	for _, keys := range [][][]byte{{b}, nil} {
		if got, ok := readToken(keys, token); ok {
			t.Errorf("with the keys %x: %q", keys, got)
		}
	}
	tried := 0
	for i := range token {
		for c := range 256 {
			bad := []byte(token)
			if bad[i] == byte(c) {
				continue
			}
			bad[i] = byte(c)
			tried++
			if got, ok := readToken([][]byte{a}, string(bad)); ok {
				t.Fatalf("byte %d as %#x: %q", i, c, got)
			}
		}
	}
	if tried != 255*len(token) {
		t.Errorf("%d tried", tried)
	}
}
