package api

import (
	"strings"
	"testing"

	"github.com/billhook/billhook"
)

// TestRetryPolicies: a policy is given by name or by members, to a webhook and to a
// store, and what is left out is of the nearest one that holds without it.
func TestRetryPolicies(t *testing.T) {
	f := newFixture(t, billhook.Config{}, Config{})
	const hook = `{"url":"https://example.com/hook","events":["*"],"retryPolicy":`
	seconds := `"retryPolicy":{"maxAttempts":5,"backoffMultiplier":2,"initialDelay":1000,"maxDelay":30000,"jitter":0,"firstExponent":1,"retryOn":"server-errors"}`
	threeDays := `"delays":[5000,300000,1800000,7200000,18000000,36000000,50400000,72000000,86400000]`
	path := "/api/webhooks/" + f.do(t, exchange{method: "POST", path: "/api/webhooks", body: hook + `"seconds"}`, status: 201, has: []string{seconds, `"inactiveReason":null`}}).text("id")
	patch := func(name, body string, has ...string) exchange {
		return exchange{name: name, method: "PATCH", path: path, body: body, status: 200, has: has}
	}
	store := func(name, body string, has ...string) exchange {
		return exchange{name: name, method: "PATCH", path: "/api/stores/default", body: body, status: 200, has: has}
	}
	f.run(t, []exchange{
		patch("by name", `{"retryPolicy":"five"}`, `"retryPolicy":{"maxAttempts":6,"backoffMultiplier":2,"initialDelay":1000,"maxDelay":3600000,"jitter":0.2,"firstExponent":0,"retryOn":"any"}`),
		patch("three days", `{"retryPolicy":"three-days"}`, `"maxAttempts":10`, threeDays, `"jitter":0.1`),
		patch("delays", `{"retryPolicy":{"delays":[0,2592000000],"maxAge":86400000,"timeout":5000,"retryOn":"listed","retryCodes":[429,503]}}`,
			`"maxAttempts":3`, `"delays":[0,2592000000],"maxAge":86400000,"timeout":5000,"retryCodes":[429,503]}`, `"jitter":0.2`),
		patch("the profile's", `{"retryPolicy":null}`, `"retryPolicy":null`),
		store("a store's by name", `{"retryPolicy":"three-days"}`, threeDays),
		store("another member stays as it is", `{"name":"Shop"}`, threeDays, `"name":"Shop"`),
		patch("a member over the store's", `{"retryPolicy":{"jitter":0}}`, threeDays, `"jitter":0,`),
		{name: "a backoff in place of the store's delays", method: "PATCH", path: path, body: `{"retryPolicy":{"maxAttempts":4,"initialDelay":2000}}`, status: 200,
			has: []string{`"maxAttempts":4`, `"initialDelay":2000,"maxDelay":86400000`}, lacks: []string{`"delays"`}},
		{name: "none of what the store has", method: "PATCH", path: path, body: `{"retryPolicy":{"delays":null,"maxAge":null,"timeout":null,"retryCodes":null}}`, status: 200,
			has: []string{`"maxAttempts":10`}, lacks: []string{`"delays"`}},
		store("with a profile at once", `{"retryPolicy":{"maxAge":3600000},"profile":"litestore"}`, `"profile":"litestore"`, strings.TrimSuffix(seconds, "}")+`,"maxAge":3600000}`),
		{name: "get", method: "GET", path: "/api/stores/default", status: 200, has: []string{`"maxAge":3600000`}},
		store("back to the profile's", `{"retryPolicy":null}`, `"retryPolicy":null`),
		{name: "a new store", method: "POST", path: "/api/stores", body: `{"id":"new","retryPolicy":{"maxAttempts":2},"profile":"litestore"}`, status: 201, has: []string{`"retryPolicy":{"maxAttempts":2,"backoffMultiplier":2,`, `"retryOn":"server-errors"}`}},
		{name: "a new store by name", method: "POST", path: "/api/stores", body: `{"id":"newer","retryPolicy":"five"}`, status: 201, has: []string{`"maxAttempts":6`}},
		{name: "a new store without", method: "POST", path: "/api/stores", body: `{"id":"newest","retryPolicy":null}`, status: 201, has: []string{`"retryPolicy":null`}},
		{name: "on record", method: "GET", path: "/api/audit?event=stores.update", status: 200, has: []string{`"delays":[5000,`, `"maxAge":3600000`}},
	})
}

func TestRetryPoliciesRefuse(t *testing.T) {
	f := newFixture(t, billhook.Config{}, Config{})
	before := f.contents(t)
	var all []exchange
	for _, tt := range []struct{ name, policy, pointer, says string }{
		{"no such preset", `"four"`, "/retryPolicy", "seconds, five, three-days"},
		{"a preset in capitals", `"Five"`, "/retryPolicy", "is none of the presets"},
		{"a list", `[1000]`, "/retryPolicy", "must be an object, or the name of a preset"},
		{"too many attempts for the delays", `{"delays":[1,2],"maxAttempts":4}`, "/retryPolicy/maxAttempts", "from 1 to 3, one more than there are delays"},
		{"a delay beyond 30 days", `{"delays":[1,2592000001]}`, "/retryPolicy/delays/1", "must be from 0 to 2592000000"},
		{"a delay below nothing", `{"delays":[-1]}`, "/retryPolicy/delays/0", "must be from 0"},
		{"half a delay", `{"delays":[1,0.5]}`, "/retryPolicy/delays/1", "whole number"},
		{"a delay of a century", `{"delays":[3155760000000]}`, "/retryPolicy/delays/0", "is too long"},
		{"a delay for a list", `{"delays":1000}`, "/retryPolicy/delays", "must be an array"},
		{"a hundred delays", `{"delays":[` + strings.Repeat("1,", 99) + `1]}`, "/retryPolicy/maxAttempts", "1 to 100"},
		{"a million delays", `{"delays":[` + strings.Repeat("1,", 200_000) + `1]}`, "/retryPolicy/delays/1000", "one too many"},
		{"an age of nothing", `{"maxAge":999}`, "/retryPolicy/maxAge", "must be from 1000"},
		{"an age of two years", `{"maxAge":31536000001}`, "/retryPolicy/maxAge", "is too long"},
		{"a timeout of an hour", `{"timeout":3600000}`, "/retryPolicy/timeout", "must be from 100 to 60000"},
		{"an unknown retryOn", `{"retryOn":"never"}`, "/retryPolicy/retryOn", "listed"},
		{"codes beside any", `{"retryCodes":[503]}`, "/retryPolicy/retryCodes", "set it to"},
		{"a code that is a success", `{"retryOn":"listed","retryCodes":[503,204]}`, "/retryPolicy/retryCodes/1", "300 to 599"},
		{"410", `{"retryOn":"listed","retryCodes":[410]}`, "/retryPolicy/retryCodes/0", "wants no more"},
		{"a code twice", `{"retryOn":"listed","retryCodes":[503,503]}`, "/retryPolicy/retryCodes/1", "twice"},
		{"a member twice", `{"maxAge":1000,"maxAge":2000}`, "/retryPolicy/maxAge", "twice"},
	} {
		has := []string{`"pointer":"` + tt.pointer + `"`, tt.says}
		all = append(all,
			exchange{name: tt.name, method: "POST", path: "/api/webhooks", body: `{"url":"https://example.com/","events":["*"],"retryPolicy":` + tt.policy + `}`, status: 422, has: has},
			exchange{name: tt.name + " of a store", method: "PATCH", path: "/api/stores/default", body: `{"name":"x","retryPolicy":` + tt.policy + `}`, status: 422, has: has},
			exchange{name: tt.name + " of a new store", method: "POST", path: "/api/stores", body: `{"id":"x","retryPolicy":` + tt.policy + `}`, status: 422, has: has},
		)
	}
	all = append(all,
		exchange{name: "a policy beside an unknown profile", method: "POST", path: "/api/stores", body: `{"id":"x","profile":"nope","retryPolicy":{"maxAttempts":0}}`, status: 422, has: []string{`"pointer":"/profile"`}},
		exchange{name: "the reason is Billhook's to say", method: "PATCH", path: "/api/webhooks/x", body: `{"inactiveReason":"x"}`, status: 422, has: []string{`"pointer":"/inactiveReason"`}},
		exchange{name: "a store that is not there", method: "PATCH", path: "/api/stores/nope", body: `{"retryPolicy":{"maxAttempts":3}}`, status: 404},
	)
	f.run(t, all)
	if after := f.contents(t); after != before {
		t.Errorf("a refused call left a trace:\n%s\nbefore:\n%s", after, before)
	}
}
