package client

import "encoding/json"

// A RetryPolicy says when a delivery is tried again. Times are milliseconds.
type RetryPolicy struct {
	// MaxAttempts are all attempts, the first included.
	MaxAttempts       int     `json:"maxAttempts"`
	BackoffMultiplier float64 `json:"backoffMultiplier"`
	InitialDelay      int64   `json:"initialDelay"`
	MaxDelay          int64   `json:"maxDelay"`
	// Jitter is the share of a delay that chance may take off it.
	Jitter float64 `json:"jitter"`
	// FirstExponent is the multiplier's exponent in the first delay.
	FirstExponent int `json:"firstExponent"`
	// RetryOn is any, server-errors (5xx, no answer, or one of RetryCodes) or listed (no
	// answer, or one of RetryCodes).
	RetryOn string `json:"retryOn"`
	// Delays are the delays themselves, in place of the backoff.
	Delays []int64 `json:"delays,omitempty"`
	// MaxAge is how old an event may be that is tried again; 0 for no bound.
	MaxAge int64 `json:"maxAge,omitempty"`
	// Timeout is what one attempt may take; 0 for the profile's.
	Timeout int64 `json:"timeout,omitempty"`
	// RetryCodes are status codes that are tried again, as RetryOn has it.
	RetryCodes []int `json:"retryCodes,omitempty"`
}

// A NewRetryPolicy is one of the API's own policies, by name, or what a [RetryPolicy] is
// to be; what is left out of that is as the profile has it.
type NewRetryPolicy struct {
	// Named is seconds, five or three-days, and nothing else is given then.
	Named string `json:"-"`

	MaxAttempts       int      `json:"maxAttempts,omitempty"`
	BackoffMultiplier float64  `json:"backoffMultiplier,omitempty"`
	InitialDelay      *int64   `json:"initialDelay,omitempty"`
	MaxDelay          *int64   `json:"maxDelay,omitempty"`
	Jitter            *float64 `json:"jitter,omitempty"`
	FirstExponent     *int     `json:"firstExponent,omitempty"`
	RetryOn           string   `json:"retryOn,omitempty"`
	Delays            []int64  `json:"delays,omitempty"`
	MaxAge            int64    `json:"maxAge,omitempty"`
	Timeout           int64    `json:"timeout,omitempty"`
	RetryCodes        []int    `json:"retryCodes,omitempty"`
}

// MarshalJSON implements [json.Marshaler].
func (p NewRetryPolicy) MarshalJSON() ([]byte, error) {
	if p.Named != "" {
		return marshal(p.Named)
	}
	type members NewRetryPolicy
	return marshal(members(p))
}

// UnmarshalJSON implements [json.Unmarshaler].
func (p *NewRetryPolicy) UnmarshalJSON(text []byte) error {
	if len(text) > 0 && text[0] == '"' {
		*p = NewRetryPolicy{}
		return json.Unmarshal(text, &p.Named)
	}
	type members NewRetryPolicy
	return json.Unmarshal(text, (*members)(p))
}

// Limits bound the sending, on each node; nil for no bound.
type Limits struct {
	// RatePerSecond is how many requests may begin in a second.
	RatePerSecond *float64 `json:"ratePerSecond"`
	// Concurrency is how many requests may be under way at a time.
	Concurrency *int `json:"concurrency"`
}
