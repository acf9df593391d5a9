package explain

import (
	"bytes"
	"compress/gzip"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
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

const (
	own      = "litestore" // the profile's header alone is looked at
	standard = "standard"  // Standard Webhooks
)

var noStandard = drop(sign.HeaderID, sign.HeaderTimestamp, sign.HeaderSignature)

// A mistake is a way to get it wrong, with the one reason that is right.
type mistake struct {
	name    string
	profile string
	by      profile.Signers // default: secret
	change  func(r *recording.Request)
	secrets []string      // of the receiver; default: secret
	clock   time.Duration // how far the receiver's is ahead
	want    string
	says    string // something of what is said
}

var mistakes = []mistake{
	{name: "wrong secret", profile: standard, secrets: []string{older}, want: CodeWrongSecret, says: "byte for byte"},
	{name: "wrong secret, own", profile: own, secrets: []string{older}, want: CodeWrongSecret},
	{name: "wrong secret and a changed body", profile: own, change: body(func(b []byte) []byte { return bytes.Replace(b, []byte("25.5"), []byte(" 26 "), 1) }), want: CodeNoMatch},

	{name: "secret as text", profile: standard, by: signers(asKey(secret)), want: CodeSecretAsText},
	{name: "secret decoded", profile: own, by: signers(decoded(secret)), want: CodeSecretDecoded},
	{name: "secret in quotes", profile: own, secrets: []string{`"` + secret + `"`}, want: CodeSecretPadded},
	{name: "secret with a line break", profile: standard, secrets: []string{secret + "\n"}, want: CodeSecretPadded},
	{name: "secret with a space in front", profile: own, secrets: []string{" " + secret}, want: CodeSecretPadded},
	{name: "sender's secret has a line break", profile: own, by: signers(secret + "\n"), want: CodeSecretPadded, says: "The sender signed"},
	{name: "secret without its prefix", profile: own, secrets: []string{strings.TrimPrefix(secret, "whsec_")}, want: CodeSecretPrefix},
	{name: "secret escaped", profile: own, secrets: []string{strings.ReplaceAll(secret, "+", "%2B")}, want: CodeSecretEscaped},
	{name: "secret in hex", profile: own, by: signers("0123456789abcdef"), secrets: []string{hex.EncodeToString([]byte("0123456789abcdef"))}, want: CodeSecretHex},

	{name: "spaces", profile: own, change: reprint(dialect{comma: " ", colon: " "}), want: CodeBodyReserialized, says: "white space between the values"},
	{name: "indented", profile: standard, change: reprint(dialect{indent: "  ", colon: " "}), want: CodeBodyReserialized, says: "white space"},
	{name: "slashes escaped", profile: own, change: reprint(dialect{slashes: true}), want: CodeBodyReserialized, says: `slashes are written as \/`},
	{name: "letters escaped", profile: standard, change: reprint(dialect{ascii: true}), want: CodeBodyReserialized, says: "beyond ASCII"},
	{name: "html escaped", profile: own, change: reprint(dialect{html: true}), want: CodeBodyReserialized, says: `\u003c`},
	{name: "sorted", profile: own, change: reprint(dialect{sorted: true}), want: CodeMembersMoved, says: "in another order"},
	{name: "all of these, with Python", profile: standard, change: reprint(dialect{comma: " ", colon: " ", ascii: true}), want: CodeBodyReserialized, says: "white space"},
	{name: "numbers", profile: own, change: body(func(b []byte) []byte { return bytes.Replace(b, []byte("25.5"), []byte("25.50"), 1) }), want: CodeBodyReserialized, says: "numbers"},

	{name: "line break at the end", profile: own, change: body(func(b []byte) []byte { return append(b, '\n') }), want: CodeBodyNewline},
	{name: "byte order mark", profile: standard, change: body(func(b []byte) []byte { return append([]byte("\ufeff"), b...) }), want: CodeBodyBOM},
	{name: "read as Latin-1", profile: own, change: body(func(b []byte) []byte {
		var out []rune
		for _, c := range b {
			out = append(out, rune(c))
		}
		return []byte(string(out))
	}), want: CodeBodyEncoding, says: "Latin-1"},
	{name: "written as Latin-1", profile: standard, change: body(func(b []byte) []byte { return bytes.ReplaceAll(b, []byte("ë"), []byte{0xeb}) }), want: CodeBodyEncoding},
	{name: "other normal form", profile: own, change: body(func(b []byte) []byte { return bytes.ReplaceAll(b, []byte("ë"), []byte("e\u0308")) }), want: CodeBodyNormalized},
	{name: "compressed", profile: own, change: body(func(b []byte) []byte {
		var out bytes.Buffer
		z := gzip.NewWriter(&out)
		z.Write(b)
		z.Close()
		return out.Bytes()
	}), want: CodeBodyCompressed},
	{name: "in base64", profile: standard, change: body(func(b []byte) []byte { return []byte(base64.StdEncoding.EncodeToString(b)) }), want: CodeBodyWrapped},
	{name: "in a JSON string", profile: own, change: body(func(b []byte) []byte { out, _ := json.Marshal(string(b)); return out }), want: CodeBodyWrapped},
	{name: "empty", profile: standard, change: func(r *recording.Request) { r.Body = nil }, want: CodeBodyEmpty, says: "Content-Length"},
	{name: "empty, by its header too", profile: own, change: body(func([]byte) []byte { return nil }), want: CodeBodyEmpty},
	{name: "cut", profile: own, change: func(r *recording.Request) { r.Body = r.Body[:len(r.Body)-9] }, want: CodeBodyLength, says: "its end is missing"},
	{name: "longer than its header says", profile: standard, change: func(r *recording.Request) { r.Body = append(r.Body, "\n### next"...) }, want: CodeBodyLength, says: "as many as Content-Length"},

	{name: "stale", profile: standard, clock: 10 * time.Minute, want: CodeTimestampStale, says: "10m0s ago"},
	{name: "future", profile: standard, clock: -time.Hour, want: CodeTimestampFuture, says: "1h0m0s ahead"},
	{name: "timestamp made milliseconds", profile: standard, change: header(sign.HeaderTimestamp, func(v string) (string, string) { return sign.HeaderTimestamp, v + "123" }), want: CodeTimestampUnit},
	{name: "timestamp made a date", profile: standard, change: header(sign.HeaderTimestamp, func(string) (string, string) {
		return sign.HeaderTimestamp, sentAt.UTC().Format(time.RFC3339)
	}), want: CodeTimestampUnit},
	{name: "timestamp of another delivery", profile: standard, change: header(sign.HeaderTimestamp, func(string) (string, string) {
		return sign.HeaderTimestamp, strconv.FormatInt(sentAt.Unix()+77, 10)
	}), want: CodeTimestampSwapped, says: strconv.FormatInt(sentAt.Unix(), 10)},
	{name: "id of another event", profile: standard, change: header(sign.HeaderID, func(string) (string, string) { return sign.HeaderID, "evt_another" }), want: CodeIDSwapped, says: "evt_01kdw3v2m0000000000000abcd"},

	{name: "no signature", profile: standard, change: drop(sign.HeaderSignature), want: CodeHeaderMissing, says: sign.HeaderSignature},
	{name: "no signature of its own", profile: own, change: drop("x-litestore-signature"), want: CodeHeaderMissing, says: "x-litestore-signature"},
	{name: "no timestamp", profile: standard, change: drop(sign.HeaderTimestamp), want: CodeHeaderMissing, says: sign.HeaderTimestamp},
	{name: "HTTP_ in front", profile: own, change: header("x-litestore-signature", func(v string) (string, string) { return "HTTP_X_LITESTORE_SIGNATURE", v }), want: CodeHeaderRenamed, says: "HTTP_X_LITESTORE_SIGNATURE"},
	{name: "X- taken away", profile: own, change: header("x-litestore-signature", func(v string) (string, string) { return "litestore-signature", v }), want: CodeHeaderRenamed},
	{name: "under a name of its own", profile: own, change: header("x-litestore-signature", func(v string) (string, string) { return "sig", v }), want: CodeHeaderRenamed, says: "sig"},
	{name: "underscores", profile: standard, change: header(sign.HeaderTimestamp, func(v string) (string, string) { return "webhook_timestamp", v }), want: CodeHeaderRenamed},
	{name: "twice", profile: own, change: func(r *recording.Request) {
		r.Fields = append(r.Fields, recording.Field{Name: "X-Litestore-Signature", Value: r.Get("x-litestore-signature")})
	}, want: CodeHeaderTwice},

	{name: "upper case", profile: own, change: header("x-litestore-signature", func(v string) (string, string) { return "x-litestore-signature", strings.ToUpper(v) }), want: CodeSignatureCase},
	{name: "base64 for hex", profile: own, change: header("x-litestore-signature", func(v string) (string, string) {
		raw, _ := hex.DecodeString(v)
		return "x-litestore-signature", base64.StdEncoding.EncodeToString(raw)
	}), want: CodeSignatureEncoding},
	{name: "hex for base64", profile: standard, change: header(sign.HeaderSignature, func(v string) (string, string) {
		raw, _ := base64.StdEncoding.DecodeString(strings.TrimPrefix(v, "v1,"))
		return sign.HeaderSignature, "v1," + hex.EncodeToString(raw)
	}), want: CodeSignatureEncoding},
	{name: "sha256= in front", profile: own, change: header("x-litestore-signature", func(v string) (string, string) { return "x-litestore-signature", "sha256=" + v }), want: CodeSignaturePrefix, says: "sha256="},
	{name: "v1, gone", profile: standard, change: header(sign.HeaderSignature, func(v string) (string, string) { return sign.HeaderSignature, strings.TrimPrefix(v, "v1,") }), want: CodeSignaturePrefix},
	{name: "v1= for v1,", profile: standard, change: header(sign.HeaderSignature, func(v string) (string, string) {
		return sign.HeaderSignature, strings.Replace(v, "v1,", "v1=", 1)
	}), want: CodeSignaturePrefix},
	{name: "in quotes", profile: own, change: header("x-litestore-signature", func(v string) (string, string) { return "x-litestore-signature", `"` + v + `"` }), want: CodeSignaturePadded},
	{name: "signature cut", profile: own, change: header("x-litestore-signature", func(v string) (string, string) { return "x-litestore-signature", v[:50] }), want: CodeSignatureCut},
	{name: "signature cut, in base64", profile: standard, change: header(sign.HeaderSignature, func(v string) (string, string) { return sign.HeaderSignature, v[:31] }), want: CodeSignatureCut},

	{name: "another profile", profile: "etail-depot", change: nil, want: CodeOtherProfile, says: "litestore"},
}

func TestMistakes(t *testing.T) {
	codes := map[string]bool{}
	for _, m := range mistakes {
		t.Run(m.name, func(t *testing.T) {
			q, p := Question{Secrets: m.secrets, Profile: named(t, m.profile), Now: sentAt.Add(m.clock)}, named(t, m.profile)
			if m.want == CodeOtherProfile {
				p = named(t, own)
			}
			if q.Secrets == nil {
				q.Secrets = []string{secret}
			}
			if m.by.Shared == nil {
				m.by = signers(secret)
			}
			q.Request = sent(p, m.by, sentAt)
			if m.profile == own { // what is wrong is to be found by it alone
				noStandard(q.Request)
			}
			if m.change != nil {
				m.change(q.Request)
			}
			a := Explain(q)
			var told bytes.Buffer
			if err := a.Write(&told, nil); err != nil {
				t.Fatal(err)
			}
			text := strings.Join(strings.Fields(told.String()), " ")
			if a.Verified || a.Reason != m.want || !strings.Contains(text, m.says) || len(a.Checks[0].Faults) != 1 {
				t.Errorf("want %s saying %q, got %s", m.want, m.says, told.String())
			}
			if strings.Contains(text, strings.TrimPrefix(secret, "whsec_")) {
				t.Errorf("it tells the secret: %s", text)
			}
			codes[a.Reason] = true
			m.undone(t, q, p)
		})
	}
	if len(codes) < 25 {
		t.Errorf("only %d reasons", len(codes))
	}
}

// undone: what is told of the delivery without the mistake is that it verifies. So it is
// the mistake that the reason is of.
func (m *mistake) undone(t *testing.T, q Question, p *profile.Profile) {
	t.Helper()
	q.Request = sent(p, signers(secret), sentAt)
	q.Secrets, q.Now, q.Profile = []string{secret}, sentAt, p
	if a := Explain(q); !a.Verified || a.Reason != "" || len(a.Notes) != 0 {
		t.Errorf("without the mistake: %+v", a)
	}
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
