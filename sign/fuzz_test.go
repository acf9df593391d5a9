package sign

import (
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"
)

// FuzzSignatures checks what holds of every webhook-signature header: what is
// read stands in it, in order and in bounds.
func FuzzSignatures(f *testing.F) {
	for _, seed := range []string{
		vectorSignature, ed25519Vectors[0].signature, vectorSignature + " " + ed25519Vectors[0].signature, "v1,", "v1a, v1,",
		" " + vectorSignature + "  v2,x", strings.Repeat(vectorSignature+" ", 33), strings.Repeat(ed25519Vectors[0].signature+" ", 9),
		vectorSignature[:46] + "F=", "v1," + vectorSignature, "v1" + vectorSignature[3:], "v1,A\nB", "\x00",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, list string) {
		given, err := parseSignatures(list)
		if err != nil {
			if !errors.Is(err, ErrMalformed) || len(given.macs)+len(given.ed25519) != 0 {
				t.Fatalf("%q: %v and %v", list, given, err)
			}
			return
		}
		if n, m := len(given.macs), len(given.ed25519); n+m == 0 || n > maxSignatures || m > maxEd25519 {
			t.Fatalf("%q: %d and %d signatures", list, n, m)
		}
		clean := strings.NewReplacer("\r", "", "\n", "").Replace(list) // base64 reads over them
		entries := strings.Split(clean, " ")
		for _, mac := range given.macs {
			at := slices.Index(entries, "v1,"+base64.StdEncoding.EncodeToString(mac[:]))
			if at < 0 {
				t.Fatalf("%q: read %x", list, mac)
			}
			entries = slices.Delete(entries, 0, at+1)
		}
		for _, signature := range given.ed25519 {
			if !strings.Contains(clean, "v1a,"+base64.StdEncoding.EncodeToString(signature[:])) {
				t.Fatalf("%q: read %x", list, signature)
			}
		}
	})
}

// FuzzVerifyStandard wants that nothing is accepted but what one of two keys
// has signed, by a computation that shares no code with the package.
func FuzzVerifyStandard(f *testing.F) {
	key := ed25519.NewKeyFromSeed([]byte(strings.Repeat("k", 32)))
	at := time.Unix(vectorTime, 0)
	f.Add(vectorID, "1614265330", vectorSignature, vectorBody)
	f.Add("", "0", "v1,", "")
	f.Add("a.1", "1614265330", Standard([]string{vectorSecret}, "a.1", at, nil), "")
	f.Add("a", "1", Standard([]string{vectorSecret}, "a.1", at, nil), "1614265330.")
	f.Add("é", "1614265330", StandardEd25519([]ed25519.PrivateKey{key}, "é", at, []byte("\x00")), "\x00")
	hmacKey, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(vectorSecret, SecretPrefix))
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, id, stamp, list, body string) {
		header := standardHeader(id, 0, list)
		header.Set(HeaderTimestamp, stamp)
		err := VerifyStandard([]string{vectorSecret, FormatPublicKey(key)}, header, []byte(body), at, 0)
		h := hmac.New(sha256.New, hmacKey)
		h.Write([]byte(id + "." + stamp + "." + body))
		mac := "v1," + base64.StdEncoding.EncodeToString(h.Sum(nil))
		signed := "v1a," + base64.StdEncoding.EncodeToString(ed25519.Sign(key, []byte(id+"."+stamp+"."+body)))
		right := strings.Contains(list, mac) || strings.Contains(list, signed)
		if err == nil && !right && !strings.ContainsAny(list, "\r\n") {
			t.Fatalf("accepted %q %q %q %q", id, stamp, list, body)
		}
		if errors.Is(err, ErrMismatch) && slices.ContainsFunc(strings.Split(list, " "), func(s string) bool { return s == mac || s == signed }) {
			t.Fatalf("refused %q %q %q %q", id, stamp, list, body)
		}
	})
}
