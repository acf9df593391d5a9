package billhook

import (
	"cmp"
	"errors"

	"github.com/billhook/billhook/profile"
)

// nearest is the last of the policies that there is, or else the profile's. They are
// given from the farthest to the nearest: the store's, the webhook's.
func nearest(p *profile.Profile, policies ...*profile.RetryPolicy) profile.RetryPolicy {
	holds := p.RetryPolicy
	for _, policy := range policies {
		if policy != nil {
			holds = *policy
		}
	}
	return holds
}

// follow makes the endpoint go by a policy.
func (e *endpoint) follow(policy profile.RetryPolicy) {
	e.policy, e.timeout = policy, cmp.Or(policy.Timeout, e.profile.Timeout)
}

// completed fills in the members of a policy for which zero is no choice, from the
// one that holds without it.
func completed(policy *profile.RetryPolicy, without profile.RetryPolicy) *profile.RetryPolicy {
	if policy == nil {
		return nil
	}
	full := policy.Clone()
	full.RetryOn = cmp.Or(full.RetryOn, without.RetryOn)
	full.BackoffMultiplier = cmp.Or(full.BackoffMultiplier, without.BackoffMultiplier)
	if full.MaxAttempts == 0 && len(full.Delays) > 0 {
		full.MaxAttempts = len(full.Delays) + 1
	}
	return &full
}

func clonedPolicy(policy *profile.RetryPolicy) *profile.RetryPolicy {
	if policy == nil {
		return nil
	}
	c := policy.Clone()
	return &c
}

// checkPolicy says what is wrong with a retry policy, if there is one.
func checkPolicy(policy *profile.RetryPolicy) error {
	if policy == nil {
		return nil
	}
	err := policy.Check()
	if member, ok := errors.AsType[*profile.MemberError](err); ok {
		return invalid("/retryPolicy"+member.Pointer, "%s", member.Message)
	}
	return err
}
