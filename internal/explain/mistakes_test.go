package explain

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/billhook/billhook/internal/recording"
	"github.com/billhook/billhook/profile"
	"github.com/billhook/billhook/sign"
)

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
