package profile

import "time"

// presets are the policies that have a name, in order of how long they try.
var presets = []struct {
	name   string
	policy func() RetryPolicy
}{
	// As the document of Litestore counts: Math.min(1000 * Math.pow(2, attempt),
	// 30000), five attempts, and no other after a 4xx.
	{"seconds", func() RetryPolicy {
		return RetryPolicy{
			MaxAttempts: 5, BackoffMultiplier: 2, InitialDelay: time.Second, MaxDelay: 30 * time.Second,
			FirstExponent: 1, RetryOn: RetryOnServerErrors,
		}
	}},
	// "Retried up to 5 times with exponential backoff", in the document of Commerce
	// Engine, which does not tell the delays.
	{"five", func() RetryPolicy {
		return RetryPolicy{MaxAttempts: 6, BackoffMultiplier: 2, InitialDelay: time.Second, MaxDelay: time.Hour, Jitter: 0.2, RetryOn: RetryOnAny}
	}},
	// The example schedule of Standard Webhooks 1.0.0 ("Deliverability and
	// reliability"), 75 h 35 min 5 s in all; with the jitter that it recommends,
	// 72 h on average. The backoff is for who overrides the delays with one.
	{"three-days", func() RetryPolicy {
		return RetryPolicy{
			MaxAttempts: 10, BackoffMultiplier: 5, InitialDelay: 5 * time.Second, MaxDelay: 24 * time.Hour, Jitter: 0.1, RetryOn: RetryOnAny,
			Delays: []time.Duration{
				5 * time.Second, 5 * time.Minute, 30 * time.Minute, 2 * time.Hour, 5 * time.Hour,
				10 * time.Hour, 14 * time.Hour, 20 * time.Hour, 24 * time.Hour,
			},
		}
	}},
}

// Preset returns the retry policy of that name, if there is one.
func Preset(name string) (RetryPolicy, bool) {
	for _, p := range presets {
		if p.name == name {
			return p.policy(), true
		}
	}
	return RetryPolicy{}, false
}

// Presets returns the names of the retry policies that have one.
func Presets() []string {
	names := make([]string, len(presets))
	for i, p := range presets {
		names[i] = p.name
	}
	return names
}
