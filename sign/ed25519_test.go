package sign

import (
	"crypto/ed25519"
	"encoding/base64"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"
)

// Vectors of others: of Standard Webhooks' library in Go, whose key is a seed,
// and of Svix's server, whose keys are 64 bytes.
var ed25519Vectors = []struct {
	private, public, id string
	at                  int64
	body, signature     string
}{
	{
		"whsk_VEVTVFNJR05JTkdLRVlET05PVFVTRVRISVNGT1JBTlk=", "",
		vectorID, vectorTime, vectorBody,
		"v1a,tQ9V2XOqn7jL/DQenEFpqIugdBVtiMmER5mhSkXBNwM0mkATuDe6KYYUuxqtaiHeYGb7KaaBRdM5WqyeFiL8Ag==",
	},
	{
		"whsk_6Xb/dCcHpPea21PS1N9VY/NZW723CEc77N4rJCubMbfVKIDij2HKpMKkioLlX0dRqSKJp4AJ6p9lMicMFs6Kvg==",
		"whpk_1SiA4o9hyqTCpIqC5V9HUakiiaeACeqfZTInDBbOir4=",
		vectorID, vectorTime, vectorBody,
		"v1a,hnO3f9T8Ytu9HwrXslvumlUpqtNVqkhqw/enGzPCXe5BdqzCInXqYXFymVJaA7AZdpXwVLPo3mNl8EM+m7TBAg==",
	},
}

func standardHeader(id string, at int64, signature string) http.Header {
	header := http.Header{}
	header.Set(HeaderID, id)
	header.Set(HeaderTimestamp, strconv.FormatInt(at, 10))
	header.Set(HeaderSignature, signature)
	return header
}

func TestEd25519Vectors(t *testing.T) {
	for _, v := range ed25519Vectors {
		key, err := ParsePrivateKey(v.private)
		if err != nil {
			t.Fatal(err)
		}
		public := FormatPublicKey(key)
		if v.public != "" && public != v.public {
			t.Errorf("%s: public key %s", v.id, public)
		}
		at := time.Unix(v.at, 0)
		if got := StandardEd25519([]ed25519.PrivateKey{key}, v.id, at, []byte(v.body)); got != v.signature {
			t.Errorf("%s: signature %s", v.id, got)
		}
		if err := VerifyStandard([]string{public}, standardHeader(v.id, v.at, v.signature), []byte(v.body), at, 0); err != nil {
			t.Errorf("%s: %v", v.id, err)
		}
	}
}

func TestNewKeyPair(t *testing.T) {
	private, public := NewKeyPair()
	again, _ := NewKeyPair()
	key, err := ParsePrivateKey(private)
	if err != nil || private == again || FormatPublicKey(key) != public {
		t.Fatalf("%s: %v", public, err)
	}
	raw, err := ParsePublicKey(public)
	if err != nil || !raw.Equal(key.Public()) {
		t.Errorf("%s: %v", public, err)
	}
	long := PrivateKeyPrefix + base64.StdEncoding.EncodeToString(key)
	if same, err := ParsePrivateKey(long); err != nil || !same.Equal(key) {
		t.Errorf("as 64 bytes: %v", err)
	}
}

func TestParseKey(t *testing.T) {
	private, public := NewKeyPair()
	key, _ := ParsePrivateKey(private)
	key[63] ^= 1
	bare := strings.TrimPrefix(public, PublicKeyPrefix)
	for _, bad := range []string{"", "whsk_", "whsk_AAAA", "whsk_?", bare, public, "whsec_" + bare, private + "\n", PrivateKeyPrefix + base64.StdEncoding.EncodeToString(key)} {
		if got, err := ParsePrivateKey(bad); !errors.Is(err, ErrKey) || got != nil || bad != "" && strings.Contains(err.Error(), bare) {
			t.Errorf("private %q: %v", bad, err)
		}
	}
	for _, bad := range []string{"", "whpk_", "whpk_AAAA", "whpk_?", bare, private, "whpk_" + bare + "\n", "whpk_" + bare + bare} {
		if got, err := ParsePublicKey(bad); !errors.Is(err, ErrKey) || got != nil {
			t.Errorf("public %q: %v", bad, err)
		}
	}
}

func TestVerifyEd25519(t *testing.T) {
	at := time.Unix(vectorTime, 0)
	private, public := NewKeyPair()
	_, other := NewKeyPair()
	key, _ := ParsePrivateKey(private)
	sealed := StandardEd25519([]ed25519.PrivateKey{key}, vectorID, at, []byte(vectorBody))
	spoiled := "v1a," + strings.Repeat("A", 86) + "=="
	for _, test := range []struct {
		name      string
		secrets   []string
		signature string
		want      error
	}{
		{"good", []string{public}, sealed, nil},
		{"rotating", []string{other, public}, spoiled + " " + sealed, nil},
		{"beside a shared secret, its own", []string{public, vectorSecret}, vectorSignature, nil},
		{"beside a shared secret, the key's", []string{vectorSecret, public}, vectorSignature[:10] + " " + sealed, nil},
		{"both kinds, one known", []string{public}, vectorSignature + " " + sealed, nil},
		{"another key", []string{other}, sealed, ErrMismatch},
		{"no key", []string{vectorSecret}, sealed, ErrMismatch},
		{"only a shared secret's", []string{public}, vectorSignature, ErrMismatch},
		{"as v1", []string{public}, "v1," + sealed[4:], ErrMalformed},
		{"short", []string{public}, "v1a," + vectorSignature[3:], ErrMalformed},
		{"8 signatures", []string{public}, strings.Repeat(spoiled+" ", 7) + sealed, nil},
		{"9 signatures", []string{public}, strings.Repeat(spoiled+" ", 8) + sealed, ErrMalformed},
	} {
		if err := VerifyStandard(test.secrets, standardHeader(vectorID, vectorTime, test.signature), []byte(vectorBody), at, 0); !errors.Is(err, test.want) {
			t.Errorf("%s: %v, want %v", test.name, err, test.want)
		}
	}
	header := standardHeader(vectorID, vectorTime, sealed)
	for i := range len(vectorBody) {
		body := []byte(vectorBody)
		body[i] ^= 1
		if err := VerifyStandard([]string{public}, header, body, at, 0); !errors.Is(err, ErrMismatch) {
			t.Errorf("byte %d changed: %v", i, err)
		}
	}
	keys := []ed25519.PrivateKey{key, key}
	if got := StandardEd25519(keys, vectorID, at, []byte(vectorBody)); got != sealed+" "+sealed {
		t.Errorf("two keys: %s", got)
	}
}
