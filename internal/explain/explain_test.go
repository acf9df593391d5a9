package explain

import (
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/billhook/billhook/internal/recording"
	"github.com/billhook/billhook/profile"
	"github.com/billhook/billhook/sign"
)

const (
	secret = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"
	older  = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
)

var sentAt = time.Unix(1767225600, 0)

func named(t testing.TB, name string) *profile.Profile {
	t.Helper()
	p, ok := profile.Named(name)
	if !ok {
		t.Fatalf("no profile %s", name)
	}
	return p
}

// data has what gets lost on the way: slashes, letters beyond ASCII and HTML, a number,
// members that are not sorted.
const data = `{"orderId":"o_1","total":25.5,"note":"Zoë's <b>shop</b> & more","url":"https://shop.example/o/1","lines":[{"sku":"b","n":1}],"at":"2026-01-01"}`

// sent makes a delivery as the sender does.
func sent(p *profile.Profile, by profile.Signers, at time.Time) *recording.Request {
	e := profile.Event{ID: "evt_01kdw3v2m0000000000000abcd", Type: p.EventTypes[0].Name, Time: at.Add(-time.Second), Data: []byte(data)}
	r := &recording.Request{Method: "POST", Target: "/hook", HasBody: true, Body: p.AppendBody(nil, e)}
	r.Fields = []recording.Field{{Name: "Host", Value: "127.0.0.1"}, {Name: "Content-Type", Value: "application/json"}, {Name: "Content-Length", Value: strconv.Itoa(len(r.Body))}}
	for _, h := range append(p.SignedHeaders(by, e.ID, at, r.Body), p.EventHeaders(e.ID, e.Type, at)...) {
		r.Fields = append(r.Fields, recording.Field(h))
	}
	return r
}

func signers(secrets ...string) profile.Signers {
	return profile.Signers{Own: secrets[0], Shared: secrets}
}

// header has a header changed on the way: its name and value.
func header(name string, change func(value string) (string, string)) func(r *recording.Request) {
	return func(r *recording.Request) {
		for i, f := range r.Fields {
			if strings.EqualFold(f.Name, name) {
				r.Fields[i].Name, r.Fields[i].Value = change(f.Value)
			}
		}
	}
}

func drop(names ...string) func(r *recording.Request) {
	return func(r *recording.Request) {
		r.Fields = slices.DeleteFunc(r.Fields, func(f recording.Field) bool {
			return slices.ContainsFunc(names, func(n string) bool { return strings.EqualFold(n, f.Name) })
		})
	}
}

// body changes the body, and Content-Length with it, as programs on the way do.
func body(change func(body []byte) []byte) func(r *recording.Request) {
	return func(r *recording.Request) {
		r.Body = change(r.Body)
		header("Content-Length", func(string) (string, string) { return "Content-Length", strconv.Itoa(len(r.Body)) })(r)
	}
}

func reprint(d dialect) func(r *recording.Request) {
	return body(func(text []byte) []byte {
		tree, err := parseTree(text)
		if err != nil {
			panic(err)
		}
		return d.print(tree)
	})
}

func all(changes ...func(r *recording.Request)) func(r *recording.Request) {
	return func(r *recording.Request) {
		for _, change := range changes {
			change(r)
		}
	}
}

// asKey is a secret with which Standard Webhooks signs by a key.
func asKey(key string) string {
	return sign.SecretPrefix + base64.StdEncoding.EncodeToString([]byte(key))
}

func decoded(secret string) string {
	raw, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, sign.SecretPrefix))
	if err != nil {
		panic(err)
	}
	return string(raw)
}

// TestTwoMistakes: one does not hide the other.
func TestTwoMistakes(t *testing.T) {
	p := named(t, own)
	r := sent(p, signers(secret), sentAt)
	noStandard(r)
	all(reprint(dialect{comma: " ", colon: " "}), header("x-litestore-signature", func(v string) (string, string) { return "X_LITESTORE_SIGNATURE", "sha256=" + strings.ToUpper(v) }))(r)
	a := Explain(Question{Request: r, Secrets: []string{"'" + secret + "'"}, Profile: p, Now: sentAt})
	var codes []string
	for _, f := range a.Checks[0].Faults {
		codes = append(codes, f.Code)
	}
	slices.Sort(codes)
	if want := []string{CodeBodyReserialized, CodeHeaderRenamed, CodeSecretPadded, CodeSignatureCase, CodeSignaturePrefix}; !slices.Equal(codes, want) {
		t.Errorf("got %v", codes)
	}
}

// TestVerified: every profile's delivery verifies, by its own header and by Standard
// Webhooks, with and without the profile being named, and with a public key.
func TestVerified(t *testing.T) {
	private, public := sign.NewKeyPair()
	key, err := sign.ParsePrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range profile.Names() {
		p := named(t, name)
		r := sent(p, profile.Signers{Own: secret, Shared: []string{secret}, Keys: []ed25519.PrivateKey{key}}, sentAt)
		for _, asked := range []*profile.Profile{nil, p} {
			for _, s := range []string{secret, public} {
				a := Explain(Question{Request: r, Secrets: []string{s}, Profile: asked, Now: sentAt.Add(time.Minute)})
				if !a.Verified || len(a.Notes) > 0 {
					t.Errorf("%s, asked for %v: %+v", name, asked != nil, a)
				}
				for _, c := range a.Checks {
					if !c.Verified {
						t.Errorf("%s: %+v", name, c)
					}
				}
			}
		}
		// An old recording: the header that signs no time still verifies.
		a := Explain(Question{Request: r, Secrets: []string{secret}, Profile: p, Now: sentAt.Add(time.Hour)})
		if old := p.Signature != nil; a.Verified != old || old != (len(a.Notes) == 1) || !old && a.Reason != CodeTimestampStale {
			t.Errorf("%s, an hour later: %+v", name, a)
		}
	}
}

// TestOlderSecret: of several secrets it says which one signed.
func TestOlderSecret(t *testing.T) {
	for _, name := range []string{own, standard} {
		p := named(t, name)
		a := Explain(Question{Request: sent(p, signers(older), sentAt), Secrets: []string{secret, older}, Profile: p, Now: sentAt})
		if !a.Verified || len(a.Notes) != 1 || !strings.Contains(a.Notes[0], "secret 2") {
			t.Errorf("%s: %+v", name, a)
		}
		a = Explain(Question{Request: sent(p, signers(older), sentAt), Secrets: []string{secret}, Profile: p, Now: sentAt})
		if a.Verified || a.Reason != CodeWrongSecret {
			t.Errorf("%s without it: %+v", name, a)
		}
	}
}

// TestRefusedByReceivers: what those who verify refuse is not verified, although the
// signature in it is right.
func TestRefusedByReceivers(t *testing.T) {
	p := named(t, standard)
	for name, change := range map[string]func(r *recording.Request){
		"in quotes":          header(sign.HeaderSignature, func(v string) (string, string) { return sign.HeaderSignature, `"` + v + `"` }),
		"of another version": header(sign.HeaderSignature, func(v string) (string, string) { return sign.HeaderSignature, "x" + v }),
		"behind a comma":     header(sign.HeaderSignature, func(v string) (string, string) { return sign.HeaderSignature, "v2,x," + v }),
	} {
		r := sent(p, signers(secret), sentAt)
		change(r)
		if err := sign.VerifyStandard([]string{secret}, r.Header(), r.Body, sentAt, 0); err == nil {
			t.Fatalf("%s: a receiver takes it", name)
		}
		if a := Explain(Question{Request: r, Secrets: []string{secret}, Profile: p, Now: sentAt}); a.Verified || a.Reason != CodeMalformed {
			t.Errorf("%s: %+v", name, a)
		}
	}
	late := Question{Request: sent(p, signers(secret), sentAt), Secrets: []string{secret}, Profile: p, Now: sentAt.Add(sign.DefaultTolerance + time.Millisecond)}
	if a := Explain(late); a.Verified || a.Reason != CodeTimestampStale {
		t.Errorf("a millisecond late: %+v", a)
	}
}

// TestLikeliest: of profiles with one layout it names the one whose header is there, or
// that has none of its own.
func TestLikeliest(t *testing.T) {
	for _, name := range []string{standard, "commerce-engine"} {
		a := Explain(Question{Request: sent(named(t, name), signers(secret), sentAt), Secrets: []string{secret}, Profile: named(t, own), Now: sentAt})
		if a.Reason != CodeOtherProfile || !strings.Contains(a.Summary(), "profile "+name+" ") {
			t.Errorf("%s: %s", name, a.Summary())
		}
	}
}

// TestNotAll: what can be seen to be wrong does not hide that the signature is too.
func TestNotAll(t *testing.T) {
	p := named(t, standard)
	r := sent(p, signers(secret), sentAt)
	header(sign.HeaderTimestamp, func(v string) (string, string) { return "webhook_timestamp", v })(r)
	a := Explain(Question{Request: r, Secrets: []string{older}, Profile: p, Now: sentAt})
	if faults := a.Checks[0].Faults; len(faults) != 2 || faults[0].Code != CodeHeaderRenamed || faults[1].Code != CodeWrongSecret {
		t.Errorf("%+v", a)
	}
}

func TestSecretKind(t *testing.T) {
	p := named(t, standard)
	private, public := sign.NewKeyPair()
	key, err := sign.ParsePrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	both := sent(p, profile.Signers{Shared: []string{secret}, Keys: []ed25519.PrivateKey{key}}, sentAt)
	ask := func(r *recording.Request, s string) string {
		return Explain(Question{Request: r, Secrets: []string{s}, Profile: p, Now: sentAt}).Reason
	}
	if got := ask(sent(p, signers(secret), sentAt), public); got != CodeSecretKind {
		t.Errorf("a public key for v1: %s", got)
	}
	pair := *both
	pair.Fields = slices.Clone(both.Fields)
	header(sign.HeaderSignature, func(v string) (string, string) { return sign.HeaderSignature, v[strings.Index(v, "v1a,"):] })(&pair)
	if got := ask(&pair, secret); got != CodeSecretKind {
		t.Errorf("a secret for v1a: %s", got)
	}
	if got := ask(both, private); got != CodePrivateKeyGiven {
		t.Errorf("the private key: %s", got)
	}
	if got := ask(both, public[:20]); got != CodeSecretKind {
		t.Errorf("half a public key: %s", got)
	}
	if got := ask(both, public+"\n"); got != CodeSecretPadded {
		t.Errorf("a public key with a line break: %s", got)
	}
	for _, secrets := range [][]string{{secret, public[:20]}, {public[:20], secret}} { // receivers pass over a key that is none
		if a := Explain(Question{Request: both, Secrets: secrets, Profile: p, Now: sentAt}); !a.Verified {
			t.Errorf("with a key that is none beside it: %+v", a)
		}
	}
	reprint(dialect{indent: "  ", colon: " "})(both)
	if got := ask(both, public); got != CodeBodyReserialized {
		t.Errorf("a public key and a body printed anew: %s", got)
	}
}

// TestSenderInMilliseconds: a sender that signs milliseconds is told so.
func TestSenderInMilliseconds(t *testing.T) {
	p := named(t, standard)
	a := Explain(Question{Request: sent(p, signers(secret), time.Unix(sentAt.UnixMilli(), 0)), Secrets: []string{secret}, Profile: p, Now: sentAt})
	if a.Verified || a.Reason != CodeTimestampUnit {
		t.Errorf("%+v", a)
	}
}

// TestManySignatures: verifying by a public key is bounded as hashing is.
func TestManySignatures(t *testing.T) {
	_, public := sign.NewKeyPair()
	r := sent(named(t, standard), signers(secret), sentAt)
	header(sign.HeaderSignature, func(string) (string, string) {
		return sign.HeaderSignature, strings.TrimSpace(strings.Repeat("v1a,"+strings.Repeat("A", 86)+"== ", 300))
	})(r)
	q := Question{Request: r, Secrets: []string{public}, Now: sentAt, Tolerance: time.Minute, effort: 1 << 20}
	look := &search{q: q, s: &standardScheme, tokens: q.tokens(q.find(sign.HeaderSignature)), stamps: []reading{{}}, ids: []reading{{}}, bodies: q.bodyReadings(nil)}
	look.addSecret(public, 0)
	if look.find() != nil || look.computed == 0 || look.computed > 1<<20/ed25519Cost {
		t.Errorf("%d were computed", look.computed)
	}
}

// TestHostile: nothing that a stranger sends takes long, or all of the memory.
func TestHostile(t *testing.T) {
	p := named(t, own)
	deep := strings.Repeat(`[`, 100_000)
	wide := "{" + strings.Repeat(`"a":1,`, 50_000) + `"b":2}`
	for _, text := range []string{deep, wide, strings.Repeat("=", 1<<20), "{}", "\x1f\x8b", "\xff\xfe", strings.Repeat("%", 1<<16)} {
		r := &recording.Request{Body: []byte(text), HasBody: true}
		for i := range 100 {
			r.Fields = append(r.Fields, recording.Field{Name: fmt.Sprintf("x-%d", i), Value: strings.Repeat("a,b=", 500)})
		}
		r.Fields = append(r.Fields, recording.Field{Name: "x-litestore-signature", Value: strings.Repeat("0", 64)})
		start := time.Now()
		if a := Explain(Question{Request: r, Secrets: []string{secret}, Profile: p, Now: sentAt}); a.Verified {
			t.Errorf("%.20s: verified", text)
		}
		t.Logf("%.20s took %s", text, time.Since(start))
	}
}

// TestUnsigned: of a request with no signature at all everything is said once.
func TestUnsigned(t *testing.T) {
	for _, p := range []*profile.Profile{nil, named(t, standard)} {
		r := sent(named(t, standard), signers(secret), sentAt)
		noStandard(r)
		a := Explain(Question{Request: r, Secrets: []string{secret}, Profile: p, Now: sentAt})
		var told bytes.Buffer
		if err := a.Write(&told, nil); err != nil {
			t.Fatal(err)
		}
		text := strings.Join(strings.Fields(told.String()), " ")
		for _, once := range []string{sign.HeaderSignature, sign.HeaderID, sign.HeaderTimestamp, "The request has", "Look for"} {
			if strings.Count(text, once) != 1 {
				t.Errorf("%q is not told once: %s", once, told.String())
			}
		}
		if a.Reason != CodeHeaderMissing || strings.Contains(text, "--profile") != (p == nil) {
			t.Errorf("%s", told.String())
		}
	}
}
