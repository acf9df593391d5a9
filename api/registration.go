package api

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/billhook/billhook"
	"github.com/billhook/billhook/profile"
)

var (
	registrationMembers = []string{
		"url", "events", "secret", "name", "description", "isActive", "active", "retryPolicy", "headers", "id",
		"overlapSignature", "ed25519", "tls",
	}
	webhookChangeMembers = []string{
		"url", "events", "name", "description", "isActive", "active", "retryPolicy", "headers",
		"overlapSignature", "ed25519", "tls",
	}
	retryPolicyMembers = []string{
		"maxAttempts", "backoffMultiplier", "initialDelay", "maxDelay", "jitter", "firstExponent", "retryOn",
	}
)

// An activity is isActive and its other name, active, of 004_….
type activity struct{ isActive, active *bool }

func (a *activity) value() (*bool, error) {
	switch {
	case a.active == nil:
		return a.isActive, nil
	case a.isActive != nil && *a.isActive != *a.active:
		return nil, &billhook.Error{Code: billhook.CodeInvalid, Pointer: "/active", Message: "says otherwise than isActive"}
	}
	return a.active, nil
}

// readRegistration reads the body of POST /api/webhooks.
func (c *call) readRegistration(text []byte) (billhook.Registration, error) {
	r := billhook.Registration{StoreID: c.storeID}
	var active activity
	err := readBody(text, func(rd *reader) error {
		return rd.object(registrationMembers, func(name string) (err error) {
			switch name {
			case "id":
				r.ID, err = optional(rd, rd.string)
			case "url":
				r.URL, err = rd.string()
			case "events":
				r.Events, err = rd.strings()
			case "secret":
				r.Secret, err = rd.secret()
			case "name":
				r.Name, err = optional(rd, rd.string)
			case "description":
				r.Description, err = optional(rd, rd.string)
			case "isActive":
				active.isActive, err = optional(rd, rd.boolPointer)
			case "active":
				active.active, err = optional(rd, rd.boolPointer)
			case "retryPolicy":
				r.RetryPolicy, err = optional(rd, c.retryPolicyReader(rd))
			case "headers":
				r.Headers, err = optional(rd, rd.texts)
			case "overlapSignature":
				r.OverlapSignature, err = optional(rd, rd.overlapSignature)
			case "ed25519":
				r.Ed25519, err = optional(rd, rd.bool)
			case "tls":
				r.TLS, err = optional(rd, rd.tls)
			}
			return err
		})
	})
	if err != nil {
		return r, err
	}
	isActive, err := active.value()
	r.Inactive = isActive != nil && !*isActive
	return r, err
}

// readWebhookChange reads the body of PATCH /api/webhooks/{id}: what is absent
// stays, and null empties what can be empty.
func (c *call) readWebhookChange(text []byte) (billhook.WebhookChange, error) {
	var change billhook.WebhookChange
	var active activity
	err := readBody(text, func(rd *reader) error {
		return rd.object(webhookChangeMembers, func(name string) (err error) {
			switch name {
			case "url":
				change.URL, err = pointerTo(rd.string())
			case "events":
				change.Events, err = pointerTo(rd.strings())
			case "name":
				change.Name, err = pointerTo(optional(rd, rd.string))
			case "description":
				change.Description, err = pointerTo(optional(rd, rd.string))
			case "isActive":
				active.isActive, err = rd.boolPointer()
			case "active":
				active.active, err = rd.boolPointer()
			case "retryPolicy":
				change.RetryPolicy, err = pointerTo(optional(rd, c.retryPolicyReader(rd)))
			case "headers":
				change.Headers, err = pointerTo(optional(rd, rd.texts))
			case "overlapSignature":
				change.OverlapSignature, err = pointerTo(optional(rd, rd.overlapSignature))
			case "ed25519":
				change.Ed25519, err = pointerTo(rd.bool())
			case "tls":
				change.TLS, err = pointerTo(optional(rd, rd.tls))
			}
			return err
		})
	})
	if err != nil {
		return change, err
	}
	change.IsActive, err = active.value()
	return change, err
}

// retryPolicyReader reads a policy over that of the store's profile, so that
// members left out are the profile's. It checks the values too: to the root, a
// multiplier of 0 is one that was left out.
func (c *call) retryPolicyReader(rd *reader) func() (*profile.RetryPolicy, error) {
	return func() (*profile.RetryPolicy, error) {
		p, err := c.profilePolicy(c.r.Context())
		if err != nil {
			return nil, err
		}
		err = rd.object(retryPolicyMembers, func(name string) (err error) {
			switch name {
			case "maxAttempts":
				p.MaxAttempts, err = rd.int()
			case "backoffMultiplier":
				p.BackoffMultiplier, err = rd.number()
			case "initialDelay":
				p.InitialDelay, err = rd.milliseconds()
			case "maxDelay":
				p.MaxDelay, err = rd.milliseconds()
			case "jitter":
				p.Jitter, err = rd.number()
			case "firstExponent":
				p.FirstExponent, err = rd.int()
			case "retryOn":
				p.RetryOn, err = rd.string()
			}
			return err
		})
		if err != nil {
			return nil, err
		}
		return &p, rd.checkPolicy(p)
	}
}

func (rd *reader) checkPolicy(p profile.RetryPolicy) error {
	err := p.Check()
	if bad, ok := errors.AsType[*profile.MemberError](err); ok {
		return &billhook.Error{Code: billhook.CodeInvalid, Pointer: rd.pointer() + bad.Pointer, Message: bad.Message}
	}
	return err
}

func (c *call) profilePolicy(ctx context.Context) (profile.RetryPolicy, error) {
	s, err := c.client.Store(ctx, c.storeID)
	if err != nil {
		return profile.RetryPolicy{}, err
	}
	p, ok := c.client.Profile(s.Profile)
	if !ok {
		return profile.RetryPolicy{}, fmt.Errorf("store %q: profile %q is not loaded", s.ID, s.Profile)
	}
	return p.RetryPolicy, nil
}

func (rd *reader) int() (int, error) {
	n, err := rd.integer()
	return int(n), err
}

func (rd *reader) boolPointer() (*bool, error) { return pointerTo(rd.bool()) }

// milliseconds reads a duration of at most a year either way: far beyond what
// any member allows, and far from where it would overflow.
func (rd *reader) milliseconds() (time.Duration, error) {
	const year = 365 * 24 * int64(time.Hour/time.Millisecond)
	n, err := rd.integer()
	if err == nil && (n < -year || n > year) {
		err = rd.refuse("is too long")
	}
	return time.Duration(n) * time.Millisecond, err
}

// overlapSignature reads which secret signs while a rotation overlaps.
func (rd *reader) overlapSignature() (string, error) {
	s, err := rd.string()
	if err == nil && s != billhook.SignOld && s != billhook.SignNew {
		err = rd.refuse("is neither %s nor %s", billhook.SignOld, billhook.SignNew)
	}
	return s, err
}

// secret reads a secret that the caller brings; null asks for a new one.
func (rd *reader) secret() (string, error) {
	if rd.isNull() {
		return "", nil
	}
	s, err := rd.string()
	if err == nil && s == "" {
		err = rd.refuse("is empty; leave it out for a new one")
	}
	return s, err
}

func pointerTo[T any](v T, err error) (*T, error) {
	if err != nil {
		return nil, err
	}
	return &v, nil
}
