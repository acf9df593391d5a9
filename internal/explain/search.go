package explain

import (
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/sha256"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/billhook/billhook/sign"
)

// effort bounds what one scheme may hash, in bytes: a second or two.
const effort = 512 << 20

// ed25519Cost is what verifying by a public key takes beside its hashing, in bytes that
// could be hashed meanwhile.
const ed25519Cost = 32 << 10

// A search looks for the mistakes under which a request's signature is right.
type search struct {
	q      Question
	s      *scheme
	tokens []Token
	keys   []reading // of all shared secrets
	public []publicKey
	bodies []reading
	stamps []reading
	ids    []reading
	// faults are of the headers that stamps and ids come from.
	faults []Fault
	// unreadable are of keys that are none. They do not matter where another one fits.
	unreadable []Fault
	// missing are the names of headers that are not there.
	missing []string

	hashed, computed int
}

// A match is what fitted.
type match struct {
	faults []Fault
	secret int
	stamp  string
	token  *Token
	whole  bool
	layout bool // the token's form is to be looked at
}

// check finds out about one scheme.
func (q Question) check(s scheme) Check {
	c := Check{Scheme: s.name, secret: -1}
	header := q.find(s.header)
	look := &search{q: q, s: &s, tokens: q.tokens(header)}
	if len(header) == 0 {
		look.missing = append(look.missing, s.header)
	}
	stamp, stampHeader := look.said(s.timeHeader)
	id, idHeader := look.said(s.idHeader)
	if s.layout.SignsTime() && s.timeHeader == "" {
		stamp, stampHeader = look.told(header), s.header
	}
	for given, secret := range q.Secrets {
		look.addSecret(secret, given)
	}
	look.bodies = q.bodyReadings(s.profile)
	look.stamps, look.ids = q.stampReadings(&s, stamp, stampHeader), q.idReadings(&s, id, idHeader)
	twice := q.twice(&s)
	m := look.find()
	if m == nil {
		return look.unproved(c, header, twice)
	}
	c.Proved, c.secret = true, m.secret
	c.Faults = append(c.Faults, twice...)
	c.Faults = append(c.Faults, q.missing(slices.DeleteFunc(look.missing, func(name string) bool { return name == s.header }))...) // that one was found
	c.Faults = append(c.Faults, look.faults...)
	if m.layout {
		c.Faults = append(c.Faults, s.faultsOf(m.token, m.stamp, m.whole)...)
	} else if !strings.EqualFold(m.token.Field.Name, s.header) {
		c.Faults = append(c.Faults, renamed(s.header, m.token.Field.Name))
	}
	c.Faults = append(c.Faults, m.faults...)
	if p := q.ofOther(&s, m.token.Field.Name); p != nil {
		c.Faults = []Fault{q.otherProfile(p)}
	}
	if s.layout.SignsTime() {
		if late := q.timeFaults(m.stamp, stampHeader); !slices.ContainsFunc(c.Faults, func(f Fault) bool { return f.Code == CodeTimestampUnit }) {
			c.Faults = append(c.Faults, late...)
		}
	}
	if len(c.Faults) == 0 {
		c.Faults = q.refused(&s)
	}
	c.Verified = len(c.Faults) == 0
	return c
}

// refused asks those who verify: what nothing was found wrong with is verified only if
// package sign says so too.
func (q Question) refused(s *scheme) []Fault {
	err := error(nil)
	if s.standard() {
		err = sign.VerifyStandard(q.Secrets, q.Request.Header(), q.Request.Body, q.Now, q.Tolerance)
	} else {
		_, err = s.layout.Verify(q.Secrets, sign.Signed{Value: q.Request.Get(s.header), ID: q.Request.Get(s.idHeader), Stamp: q.Request.Get(s.timeHeader)},
			q.Request.Body, q.Now, q.Tolerance)
	}
	if err == nil {
		return nil
	}
	return []Fault{fault(CodeMalformed, "The signature is right, but receivers refuse it for how the headers are written: "+err.Error()+".",
		"Hand the headers on exactly as they come.")}
}

// find tries everything with no mistake, then with one, two and three.
func (look *search) find() *match {
	var partial *match
	for mistakes := range 4 {
		for _, body := range look.bodies {
			for _, stamp := range look.stamps {
				for _, id := range look.ids {
					n := has(body) + has(stamp) + has(id)
					if n > mistakes {
						continue
					}
					if n == mistakes {
						if m := look.ed25519(body, stamp, id); m != nil {
							return m
						}
					}
					for _, key := range look.keys {
						if n+has(key) != mistakes {
							continue
						}
						if look.hashed += len(body.bytes) + 200; look.hashed > look.q.effort {
							return partial
						}
						m := look.compare(look.mac(key.bytes, body.bytes, string(stamp.bytes), string(id.bytes)), key, body, stamp, id)
						if m != nil && m.whole {
							return m
						}
						if m != nil && partial == nil {
							partial = m
						}
					}
				}
			}
		}
		if partial != nil {
			return partial // a part of the signature with fewer mistakes
		}
	}
	if m := look.otherMoment(); m != nil {
		return m
	}
	return look.otherOrder()
}

func has(r reading) int {
	if r.fault != nil {
		return 1
	}
	return 0
}

func (look *search) mac(key, body []byte, stamp, id string) (sum [sha256.Size]byte) {
	look.computed++
	before, after, _ := strings.Cut(look.s.layout.Signs, sign.PlaceBody)
	h := hmac.New(sha256.New, key)
	if look.s.layout.Signs != "" {
		h.Write([]byte(fill(before, stamp, id)))
	}
	h.Write(body)
	if after != "" {
		h.Write([]byte(fill(after, stamp, id)))
	}
	h.Sum(sum[:0])
	return sum
}

func fill(text, stamp, id string) string {
	if text == "" {
		return ""
	}
	return strings.Replace(strings.Replace(text, sign.PlaceTimestamp, stamp, 1), sign.PlaceID, id, 1) // no timestamp holds {id}
}

// compare looks for a sum among what the headers hold: first where it belongs, as it is
// written there.
func (look *search) compare(sum [sha256.Size]byte, readings ...reading) *match {
	var best *match
	for i := range look.tokens {
		t := &look.tokens[i]
		whole, part := t.holds(sum[:])
		if !whole && !part {
			continue
		}
		m := &match{secret: readings[0].given, token: t, whole: whole, layout: true, stamp: string(readings[2].bytes)}
		for _, r := range readings {
			if r.fault != nil {
				m.faults = append(m.faults, r.mistake())
			}
		}
		if best == nil || whole && !best.whole || whole == best.whole && len(look.s.faultsOf(t, m.stamp, whole)) < len(look.s.faultsOf(best.token, best.stamp, best.whole)) {
			best = m
		}
	}
	return best
}

// ed25519 looks for a signature that a public key verifies.
func (look *search) ed25519(body, stamp, id reading) *match {
	if !look.s.standard() {
		return nil
	}
	for _, public := range look.public {
		for i := range look.tokens {
			t := &look.tokens[i]
			if len(t.Sum) != ed25519.SignatureSize {
				continue
			}
			if look.hashed += len(body.bytes) + ed25519Cost; look.hashed > look.q.effort {
				return nil
			}
			look.computed++
			message := slices.Concat([]byte(fill("{id}.{timestamp}.", string(stamp.bytes), string(id.bytes))), body.bytes)
			if !ed25519.Verify(public.key, message, t.Sum) {
				continue
			}
			m := &match{secret: public.given, token: t, whole: true, stamp: string(stamp.bytes)}
			if public.fault != nil {
				m.faults = append(m.faults, *public.fault)
			}
			for _, r := range []reading{body, stamp, id} {
				if r.fault != nil {
					m.faults = append(m.faults, r.mistake())
				}
			}
			if !strings.HasSuffix(t.Before, "v1a,") {
				m.faults = append(m.faults, fault(CodeSignaturePrefix, "The signature is right, but v1a, does not stand in front of it in "+t.Field.Name+".", "Hand the header on as it comes."))
			}
			return m
		}
	}
	return nil
}

// otherMoment looks for another time at which this was signed.
func (look *search) otherMoment() *match {
	if !look.s.layout.SignsTime() {
		return nil
	}
	middle, err := strconv.ParseInt(string(look.stamps[0].bytes), 10, 64)
	if err != nil || middle > 1e11 {
		middle = look.q.Now.Unix()
	}
	body, id := look.bodies[0], look.ids[0]
	for _, key := range look.right() {
		for _, off := range moments() {
			for _, seconds := range []int64{middle - off, middle + off} {
				if look.hashed += len(body.bytes) + 200; look.hashed > look.q.effort {
					return nil
				}
				stamp := strconv.FormatInt(seconds, 10)
				f := &Fault{CodeTimestampSwapped, fmt.Sprintf("The signature is of the timestamp %s, not of %s, which the request has.", stamp, string(look.stamps[0].bytes)),
					"The header is of another delivery, or was written anew on the way: keep the headers of one request together."}
				if m := look.compare(look.mac(key.bytes, body.bytes, stamp, string(id.bytes)), key, body, reading{bytes: []byte(stamp), fault: f}, id); m != nil && m.whole {
					return m
				}
			}
		}
	}
	return nil
}

// right are the keys that suppose no mistake.
func (look *search) right() (all []reading) {
	for _, key := range look.keys {
		if key.fault == nil {
			all = append(all, key)
		}
	}
	return all
}
