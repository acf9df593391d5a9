// Package explain says whether a delivery verifies and, where it does not, why. It
// takes a mistake as found only where the signature that the request carries is the
// one that this mistake would need: each is computed, none is guessed. Where nothing
// fits it says what it has ruled out.
//
// It knows recorded requests, profiles and signatures. It must not know how the request
// was got, nor who asks. What it says never holds a secret, nor a signature that would
// have been right.
package explain

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/billhook/billhook/internal/recording"
	"github.com/billhook/billhook/profile"
	"github.com/billhook/billhook/sign"
)

// A Question is a request, and who asks how it was signed.
type Question struct {
	Request *recording.Request
	// Secrets are those that the receiver has: shared ones or public keys (whpk_…),
	// the newest first. At least one.
	Secrets []string
	// Profile is the one that the receiver expects. Default: whichever fits.
	Profile *profile.Profile
	// Others are profiles that it may have been taken for, beside the built-in ones.
	Others []*profile.Profile
	// Now is the receiver's clock. Default: the time.
	Now time.Time
	// Tolerance is how far a timestamp may be off. Default: 5 minutes.
	Tolerance time.Duration

	effort int // in place of the constant
}

// An Answer is what was found.
type Answer struct {
	// Verified says that one of the schemes verifies, and nothing is wrong with it.
	Verified bool `json:"verified"`
	// Scheme is the one that does, or the one that Faults are of.
	Scheme string `json:"scheme"`
	// Reason is the code of the first fault; "" where it verifies.
	Reason string `json:"reason,omitempty"`
	// Checks has one for each scheme that was looked at.
	Checks []Check `json:"checks"`
	// Notes are worth knowing although nothing is wrong.
	Notes []string `json:"notes,omitempty"`
}

// A Check is what was found of one scheme.
type Check struct {
	Scheme   string  `json:"scheme"`
	Verified bool    `json:"verified"`
	Faults   []Fault `json:"faults,omitempty"`
	// RuledOut is what was tried where nothing fitted.
	RuledOut []string `json:"ruledOut,omitempty"`
	// Proved says that the faults are sure: the signature is right once they are
	// undone, or they can be seen without it.
	Proved bool `json:"proved"`

	secret int // which one fitted, from 0; -1 for none
}

// Explain answers the question.
func Explain(q Question) *Answer {
	q.Now = cmp.Or(q.Now, time.Now())
	q.Tolerance = cmp.Or(q.Tolerance, sign.DefaultTolerance)
	q.effort = cmp.Or(q.effort, effort)
	a := &Answer{}
	for _, s := range q.schemes() {
		c := q.check(s)
		if c.Verified {
			q.layout(&c)
		}
		a.Checks = append(a.Checks, c)
	}
	if !slices.ContainsFunc(a.Checks, func(c Check) bool { return c.secret >= 0 }) {
		if c, ok := q.mixedUp(); ok {
			a.Checks = append(a.Checks, c)
		}
	}
	slices.SortStableFunc(a.Checks, func(x, y Check) int { return cmp.Compare(rank(x), rank(y)) })
	best := &a.Checks[0]
	a.Verified, a.Scheme = best.Verified, best.Scheme
	if !a.Verified {
		a.Reason = best.Faults[0].Code
	}
	a.note(q, best)
	return a
}

// rank puts what is surest first.
func rank(c Check) int {
	switch {
	case slices.ContainsFunc(c.Faults, func(f Fault) bool { return f.Code == CodeOtherProfile }):
		return -1 // whatever else verifies: the receiver cannot read it
	case c.Verified:
		return 0
	case c.Proved && c.secret >= 0: // by the signature
		return 1
	case c.Proved && c.Faults[0].Code != CodeHeaderMissing:
		return 2
	case !c.Proved:
		return 3
	}
	return 4
}

// note adds what is worth knowing.
func (a *Answer) note(q Question, best *Check) {
	if best.Verified && best.secret > 0 {
		a.Notes = append(a.Notes, "It was signed with secret "+ordinal(best.secret)+" of those given, not with the first. "+
			"If the first is the new one, the sender still signs with the old: keep both until the rotation is over.")
	}
	for _, c := range a.Checks {
		if best.Verified && !c.Verified && len(c.Faults) > 0 {
			a.Notes = append(a.Notes, c.Scheme+" would refuse it: "+c.Faults[0].What)
		}
	}
	if strings.Contains(string(q.Request.Body), "\ufffd") && !best.Verified {
		a.Notes = append(a.Notes, "The body holds U+FFFD, which decoders write in the place of bytes that they cannot read. What was there cannot be known any more.")
	}
}

// mixedUp looks whether the request verifies under a profile that nobody asked for.
func (q Question) mixedUp() (Check, bool) {
	if q.Profile == nil {
		return Check{}, false
	}
	for _, p := range q.profiles() {
		if p.Signature == nil || p.Name == q.Profile.Name {
			continue
		}
		s := ownScheme(p)
		if len(q.find(s.header)) == 0 {
			continue
		}
		c := q.check(s)
		if !c.Verified {
			continue
		}
		c.Verified, c.Proved = false, true
		c.Faults = []Fault{q.otherProfile(p)}
		return c, true
	}
	return Check{}, false
}

func (q Question) otherProfile(p *profile.Profile) Fault {
	return fault(CodeOtherProfile,
		"The request verifies under the profile "+p.Name+" (header "+p.Signature.Header+"), not under "+q.Profile.Name+".",
		"Verify by the header of "+p.Name+", or give the sender's store the profile "+q.Profile.Name+".")
}

// ofOther is the profile whose header a signature was found in, where that is not the one
// that was asked for.
func (q Question) ofOther(s *scheme, header string) *profile.Profile {
	if q.Profile == nil || s.standard() {
		return nil
	}
	for _, p := range q.profiles() {
		if p.Signature != nil && p.Name != s.profile.Name && strings.EqualFold(p.Signature.Header, header) {
			return p
		}
	}
	return nil
}

// layout says whether a body whose signature is right is laid out as the profile that was
// asked for has it, and, where it is not, whose layout it has.
func (q Question) layout(c *Check) {
	body := q.Request.Body
	tree, err := parseTree(body)
	if err == nil && tree.kind == '[' && len(tree.members) > 0 { // a batch
		tree = tree.members[0]
	}
	if q.Profile == nil || err != nil || tree.kind != '{' || slices.Equal(tree.names, envelopeNames(q.Profile.Envelope)) || q.Profile.Envelope[0].Name == "" {
		return
	}
	p := q.laidOut(tree.names)
	if p == nil {
		return
	}
	c.Verified = false
	c.Faults = append(c.Faults, fault(CodeOtherProfile,
		"The signature is right, but the body is laid out as under the profile "+p.Name+" ("+strings.Join(tree.names, ", ")+"), not as under "+q.Profile.Name+" ("+strings.Join(envelopeNames(q.Profile.Envelope), ", ")+").",
		"Read it by the profile "+p.Name+", or give the sender's store the profile "+q.Profile.Name+"."))
}

// laidOut is a profile whose envelope has these members: of several one whose own header
// the request has, or which has none of its own.
func (q Question) laidOut(names []string) (likeliest *profile.Profile) {
	for _, p := range q.profiles() {
		if !slices.Equal(names, envelopeNames(p.Envelope)) {
			continue
		}
		if p.Signature == nil || len(q.find(p.Signature.Header)) > 0 {
			return p
		}
		likeliest = cmp.Or(likeliest, p)
	}
	return likeliest
}

// profiles are all that are known, each once.
func (q Question) profiles() []*profile.Profile {
	all := slices.Clone(q.Others)
	if q.Profile != nil { // it may have the name of one that comes along
		all = append([]*profile.Profile{q.Profile}, slices.DeleteFunc(all, func(p *profile.Profile) bool { return p.Name == q.Profile.Name })...)
	}
	for _, name := range profile.Names() {
		p, _ := profile.Named(name)
		if !slices.ContainsFunc(all, func(o *profile.Profile) bool { return o.Name == name }) {
			all = append(all, p)
		}
	}
	return all
}
