package profile

import (
	"encoding/json"
	"errors"
	"math"
	"reflect"
	"testing"
	"time"
)

func TestRetryDelay(t *testing.T) {
	litestore := named(t, "litestore").RetryPolicy
	jittery := RetryPolicy{MaxAttempts: 8, BackoffMultiplier: 2, InitialDelay: time.Second, MaxDelay: time.Hour, Jitter: 0.2, RetryOn: RetryOnAny}
	steep := RetryPolicy{MaxAttempts: 100, BackoffMultiplier: 100, InitialDelay: 30 * 24 * time.Hour, MaxDelay: 30 * 24 * time.Hour, FirstExponent: 10, RetryOn: RetryOnAny}
	listed := RetryPolicy{MaxAttempts: 3, Jitter: 0.5, Delays: []time.Duration{time.Minute, 30 * 24 * time.Hour}, InitialDelay: time.Second, MaxDelay: time.Hour, BackoffMultiplier: 2}
	for _, test := range []struct {
		policy   RetryPolicy
		attempts int
		random   float64
		want     time.Duration
	}{
		// min(1000·2^attempt, 30000), as the platform's own code counts.
		{litestore, 1, 0.5, 2 * time.Second},
		{litestore, 2, 0.5, 4 * time.Second},
		{litestore, 4, 0.5, 16 * time.Second},
		{litestore, 5, 0.5, 30 * time.Second},
		{jittery, 1, 0, time.Second},
		{jittery, 1, 1, 800 * time.Millisecond},
		{jittery, 3, 0.5, 3600 * time.Millisecond},
		{jittery, 100, 0, time.Hour},
		{jittery, 0, 0, time.Second},
		{jittery, -5, 0, time.Second},
		{jittery, math.MaxInt, 0, time.Hour},
		{steep, 100, 0, 30 * 24 * time.Hour},
		{RetryPolicy{MaxAttempts: 2, BackoffMultiplier: 2, MaxDelay: time.Hour}, math.MaxInt, 0, 0},
		{RetryPolicy{MaxAttempts: 2, BackoffMultiplier: 2, InitialDelay: time.Hour}, 1, 0, 0},
		{listed, 1, 0, time.Minute},
		{listed, 1, 0.5, 45 * time.Second},
		{listed, 2, 0, 30 * 24 * time.Hour},
		{listed, 2, 1, 15 * 24 * time.Hour},
		{listed, 99, 0, 30 * 24 * time.Hour},
		{listed, 0, 0, time.Minute},
		{RetryPolicy{BackoffMultiplier: 1, InitialDelay: time.Second, MaxDelay: time.Hour, Jitter: 1}, 9, 1, 0},
	} {
		if got := test.policy.Delay(test.attempts, test.random); got != test.want {
			t.Errorf("%+v.Delay(%d, %v) = %v, want %v", test.policy, test.attempts, test.random, got, test.want)
		}
	}
}

func TestRetries(t *testing.T) {
	for _, test := range []struct {
		on    string
		codes []int
		code  int
		want  bool
	}{
		{RetryOnAny, nil, 0, true}, {RetryOnAny, nil, 302, true}, {RetryOnAny, nil, 404, true}, {RetryOnAny, nil, 500, true},
		{RetryOnServerErrors, nil, 0, true}, {RetryOnServerErrors, nil, 302, false}, {RetryOnServerErrors, nil, 404, false},
		{RetryOnServerErrors, nil, 499, false}, {RetryOnServerErrors, nil, 500, true}, {RetryOnServerErrors, nil, 599, true},
		{RetryOnServerErrors, []int{408, 429}, 429, true}, {RetryOnServerErrors, []int{408, 429}, 404, false}, {RetryOnServerErrors, []int{429}, 500, true},
		{RetryOnListed, nil, 0, true}, {RetryOnListed, nil, 500, false},
		{RetryOnListed, []int{503}, 503, true}, {RetryOnListed, []int{503}, 500, false}, {RetryOnListed, []int{302}, 302, true},
	} {
		if got := (RetryPolicy{RetryOn: test.on, RetryCodes: test.codes}).Retries(test.code); got != test.want {
			t.Errorf("%s %v %d: %v", test.on, test.codes, test.code, got)
		}
	}
}

func TestRetryCheck(t *testing.T) {
	good := RetryPolicy{
		MaxAttempts: 3, BackoffMultiplier: 2, InitialDelay: time.Second, MaxDelay: time.Minute, Jitter: 0.5, FirstExponent: 1, RetryOn: RetryOnListed,
		Delays: []time.Duration{0, 30 * 24 * time.Hour}, MaxAge: time.Second, Timeout: time.Minute, RetryCodes: []int{300, 599},
	}
	if err := good.Check(); err != nil {
		t.Error(err)
	}
	for pointer, spoil := range map[string][]func(p *RetryPolicy){
		"/maxAttempts":       {func(p *RetryPolicy) { p.MaxAttempts = 0 }, func(p *RetryPolicy) { p.MaxAttempts = 101 }, func(p *RetryPolicy) { p.MaxAttempts = 4 }},
		"/backoffMultiplier": {func(p *RetryPolicy) { p.BackoffMultiplier = 0.5 }, func(p *RetryPolicy) { p.BackoffMultiplier = math.NaN() }},
		"/initialDelay":      {func(p *RetryPolicy) { p.InitialDelay = -1 }, func(p *RetryPolicy) { p.InitialDelay = maxDelay + 1 }},
		"/maxDelay":          {func(p *RetryPolicy) { p.MaxDelay = -1 }, func(p *RetryPolicy) { p.MaxDelay = maxDelay + 1 }},
		"/jitter":            {func(p *RetryPolicy) { p.Jitter = 1.1 }, func(p *RetryPolicy) { p.Jitter = math.NaN() }},
		"/firstExponent":     {func(p *RetryPolicy) { p.FirstExponent = -1 }, func(p *RetryPolicy) { p.FirstExponent = 11 }},
		"/retryOn":           {func(p *RetryPolicy) { p.RetryOn = "" }},
		"/delays":            {func(p *RetryPolicy) { p.Delays = make([]time.Duration, 100) }},
		"/delays/1":          {func(p *RetryPolicy) { p.Delays[1] = -1 }, func(p *RetryPolicy) { p.Delays[1] = maxDelay + 1 }},
		"/maxAge":            {func(p *RetryPolicy) { p.MaxAge = -1 }, func(p *RetryPolicy) { p.MaxAge = time.Second - 1 }, func(p *RetryPolicy) { p.MaxAge = maxAge + 1 }},
		"/timeout":           {func(p *RetryPolicy) { p.Timeout = -1 }, func(p *RetryPolicy) { p.Timeout = time.Millisecond }, func(p *RetryPolicy) { p.Timeout = time.Minute + 1 }},
		"/retryCodes":        {func(p *RetryPolicy) { p.RetryCodes = make([]int, 51) }, func(p *RetryPolicy) { p.RetryOn = RetryOnAny }},
		"/retryCodes/0":      {func(p *RetryPolicy) { p.RetryCodes[0] = 299 }, func(p *RetryPolicy) { p.RetryCodes[0] = 410 }},
		"/retryCodes/1":      {func(p *RetryPolicy) { p.RetryCodes[1] = 300 }, func(p *RetryPolicy) { p.RetryCodes[1] = 600 }},
	} {
		for _, spoil := range spoil {
			p := good.Clone()
			spoil(&p)
			var member *MemberError
			if err := p.Check(); !errors.As(err, &member) || member.Pointer != pointer {
				t.Errorf("%+v: %v", p, err)
			}
		}
	}
}

func TestRetryJSON(t *testing.T) {
	p := RetryPolicy{
		MaxAttempts: 5, BackoffMultiplier: 2.5, InitialDelay: 1500 * time.Millisecond, MaxDelay: 30 * time.Second, Jitter: 0.2, FirstExponent: 1,
		RetryOn: RetryOnServerErrors,
	}
	text, err := json.Marshal(p)
	const want = `{"maxAttempts":5,"backoffMultiplier":2.5,"initialDelay":1500,"maxDelay":30000,"jitter":0.2,"firstExponent":1,"retryOn":"server-errors"}`
	if err != nil || string(text) != want {
		t.Errorf("got %s, %v", text, err)
	}
	var again RetryPolicy
	if err := json.Unmarshal(text, &again); err != nil || !reflect.DeepEqual(again, p) {
		t.Errorf("got %+v, %v", again, err)
	}
	// What the text lacks stays as it is.
	if err := json.Unmarshal([]byte(`{"maxAttempts":3,"initialDelay":1e3}`), &again); err != nil || again.MaxAttempts != 3 ||
		again.InitialDelay != time.Second || again.MaxDelay != 30*time.Second {
		t.Errorf("got %+v, %v", again, err)
	}
	before := again
	if err := json.Unmarshal([]byte(`null`), &again); err != nil || !reflect.DeepEqual(again, before) {
		t.Errorf("got %+v, %v", again, err)
	}
	for text, pointer := range map[string]string{
		`{"maxAttempts":"3"}`: "/maxAttempts", `{"initialDelay":0.5}`: "/initialDelay", `{"maxDelay":null}`: "/maxDelay",
		`{"delay":1}`: "/delay", `{"MaxDelay":1}`: "/MaxDelay", `[]`: "", `"never"`: "", `{"delays":5}`: "/delays", `{"delays":[1,"2"]}`: "/delays/1", `{"retryCodes":[500.5]}`: "/retryCodes/0", `{"initialDelay":100000000000000000000}`: "/initialDelay",
	} {
		p := before
		var member *MemberError
		if err := json.Unmarshal([]byte(text), &p); !errors.As(err, &member) || member.Pointer != pointer || !reflect.DeepEqual(p, before) {
			t.Errorf("%s: %+v, %v", text, p, err)
		}
	}
	// Out of range, but not wrapped around.
	if err := json.Unmarshal([]byte(`{"initialDelay":9000000000000000}`), &again); err != nil || again.Check() == nil {
		t.Errorf("got %+v, %v", again, err)
	}
}

// TestRetryJSONOver: what a text lacks is the policy's that it is read over, but
// delays and a backoff take each other's place.
func TestRetryJSONOver(t *testing.T) {
	backoff := RetryPolicy{MaxAttempts: 8, BackoffMultiplier: 2, InitialDelay: time.Second, MaxDelay: time.Hour, Jitter: 0.2, RetryOn: RetryOnAny}
	preset, _ := Preset("three-days")
	coded := backoff
	coded.RetryOn, coded.RetryCodes = RetryOnListed, []int{503}
	for _, test := range []struct {
		text string
		over RetryPolicy
		want func(p *RetryPolicy) // what is other than in over
	}{
		{`{}`, preset, func(*RetryPolicy) {}},
		{`{"delays":[1000,60000]}`, backoff, func(p *RetryPolicy) { p.Delays, p.MaxAttempts = []time.Duration{time.Second, time.Minute}, 3 }},
		{`{"delays":[1000,60000],"maxAttempts":2}`, backoff, func(p *RetryPolicy) { p.Delays, p.MaxAttempts = []time.Duration{time.Second, time.Minute}, 2 }},
		{`{"delays":[]}`, preset, func(p *RetryPolicy) { p.Delays = nil }},
		{`{"initialDelay":2000}`, preset, func(p *RetryPolicy) { p.Delays, p.InitialDelay = nil, 2*time.Second }},
		{`{"jitter":0}`, preset, func(p *RetryPolicy) { p.Jitter = 0 }},
		{`{"maxAge":3600000,"timeout":5000}`, backoff, func(p *RetryPolicy) { p.MaxAge, p.Timeout = time.Hour, 5*time.Second }},
		{`{"retryOn":"any"}`, coded, func(p *RetryPolicy) { p.RetryOn, p.RetryCodes = RetryOnAny, nil }},
		{`{"retryOn":"server-errors"}`, coded, func(p *RetryPolicy) { p.RetryOn = RetryOnServerErrors }},
		{`"three-days"`, coded, func(p *RetryPolicy) { *p = preset }},
	} {
		got, want := test.over.Clone(), test.over.Clone()
		test.want(&want)
		if err := json.Unmarshal([]byte(test.text), &got); err != nil || got.Check() != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %+v, %v; want %+v", test.text, got, err, want)
		}
		text, err := json.Marshal(got)
		var again RetryPolicy
		if err == nil {
			err = json.Unmarshal(text, &again)
		}
		if err != nil || !reflect.DeepEqual(again, got) {
			t.Errorf("%s was written, and read as %+v, %v", text, again, err)
		}
	}
	one, other := preset.Clone(), preset.Clone()
	if one.Delays[0] = 1; other.Delays[0] == 1 {
		t.Error("clones share their delays")
	}
}

// TestPresets: two are as documents have it, and the third is an example's.
func TestPresets(t *testing.T) {
	for preset, profile := range map[string]string{"seconds": "litestore", "five": "commerce-engine"} {
		if p, ok := Preset(preset); !ok || !reflect.DeepEqual(p, named(t, profile).RetryPolicy) {
			t.Errorf("%s: %+v, and %s has %+v", preset, p, profile, named(t, profile).RetryPolicy)
		}
	}
	sum := time.Duration(0)
	p, _ := Preset("three-days")
	for _, d := range p.Delays {
		sum += d
	}
	if want := 75*time.Hour + 35*time.Minute + 5*time.Second; sum != want { // as the specification has it
		t.Errorf("three-days takes %v, want %v", sum, want)
	}
	for _, name := range Presets() {
		if p, _ := Preset(name); p.Check() != nil {
			t.Errorf("%s: %v", name, p.Check())
		}
	}
	if _, ok := Preset("four"); ok {
		t.Error("there is a preset four")
	}
}
