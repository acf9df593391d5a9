package profile

import (
	"encoding/json"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

// retryJSON is RetryPolicy as it is written, its durations in milliseconds.
type retryJSON struct {
	MaxAttempts       int     `json:"maxAttempts"`
	BackoffMultiplier float64 `json:"backoffMultiplier"`
	InitialDelay      int64   `json:"initialDelay"`
	MaxDelay          int64   `json:"maxDelay"`
	Jitter            float64 `json:"jitter"`
	FirstExponent     int     `json:"firstExponent"`
	RetryOn           string  `json:"retryOn"`
	Delays            []int64 `json:"delays,omitempty"`
	MaxAge            int64   `json:"maxAge,omitempty"`
	Timeout           int64   `json:"timeout,omitempty"`
	RetryCodes        []int   `json:"retryCodes,omitempty"`
}

func (p RetryPolicy) wire() retryJSON {
	w := retryJSON{
		MaxAttempts: p.MaxAttempts, BackoffMultiplier: p.BackoffMultiplier,
		InitialDelay: p.InitialDelay.Milliseconds(), MaxDelay: p.MaxDelay.Milliseconds(),
		Jitter: p.Jitter, FirstExponent: p.FirstExponent, RetryOn: p.RetryOn,
		MaxAge: p.MaxAge.Milliseconds(), Timeout: p.Timeout.Milliseconds(), RetryCodes: slices.Clone(p.RetryCodes),
	}
	for _, d := range p.Delays {
		w.Delays = append(w.Delays, d.Milliseconds())
	}
	return w
}

func (w retryJSON) policy() RetryPolicy {
	p := RetryPolicy{
		MaxAttempts: w.MaxAttempts, BackoffMultiplier: w.BackoffMultiplier,
		InitialDelay: milliseconds(w.InitialDelay), MaxDelay: milliseconds(w.MaxDelay),
		Jitter: w.Jitter, FirstExponent: w.FirstExponent, RetryOn: w.RetryOn,
		MaxAge: milliseconds(w.MaxAge), Timeout: milliseconds(w.Timeout), RetryCodes: w.RetryCodes,
	}
	for _, ms := range w.Delays {
		p.Delays = append(p.Delays, milliseconds(ms))
	}
	return p
}

// milliseconds converts without overflow: what is out of range stays so.
func milliseconds(ms int64) time.Duration {
	const limit = math.MaxInt64 / int64(time.Millisecond)
	return time.Duration(max(-limit, min(ms, limit))) * time.Millisecond
}

// MarshalJSON writes durations as whole milliseconds. The members below RetryOn are
// there where they are set.
func (p RetryPolicy) MarshalJSON() ([]byte, error) { return json.Marshal(p.wire()) }

// UnmarshalJSON reads durations as whole milliseconds. Members that the text
// lacks keep the value they have, so a policy can be read over a default, as Settle
// has it; a text that is a preset's name takes the place of all. It does not call
// Check. Errors about a member are *MemberError.
func (p *RetryPolicy) UnmarshalJSON(text []byte) error {
	if string(text) == "null" { // as encoding/json has it
		return nil
	}
	return p.read(text, optional)
}

func (p *RetryPolicy) read(text []byte, required bool) error {
	if len(text) > 0 && text[0] == '"' {
		return p.readName(text)
	}
	w := p.wire()
	if err := decode(text, &w, required); err != nil {
		return err
	}
	var members map[string]json.RawMessage
	if err := json.Unmarshal(text, &members); err != nil {
		return err // decode has read it as an object
	}
	*p = w.policy()
	p.Settle(func(member string) bool { _, ok := members[member]; return ok })
	return nil
}

func (p *RetryPolicy) readName(text []byte) error {
	var name string
	if err := json.Unmarshal(text, &name); err != nil {
		return bad("", "must be an object, or the name of a preset")
	}
	preset, err := presetNamed(name)
	if err != nil {
		return err
	}
	*p = preset
	return nil
}

func presetNamed(name string) (RetryPolicy, error) {
	preset, ok := Preset(name)
	if !ok {
		return preset, bad("", "is none of the presets %s", strings.Join(Presets(), ", "))
	}
	return preset, nil
}

// element is the pointer of an array's element.
func element(array string, i int) string { return array + "/" + strconv.Itoa(i) }
