package billhook

import (
	"bytes"
	"crypto/sha256"
	"crypto/subtle"
	"strings"
	"testing"
)

// TestEverySecretIsCompared: whatever is presented, it is hashed with some salt
// and compared, once and in constant time, with some hash of the same length, so
// that no answer tells which prefixes there are.
func TestEverySecretIsCompared(t *testing.T) {
	r := newKeyTable()
	var compared [][2][]byte
	r.equal = func(x, y []byte) int {
		compared = append(compared, [2][]byte{x, y})
		return subtle.ConstantTimeCompare(x, y)
	}
	made := func(id string) (APIKey, string) {
		k := APIKey{StoreID: "one", ID: id, Salt: bytes.Repeat([]byte(id), saltSize), UpdatedAt: now()}
		var secret string
		k.Prefix, secret = newKeySecret()
		k.Hash = hashSecret(k.Salt, secret)
		r.put(k)
		return k, secret
	}
	k, secret := made("a")
	gone, revoked := made("b")
	gone.RevokedAt = now()
	r.put(gone)
	_, unknown := newKeySecret()
	last := "A"
	if strings.HasSuffix(secret, last) {
		last = "B"
	}
	for _, x := range []struct {
		name, secret string
		ok           bool
		against      []byte
	}{
		{"right", secret, true, k.Hash},
		{"wrong at its end", secret[:len(secret)-1] + last, false, k.Hash},
		{"too short", secret[:len(secret)-1], false, k.Hash},
		{"too long", secret + "A", false, k.Hash},
		{"nothing behind the prefix", k.Prefix + "_", false, k.Hash},
		{"prefix alone", k.Prefix, false, r.nobody.Hash},
		{"another separator", k.Prefix + "." + secret[prefixSize+1:], false, r.nobody.Hash},
		{"unknown prefix", unknown, false, r.nobody.Hash},
		{"revoked", revoked, false, r.nobody.Hash},
		{"a key of another kind", "dev-staff-key", false, r.nobody.Hash},
		{"empty", "", false, r.nobody.Hash},
		{"very long", strings.Repeat("x", 10_000), false, r.nobody.Hash},
	} {
		compared = nil
		got, ok := r.match(x.secret)
		if ok != x.ok || ok && got.ID != "a" {
			t.Errorf("%s: %v, %q", x.name, ok, got.ID)
		}
		if len(compared) != 1 || len(compared[0][0]) != sha256.Size || !bytes.Equal(compared[0][1], x.against) {
			t.Errorf("%s: compared %x", x.name, compared)
		}
	}
}

// A secret's prefix leads to it, and the rest has 256 random bits.
func TestSecrets(t *testing.T) {
	seen := map[string]bool{}
	for range 1000 {
		prefix, secret := newKeySecret()
		if len(prefix) != prefixSize || prefixOf(secret) != prefix || !strings.HasPrefix(prefix, "bhk_") {
			t.Fatalf("%q has the prefix %q", secret, prefix)
		}
		// Five bits each: RFC 4648's base 32, in which no two characters look alike.
		if rest := secret[prefixSize+1:]; len(rest)*5 < 256 || strings.Trim(rest, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567") != "" {
			t.Fatalf("%q", rest)
		}
		if seen[prefix] || seen[secret] {
			t.Fatalf("%q is there twice", secret)
		}
		seen[prefix], seen[secret] = true, true
	}
}

func TestPermits(t *testing.T) {
	for _, held := range Permissions() {
		for _, wanted := range Permissions() {
			want := held == wanted || held == "*" || held == "webhooks:manage" && wanted == "webhooks:read"
			if got := Permits([]string{held}, wanted); got != want {
				t.Errorf("%s permits %s: %v", held, wanted, got)
			}
			if Permits(nil, wanted) {
				t.Errorf("nothing permits %s", wanted)
			}
		}
	}
}
