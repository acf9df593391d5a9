package receive

import (
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/billhook/billhook/sign"
)

// question is one case for both sides. In JSON it is what
// testdata/reference/reference.cjs reads.
type question struct {
	Secret  string `json:"secret"` // of whoever verifies, shared
	Raw     bool   `json:"raw"`    // the secret is not base64: its bytes are the key
	Private string `json:"private,omitempty"`
	Public  string `json:"public,omitempty"`
	ID      string `json:"id"`
	At      int64  `json:"at"`
	Now     int64  `json:"now"`
	Body    []byte `json:"body"`
	// Signature is what is verified: ours, perhaps among others or spoiled.
	Signature string `json:"signature"`

	want error // what ours says of Signature
}

type reply struct {
	Signature string // of the same secret, id, time and body, by them
	Verified  bool   // the question's signature, by them
	Reason    string
}

// TestReference holds ours against the reference library of Standard Webhooks:
// both sign alike, and each lets in and refuses what the other does.
func TestReference(t *testing.T) {
	g := &cases{Rand: rand.New(rand.NewPCG(7, 8))}
	var questions []question
	for range 800 {
		questions = append(questions, g.question(t))
	}
	outcomes := map[error]int{}
	for i, a := range askReference(t, questions) {
		q := questions[i]
		describe := fmt.Sprintf("case %d: secret %q, id %q, at %d, now %d, signature %q, body %q", i, q.Secret, q.ID, q.At, q.Now, q.Signature, q.Body)
		ours := g.sign(q)
		if a.Signature != ours {
			t.Fatalf("%s: they sign %s, ours is %s", describe, a.Signature, ours)
		}
		if err := q.verify(t, q.Signature); !errors.Is(err, q.want) {
			t.Fatalf("%s: ours says %v, want %v", describe, err, q.want)
		}
		if a.Verified != (q.want == nil) {
			t.Fatalf("%s: they verify: %v %s; want %v", describe, a.Verified, a.Reason, q.want)
		}
		// What they signed, ours lets in, while it is fresh.
		err := q.verify(t, a.Signature)
		if stale := errors.Is(q.want, ErrStale) || errors.Is(q.want, ErrFuture); stale && !errors.Is(err, q.want) || !stale && err != nil {
			t.Fatalf("%s: their signature: %v", describe, err)
		}
		outcomes[q.want]++
	}
	for _, want := range []error{nil, ErrMismatch, ErrMalformed, ErrStale, ErrFuture} {
		if outcomes[want] < 20 {
			t.Errorf("%v: %d cases only", want, outcomes[want])
		}
	}
}

// verify asks ours, at the question's time.
func (q *question) verify(t *testing.T, signature string) error {
	t.Helper()
	key := q.Secret
	if q.Public != "" {
		key = q.Public
	}
	header := http.Header{}
	header.Set(sign.HeaderID, q.ID)
	header.Set(sign.HeaderTimestamp, strconv.FormatInt(q.At, 10))
	header.Set(sign.HeaderSignature, signature)
	v := verifier(t, Config{Secrets: []string{"another", key}, AnyBody: true})
	m, err := v.verify(header, q.Body, time.Unix(q.Now, 0))
	if err == nil && (m.ID != q.ID || !bytes.Equal(m.Body, q.Body) || m.Timestamp.Unix() != q.At) {
		t.Errorf("%+v became %+v", q, m)
	}
	return err
}

// cases makes questions.
type cases struct{ *rand.Rand }

// sign is ours, with the question's one secret or key.
func (g *cases) sign(q question) string {
	at := time.Unix(q.At, 0)
	if q.Private == "" {
		return sign.Standard([]string{q.Secret}, q.ID, at, q.Body)
	}
	key, err := sign.ParsePrivateKey(q.Private)
	if err != nil {
		panic(err) // the question's own
	}
	return sign.StandardEd25519([]ed25519.PrivateKey{key}, q.ID, at, q.Body)
}

func (g *cases) question(t *testing.T) question {
	q := question{ID: g.id(), Now: 1_500_000_000 + g.Int64N(1<<30), Body: g.body(t)}
	q.At = q.Now + []int64{0, -1, 1, -300, 300, g.Int64N(601) - 300}[g.IntN(6)]
	if asymmetric := g.IntN(5) == 0; asymmetric {
		q.Private, q.Public = sign.NewKeyPair()
	} else {
		q.Secret, q.Raw = g.secret()
	}
	q.Signature = g.sign(q)
	other := q
	switch g.IntN(8) {
	case 0, 1:
	case 2: // among others, whose number and kinds do not matter
		other.ID += "x"
		q.Signature = strings.Join([]string{"v2,abc", g.sign(other), "v1,", "nonsense", q.Signature, g.sign(other)}, " ")
	case 3: // both kinds
		q.Signature += " v1," + strings.Repeat("A", 43) + "= v1a," + strings.Repeat("A", 86) + "=="
	case 4:
		switch other.ID, other.At = q.ID+"1", q.At+1; g.IntN(3) {
		case 0:
			other.ID = q.ID
		case 1:
			other.At = q.At
		}
		q.Signature, q.want = g.sign(other), ErrMismatch
	case 5:
		other.Body = append(bytes.Clone(q.Body), ' ')
		q.Signature, q.want = g.sign(other), ErrMismatch
	case 6:
		_, encoded, _ := strings.Cut(q.Signature, ",")
		q.Signature, q.want = []string{"v2," + encoded, encoded, "v1," + encoded[:20], "v1a,", "V1," + encoded}[g.IntN(5)], ErrMalformed
	case 7:
		if q.Private != "" {
			break // Node's Ed25519 knows no time
		}
		off := 301 + g.Int64N(1<<g.IntN(29))
		q.At, q.want = q.Now-off, ErrStale
		if g.IntN(2) == 0 {
			q.At, q.want = q.Now+off, ErrFuture
		}
		q.Signature = g.sign(q)
	}
	return q
}

const idCharacters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-:/~"

func (g *cases) id() string {
	id := make([]byte, 1+g.IntN(60))
	for i := range id {
		id[i] = idCharacters[g.IntN(len(idCharacters))]
	}
	return string(id)
}

// secret is one in any form that a receiver may have it in; raw where the
// reference library must be told that it is not base64.
func (g *cases) secret() (secret string, raw bool) {
	key := make([]byte, 1+g.IntN(64))
	for i := range key {
		key[i] = byte(g.Uint32())
	}
	switch text := base64.StdEncoding.EncodeToString(key); g.IntN(4) {
	case 0:
		return text, false
	case 1:
		return []string{"your-webhook-secret", "order-secret-123", "whsec_your_random_secret_string", "~!@#$%^&*() {}"}[g.IntN(4)], true
	default:
		return sign.SecretPrefix + text, false
	}
}

var words = []string{"", "a", "order", "Zoë", "漢字", "😀", "\u2028", "\u007f", "<&>", `"`, `\`, "\n", "\x00", "e\u0301", "\ufeff", "مرحبا"}

// body is empty or JSON, which the reference library insists on.
func (g *cases) body(t *testing.T) []byte {
	if g.IntN(10) == 0 {
		return []byte{}
	}
	value := map[string]any{}
	for range g.IntN(6) {
		value[words[g.IntN(len(words))]] = strings.Repeat(words[g.IntN(len(words))], g.IntN(40))
		value["n"] = g.NormFloat64()
	}
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(g.IntN(2) == 0)
	if g.IntN(3) == 0 {
		encoder.SetIndent("", "\t")
	}
	if err := encoder.Encode(value); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// askReference installs the reference library, as its lock file has it, and
// lets it answer. It is part of what this package promises, so that the test
// fails where Node or npm are missing.
func askReference(t *testing.T, questions []question) []reply {
	t.Helper()
	dir := t.TempDir()
	for _, name := range []string{"package.json", "package-lock.json", "reference.cjs"} {
		text, err := os.ReadFile(filepath.Join("testdata", "reference", name))
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(text), `"resolved"`) {
			t.Errorf("%s holds download addresses: make it with --omit-lockfile-registry-resolved", name)
		}
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	npm := exec.CommandContext(t.Context(), "npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline")
	npm.Dir = dir
	if out, err := npm.CombinedOutput(); err != nil {
		t.Fatalf("install the reference library with npm, which this test needs: %v\n%s", err, out)
	}
	var in bytes.Buffer
	for _, q := range questions {
		line, err := json.Marshal(q)
		if err != nil {
			t.Fatal(err)
		}
		in.Write(append(line, '\n'))
	}
	node := exec.CommandContext(t.Context(), "node", "reference.cjs")
	node.Dir, node.Stdin = dir, &in
	var stderr bytes.Buffer
	node.Stderr = &stderr
	out, err := node.Output()
	if err != nil {
		t.Fatalf("run node, which this test needs: %v\n%s", err, stderr.String())
	}
	var replies []reply
	for line := range strings.Lines(string(out)) {
		var r reply
		if err := json.Unmarshal([]byte(line), &r); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		replies = append(replies, r)
	}
	if len(replies) != len(questions) {
		t.Fatalf("%d answers to %d questions\n%s", len(replies), len(questions), stderr.String())
	}
	return replies
}
