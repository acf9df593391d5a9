// Package wireformat makes a wire profile of one recorded delivery, and compares what a
// profile renders with a recorded delivery byte for byte.
//
// It knows recordings, profiles and signatures. It must not know stores, or how the
// recording was got. What a profile cannot say is told, never left out in silence.
package wireformat

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"github.com/billhook/billhook/internal/recording"
	"github.com/billhook/billhook/profile"
	"github.com/billhook/billhook/sign"
)

// A Sample is a recorded delivery, and what is known of it beforehand.
type Sample struct {
	Request *recording.Request
	// Secret is the one that signed it.
	Secret string
	// Name is the profile's, and Title the platform's for people. Default: Name.
	Name, Title string
	// Members are names of the body's members by what they hold (Value constants of
	// package profile), where that cannot be seen. Default: by name and value.
	Members map[string]string
}

// Learned is a profile, and what was seen on the way to it.
type Learned struct {
	Profile *profile.Profile
	// Found is what the profile says, and why.
	Found []string
	// Assumed is what one delivery cannot tell, and should be looked at.
	Assumed []string
	// Lacks is what the recording has and a profile cannot say.
	Lacks []string
	// Report compares what the profile renders with the recording.
	Report *Report
}

// Unclear says that a part of the envelope was not recognised.
type Unclear struct {
	Value   string   // a Value constant of package profile
	Members []string // of the body
}

func (u *Unclear) Error() string {
	return fmt.Sprintf("cannot tell which member of the body is the %s: it has %s", strings.ReplaceAll(u.Value, ".", "'s "), strings.Join(u.Members, ", "))
}

// learner gathers a profile.
type learner struct {
	Sample
	Learned
	body   []byte // what was signed
	signed signed
	id     string // the event's, and its type
	kind   string
	draft  draft
}

// draft is a profile's file.
type draft struct {
	Name         string               `json:"name"`
	Title        string               `json:"title"`
	Document     string               `json:"document"`
	Signature    *profile.Signature   `json:"signature,omitempty"`
	Headers      []profile.OwnHeader  `json:"headers,omitempty"`
	Envelope     []profile.Member     `json:"envelope"`
	IDs          profile.IDs          `json:"ids"`
	Secret       profile.SecretFormat `json:"secret"`
	UserAgent    string               `json:"userAgent"`
	AllowHTTP    bool                 `json:"allowHttp"`
	Reserializes bool                 `json:"reserializes"`
	Catalogue    string               `json:"catalogue"`
	RetryPolicy  string               `json:"retryPolicy"`
	Timeout      int                  `json:"timeout"`
	Success      string               `json:"success"`
	EventTypes   []profile.EventType  `json:"eventTypes"`
}

// Learn makes a profile of a recorded delivery. The error is an *Unclear where a part of
// the envelope has to be named.
func Learn(s Sample) (*Learned, error) {
	if s.Secret == "" {
		return nil, errors.New("a secret is needed: without it no header can be known for the signature")
	}
	l := &learner{Sample: s, body: s.Request.Body}
	if n, ok := s.Request.ContentLength(); ok && n < len(l.body) {
		l.note("The recording has %d bytes behind the body; Content-Length says %d, and those were taken.", len(l.body)-n, n)
		l.body = l.body[:n]
	}
	if len(l.body) == 0 {
		return nil, errors.New("the recording has no body: give one with --body")
	}
	l.draft = draft{
		Name: s.Name, Title: s.Title, Document: "A recorded delivery",
		Catalogue: profile.Open, RetryPolicy: "three-days", Timeout: 15000, Success: "2xx", EventTypes: []profile.EventType{},
	}
	if l.draft.Title == "" {
		l.draft.Title = s.Name
	}
	if err := l.signature(); err != nil {
		return nil, err
	}
	if err := l.envelope(); err != nil {
		return nil, err
	}
	l.headers()
	l.formats()
	l.assume("The names of headers are spelled as in the recording; servers on the way may have spelled them anew, as billhook inspect does (X-Acme for x-acme).")
	l.assume("The file says that the catalogue is open, that receivers verify the bytes as they come (\"reserializes\": false), how failures are tried again (three days), and when an attempt times out (15 s).")
	p, err := l.parse()
	if strings.HasPrefix(pointerOf(err), "/eventTypes") { // it is but an example
		l.lack("The recorded event cannot be an example in the catalogue: %v.", err)
		l.draft.EventTypes = []profile.EventType{}
		p, err = l.parse()
	}
	if err != nil {
		return nil, fmt.Errorf("a profile cannot say this: %w", err)
	}
	for _, t := range l.draft.EventTypes {
		l.assume("The event type %s is about the %s whose id is at %s in its data. The recorded data is its example: take out what others are not to see.", t.Name, t.Entity.Type, t.Entity.ID)
	}
	l.Learned.Profile = p
	if l.Report, err = Check(l.Learned.Profile, s.Request, s.Secret); err != nil {
		return nil, fmt.Errorf("compare the profile with the recording: %w", err)
	}
	return &l.Learned, nil
}

func (l *learner) parse() (*profile.Profile, error) {
	text, err := json.Marshal(l.draft)
	if err != nil {
		return nil, err
	}
	return profile.Parse(text)
}

// pointerOf is where in a profile the error is about.
func pointerOf(err error) string {
	var member *profile.MemberError
	var number *profile.JSONError
	switch {
	case errors.As(err, &member):
		return member.Pointer
	case errors.As(err, &number):
		return number.Pointer
	}
	return ""
}

func (l *learner) note(format string, args ...any) {
	l.Found = append(l.Found, fmt.Sprintf(format, args...))
}
func (l *learner) assume(format string, args ...any) {
	l.Assumed = append(l.Assumed, fmt.Sprintf(format, args...))
}
func (l *learner) lack(format string, args ...any) {
	l.Lacks = append(l.Lacks, fmt.Sprintf(format, args...))
}

// Text is the profile as a file for people: a member a line at the top, and no more than
// one level below.
func (l *Learned) Text() ([]byte, error) {
	raw, err := json.Marshal(l.Profile)
	if err != nil {
		return nil, err
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	var out bytes.Buffer
	var members []string
	if _, err := d.Token(); err != nil {
		return nil, err
	}
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return nil, err
		}
		var value json.RawMessage
		if err := d.Decode(&value); err != nil {
			return nil, err
		}
		var elements []json.RawMessage
		if json.Unmarshal(value, &elements) == nil && len(elements) > 0 {
			lines := make([]string, len(elements))
			for i, e := range elements {
				lines[i] = "    " + string(e)
			}
			value = json.RawMessage("[\n" + strings.Join(lines, ",\n") + "\n  ]")
		}
		members = append(members, fmt.Sprintf("  %q: %s", name, value))
	}
	out.WriteString("{\n" + strings.Join(members, ",\n") + "\n}\n")
	return out.Bytes(), nil
}

// headers takes over those beside the signature.
func (l *learner) headers() {
	for _, f := range l.Request.Fields {
		name := strings.ToLower(f.Name)
		if onTheWay(name) || name == "content-type" || name == "user-agent" || l.draft.Signature != nil && strings.EqualFold(f.Name, l.draft.Signature.Header) {
			continue
		}
		if slices.ContainsFunc(l.draft.Headers, func(h profile.OwnHeader) bool { return strings.EqualFold(h.Name, f.Name) }) {
			continue
		}
		own := profile.OwnHeader{Name: f.Name}
		switch {
		case f.Value == l.id:
			own.Value = profile.ValueEventID
		case f.Value == l.kind:
			own.Value = profile.ValueEventType
		case f.Value == l.signed.stamp && l.signed.unix:
			own.Value = profile.ValueAttemptTime
		case unique(f.Value):
			l.lack("The header %s holds %q, which looks as if each delivery had another. A profile's headers hold the event's id, its type, the time of signing, or always the same.", f.Name, f.Value)
			continue
		case f.Value == "":
			l.lack("The header %s is empty; a profile's headers are not.", f.Name)
			continue
		default:
			own.Constant = f.Value
			l.assume("The header %s always holds %q.", f.Name, f.Value)
		}
		l.draft.Headers = append(l.draft.Headers, own)
	}
	if kind := l.Request.Get("Content-Type"); kind != "" && kind != contentType {
		l.lack("Content-Type is %q; Billhook sends %q.", kind, contentType)
	}
}

// contentType is what every delivery has.
const contentType = "application/json"

// formats are those of ids, secrets and the User-Agent.
func (l *learner) formats() {
	event := l.idFormat(l.id)
	l.draft.IDs = profile.IDs{Event: event, Webhook: profile.IDFormat{Prefix: "wh_", Style: event.Style}, Delivery: profile.IDFormat{Prefix: "dlv_", Style: event.Style}}
	if event.Style == profile.StyleUUID {
		l.draft.IDs.Webhook.Prefix, l.draft.IDs.Delivery.Prefix = "", ""
	}
	l.draft.Secret = profile.SecretFormat{Bytes: 32}
	if rest, ok := strings.CutPrefix(l.Sample.Secret, sign.SecretPrefix); ok {
		l.draft.Secret.Prefix = sign.SecretPrefix
		if raw, err := base64.StdEncoding.DecodeString(rest); err == nil && len(raw) >= 16 && len(raw) <= 128 {
			l.draft.Secret.Bytes = len(raw)
		}
	} else if l.draft.Signature != nil && l.draft.Signature.Key == sign.KeyBase64 {
		l.assume("New secrets are 32 bytes in base64, without a prefix.")
	} else {
		l.assume("New secrets are 32 random bytes in base64, used as text, without a prefix.")
	}
	if l.draft.UserAgent = l.Request.Get("User-Agent"); l.draft.UserAgent == "" {
		l.draft.UserAgent = l.draft.Name + "-webhook/1.0"
		l.assume("The recording has no User-Agent; the profile sends %q.", l.draft.UserAgent)
	}
}

var (
	ulidLower = regexp.MustCompile(`^(.*?)[0-7][0-9a-hjkmnp-tv-z]{25}$`)
	ulidUpper = regexp.MustCompile(`^(.*?)[0-7][0-9A-HJKMNP-TV-Z]{25}$`)
	uuidForm  = regexp.MustCompile(`^(.*?)[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$`)
	idPrefix  = regexp.MustCompile(`^([A-Za-z]+[_-])`)
)

func (l *learner) idFormat(id string) profile.IDFormat {
	for _, form := range []struct {
		pattern *regexp.Regexp
		style   string
	}{{ulidLower, profile.StyleULIDLower}, {ulidUpper, profile.StyleULIDUpper}, {uuidForm, profile.StyleUUID}} {
		if found := form.pattern.FindStringSubmatch(id); found != nil && len(found[1]) <= 32 {
			return profile.IDFormat{Prefix: found[1], Style: form.style}
		}
	}
	f := profile.IDFormat{Style: profile.StyleULIDLower}
	if found := idPrefix.FindString(id); found != "" {
		f.Prefix = found
	}
	l.lack("The event's id %q is none of the forms that profiles make (a ULID or UUID behind a prefix): new ids are %q and 26 characters. An id that an emit brings along is kept as it is.", id, f.Prefix)
	return f
}

// onTheWay says whether a header is of HTTP or of programs on the way, or one that every
// delivery has.
func onTheWay(name string) bool {
	switch name {
	case "host", "content-length", "connection", "accept", "accept-encoding", "accept-language", "transfer-encoding", "date", "via", "te", "trailer",
		"expect", "keep-alive", "upgrade", "forwarded", "traceparent", "tracestate", "baggage", "cache-control", "pragma", "priority", "webhook-sequence",
		sign.HeaderID, sign.HeaderTimestamp, sign.HeaderSignature:
		return true
	}
	for _, prefix := range []string{"x-forwarded-", "cf-", "x-amzn-", "x-real-ip", "x-b3-", "fly-", "sec-", "proxy-", "x-envoy-", "x-vercel-", "ngrok-"} {
		if strings.HasPrefix(name, prefix) {
			return true
		}
	}
	return false
}

// timeOfDay is in what tells a moment, in whatever form.
var timeOfDay = regexp.MustCompile(`\d\d:\d\d:\d\d|\d{4}-\d\d-\d\d[T ]\d\d:\d\d`)

// unique says whether a value looks as if each delivery had another.
func unique(s string) bool {
	if timeOfDay.MatchString(s) || uuidForm.MatchString(s) || ulidLower.MatchString(s) || ulidUpper.MatchString(s) {
		return true
	}
	digits, run := 0, 0
	for _, r := range s {
		if unicode.IsDigit(r) || r >= 'a' && r <= 'f' || r >= 'A' && r <= 'F' {
			run++
			digits = max(digits, run)
		} else {
			run = 0
		}
	}
	return digits >= 9
}
