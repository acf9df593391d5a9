package explain

import (
	"crypto/ed25519"
	"slices"
	"strings"

	"github.com/billhook/billhook/internal/recording"
	"github.com/billhook/billhook/sign"
)

// A publicKey is what a secret was given as that begins with whpk_ or whsk_.
type publicKey struct {
	key   ed25519.PublicKey
	given int
	fault *Fault
}

// said is what a header says that is signed beside the body, under whatever name it has
// come.
func (look *search) said(name string) (value, as string) {
	if name == "" {
		return "", ""
	}
	all := look.q.find(name)
	if len(all) == 0 {
		look.missing = append(look.missing, name)
		return "", name
	}
	if all[0].renamed {
		look.faults = append(look.faults, renamed(name, all[0].name))
	}
	return all[0].value, all[0].name
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

// missing is one fault, whatever is missing: it is said once what there is, and what to do.
func (q Question) missing(names []string) []Fault {
	if len(names) == 0 {
		return nil
	}
	what := "The header " + names[0] + " is missing"
	if last := len(names) - 1; last > 0 {
		what = "The headers " + strings.Join(names[:last], ", ") + " and " + names[last] + " are missing"
	}
	what += ", under any name that programs on the way make of it. "
	do := "Look for what drops headers on the way: a proxy's list of those that it lets through, a framework's, a queue between; or the request is of another sender."
	if q.Profile == nil && slices.Contains(names, sign.HeaderSignature) {
		what += "Nor is there a signature of another profile. "
		do += " A profile of your own is named by --profile FILE."
	}
	have := make([]string, len(q.Request.Fields))
	for i, f := range q.Request.Fields {
		have[i] = f.Name
	}
	if len(have) == 0 {
		return []Fault{fault(CodeHeaderMissing, what+"The request has no headers at all.", do)}
	}
	return []Fault{fault(CodeHeaderMissing, what+"The request has "+strings.Join(have, ", ")+".", do)}
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

func (look *search) addSecret(secret string, given int) {
	text := strings.TrimSpace(secret)
	key := publicKey{given: given}
	var err error
	switch {
	case strings.HasPrefix(text, sign.PublicKeyPrefix):
		key.key, err = sign.ParsePublicKey(text)
		if text != secret {
			key.fault = &Fault{CodeSecretPadded, "The public key that was given has white space or a line break around it.", "Trim it: files end with a line break."}
		}
	case strings.HasPrefix(text, sign.PrivateKeyPrefix):
		var private ed25519.PrivateKey
		if private, err = sign.ParsePrivateKey(text); err == nil {
			key.key = private.Public().(ed25519.PublicKey)
		}
		key.fault = &Fault{CodePrivateKeyGiven, "What was given is the sender's private key.",
			"Receivers need the public key only, whpk_…: whoever has the private one can sign. Rotate it."}
	default:
		look.keys = append(look.keys, secretReadings(secret, look.s.layout.Key, given)...)
		return
	}
	if err != nil {
		look.unreadable = append(look.unreadable, fault(CodeSecretKind, "Key "+ordinal(given)+" of those given cannot be read: "+err.Error()+".",
			"Give it whole, as the sender shows it: whpk_ and 44 characters."))
		return
	}
	look.public = append(look.public, key)
}
