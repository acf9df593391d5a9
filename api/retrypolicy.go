package api

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/billhook/billhook"
	"github.com/billhook/billhook/profile"
)

var retryPolicyMembers = []string{
	"maxAttempts", "backoffMultiplier", "initialDelay", "maxDelay", "jitter", "firstExponent", "retryOn",
	"delays", "maxAge", "timeout", "retryCodes",
}

// A policyText is a retry policy as a body has it: the name of a preset, or members,
// which are to be read over the policy that holds without them.
type policyText struct {
	preset *profile.RetryPolicy
	given  map[string]bool
	set    []func(*profile.RetryPolicy)
}

// retryPolicy reads a retry policy.
func (rd *reader) retryPolicy() (*policyText, error) {
	text := policyText{given: map[string]bool{}}
	if rd.dec.PeekKind() == '"' {
		name, err := rd.string()
		if err != nil {
			return nil, err
		}
		preset, ok := profile.Preset(name)
		if !ok {
			return nil, rd.refuse("is none of the presets %s", strings.Join(profile.Presets(), ", "))
		}
		text.preset = &preset
		return &text, nil
	}
	if rd.dec.PeekKind() != '{' {
		if _, err := rd.raw(); err != nil {
			return nil, err
		}
		return nil, rd.refuse("must be an object, or the name of a preset: %s", strings.Join(profile.Presets(), ", "))
	}
	err := rd.object(retryPolicyMembers, func(name string) error {
		text.given[name] = true
		set, err := rd.policyMember(name)
		text.set = append(text.set, set)
		return err
	})
	return &text, err
}

// policyMember reads one member and returns what sets it.
func (rd *reader) policyMember(name string) (func(*profile.RetryPolicy), error) {
	switch name {
	case "maxAttempts":
		return member(func(p *profile.RetryPolicy) *int { return &p.MaxAttempts })(rd.int())
	case "backoffMultiplier":
		return member(func(p *profile.RetryPolicy) *float64 { return &p.BackoffMultiplier })(rd.number())
	case "initialDelay":
		return member(func(p *profile.RetryPolicy) *time.Duration { return &p.InitialDelay })(rd.milliseconds())
	case "maxDelay":
		return member(func(p *profile.RetryPolicy) *time.Duration { return &p.MaxDelay })(rd.milliseconds())
	case "jitter":
		return member(func(p *profile.RetryPolicy) *float64 { return &p.Jitter })(rd.number())
	case "firstExponent":
		return member(func(p *profile.RetryPolicy) *int { return &p.FirstExponent })(rd.int())
	case "retryOn":
		return member(func(p *profile.RetryPolicy) *string { return &p.RetryOn })(rd.string())
	case "delays":
		return member(func(p *profile.RetryPolicy) *[]time.Duration { return &p.Delays })(optional(rd, listOf(rd, rd.milliseconds)))
	case "maxAge":
		return member(func(p *profile.RetryPolicy) *time.Duration { return &p.MaxAge })(optional(rd, rd.milliseconds))
	case "timeout":
		return member(func(p *profile.RetryPolicy) *time.Duration { return &p.Timeout })(optional(rd, rd.milliseconds))
	}
	return member(func(p *profile.RetryPolicy) *[]int { return &p.RetryCodes })(optional(rd, listOf(rd, rd.int)))
}

// member is what sets a member of a policy to a value that was read.
func member[T any](of func(*profile.RetryPolicy) *T) func(T, error) (func(*profile.RetryPolicy), error) {
	return func(value T, err error) (func(*profile.RetryPolicy), error) {
		return func(p *profile.RetryPolicy) { *of(p) = value }, err
	}
}

// maxListed is more than any list in a policy may have, so that a longer one is not
// read to its end.
const maxListed = 1000

// listOf reads an array with read for each element; an empty one is nil.
func listOf[T any](rd *reader, read func() (T, error)) func() ([]T, error) {
	return func() (all []T, err error) {
		err = rd.array(func() error {
			value, err := read()
			if err == nil && len(all) == maxListed {
				err = rd.refuse("is one too many")
			}
			all = append(all, value)
			return err
		})
		return all, err
	}
}

// over is the policy that the text means where another holds without it; nil for
// none. It checks the values too: to the root, a multiplier of 0 is one that was
// left out.
func (t *policyText) over(without profile.RetryPolicy) (*profile.RetryPolicy, error) {
	switch {
	case t == nil:
		return nil, nil
	case t.preset != nil:
		return t.preset, nil
	}
	p := without.Clone()
	for _, set := range t.set {
		set(&p)
	}
	p.Settle(func(member string) bool { return t.given[member] })
	err := p.Check()
	if bad, ok := errors.AsType[*profile.MemberError](err); ok {
		return nil, &billhook.Error{Code: billhook.CodeInvalid, Pointer: "/retryPolicy" + bad.Pointer, Message: bad.Message}
	}
	return &p, err
}

// webhookPolicy is the policy that a text means for a webhook of the call's store:
// what it leaves out is the store's, or the profile's.
func (c *call) webhookPolicy(text *policyText) (*profile.RetryPolicy, error) {
	if text == nil {
		return nil, nil
	}
	s, err := c.client.Store(c.r.Context(), c.storeID)
	if err != nil {
		return nil, err
	}
	p, ok := c.client.Profile(s.Profile)
	if !ok {
		return nil, fmt.Errorf("store %q: profile %q is not loaded", s.ID, s.Profile)
	}
	without := p.RetryPolicy
	if s.RetryPolicy != nil {
		without = *s.RetryPolicy
	}
	return text.over(without)
}

// storePolicy is the policy that a text means for a store with the profile: what it
// leaves out is the profile's. "" is the profile that the store has, or gets.
func (c *call) storePolicy(ctx context.Context, text *policyText, id, profileName string) (*profile.RetryPolicy, error) {
	if text == nil {
		return nil, nil
	}
	if id != "" {
		s, err := c.client.Store(ctx, id)
		if err != nil {
			return nil, err
		}
		profileName = cmp.Or(profileName, s.Profile)
	}
	p, ok := c.client.Profile(profileName)
	if !ok {
		return nil, nil // the profile is what will be refused
	}
	return text.over(p.RetryPolicy)
}
