package explain

import (
	"fmt"
	"slices"
	"strings"

	"github.com/billhook/billhook/profile"
)

// unproved is what is said where no signature fits: what can be seen without one, or
// what was ruled out.
func (look *search) unproved(c Check, header []found, twice []Fault) Check {
	q, s := look.q, look.s
	c.Faults = append(c.Faults, twice...)
	c.Faults = append(c.Faults, q.missing(look.missing)...)
	c.Faults = append(c.Faults, look.faults...)
	c.Faults = append(c.Faults, look.unreadable...)
	c.Faults = append(c.Faults, look.bodyFacts()...)
	if len(header) > 0 {
		c.Faults = append(c.Faults, look.kind()...)
	}
	c.RuledOut = look.ruledOut()
	c.Proved = len(c.Faults) > 0
	// What was renamed or doubled was looked past, and the signature is wrong all the same.
	if !slices.ContainsFunc(c.Faults, func(f Fault) bool { return f.Code != CodeHeaderRenamed && f.Code != CodeHeaderTwice }) {
		c.Faults = append(c.Faults, q.leftOver(s))
	}
	return c
}

// leftOver is what is concluded where all that is needed is there and nothing fits.
func (q Question) leftOver(s *scheme) Fault {
	if why, ok := q.intact(s); ok {
		return fault(CodeWrongSecret,
			why+". So the secret is not the one that signed, not even with one of the usual mistakes; or somebody has put another value into the body, which looks the same from here.",
			"Compare it with the webhook's (billhook webhooks secret ID, of the webhook with this URL). If it was rotated, give the older ones too: --secret may be repeated.")
	}
	return fault(CodeNoMatch,
		"Nothing that was tried makes the signature right: the secret is another one, or the body was changed in a way that is not known here.",
		"Give the bytes exactly as they came (billhook inspect saves them so), and the secrets of all webhooks that lead here: --secret may be repeated.")
}

// bodyFacts is what can be seen of a body without its signature.
func (look *search) bodyFacts() (faults []Fault) {
	r := look.q.Request
	n, told := r.ContentLength()
	switch {
	case len(r.Body) == 0:
		what := "The body is empty, and the signature is not of an empty one."
		if told && n > 0 {
			what = fmt.Sprintf("The body is empty, but %s were sent, by Content-Length.", count(n, "byte"))
		}
		faults = append(faults, fault(CodeBodyEmpty, what,
			"Something has read the stream before, a body parser say: verify before it does, or have it keep the raw body (express.json({verify}), request.clone(), rewind)."))
	case told && n > len(r.Body):
		faults = append(faults, fault(CodeBodyLength, fmt.Sprintf("The body has %s, but %d were sent, by Content-Length: its end is missing.", count(len(r.Body), "byte"), n),
			"Read the body to its end, and save it whole: a proxy's or logger's limit cuts it."))
	}
	return faults
}

// kind says where shared secrets were given for signatures by a key pair, or the reverse.
func (look *search) kind() []Fault {
	if !look.s.standard() {
		return nil
	}
	var shared, pair bool
	for i := range look.tokens {
		t := &look.tokens[i]
		shared = shared || strings.HasSuffix(t.Before, "v1,")
		pair = pair || strings.HasSuffix(t.Before, "v1a,")
	}
	switch {
	case pair && !shared && len(look.public) == 0:
		return []Fault{fault(CodeSecretKind, "The request is signed with an Ed25519 key (v1a) alone, and a shared secret was given.", "Give the webhook's public key, whpk_….")}
	case shared && !pair && len(look.keys) == 0:
		return []Fault{fault(CodeSecretKind, "The request is signed with a shared secret (v1) alone, and a public key was given.", "Give the webhook's secret, whsec_…; or have the sender sign with a key pair too.")}
	}
	return nil
}

// ruledOut tells what was tried; nothing, where there is nothing that could be a signature.
func (look *search) ruledOut() []string {
	if len(look.tokens) == 0 {
		return nil
	}
	labels := func(what string, readings []reading) string {
		var all []string
		for _, r := range readings {
			if r.label != "" && !slices.Contains(all, r.label) {
				all = append(all, r.label)
			}
		}
		if len(all) > 12 {
			all = append(all[:12], fmt.Sprintf("%d more", len(all)-12))
		}
		return what + ": " + strings.Join(all, "; ")
	}
	out := []string{fmt.Sprintf("%s computed, and compared with %s", count(look.computed, "signature"), count(len(look.tokens), "piece")+" of the headers that may be one or a part of one (hex in either case, base64, with and without a prefix)")}
	if look.hashed > look.q.effort {
		out = append(out, "not all of it was tried, and not all together: it would have taken too long, the body being large or the headers many")
	}
	if len(look.keys) > 0 {
		out = append(out, labels("the secret", look.keys))
	}
	out = append(out, labels("the body", look.bodies))
	if look.s.layout.SignsTime() {
		out = append(out, labels("the timestamp", look.stamps)+"; any second within an hour of it, and those a time zone away")
	}
	if look.s.layout.SignsID() {
		out = append(out, labels("the id", look.ids))
	}
	return out
}

// intact says whether a body is byte for byte what Billhook sends under one of the
// profiles, as far as that can be seen without the secret, and of which event.
func (q Question) intact(s *scheme) (why string, ok bool) {
	body := q.Request.Body
	if n, told := q.Request.ContentLength(); told && n != len(body) {
		return "", false
	}
	canonical, err := profile.Canonical(body, profile.Options{})
	if err != nil || string(canonical) != string(body) {
		return "", false
	}
	id := ""
	if header := q.find("webhook-id"); len(header) > 0 {
		id = header[0].value
	}
	for _, p := range q.profiles() {
		if s.profile != nil && s.profile.Name != p.Name || q.Profile != nil && q.Profile.Name != p.Name {
			continue
		}
		if p.Envelope[0].Name == "" && q.Profile != nil { // the data alone
			return "The body is, byte for byte, in the form in which Billhook sends JSON", true
		}
		tree, err := parseTree(body)
		if err != nil || tree.kind != '{' || strings.Join(tree.names, "\x00") != strings.Join(envelopeNames(p.Envelope), "\x00") {
			continue
		}
		for _, m := range p.Envelope {
			if m.Value == profile.ValueEventID && (id == "" || tree.member(m.Name).text == id) {
				under := ""
				if q.Profile != nil || s.profile != nil { // else several profiles may look like that
					under = " under the profile " + p.Name
				}
				return "The body is, byte for byte, of the form in which Billhook sends" + under + ", and its id is the header's", true
			}
		}
	}
	return "", false
}
