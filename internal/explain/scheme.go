package explain

import (
	"slices"
	"strings"

	"github.com/billhook/billhook/profile"
	"github.com/billhook/billhook/sign"
)

// A scheme is one way in which a request may be signed.
type scheme struct {
	name    string
	header  string // that holds the signature
	layout  sign.Layout
	profile *profile.Profile // nil for Standard Webhooks
	// idHeader and timeHeader hold what is signed beside the body; "" where it is not,
	// or the signature's header tells it.
	idHeader, timeHeader string
}

// standard says whether the header is a list of signatures, each of a version.
func (s *scheme) standard() bool { return s.profile == nil }

var standardScheme = scheme{
	name: "Standard Webhooks", header: sign.HeaderSignature, idHeader: sign.HeaderID, timeHeader: sign.HeaderTimestamp,
	layout: sign.Layout{Encoding: sign.EncodingBase64, Value: "v1,{signature}", Signs: "{id}.{timestamp}.{body}", Key: sign.KeyBase64},
}

// ownScheme is a profile's own header.
func ownScheme(p *profile.Profile) scheme {
	s := scheme{name: p.Signature.Header + " of the profile " + p.Name, header: p.Signature.Header, layout: p.Signature.Layout(), profile: p}
	if s.layout.SignsID() {
		s.idHeader = p.IDHeader()
	}
	if s.layout.SignsTime() && !s.layout.TellsTime() {
		s.timeHeader = p.TimestampHeader()
	}
	return s
}

// schemes are those that the question is about: the profile's own header and Standard
// Webhooks, or, where no profile was asked for, all that the request has headers of. A
// public key is for Standard Webhooks alone.
func (q Question) schemes() []scheme {
	var all []scheme
	shared := slices.ContainsFunc(q.Secrets, func(s string) bool { return !isPublic(s) })
	if shared {
		for _, p := range q.profiles() {
			if p.Signature == nil || q.Profile != nil && p.Name != q.Profile.Name {
				continue
			}
			if s := ownScheme(p); q.Profile != nil || len(q.find(s.header)) > 0 {
				all = append(all, s)
			}
		}
	}
	own := q.Profile != nil && q.Profile.Signature != nil && shared
	if !own && len(all) == 0 || len(q.find(sign.HeaderSignature)) > 0 {
		all = append(all, standardScheme)
	}
	return all
}

func isPublic(secret string) bool {
	secret = strings.TrimSpace(secret)
	return strings.HasPrefix(secret, sign.PublicKeyPrefix) || strings.HasPrefix(secret, sign.PrivateKeyPrefix)
}

// A found header is one that may be the wanted one under another name.
type found struct {
	name, value string
	renamed     bool
}

// find returns the values of a header: under its name or, where there is none, under
// names that proxies and frameworks make of it.
func (q Question) find(name string) []found {
	var same, alike []found
	for _, f := range q.Request.Fields {
		switch {
		case strings.EqualFold(f.Name, name):
			same = append(same, found{f.Name, f.Value, false})
		case plainName(f.Name) == plainName(name):
			alike = append(alike, found{f.Name, f.Value, true})
		}
	}
	if len(same) > 0 {
		return same
	}
	return alike
}

// plainName is a header's name without what is put in front of it on the way.
func plainName(name string) string {
	name = strings.ReplaceAll(strings.ToLower(name), "_", "-")
	for {
		shorter := name
		for _, prefix := range []string{"http-", "x-", "original-", "forwarded-", "amzn-remapped-", "header-"} {
			shorter = strings.TrimPrefix(shorter, prefix)
		}
		if shorter == name {
			return name
		}
		name = shorter
	}
}
