package explain

import (
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/sha256"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/billhook/billhook/internal/recording"
	"github.com/billhook/billhook/profile"
	"github.com/billhook/billhook/sign"
)

// effort bounds what one scheme may hash, in bytes: a second or two.
const effort = 512 << 20

// orders bounds how many orders of an object's members are tried.
const orders = 10_000

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
	// header names of the values that stamps and ids begin with, and what is wrong
	// with these.
	faults []Fault

	hashed, computed int
}

type publicKey struct {
	key   ed25519.PublicKey
	given int
	fault *Fault
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
	stamp, stampHeader, missing := look.said(s.timeHeader, &s)
	id, idHeader, missingID := look.said(s.idHeader, &s)
	if s.layout.SignsTime() && s.timeHeader == "" {
		stamp, stampHeader = look.told(header), s.header
	}
	for _, secret := range q.Secrets {
		look.addSecret(secret)
	}
	look.bodies = q.bodyReadings(s.profile)
	look.stamps, look.ids = q.stampReadings(&s, stamp, stampHeader), q.idReadings(&s, id, idHeader)
	if missing {
		look.faults = append(look.faults, q.missing(s.timeHeader))
	}
	if missingID {
		look.faults = append(look.faults, q.missing(s.idHeader))
	}
	twice := q.twice(&s)
	m := look.find()
	if m == nil {
		return look.unproved(c, header, twice)
	}
	c.Proved, c.secret = true, m.secret
	c.Faults = append(c.Faults, twice...)
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
	c.Verified = len(c.Faults) == 0
	return c
}

// said is what a header says that is signed beside the body, under whatever name it has
// come, and whether it has not come at all.
func (look *search) said(name string, _ *scheme) (value, as string, missing bool) {
	if name == "" {
		return "", "", false
	}
	all := look.q.find(name)
	if len(all) == 0 {
		return "", name, true
	}
	if all[0].renamed {
		look.faults = append(look.faults, renamed(name, all[0].name))
	}
	return all[0].value, all[0].name, false
}

// told is the timestamp that the signature's own header tells.
func (look *search) told(header []found) string {
	before, after, _ := strings.Cut(look.s.layout.Value, sign.PlaceTimestamp)
	if i := strings.LastIndexByte(before, '}'); i >= 0 {
		before = before[i+1:]
	}
	if i := strings.IndexByte(after, '{'); i >= 0 {
		after = after[:i]
	}
	for _, h := range header {
		if _, rest, ok := strings.Cut(h.value, before); ok {
			if after == "" {
				return rest
			}
			stamp, _, _ := strings.Cut(rest, after)
			return stamp
		}
	}
	return ""
}

// maxTokens bounds the pieces that every signature is compared with.
const maxTokens = 256

// tokens are the pieces of all headers that may be signatures, those of the header where
// it belongs before the others.
func (q Question) tokens(header []found) []Token {
	var first, rest []recording.Field
	for _, f := range q.Request.Fields {
		if slices.ContainsFunc(header, func(h found) bool { return h.name == f.Name }) {
			first = append(first, f)
		} else {
			rest = append(rest, f)
		}
	}
	all := Tokens(append(first, rest...))
	return all[:min(len(all), maxTokens)]
}

func (q Question) missing(name string) Fault {
	var names []string
	for _, f := range q.Request.Fields {
		names = append(names, f.Name)
	}
	have := "The request has no headers at all."
	if len(names) > 0 {
		have = "The request has " + strings.Join(names, ", ") + "."
	}
	return fault(CodeHeaderMissing, "The header "+name+" is missing, under any name that programs on the way make of it. "+have,
		"Look for what drops headers on the way: a proxy's list of those that it lets through, a framework's, a queue between; or the request is of another sender.")
}

func (q Question) twice(s *scheme) (faults []Fault) {
	for _, name := range []string{s.header, s.idHeader, s.timeHeader} {
		if name != "" && len(q.Request.Values(name)) > 1 {
			faults = append(faults, fault(CodeHeaderTwice, "The header "+name+" is there twice; receivers refuse that, since programs on the way may look at either.",
				"Look for what adds it on the way."))
		}
	}
	return faults
}

func (look *search) addSecret(secret string) {
	given := len(look.q.Secrets)
	for i, s := range look.q.Secrets {
		if s == secret {
			given = i
			break
		}
	}
	text := strings.TrimSpace(secret)
	switch {
	case strings.HasPrefix(text, sign.PublicKeyPrefix):
		if key, err := sign.ParsePublicKey(text); err == nil {
			look.public = append(look.public, publicKey{key, given, nil})
		}
	case strings.HasPrefix(text, sign.PrivateKeyPrefix):
		if key, err := sign.ParsePrivateKey(text); err == nil {
			look.public = append(look.public, publicKey{key.Public().(ed25519.PublicKey), given, &Fault{CodePrivateKeyGiven,
				"What was given is the sender's private key.", "Receivers need the public key only, whpk_…: whoever has the private one can sign. Rotate it."}})
		}
	default:
		look.keys = append(look.keys, secretReadings(secret, look.s.layout.Key, given)...)
	}
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
						if look.hashed += len(body.bytes) + 200; look.hashed > effort {
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
				if look.hashed += len(body.bytes) + 200; look.hashed > effort {
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

// otherOrder looks for another order of the members of what the envelope holds.
func (look *search) otherOrder() *match {
	if len(look.q.Request.Body) > large {
		return nil
	}
	tree, err := parseTree(look.q.Request.Body)
	if err != nil || tree.kind != '{' {
		return nil
	}
	b := &bodies{was: look.q.Request.Body}
	for _, outer := range append([]*node{tree}, outerOrders(tree, look.q.profiles())...) {
		variants, ok := permutations(outer, 1)
		if !ok {
			continue
		}
		for _, variant := range variants {
			text, err := profile.Canonical((&dialect{}).print(variant), profile.Options{MaxDepth: maxTreeDepth})
			if err != nil {
				break
			}
			for _, key := range look.right() {
				if look.hashed += len(text) + 200; look.hashed > effort {
					return nil
				}
				stamp, id := look.stamps[0], look.ids[0]
				if m := look.compare(look.mac(key.bytes, text, string(stamp.bytes), string(id.bytes)), key, reading{}, stamp, id); m != nil && m.whole {
					f := b.reprinted(reading{bytes: b.was}, text)
					f.Code = CodeMembersMoved
					m.faults = append(m.faults, f)
					return m
				}
			}
		}
	}
	return nil
}

// permutations are all orders of the members of the objects in a value, but for the
// outermost levels, whose order the envelope gives; false where they are too many.
func permutations(n *node, keep int) (all []*node, ok bool) {
	if n.kind != '{' && n.kind != '[' || len(n.members) == 0 {
		return []*node{n}, true
	}
	inner := []*node{{kind: n.kind, names: n.names}}
	for _, m := range n.members {
		below, ok := permutations(m, keep-1)
		if !ok || len(inner)*len(below) > orders {
			return nil, false
		}
		var next []*node
		for _, done := range inner {
			for _, variant := range below {
				next = append(next, &node{kind: n.kind, names: n.names, members: append(slices.Clone(done.members), variant)})
			}
		}
		inner = next
	}
	if n.kind == '[' || keep > 0 {
		return inner, true
	}
	count := 1
	for i := range n.members {
		if count *= i + 1; count*len(inner) > orders {
			return nil, false
		}
	}
	for _, variant := range inner {
		permute(len(n.members), func(order []int) { all = append(all, variant.permuted(order)) })
	}
	return all, true
}

// permute calls f with each order of n things.
func permute(n int, f func(order []int)) {
	order := make([]int, n)
	for i := range order {
		order[i] = i
	}
	var from func(i int)
	from = func(i int) {
		if i == n {
			f(order)
			return
		}
		for j := i; j < n; j++ {
			order[i], order[j] = order[j], order[i]
			from(i + 1)
			order[i], order[j] = order[j], order[i]
		}
	}
	from(0)
}

// unproved is what is said where no signature fits: what can be seen without one, or
// what was ruled out.
func (look *search) unproved(c Check, header []found, twice []Fault) Check {
	q, s := look.q, look.s
	c.Faults = append(c.Faults, twice...)
	if len(header) == 0 {
		c.Faults = append(c.Faults, q.missing(s.header))
	}
	c.Faults = append(c.Faults, look.faults...)
	c.Faults = append(c.Faults, look.bodyFacts()...)
	if len(header) > 0 {
		c.Faults = append(c.Faults, look.kind()...)
	}
	if len(c.Faults) > 0 {
		c.Proved = true
		c.RuledOut = look.ruledOut()
		return c
	}
	if why, ok := q.intact(s); ok {
		c.Faults = []Fault{fault(CodeWrongSecret,
			why+". So it is the secret that is not the one that signed, not even with one of the usual mistakes.",
			"Compare it with the webhook's: GET /api/webhooks/{id} of the webhook that sent this, by its URL. If it was rotated, give the older ones too: --secret may be repeated.")}
	} else {
		c.Faults = []Fault{fault(CodeNoMatch,
			"Nothing that was tried makes the signature right: the secret is another one, or the body was changed in a way that is not known here.",
			"Give the bytes exactly as they came (billhook inspect saves them so), and the secrets of all webhooks that lead here: --secret may be repeated.")}
	}
	c.RuledOut = look.ruledOut()
	return c
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

// ruledOut tells what was tried.
func (look *search) ruledOut() []string {
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
