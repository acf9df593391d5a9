package wireformat

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/billhook/billhook/internal/recording"
	"github.com/billhook/billhook/profile"
	"github.com/billhook/billhook/sign"
)

// A Report says how a profile's rendering of a recorded event compares with the recording.
type Report struct {
	// Equal says that the body and every header of the delivery are the same, byte for
	// byte.
	Equal bool   `json:"equal"`
	Parts []Part `json:"parts"`
}

// A Part is the body, or a header.
type Part struct {
	Name  string `json:"name"`
	Equal bool   `json:"equal"`
	// Says is what differs, or why it does not count; "" where it is equal.
	Says string `json:"says,omitempty"`
}

// Check renders the recorded event under a profile, as it would have been sent at the
// recording's time, and compares.
func Check(p *profile.Profile, r *recording.Request, secret string) (*Report, error) {
	body := r.Body
	if n, ok := r.ContentLength(); ok && n < len(body) {
		body = body[:n]
	}
	e, err := eventOf(p, r, body)
	if err != nil {
		return nil, err
	}
	at := sentAt(p, r)
	rendered := p.AppendBody(nil, e)
	report := &Report{Equal: true}
	report.compare("body", string(body), string(rendered), true)
	// Signatures are compared of the recorded bytes, so that what is wrong with them is
	// told apart from what is wrong with the body.
	sent := p.SignedHeaders(profile.Signers{Own: secret, Shared: []string{secret}}, e.ID, at, body)
	sent = append(sent, p.EventHeaders(e.ID, e.Type, at)...)
	sent = append(sent, profile.Header{Name: "User-Agent", Value: p.UserAgent}, profile.Header{Name: "Content-Type", Value: contentType})
	standard := r.Get(sign.HeaderSignature) != ""
	for _, h := range sent {
		all := r.Values(h.Name)
		switch {
		case len(all) == 0 && strings.HasPrefix(h.Name, "webhook-") && !standard:
			report.Parts = append(report.Parts, Part{h.Name, true, "the recording has none; Billhook sends it in addition"})
		case len(all) == 0:
			report.add(Part{h.Name, false, "the recording has none, and the profile sends it"})
		case h.Name == sign.HeaderSignature && slices.Contains(strings.Fields(all[0]), h.Value):
			report.add(Part{h.Name, true, ""}) // others may be of a key pair, or another secret
		default:
			// A right signature is for no one to read who has not got it.
			report.compare(h.Name, all[0], h.Value, h.Name != sign.HeaderSignature && (p.Signature == nil || h.Name != p.Signature.Header))
		}
	}
	for _, f := range r.Fields {
		if known := slices.ContainsFunc(sent, func(h profile.Header) bool { return strings.EqualFold(h.Name, f.Name) }); !known && !onTheWay(strings.ToLower(f.Name)) {
			report.add(Part{f.Name, false, "the profile does not send it"})
		}
	}
	return report, nil
}

func (r *Report) add(p Part) {
	r.Equal = r.Equal && p.Equal
	r.Parts = append(r.Parts, p)
}

func (r *Report) compare(name, recorded, rendered string, show bool) {
	d, differ := recording.Differ([]byte(recorded), []byte(rendered))
	part := Part{Name: name, Equal: !differ}
	if differ {
		part.Says = fmt.Sprintf("from byte %d on", d.Offset)
		if show {
			part.Says = fmt.Sprintf("byte %d is %s in the recording, and %s by the profile:\n  recorded  %s\n  rendered  %s", d.Offset, d.ByteA, d.ByteB, d.A, d.B)
		} else {
			part.Says += ": the secret, what is signed, or how it is written is another"
		}
	}
	r.add(part)
}

// eventOf reads the event out of a recorded delivery.
func eventOf(p *profile.Profile, r *recording.Request, body []byte) (profile.Event, error) {
	canonical, err := profile.Canonical(body, profile.Options{})
	if err != nil {
		return profile.Event{}, fmt.Errorf("the recorded body is no JSON: %w", err)
	}
	if canonical[0] == '[' {
		return profile.Event{}, errors.New("the recorded body is a batch: give a delivery of one event")
	}
	var e profile.Event
	if p.Envelope[0].Name == "" { // the data alone
		e.ID, e.Data = r.Get(p.IDHeader()), canonical
		for _, h := range p.OwnHeaders {
			if h.Value == profile.ValueEventType {
				e.Type = r.Get(h.Name)
			}
		}
		return e, nil
	}
	var missing []string
	var read func(members []profile.Member, pointer string)
	read = func(members []profile.Member, pointer string) {
		for _, m := range members {
			at := pointer + "/" + strings.NewReplacer("~", "~0", "/", "~1").Replace(m.Name)
			if len(m.Members) > 0 {
				read(m.Members, at)
				continue
			}
			value, ok := profile.Resolve(canonical, at)
			if !ok {
				if m.Constant == nil {
					missing = append(missing, at)
				}
				continue
			}
			switch m.Value {
			case profile.ValueEventID:
				e.ID = text(value)
			case profile.ValueEventType:
				e.Type = text(value)
			case profile.ValueEventTime:
				e.Time = timeOf(value, m.Format)
			case profile.ValueIdempotencyKey:
				e.IdempotencyKey = text(value)
			case profile.ValueEventData:
				e.Data = value
				if inner, ok := profile.Resolve(value, "/"+m.Wrap); m.Wrap != "" && ok {
					e.Data = inner
				}
			}
		}
	}
	read(p.Envelope, "")
	if len(missing) > 0 && (e.ID == "" || e.Type == "" || e.Data == nil) {
		return e, fmt.Errorf("the recorded body has no %s, which the profile %s puts there", strings.Join(missing, ", "), p.Name)
	}
	return e, nil
}

func timeOf(value []byte, format string) time.Time {
	if n, err := strconv.ParseInt(string(value), 10, 64); err == nil {
		if format == profile.FormatUnixms {
			return time.UnixMilli(n)
		}
		return time.Unix(n, 0)
	}
	at, _ := time.Parse(time.RFC3339, text(value))
	return at
}

// sentAt is when the recording was signed, by the header that tells it.
func sentAt(p *profile.Profile, r *recording.Request) time.Time {
	candidates := []string{r.Get(sign.HeaderTimestamp), r.Get(p.TimestampHeader())}
	if s := p.Signature; s != nil && s.Layout().TellsTime() {
		before, after, _ := strings.Cut(s.Value, sign.PlaceTimestamp)
		before = before[strings.LastIndexByte(before, '}')+1:]
		after, _, _ = strings.Cut(after, "{")
		if _, rest, ok := strings.Cut(r.Get(s.Header), before); ok {
			stamp := rest
			if after != "" {
				stamp, _, _ = strings.Cut(rest, after)
			}
			candidates = append([]string{stamp}, candidates...)
		}
	}
	for _, c := range candidates {
		if n, err := strconv.ParseInt(c, 10, 64); err == nil {
			return time.Unix(n, 0)
		}
	}
	return time.Now()
}
