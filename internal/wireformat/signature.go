package wireformat

import (
	"crypto/hmac"
	"crypto/sha1" // #nosec G505 -- it is recognised, to say that a profile has none
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"strconv"
	"strings"
	"time"

	"github.com/billhook/billhook/internal/explain"
	"github.com/billhook/billhook/internal/recording"
	"github.com/billhook/billhook/profile"
	"github.com/billhook/billhook/sign"
)

// signed is how a header was found to sign.
type signed struct {
	token explain.Token
	hash  string // "SHA-256" is the one that profiles have
	key   string // a Key constant of package sign, or another word
	signs string // a template, with places of package sign, or placeTarget
	stamp string // what stands for the timestamp, and the header that has it
	from  string
	unix  bool // the stamp is in unix seconds
	id    string
	idOf  string
}

// placeTarget is what is signed by some platforms and by no profile.
const placeTarget = "{the request's URL}"

var hashes = []struct {
	name string
	make func() hash.Hash
}{{"SHA-256", sha256.New}, {"SHA-1", sha1.New}, {"SHA-512", sha512.New}, {"SHA-384", sha512.New384}}

// moment is a value that may be the timestamp, or an id, that is signed.
type moment struct{ text, from string }

// signature finds the header that signs, and how.
func (l *learner) signature() error {
	standard := sign.VerifyStandard([]string{l.Sample.Secret}, l.Request.Header(), l.body, l.sentAt(), time.Minute) == nil
	if standard {
		l.note("The Standard Webhooks headers verify; Billhook sends them with every profile.")
	}
	s, ok := l.search()
	switch {
	case !ok && standard:
		l.note("No other header signs.")
		return nil
	case !ok:
		return errors.New("no header is an HMAC with this secret (SHA-256, SHA-1, SHA-384 and SHA-512; key as text, from base64, from hex; over the body, and body, timestamp, id and URL in the usual orders): look with billhook verify whether secret and body are as they were sent")
	}
	l.signed = s
	if s.hash != "SHA-256" {
		return fmt.Errorf("%s is signed with HMAC-%s, and profiles sign with HMAC-SHA256 alone: receivers that verify by it cannot be served", s.token.Field.Name, s.hash)
	}
	if s.key != sign.KeyText && s.key != sign.KeyBase64 {
		return fmt.Errorf("%s is signed with the secret decoded from %s as its key, and profiles have its text or what it says in base64", s.token.Field.Name, s.key)
	}
	if strings.Contains(s.signs, placeTarget) {
		return fmt.Errorf("%s signs the request's URL beside the body (%s), and profiles sign body, timestamp and id", s.token.Field.Name, s.signs)
	}
	if s.stamp != "" && !s.unix {
		return fmt.Errorf("%s signs the time as %q, and profiles sign unix seconds", s.token.Field.Name, s.stamp)
	}
	own := &profile.Signature{Header: s.token.Field.Name, Encoding: s.token.Encoding}
	if s.token.Encoding != sign.EncodingBase64 && s.token.Encoding != sign.EncodingHex && s.token.Encoding != sign.EncodingUpperHex ||
		s.token.Encoding == sign.EncodingBase64 && !strings.HasSuffix(s.token.Text, "=") {
		return fmt.Errorf("%s is in %s without padding or in letters for URLs, and profiles write hex or padded base64", s.token.Field.Name, s.token.Encoding)
	}
	var err error
	if own.Value, err = l.value(s); err != nil {
		return err
	}
	if s.signs != sign.PlaceBody {
		own.Signs = s.signs
	}
	if s.key != sign.KeyText {
		own.Key = s.key
	}
	l.draft.Signature = own
	what := "the body"
	if own.Signs != "" {
		what = own.Signs
	}
	l.note("%s is HMAC-SHA256 over %s, in %s, with the secret's %s as its key.", own.Header, what, own.Encoding, map[string]string{sign.KeyText: "text", sign.KeyBase64: "base64"}[s.key])
	if s.from != "" && !strings.EqualFold(s.from, own.Header) && !strings.EqualFold(s.from, sign.HeaderTimestamp) {
		l.draft.Headers = append(l.draft.Headers, profile.OwnHeader{Name: s.from, Value: profile.ValueAttemptTime})
		l.note("%s holds the time of signing.", s.from)
	}
	if s.idOf != "" && !strings.EqualFold(s.idOf, sign.HeaderID) {
		l.draft.Headers = append(l.draft.Headers, profile.OwnHeader{Name: s.idOf, Value: profile.ValueEventID})
		l.note("%s holds the event's id.", s.idOf)
	}
	return nil
}

// value is the template of the header.
func (l *learner) value(s signed) (string, error) {
	before, after := s.token.Before, s.token.After
	if s.unix && strings.EqualFold(s.from, s.token.Field.Name) {
		before = strings.Replace(before, s.stamp, sign.PlaceTimestamp, 1)
		after = strings.Replace(after, s.stamp, sign.PlaceTimestamp, 1)
	}
	if unique(before) { // it may stand before the timestamp: no part can be left out
		return "", fmt.Errorf("before the signature, %s has %q, which looks as if each delivery had another; a profile's header has one signature and one timestamp", s.token.Field.Name, before)
	}
	if strings.ContainsAny(after, ",; ") && !strings.Contains(after, sign.PlaceTimestamp) || unique(after) {
		l.lack("Behind the signature, %s has %q: another signature, it seems. A profile's header has one.", s.token.Field.Name, after)
		after = ""
	}
	if before+after == "" {
		return "", nil
	}
	return before + sign.PlaceSignature + after, nil
}

// sentAt is when the recording was signed, as far as it says so.
func (l *learner) sentAt() time.Time {
	seconds, _ := strconv.ParseInt(l.Request.Get(sign.HeaderTimestamp), 10, 64)
	return time.Unix(seconds, 0)
}

// search finds the first header that is an HMAC of something. Standard Webhooks' own is
// passed over, since every delivery has it.
func (l *learner) search() (signed, bool) {
	var fields []recording.Field
	for _, f := range l.Request.Fields {
		if !strings.EqualFold(f.Name, sign.HeaderSignature) {
			fields = append(fields, f)
		}
	}
	tokens := explain.Tokens(fields)
	stamps, ids := l.moments()
	for _, t := range templates {
		for _, stamp := range choices(stamps, strings.Contains(t, sign.PlaceTimestamp)) {
			for _, id := range choices(ids, strings.Contains(t, sign.PlaceID)) {
				for _, key := range l.keys() {
					for _, h := range hashes {
						mac := hmac.New(h.make, key.bytes)
						fill := strings.NewReplacer(sign.PlaceTimestamp, stamp.text, sign.PlaceID, id.text, sign.PlaceBody, string(l.body), placeTarget, l.Request.Target)
						mac.Write([]byte(fill.Replace(t)))
						sum := string(mac.Sum(nil))
						for _, token := range tokens {
							if string(token.Sum) == sum {
								_, err := strconv.ParseInt(stamp.text, 10, 64)
								return signed{token: token, hash: h.name, key: key.name, signs: t, stamp: stamp.text, from: l.holder(stamp, token),
									unix: err == nil && len(stamp.text) <= 11, id: id.text, idOf: l.holder(id, token)}, true
							}
						}
					}
				}
			}
		}
	}
	return signed{}, false
}

// holder is the header that a receiver takes a value from, where several have it: the
// signature's own, another of the platform's, or that of Standard Webhooks.
func (l *learner) holder(m moment, token explain.Token) string {
	if m.text != "" && strings.Contains(token.Before+token.After, m.text) {
		return token.Field.Name
	}
	for _, f := range l.Request.Fields {
		if f.Value == m.text && !onTheWay(strings.ToLower(f.Name)) {
			return f.Name
		}
	}
	return m.from
}

// choices are the values to try where a template has a place for them.
func choices(all []moment, used bool) []moment {
	if !used {
		return []moment{{}}
	}
	return all
}

// templates are what platforms sign, the usual first.
var templates = func() []string {
	all := []string{sign.PlaceBody}
	const body, at, id = sign.PlaceBody, sign.PlaceTimestamp, sign.PlaceID
	for _, sep := range []string{".", ":", "", "\n", "-", "|", "_", ",", ";"} {
		all = append(all, at+sep+body, id+sep+at+sep+body, at+sep+id+sep+body, body+sep+at, id+sep+body, body+sep+id,
			"v0"+sep+at+sep+body, "v1"+sep+at+sep+body, "v2"+sep+at+sep+body, placeTarget+sep+body, at+sep+placeTarget+sep+body,
			"POST"+sep+placeTarget+sep+body, "POST"+sep+placeTarget+sep+at+sep+body)
	}
	return all
}()

// maxMoments bounds what is tried as a timestamp or an id.
const maxMoments = 12

// moments are the values in the headers that may be a timestamp or an id.
func (l *learner) moments() (stamps, ids []moment) {
	add := func(to *[]moment, m moment) {
		if len(*to) < maxMoments {
			*to = append(*to, m)
		}
	}
	for _, f := range l.Request.Fields {
		for _, piece := range strings.FieldsFunc(f.Value, func(r rune) bool { return strings.ContainsRune(",; ", r) }) {
			_, after, named := strings.Cut(piece, "=")
			if !named {
				after = piece
			}
			if _, err := strconv.ParseInt(after, 10, 64); err == nil && len(after) >= 9 && len(after) <= 14 {
				add(&stamps, moment{after, f.Name})
			}
		}
		if _, err := time.Parse(time.RFC3339, f.Value); err == nil {
			add(&stamps, moment{f.Value, f.Name})
		}
		name := strings.ToLower(f.Name)
		if strings.Contains(name, "id") && f.Value != "" && len(f.Value) <= 128 {
			add(&ids, moment{f.Value, f.Name})
		}
	}
	return stamps, ids
}

type keyReading struct {
	name  string
	bytes []byte
}

func (l *learner) keys() []keyReading {
	secret := l.Sample.Secret
	all := []keyReading{{sign.KeyText, []byte(secret)}}
	rest := strings.TrimPrefix(secret, sign.SecretPrefix)
	if raw, err := base64.StdEncoding.DecodeString(rest); err == nil {
		all = append(all, keyReading{sign.KeyBase64, raw})
	}
	if raw, err := hex.DecodeString(rest); err == nil {
		all = append(all, keyReading{"hex", raw})
	}
	return all
}
