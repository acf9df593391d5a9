package wireformat

import (
	"encoding/json"
	"errors"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/billhook/billhook/internal/recording"
	"github.com/billhook/billhook/profile"
	"github.com/billhook/billhook/receive/receivetest"
	"github.com/billhook/billhook/sign"
)

const secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

var (
	happened = time.UnixMilli(1736611200123).UTC()
	signedAt = time.Unix(1736611260, 0)
)

// recorded is a delivery as the sender makes it, written down and read again. With
// standard false it is one of a platform that has not got the headers that Billhook adds.
func recorded(t *testing.T, p *profile.Profile, secret string, standard bool) *recording.Request {
	t.Helper()
	id := p.IDs.Event.New(happened, [10]byte{1, 2, 3, 4, 5, 6, 7, 8, 9, 10})
	e := profile.Event{ID: id, Type: "order.created", Time: happened, Data: []byte(`{"total":25.5,"id":"o_1","note":"Zoë/<b>"}`)}
	if len(p.EventTypes) > 0 {
		e.Type, e.Data = p.EventTypes[0].Name, p.EventTypes[0].Example
	}
	d := receivetest.Sign(p, []string{secret}, e, signedAt)
	r := &recording.Request{Method: "POST", Target: "/hook", Body: d.Body, HasBody: true,
		Fields: []recording.Field{{Name: "Host", Value: "127.0.0.1"}, {Name: "Accept-Encoding", Value: "gzip"}, {Name: "Content-Length", Value: strconv.Itoa(len(d.Body))}}}
	for name, values := range d.Header {
		if standard || !strings.HasPrefix(name, "Webhook-") {
			r.Fields = append(r.Fields, recording.Field{Name: name, Value: values[0]})
		}
	}
	again, err := recording.Parse(r.Raw())
	if err != nil {
		t.Fatal(err)
	}
	return again
}

// own are the profiles of made-up platforms, which use all that the format has.
func own(t *testing.T) (all []*profile.Profile, secrets []string) {
	t.Helper()
	text, err := os.ReadFile("../../profile/testdata/own.json")
	if err != nil {
		t.Fatal(err)
	}
	var vectors []struct {
		Profile json.RawMessage
		Secret  string
	}
	if err := json.Unmarshal(text, &vectors); err != nil || len(vectors) < 5 {
		t.Fatalf("%d vectors, %v", len(vectors), err)
	}
	for _, v := range vectors {
		p, err := profile.Parse(v.Profile)
		if err != nil {
			t.Fatal(err)
		}
		all, secrets = append(all, p), append(secrets, v.Secret)
	}
	return all, secrets
}

func learn(t *testing.T, name string, r *recording.Request, secret string) (*Learned, *profile.Profile) {
	t.Helper()
	learned, err := Learn(Sample{Request: r, Secret: secret, Name: name})
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	if len(learned.Lacks) > 0 {
		t.Errorf("%s lacks %q", name, learned.Lacks)
	}
	text, err := learned.Text()
	if err != nil {
		t.Fatal(err)
	}
	p, err := profile.Parse(text)
	if err != nil {
		t.Fatalf("%s: its file does not parse: %v\n%s", name, err, text)
	}
	return learned, p
}

// TestBothWays: of one delivery under each profile a profile is made that renders this
// delivery byte for byte, and others as the first profile does.
func TestBothWays(t *testing.T) {
	profiles, secrets := own(t)
	for _, name := range profile.Names() {
		p, _ := profile.Named(name)
		profiles, secrets = append(profiles, p), append(secrets, secret)
	}
	for i, first := range profiles {
		for _, standard := range []bool{true, false} {
			if !standard && first.Signature == nil || !standard && first.Name == "hub" { // its id is in a header of Standard Webhooks' form
				continue
			}
			r := recorded(t, first, secrets[i], standard)
			learned, second := learn(t, first.Name, r, secrets[i])
			if !learned.Report.Equal {
				t.Errorf("%s, standard %v: learned as %+v", first.Name, standard, learned.Report)
			}
			report, err := Check(second, r, secrets[i])
			if err != nil || !report.Equal {
				t.Errorf("%s, standard %v: %+v, %v", first.Name, standard, report, err)
				continue
			}
			if report, err = Check(first, r, secrets[i]); err != nil || !report.Equal {
				t.Errorf("%s by itself: %+v, %v", first.Name, report, err)
			}
			// Another event, at another time, with another secret.
			e := profile.Event{ID: first.IDs.Event.New(signedAt, [10]byte{9}), Type: first.Name + ".other", Time: signedAt.Add(time.Hour), Data: []byte(`{"n":1,"object":{}}`)}
			at := signedAt.Add(2 * time.Hour)
			body, again := first.AppendBody(nil, e), second.AppendBody(nil, e)
			if string(body) != string(again) {
				t.Errorf("%s: another event\n first %s\nsecond %s", first.Name, body, again)
			}
			headers, same := append(first.Headers([]string{"another"}, e.ID, at, body), first.EventHeaders(e.ID, e.Type, at)...), append(second.Headers([]string{"another"}, e.ID, at, body), second.EventHeaders(e.ID, e.Type, at)...)
			for _, h := range headers {
				if !slices.ContainsFunc(same, func(s profile.Header) bool { return strings.EqualFold(s.Name, h.Name) && s.Value == h.Value }) {
					t.Errorf("%s: %v is not in %v", first.Name, h, same)
				}
			}
			told := standard || first.Name != "shop" // its body has no id, and neither has a header then
			if second.UserAgent != first.UserAgent || told && second.IDs.Event != first.IDs.Event {
				t.Errorf("%s: %s %+v", first.Name, second.UserAgent, second.IDs)
			}
		}
	}
}

// TestCheckDiffers: the first byte that is not the same is shown, of the body and of each
// header.
func TestCheckDiffers(t *testing.T) {
	p, _ := profile.Named("litestore")
	for _, test := range []struct {
		name   string
		change func(r *recording.Request)
		part   string
		says   string
	}{
		{"a space", func(r *recording.Request) {
			r.Body = []byte(strings.Replace(string(r.Body), `":"`, `": "`, 1))
			setField(r, "Content-Length", strconv.Itoa(len(r.Body)))
		}, "body", "byte 9 is 0x20, a space in the recording, and 0x22 \" by the profile"},
		{"another secret's", func(r *recording.Request) {
			setField(r, "x-litestore-signature", strings.Repeat("0", 64))
		}, "x-litestore-signature", "from byte"},
		{"another agent", func(r *recording.Request) { setField(r, "User-Agent", "Litestore-Webhook/1.1") }, "User-Agent", "byte 20 is 0x31 1 in the recording, and 0x30 0 by the profile"},
		{"no agent", func(r *recording.Request) { setField(r, "User-Agent", "") }, "User-Agent", "the recording has none"},
		{"another header", func(r *recording.Request) { r.Fields = append(r.Fields, recording.Field{Name: "X-Topic", Value: "a"}) }, "X-Topic", "does not send it"},
		{"another type", func(r *recording.Request) { setField(r, "Content-Type", "application/json; charset=utf-8") }, "Content-Type", "the end"},
	} {
		r := recorded(t, p, secret, true)
		test.change(r)
		report, err := Check(p, r, secret)
		if err != nil || report.Equal {
			t.Errorf("%s: %+v, %v", test.name, report, err)
			continue
		}
		i := slices.IndexFunc(report.Parts, func(part Part) bool { return strings.EqualFold(part.Name, test.part) })
		if i < 0 || report.Parts[i].Equal || !strings.Contains(report.Parts[i].Says, test.says) {
			t.Errorf("%s: %+v", test.name, report.Parts)
		}
	}
	if other, _ := profile.Named("etail-depot"); other != nil {
		if _, err := Check(other, recorded(t, p, secret, true), secret); err == nil || !strings.Contains(err.Error(), "/type") {
			t.Errorf("under another profile: %v", err)
		}
	}
}

func setField(r *recording.Request, name, value string) {
	r.Fields = slices.DeleteFunc(r.Fields, func(f recording.Field) bool { return strings.EqualFold(f.Name, name) })
	if value != "" {
		r.Fields = append(r.Fields, recording.Field{Name: name, Value: value})
	}
}

// TestLacks: what a profile cannot say is told.
func TestLacks(t *testing.T) {
	hub := func(changes func(r *recording.Request)) (*Learned, error) {
		profiles, secrets := own(t)
		r := recorded(t, profiles[1], secrets[1], true)
		changes(r)
		return Learn(Sample{Request: r, Secret: secrets[1], Name: "hub"})
	}
	for _, test := range []struct {
		header, value, says string
	}{
		{"X-Request-Id", "1f0c2c63-5d5f-4b0e-9d2a-0123456789ab", "X-Request-Id"},
		{"Content-Type", "application/json; charset=utf-8", "Content-Type"},
		{"X-Empty", "", ""},
	} {
		learned, err := hub(func(r *recording.Request) { setField(r, test.header, test.value) })
		if err != nil || test.says != "" && !strings.Contains(strings.Join(learned.Lacks, "\n"), test.says) {
			t.Errorf("%s: %+v, %v", test.header, learned, err)
		}
	}
	if learned, err := hub(func(r *recording.Request) { setField(r, "X-Version", "2024-01") }); err != nil || !strings.Contains(strings.Join(learned.Assumed, "\n"), "X-Version") {
		t.Errorf("%+v, %v", learned, err)
	}
	if _, err := Learn(Sample{Request: &recording.Request{Body: []byte("{}")}, Name: "x"}); err == nil {
		t.Error("no secret, and no error")
	}
}

// TestCannot: what cannot be signed is named exactly. The digests are those of
// printf 'BODY' | openssl dgst -sha1 -hmac key-of-the-test, and the like.
func TestCannot(t *testing.T) {
	const body = `{"id":"evt_1","type":"a.b","created":1736611200,"data":{"id":"1"}}`
	for _, test := range []struct{ name, value, says string }{
		{"X-Sha1", sha1OfBody, "HMAC-SHA1"},
		{"X-Url", sha256OfURLAndBody, "signs the request's URL"},
		{"X-Other", strings.Repeat("ab", 32), "no header is an HMAC"},
	} {
		r := &recording.Request{Method: "POST", Target: "/hook", Body: []byte(body), HasBody: true, Fields: []recording.Field{{Name: test.name, Value: test.value}}}
		_, err := Learn(Sample{Request: r, Secret: "key-of-the-test", Name: "x"})
		if err == nil || !strings.Contains(strings.ReplaceAll(err.Error(), "SHA-1", "SHA1"), test.says) {
			t.Errorf("%s: %v", test.name, err)
		}
	}
}

// TestUnclear: a member that cannot be known is asked for, and taken when it is named.
func TestUnclear(t *testing.T) {
	p, _ := profile.Named("litestore")
	r := recorded(t, p, secret, false)
	r.Body = []byte(`{"kind":"a.b","nr":"evt_01jh9s1a0k0000000000000000","when":"2025-01-11T16:00:00Z","what":{"id":"1"}}`)
	setField(r, "Content-Length", "")
	setField(r, "x-litestore-signature", "")
	for _, h := range p.Headers([]string{secret}, "x", signedAt, r.Body)[:1] {
		r.Fields = append(r.Fields, recording.Field(h))
	}
	s := Sample{Request: r, Secret: secret, Name: "x", Members: map[string]string{}}
	for _, answer := range []string{profile.ValueEventType + "=kind", profile.ValueEventID + "=nr", profile.ValueEventData + "=what", ""} {
		_, err := Learn(s)
		var unclear *Unclear
		if value, name, more := strings.Cut(answer, "="); more {
			if !errors.As(err, &unclear) || unclear.Value != value || !slices.Contains(unclear.Members, name) {
				t.Fatalf("%s: %v", answer, err)
			}
			s.Members[value] = name
		} else if err != nil {
			t.Fatal(err)
		}
	}
	s.Members[profile.ValueEventTime] = "when"
	learned, err := Learn(s)
	if err != nil {
		t.Fatal(err)
	}
	if report, err := Check(learned.Profile, r, secret); err != nil || !report.Equal {
		t.Errorf("%+v, %v", report, err)
	}
}

// signedBy is a request whose header X-Sig says this, with the signature of the body in the
// place of {signature}.
func signedBy(body, value string) *recording.Request {
	return &recording.Request{Method: "POST", Target: "/hook", Body: []byte(body), HasBody: true,
		Fields: []recording.Field{{Name: "X-Sig", Value: strings.ReplaceAll(value, "{signature}", sign.Hex(secret, []byte(body)))}}}
}

// TestMembersNamed: a member that was named as what it cannot be is refused, and told.
func TestMembersNamed(t *testing.T) {
	const body = `{"id":12345,"type":"a.b","when":"Sun, 11 Jan 2026 16:00:00 +0100","data":{"id":"1"}}`
	for _, test := range []struct{ member, name, says string }{
		{profile.ValueEventID, "id", "holds 12345, and profiles write the event's id as text"},
		{"event.kind", "type", "there are event.data, event.id, event.time, event.type"},
		{profile.ValueEventID, "type", "named twice"},
	} {
		_, err := Learn(Sample{Request: signedBy(body, "{signature}"), Secret: secret, Name: "x", Members: map[string]string{test.member: test.name, profile.ValueEventType: "type"}})
		if err == nil || !strings.Contains(err.Error(), test.says) {
			t.Errorf("%s=%s: %v", test.member, test.name, err)
		}
	}
}

// TestNoExample: what a catalogue cannot hold keeps nobody from the profile.
func TestNoExample(t *testing.T) {
	const body = `{"id":"evt_01jh9s1a0k0000000000000000","type":"a.b","data":{"id":"1","n":12345678901234567890}}`
	learned, err := Learn(Sample{Request: signedBy(body, "{signature}"), Secret: secret, Name: "x"})
	if err != nil {
		t.Fatal(err)
	}
	if len(learned.Profile.EventTypes) != 0 || len(learned.Lacks) != 1 || !strings.Contains(learned.Lacks[0], "/eventTypes/0/example/n") {
		t.Errorf("%+v, %q", learned.Profile.EventTypes, learned.Lacks)
	}
}

// TestNotTheSame: what the next delivery will have otherwise is told, and that the recording
// is not rendered byte for byte where it is not.
func TestNotTheSame(t *testing.T) {
	const body = `{"id":"evt_01jh9s1a0k0000000000000000", "type":"a.b","when":"Sun, 11 Jan 2026 16:00:00 +0100","data":{"id":"1"}}`
	learned, err := Learn(Sample{Request: signedBy(body, "{signature}"), Secret: secret, Name: "x"})
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(strings.Join(learned.Lacks, "\n"), `The member "when" holds`) {
		t.Errorf("a time as text is taken for what is always the same: %q, %q", learned.Lacks, learned.Assumed)
	}
	if i := slices.IndexFunc(learned.Report.Parts, func(p Part) bool { return p.Name == "body" }); learned.Report.Equal || i < 0 || learned.Report.Parts[i].Equal {
		t.Errorf("a body with a space: %+v", learned.Report)
	}
	if !strings.Contains(strings.Join(learned.Assumed, "\n"), "recorded data is its example") {
		t.Errorf("%q", learned.Assumed)
	}
	// A constant in front of the signature cannot be another delivery's signature.
	if _, err := Learn(Sample{Request: signedBy(body, "v0="+strings.Repeat("ab", 16)+",v1={signature}"), Secret: secret, Name: "x"}); err == nil || !strings.Contains(err.Error(), "one signature") {
		t.Errorf("%v", err)
	}
}

const (
	sha1OfBody         = "a01eaca495a97f6eebb1d623fd1a5943828908ad"
	sha256OfURLAndBody = "66c13a3db46edeee049817486bb8bc289aa75288fe46e5ea25be3caccfc8fc92"
)
