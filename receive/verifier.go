// Package receive is for who is sent webhooks: it verifies them, as net/http
// middleware or by hand, and lets each event be handled once although it may
// be delivered again.
//
// It knows headers, bytes, wire profiles and the one table of its inbox. It
// must not know who sends, and links nothing of the sender: of Billhook only
// sign and profile, and no other module.
package receive

import (
	"cmp"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/billhook/billhook/profile"
	"github.com/billhook/billhook/sign"
)

// A Scheme says which signature of a delivery counts. There is no falling back
// from one to the other: an attacker would only have to leave a header out.
type Scheme int

const (
	// StandardHeaders are webhook-id, webhook-timestamp and webhook-signature,
	// which every delivery carries, whatever its profile. They sign id and time
	// beside the body, so that an old request cannot be sent again.
	StandardHeaders Scheme = iota
	// ProfileHeader is the platform's own header, as its document has it. Those of
	// the profiles that come along sign the body only: no time, so Config.Tolerance
	// means nothing, and who got hold of a request can send it again at any time.
	// Use it with Once or an Inbox, and only for senders that have no Standard
	// Webhooks headers.
	ProfileHeader
)

// DefaultMaxBody has room for an event of 1 MiB, the most that Billhook sends
// where its operator does not say otherwise, and its envelope.
const DefaultMaxBody = 1<<20 + 64<<10

// maxSecrets bounds the work that one request can cause.
const maxSecrets = 16

// Config says whose webhooks are let in.
type Config struct {
	// Secrets are the signing secrets, several while they rotate: shared ones
	// as the sender gave them (whsec_…), or public keys (whpk_…). At least one.
	Secrets []string
	// Profile names a wire profile that comes along, such as "litestore".
	// Default: "standard".
	Profile string
	// Custom is a profile of your own, from profile.Load, in place of Profile.
	// Default: none.
	Custom *profile.Profile
	// Scheme is which signature counts. Default: StandardHeaders.
	Scheme Scheme
	// Tolerance is how far the time of signing may lie from this machine's
	// clock, either way. Default: 5 minutes.
	Tolerance time.Duration
	// MaxBody bounds the body, in bytes. Default: 1 MiB and 64 KiB.
	MaxBody int64
	// AnyBody lets in a body that is not the profile's envelope, for other
	// senders of Standard Webhooks; a Message then has what can be found in it.
	// Default: false.
	AnyBody bool
	// Logger gets why a request was refused, which the sender is not told, and
	// what your function failed of. Default: slog.Default().
	Logger *slog.Logger
}

// A Verifier lets in what was signed with one of its secrets. It is safe for
// concurrent use.
type Verifier struct {
	secrets   []string
	own       *profile.Profile // whose header counts; nil for Standard Webhooks'
	tolerance time.Duration
	maxBody   int64
	anyBody   bool
	layout    layout
	logger    *slog.Logger
}

// New returns a Verifier, or an error that says which member of the Config
// will not do.
func New(c Config) (*Verifier, error) {
	p := c.Custom
	if p == nil {
		name, ok := cmp.Or(c.Profile, profile.Default), false
		if p, ok = profile.Named(name); !ok {
			return nil, fmt.Errorf("receive: Profile: no profile is named %q; there are %s", name, strings.Join(profile.Names(), ", "))
		}
	} else if c.Profile != "" && c.Profile != p.Name {
		return nil, errors.New("receive: Profile and Custom name different profiles")
	}
	v := &Verifier{
		secrets:   slices.Clone(c.Secrets),
		tolerance: cmp.Or(c.Tolerance, sign.DefaultTolerance),
		maxBody:   cmp.Or(c.MaxBody, DefaultMaxBody),
		anyBody:   c.AnyBody,
		layout:    layoutOf(p.Envelope),
		logger:    cmp.Or(c.Logger, slog.Default()),
	}
	switch {
	case v.tolerance < 0:
		return nil, errors.New("receive: Tolerance must not be negative")
	case v.maxBody < 0:
		return nil, errors.New("receive: MaxBody must not be negative")
	case c.Scheme != StandardHeaders && c.Scheme != ProfileHeader:
		return nil, errors.New("receive: Scheme must be StandardHeaders or ProfileHeader")
	case c.Scheme == ProfileHeader && p.Signature == nil:
		return nil, fmt.Errorf("receive: Scheme: profile %s has no header of its own", p.Name)
	case c.Scheme == ProfileHeader && c.AnyBody:
		return nil, errors.New("receive: AnyBody: the platforms' own headers sign no id, so the body must have it")
	case c.Scheme == ProfileHeader:
		v.own = p
	}
	if p.Envelope[0].Name == "" && !c.AnyBody {
		return nil, fmt.Errorf("receive: profile %s has no envelope: the body is the data alone, so set AnyBody", p.Name)
	}
	if err := checkSecrets(v.secrets, c.Scheme); err != nil {
		return nil, err
	}
	return v, nil
}

// checkSecrets refuses what would let anybody in, or nobody: above all the
// empty secret that a missing environment variable is.
func checkSecrets(secrets []string, scheme Scheme) error {
	if len(secrets) == 0 || len(secrets) > maxSecrets {
		return fmt.Errorf("receive: Secrets: want 1 to %d, have %d", maxSecrets, len(secrets))
	}
	for i, secret := range secrets {
		var err error
		switch {
		case secret == sign.SecretPrefix:
			err = sign.ErrSecretEmpty
		case strings.HasPrefix(secret, sign.PrivateKeyPrefix):
			err = errors.New("this is the sender's private key; receivers need the public one, whpk_…")
		case strings.HasPrefix(secret, sign.PublicKeyPrefix) && scheme == ProfileHeader:
			err = errors.New("public keys are for StandardHeaders only")
		case strings.HasPrefix(secret, sign.PublicKeyPrefix):
			_, err = sign.ParsePublicKey(secret)
		default:
			// How long it should be is for whoever chose it.
			if err = sign.CheckSecret(secret); errors.Is(err, sign.ErrSecretShort) {
				err = nil
			}
		}
		if err != nil {
			return fmt.Errorf("receive: Secrets[%d]: %w", i, err)
		}
	}
	return nil
}

// Verify says whether one of the secrets signed the request, and reads it. The
// body must be the bytes as they came: what is parsed and printed again need
// not be the same. (Two platforms' documents do that all the same. Billhook's
// bodies survive it by design, so the raw bytes verify there too.)
//
// Comparing takes constant time; every secret is tried with every signature.
// The error wraps one of this package's Err values.
func (v *Verifier) Verify(header http.Header, body []byte) (Message, error) {
	return v.verify(header, body, time.Now())
}

func (v *Verifier) verify(header http.Header, body []byte, now time.Time) (Message, error) {
	if int64(len(body)) > v.maxBody {
		return Message{}, v.tooLarge()
	}
	signed, err := v.signed(header, body, now)
	if err != nil {
		return Message{}, err
	}
	if v.own != nil {
		m, err := v.layout.read(body)
		if err != nil {
			return Message{}, err
		}
		m.Body, m.Timestamp = body, signed
		return m, nil
	}
	m := Message{ID: header.Get(sign.HeaderID), Body: body, Timestamp: signed}
	found, err := v.layout.read(body)
	if v.anyBody {
		// "id.time.body" can be cut at another dot where the id has one, and an
		// envelope cannot tell.
		if strings.Contains(m.ID, ".") {
			return Message{}, fmt.Errorf("%w: %s holds a dot", ErrMalformed, sign.HeaderID)
		}
		m.Type, m.Time, m.Data = found.Type, found.Time, found.Data
		return m, nil
	}
	if err != nil {
		return Message{}, err
	}
	if found.ID != m.ID {
		return Message{}, fmt.Errorf("%w: its id is not that of %s", ErrEnvelope, sign.HeaderID)
	}
	m.Type, m.Time, m.Data = found.Type, found.Time, found.Data
	return m, nil
}

// signed says whether one of the secrets signed the request, and when that was; zero
// for a platform's own header that signs no time. No other header is signed then, so
// everything in a Message comes from the body.
func (v *Verifier) signed(header http.Header, body []byte, now time.Time) (time.Time, error) {
	if v.own == nil {
		if err := sign.VerifyStandard(v.secrets, header, body, now, v.tolerance); err != nil {
			return time.Time{}, err
		}
		seconds, _ := strconv.ParseInt(header.Get(sign.HeaderTimestamp), 10, 64) // verified to be digits
		return time.Unix(seconds, 0), nil
	}
	twice := ""
	value := func(name string) string {
		sent := header.Values(name)
		if len(sent) > 1 { // which one did the programs on the way look at?
			twice = name
		}
		return strings.Join(sent, "")
	}
	at, err := v.own.Verify(v.secrets, value, body, now, v.tolerance)
	if twice != "" {
		return time.Time{}, fmt.Errorf("%w: %s is there twice", ErrMalformed, twice)
	}
	if errors.Is(err, ErrMissing) || errors.Is(err, ErrMalformed) {
		err = fmt.Errorf("%w (%s)", err, v.own.Signature.Header)
	}
	return at, err
}

func (v *Verifier) tooLarge() error {
	return fmt.Errorf("%w: more than %d bytes", ErrTooLarge, v.maxBody)
}
