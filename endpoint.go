package billhook

import (
	"crypto/ed25519"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/billhook/billhook/egress"
	"github.com/billhook/billhook/profile"
	"github.com/billhook/billhook/sign"
)

// An endpoint is a webhook made ready for sending. But for what its record and its
// tenancy hold it never changes: a changed webhook gets a new one.
type endpoint struct {
	webhook     Webhook
	url         *url.URL
	profile     *profile.Profile
	policy      profile.RetryPolicy
	timeout     time.Duration
	concurrency int
	static      []profile.Header
	keys        []signingKey
	// identity is what connections are made with; nil for what holds for all.
	identity *egress.Identity
	// shut: a secret that should sign is sealed with a key that is not there, or
	// dropped, since the webhook or its store is deleted.
	shut bool
	// filter is the webhook's, if it has one.
	filter lazyFilter

	record  *record
	tenancy *tenancy // nil where nothing is sent
}

// places is how many requests to the receiver may be under way now.
func (e *endpoint) places() int {
	if e.record.breaker.open {
		return 1
	}
	return e.record.allowance.of(e.concurrency)
}

// A signingKey is the private half of a KeyPair.
type signingKey struct {
	key  ed25519.PrivateKey
	pair *KeyPair
}

func newEndpoint(w Webhook, p *profile.Profile, concurrency int) (*endpoint, error) {
	u, err := url.Parse(w.URL)
	if err != nil {
		return nil, err
	}
	e := &endpoint{webhook: w, url: u, profile: p, concurrency: concurrency, identity: w.TLS.identity(), shut: w.sealedShut() || len(w.Secrets) == 0, record: &record{}}
	e.follow(nearest(p, w.RetryPolicy))
	for i := range w.KeyPairs {
		pair := &w.KeyPairs[i]
		if pair.Value == "" {
			continue // sealed shut
		}
		key, err := sign.ParsePrivateKey(pair.Value)
		if err != nil {
			return nil, err
		}
		e.keys = append(e.keys, signingKey{key, pair})
	}
	for name, value := range w.Headers {
		if reservedHeader(name, p) {
			continue // the store's profile changed since it was set
		}
		switch strings.ToLower(name) {
		case "idempotency-key", "x-idempotency-key":
			// In canonical form these would make net/http repeat requests.
			name = strings.ToLower(name)
		}
		e.static = append(e.static, profile.Header{Name: name, Value: value})
	}
	return e, nil
}

// sequenceHeader carries Event.Sequence. Its name is of those that no webhook can
// set, and it is in no signature: the profile's receivers know nothing of it.
const sequenceHeader = "Webhook-Sequence"

// traceparentHeader is in lower case, as W3C Trace Context asks for, and in no
// signature. The tracestate stays here: vendors of tracing put into it what they
// like, which is for no stranger.
const traceparentHeader = "traceparent"

// header makes the headers of one attempt. The id is the event's, or the batch's;
// eventType is the event's, and "" for a batch. sequence is what sequenceHeader says, if anything, and trace what traceparentHeader
// does where the webhook asks for it.
func (e *endpoint) header(id, eventType, sequence string, trace TraceContext, at time.Time, body []byte) http.Header {
	signed := append(e.profile.SignedHeaders(e.signers(at), id, at, body), e.profile.EventHeaders(id, eventType, at)...)
	h := make(http.Header, 4+len(e.static)+len(signed))
	values := make([]string, 0, 4+len(e.static)+len(signed)) // one piece of memory for all
	set := func(name, value string) {
		values = append(values, value)
		h[name] = values[len(values)-1 : len(values) : len(values)]
	}
	for _, s := range e.static {
		set(s.Name, s.Value)
	}
	set("Content-Type", "application/json")
	set("User-Agent", e.profile.UserAgent)
	for _, s := range signed {
		set(s.Name, s.Value)
	}
	if sequence != "" {
		set(sequenceHeader, sequence)
	}
	if e.webhook.TraceContext && !trace.IsZero() {
		set(traceparentHeader, trace.Traceparent())
	}
	return h
}

// sequenceText is what sequenceHeader says of events: a number for each, 0 for one
// that has none; nothing where none has.
func sequenceText(events ...*Event) string {
	if !slices.ContainsFunc(events, func(e *Event) bool { return e.Sequence > 0 }) {
		return ""
	}
	var text []byte
	for i, e := range events {
		if i > 0 {
			text = append(text, ", "...)
		}
		text = strconv.AppendInt(text, e.Sequence, 10)
	}
	return string(text)
}

// signers are what signs at the given time. Secrets that rotated expire one after
// the other, the oldest first.
func (e *endpoint) signers(at time.Time) profile.Signers {
	shared := e.webhook.signingSecrets(at)
	by := profile.Signers{Own: shared[len(shared)-1], Shared: shared}
	if e.webhook.OverlapSignature == SignNew {
		by.Own = shared[0]
	}
	for _, k := range e.keys {
		if k.pair.signs(at) {
			by.Keys = append(by.Keys, k.key)
		}
	}
	return by
}

// reservedHeader reports whether a header is Billhook's to set: what frames
// the message, says where it goes and what it is, signs it, or is of a trace.
func reservedHeader(name string, p *profile.Profile) bool {
	name = strings.ToLower(name)
	switch name {
	case "host", "content-length", "content-type", "content-encoding", "user-agent",
		"transfer-encoding", "connection", "keep-alive", "te", "trailer", "upgrade", "expect",
		traceparentHeader, "tracestate":
		return true
	}
	return strings.HasPrefix(name, "webhook-") || strings.HasPrefix(name, "proxy-") ||
		p.HasHeader(name)
}

// wants reports whether the webhook subscribes to the event type.
func (w *Webhook) wants(eventType string) bool {
	for _, pattern := range w.Events {
		if matches(pattern, eventType) {
			return true
		}
	}
	return false
}

// matches reports whether an event type is the pattern's: that of its name, one
// that begins with its prefix ("order.*"), or any ("*").
func matches(pattern, eventType string) bool {
	if pattern == eventType || pattern == "*" {
		return true
	}
	prefix, ok := strings.CutSuffix(pattern, "*")
	return ok && strings.HasSuffix(prefix, ".") && strings.HasPrefix(eventType, prefix)
}
