package api

import (
	"regexp"
	"strings"
	"testing"

	"github.com/billhook/billhook"
)

// The registrations in the five documents, each at its path with its header.
func TestRegisterAsDocumented(t *testing.T) {
	f := newFixture(t, billhook.Config{}, Config{Keys: RootKey("dev-staff-key", "your_api_key")})
	for _, profile := range []string{"elective-commerce", "commerce-engine", "commercio", "etail-depot", "litestore"} {
		f.do(t, exchange{method: "POST", path: "/api/stores", header: map[string]string{"x-api-key": "dev-staff-key"},
			body: `{"id":"` + profile + `","profile":"` + profile + `"}`, status: 201})
	}
	in := func(store string) map[string]string {
		return map[string]string{"x-api-key": "dev-staff-key", "x-store-id": store}
	}
	f.run(t, []exchange{
		{name: "000", method: "POST", path: "/api/webhooks", header: in("elective-commerce"),
			body:   `{"url":"https://example.com/hooks","events":["*"]}`,
			status: 201, has: []string{`"secret":"whsec_`}},
		{name: "001", method: "POST", path: "/api/webhooks", header: in("commerce-engine"),
			body:   `{"url":"https://example.com/hooks/commerce","secret":"whsec_your_random_secret_string","events":["orders.create","orders.statusChange","inventory.afterAdjust"]}`,
			status: 201, has: []string{`"secret":"whsec_your_random_secret_string"`, `"events":["orders.create","orders.statusChange","inventory.afterAdjust"]`}},
		{name: "002", method: "POST", path: "/api/webhooks", header: in("commercio"),
			body:   `{"url":"https://example.com/hooks/orders","events":["ORDER_CREATED","ORDER_STATUS_CHANGED"]}`,
			status: 201, has: []string{`"isActive":true`, `"createdAt":"`}},
		{name: "003", method: "POST", path: "/v2/webhooks",
			header: map[string]string{"x-api-key": "", "authorization": "Bearer your_api_key", "x-store-id": "etail-depot"},
			body:   `{"url":"https://example.com/webhooks/etaildepot","events":["payment.succeeded","payment.failed"],"description":"Payment notifications"}`,
			status: 201, has: []string{`"description":"Payment notifications"`}},
		{name: "004", method: "POST", path: "/api/webhooks", header: in("litestore"),
			body:   `{"name":"Order Processing","url":"https://example.com/webhooks/litestore","secret":"your-webhook-secret","events":["content.submitted","content.approved","review.created","product.purchased","commission.earned"],"active":true,"retryPolicy":{"maxAttempts":5,"backoffMultiplier":2,"initialDelay":1000}}`,
			status: 201, has: []string{`"name":"Order Processing"`, `"isActive":true`, `"maxAttempts":5`, `"initialDelay":1000`, `"maxDelay":30000`, `"retryOn":"server-errors"`}},
	})
	id := f.do(t, exchange{method: "POST", path: "/api/webhooks", header: in("commercio"), body: `{"url":"https://example.com/","events":["*"]}`, status: 201}).text("id")
	if !regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`).MatchString(id) {
		t.Errorf("002 wants a UUID, not %q", id)
	}
}

// TestHeadersAreMasked: the values of headers are shown where the secret is, and the
// mask that comes back changes none of them.
func TestHeadersAreMasked(t *testing.T) {
	f := newFixture(t, billhook.Config{}, Config{})
	created := f.do(t, exchange{method: "POST", path: "/api/webhooks", status: 201,
		body: `{"url":"https://example.com/hook","events":["*"],"headers":{"X-Token":"token-1","X-Other":"token-2"}}`,
		has:  []string{`"X-Token":"token-1"`, `"X-Other":"token-2"`}})
	path := "/api/webhooks/" + created.text("id")
	mask, hidden := []string{`"X-Token":"***"`, `"X-Other":"***"`}, []string{"token-"}
	reveal := func(name string, headers ...string) exchange {
		return exchange{name: name, method: "GET", path: path + "/secret", status: 200, has: headers, lacks: []string{"***"}}
	}
	f.run(t, []exchange{
		{name: "get", method: "GET", path: path, status: 200, has: mask, lacks: hidden},
		{name: "list", method: "GET", path: "/v2/webhooks", status: 200, has: mask, lacks: hidden},
		{name: "rename", method: "PATCH", path: path, body: `{"name":"n"}`, status: 200, has: mask, lacks: hidden},
		{name: "rotate", method: "POST", path: path + "/rotate-secret", body: `{}`, status: 200, has: mask, lacks: hidden},
		reveal("as it was", `"X-Other":"token-2"`, `"X-Token":"token-1"`),
		{name: "the mask comes back", method: "PATCH", path: path, body: `{"headers":{"X-Token":"***","X-Other":"token-3"}}`, status: 200, has: mask, lacks: hidden},
		reveal("one is changed", `"X-Other":"token-3"`, `"X-Token":"token-1"`),
		{name: "in other letters, and one goes", method: "PATCH", path: path, body: `{"headers":{"x-token":"***"}}`, status: 200, has: []string{`"headers":{"x-token":"***"}`}, lacks: hidden},
		reveal("one is left", `"headers":{"x-token":"token-1"}`),
		{name: "the mask of none", method: "PATCH", path: path, body: `{"headers":{"x-token":"***","X-New":"***"}}`, status: 422, has: []string{`"pointer":"/headers/X-New"`}},
		{name: "the mask in a new one", method: "POST", path: "/api/webhooks", status: 422, has: []string{`"pointer":"/headers/X-New"`},
			body: `{"url":"https://example.com/hook","events":["*"],"headers":{"X-New":"***"}}`},
		reveal("nothing changed", `"headers":{"x-token":"token-1"}`),
	})
}

func TestWebhook(t *testing.T) {
	f := newFixture(t, billhook.Config{}, Config{})
	created := f.do(t, exchange{method: "POST", path: "/v2/webhooks", status: 201,
		body: `{"url":"https://example.com/hook","events":["order.*"],"secret":"s3cret-s3cret","name":"n","description":"d","active":false,"headers":{"X-Tenant":"a"}}`,
		has:  []string{`"secret":"s3cret-s3cret"`, `"isActive":false`, `"headers":{"X-Tenant":"a"}`, `"retryPolicy":null`}})
	id := created.text("id")
	if got := created.Header().Get("Location"); got != "/v2/webhooks/"+id {
		t.Errorf("Location is %q", got)
	}
	if at := created.text("createdAt"); !regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$`).MatchString(at) {
		t.Errorf("createdAt is %q", at)
	}
	path := "/api/webhooks/" + id
	f.run(t, []exchange{
		{name: "get", method: "GET", path: path, status: 200, has: []string{`"name":"n"`}, lacks: []string{"s3cret-s3cret", `"secret"`}},
		{name: "head", method: "HEAD", path: path, status: 200},
		{name: "list", method: "GET", path: "/v2/webhooks", status: 200, has: []string{id}, lacks: []string{"s3cret-s3cret"}},
		{name: "reveal", method: "GET", path: path + "/secret", status: 200, has: []string{`{"secret":"s3cret-s3cret","previous":[],"headers":{"X-Tenant":"a"}}`}},
		{name: "nothing changed", method: "PATCH", path: path, body: `{}`, status: 200, has: []string{`"name":"n"`, `"isActive":false`, `"X-Tenant"`}},
		{name: "activate", method: "PATCH", path: path, body: `{"isActive":true}`, status: 200, has: []string{`"isActive":true`, `"name":"n"`}},
		{name: "deactivate by its other name", method: "PATCH", path: path, body: `{"active":false}`, status: 200, has: []string{`"isActive":false`}},
		{name: "both, the same", method: "PATCH", path: path, body: `{"active":true,"isActive":true}`, status: 200, has: []string{`"isActive":true`}},
		{name: "part of a retry policy", method: "PATCH", path: path, body: `{"retryPolicy":{"maxAttempts":2,"jitter":0.5}}`, status: 200, has: []string{`"maxAttempts":2`, `"jitter":0.5`, `"backoffMultiplier":`}},
		{name: "it stays", method: "PATCH", path: path, body: `{"url":"https://example.org/hook","events":["*"]}`, status: 200, has: []string{`"maxAttempts":2`, `"url":"https://example.org/hook"`, `"events":["*"]`}},
		{name: "the profile's policy", method: "PATCH", path: path, body: `{"retryPolicy":null}`, status: 200, has: []string{`"retryPolicy":null`}},
		{name: "empty what can be empty", method: "PATCH", path: path, body: `{"name":null,"description":"","headers":null}`, status: 200, has: []string{`"name":""`, `"description":""`, `"headers":{}`}},
		{name: "delete", method: "DELETE", path: path, status: 204},
		{name: "gone", method: "GET", path: path, status: 404, has: []string{`"code":"not_found"`}},
		{name: "gone for good", method: "DELETE", path: path, status: 404},
	})
}

func TestRotateSecret(t *testing.T) {
	f := newFixture(t, billhook.Config{}, Config{})
	id := f.register(t, `{"url":"https://example.com/hook","events":["*"],"secret":"first-secret"}`)
	rotate, reveal := "/api/webhooks/"+id+"/rotate-secret", "/api/webhooks/"+id+"/secret"
	f.run(t, []exchange{
		{name: "own, with grace", method: "POST", path: rotate, body: `{"secret":"second-secret","gracePeriodSeconds":60}`, status: 200, has: []string{`"secret":"second-secret"`}, lacks: []string{"first"}},
		{name: "both sign", method: "GET", path: reveal, status: 200, has: []string{`"secret":"second-secret","previous":[{"secret":"first-secret","expiresAt":"`}},
		{name: "no body", method: "POST", path: rotate, status: 200, has: []string{`"secret":"whsec_`}},
		{name: "at once", method: "POST", path: rotate, body: `{"secret":"final-secret","gracePeriodSeconds":0}`, status: 200},
		{name: "one signs", method: "GET", path: reveal, status: 200, has: []string{`{"secret":"final-secret","previous":[],"headers":{}}`}},
	})
	before := f.contents(t)
	f.run(t, []exchange{
		{name: "too long", method: "POST", path: rotate, body: `{"gracePeriodSeconds":604801}`, status: 422, has: []string{`"pointer":"/gracePeriodSeconds"`}},
		{name: "negative", method: "POST", path: rotate, body: `{"gracePeriodSeconds":-1}`, status: 422, has: []string{`"pointer":"/gracePeriodSeconds"`}},
		{name: "a fraction", method: "POST", path: rotate, body: `{"gracePeriodSeconds":0.5}`, status: 422, has: []string{`"pointer":"/gracePeriodSeconds"`}},
		{name: "an empty secret", method: "POST", path: rotate, body: `{"secret":""}`, status: 422, has: []string{`"pointer":"/secret"`}},
		{name: "a short secret", method: "POST", path: rotate, body: `{"secret":"whsec_short"}`, status: 422, has: []string{`"pointer":"/secret"`, "shorter than 10 bytes"}},
		{name: "a secret with a line break", method: "POST", path: rotate, body: `{"secret":"a\nb"}`, status: 422, has: []string{`"pointer":"/secret"`}},
		{name: "no such webhook", method: "POST", path: "/api/webhooks/nope/rotate-secret", status: 404},
	})
	if after := f.contents(t); after != before {
		t.Errorf("a refused call left a trace:\n%s", after)
	}
}

func TestWebhookPages(t *testing.T) {
	f := newFixture(t, billhook.Config{}, Config{})
	want := map[string]bool{}
	for range 7 {
		want[f.register(t, `{"url":"https://example.com/hook","events":["*"]}`)] = true
	}
	cursor, pages := "", 0
	for {
		page := f.do(t, exchange{method: "GET", path: "/api/webhooks?limit=3" + cursor, status: 200})
		pages++
		for _, w := range page.data() {
			if !want[w["id"].(string)] {
				t.Errorf("%s comes twice, or is not ours", w["id"])
			}
			delete(want, w["id"].(string))
		}
		if strings.Contains(page.Body.String(), `"nextCursor":null`) {
			break
		}
		cursor = "&cursor=" + page.text("nextCursor")
	}
	if pages != 3 || len(want) != 0 {
		t.Errorf("%d pages, %d webhooks missing", pages, len(want))
	}
}

func TestWebhooksRefuse(t *testing.T) {
	f := newFixture(t, billhook.Config{}, Config{})
	closed := map[string]string{"x-store-id": "closed"}
	f.do(t, exchange{method: "POST", path: "/api/stores", body: `{"id":"closed","profile":"commercio"}`, status: 201})
	id := f.register(t, `{"id":"taken","url":"https://example.com/hook","events":["*"]}`)
	before := f.contents(t)
	with := func(member string) string {
		return `{"url":"https://example.com/hook","events":["*"],` + member + `}`
	}
	url := func(url string) string { return `{"events":["*"],"url":"` + url + `"}` }
	register := func(name, body string, status int, has ...string) exchange {
		return exchange{name: name, method: "POST", path: "/api/webhooks", body: body, status: status, has: has}
	}
	refusedURL := func(name, value string) exchange {
		return register(name, url(value), 422, `"code":"url_refused"`, `"pointer":"/url"`)
	}
	f.run(t, []exchange{
		refusedURL("ftp", "ftp://example.com/hook"),
		refusedURL("javascript", "javascript:alert(1)"),
		refusedURL("relative", "/hook"),
		refusedURL("no scheme", "example.com/hook"),
		refusedURL("user info", "https://user:pass@example.com/hook"),
		refusedURL("fragment", "https://example.com/hook#top"),
		refusedURL("http", "http://example.com/hook"),
		refusedURL("loopback", "https://127.0.0.1/hook"),
		refusedURL("metadata service", "https://169.254.169.254/latest"),
		refusedURL("not a URL", "https://exa mple.com/"),
		register("no url", `{"events":["*"]}`, 422, `"pointer":"/url"`),
		register("a url that is not text", `{"url":1,"events":["*"]}`, 422, `"pointer":"/url"`, "must be a string"),
		register("no events", `{"url":"https://example.com/hook"}`, 422, `"pointer":"/events"`),
		register("no event at all", `{"url":"https://example.com/hook","events":[]}`, 422, `"pointer":"/events"`),
		register("events that are no list", `{"url":"https://example.com/hook","events":"*"}`, 422, `"pointer":"/events"`, "must be an array"),
		register("an event that is not text", `{"url":"https://example.com/hook","events":["a",2]}`, 422, `"pointer":"/events/1"`),
		register("half a pattern", `{"url":"https://example.com/hook","events":["order*"]}`, 422, `"pointer":"/events/0"`, `order.*`),
		register("an event type that cannot be", `{"url":"https://example.com/hook","events":["a","b c"]}`, 422, `"pointer":"/events/1"`),
		register("zero attempts", with(`"retryPolicy":{"maxAttempts":0}`), 422, `"pointer":"/retryPolicy/maxAttempts"`),
		register("a negative delay", with(`"retryPolicy":{"initialDelay":-1}`), 422, `"pointer":"/retryPolicy/initialDelay"`),
		register("a delay of a century", with(`"retryPolicy":{"maxDelay":3155760000000}`), 422, `"pointer":"/retryPolicy/maxDelay"`),
		register("a multiplier of zero", with(`"retryPolicy":{"backoffMultiplier":0}`), 422, `"pointer":"/retryPolicy/backoffMultiplier"`),
		register("attempts as text", with(`"retryPolicy":{"maxAttempts":"5"}`), 422, `"pointer":"/retryPolicy/maxAttempts"`),
		register("half an attempt", with(`"retryPolicy":{"maxAttempts":1.5}`), 422, `"pointer":"/retryPolicy/maxAttempts"`),
		register("an unknown member of the policy", with(`"retryPolicy":{"max":5}`), 422, `"pointer":"/retryPolicy/max"`),
		register("a policy that is a number", with(`"retryPolicy":5`), 422, `"pointer":"/retryPolicy"`, "must be an object"),
		register("a header that only Billhook sets", with(`"headers":{"webhook-signature":"x"}`), 422, `"pointer":"/headers/webhook-signature"`),
		register("a header with a line break", with(`"headers":{"X-A":"b\r\nX-C: d"}`), 422, `"pointer":"/headers/X-A"`),
		register("a header twice", with(`"headers":{"X-A":"1","X-A":"2"}`), 422, `"pointer":"/headers/X-A"`),
		register("a header that is a number", with(`"headers":{"X-A":1}`), 422, `"pointer":"/headers/X-A"`),
		register("a short secret", with(`"secret":"too-short"`), 422, `"pointer":"/secret"`, "shorter than 10 bytes"),
		register("a public key for a secret", with(`"secret":"whpk_1SiA4o9hyqTCpIqC5V9HUakiiaeACeqfZTInDBbOir4="`), 422, `"pointer":"/secret"`, "Ed25519"),
		register("an empty secret", with(`"secret":""`), 422, `"pointer":"/secret"`),
		register("active and not", with(`"isActive":true,"active":false`), 422, `"pointer":"/active"`),
		register("active in words", with(`"isActive":"yes"`), 422, `"pointer":"/isActive"`),
		register("a member in another case", with(`"Name":"x"`), 422, `"pointer":"/Name"`),
		register("a member twice", with(`"url":"https://example.org/"`), 422, `"pointer":"/url"`, "twice"),
		register("half a surrogate pair", with(`"name":"\ud800"`), 422, `"pointer":"/name"`),
		register("a taken id", with(`"id":"taken"`), 409, `"code":"duplicate"`, `"pointer":"/id"`),
		{name: "a type that the closed catalogue lacks", method: "POST", path: "/api/webhooks", header: closed,
			body: `{"url":"https://example.com/hook","events":["ORDER_CREATED","ORDER_EATEN"]}`, status: 422, has: []string{`"code":"unknown_event_type"`, `"pointer":"/events/1"`, "INVENTORY_LOW"}},

		{name: "change to a bad url", method: "PATCH", path: "/api/webhooks/" + id, body: `{"name":"x","url":"http://example.com/"}`, status: 422, has: []string{`"pointer":"/url"`}},
		{name: "change to no url", method: "PATCH", path: "/api/webhooks/" + id, body: `{"url":null}`, status: 422, has: []string{`"pointer":"/url"`}},
		{name: "change to no events", method: "PATCH", path: "/api/webhooks/" + id, body: `{"events":[]}`, status: 422, has: []string{`"pointer":"/events"`}},
		{name: "change to no activity", method: "PATCH", path: "/api/webhooks/" + id, body: `{"isActive":null}`, status: 422, has: []string{`"pointer":"/isActive"`}},
		{name: "change to zero attempts", method: "PATCH", path: "/api/webhooks/" + id, body: `{"name":"x","retryPolicy":{"maxAttempts":0}}`, status: 422, has: []string{`"pointer":"/retryPolicy/maxAttempts"`}},
		{name: "change the secret", method: "PATCH", path: "/api/webhooks/" + id, body: `{"secret":"x"}`, status: 422, has: []string{`"pointer":"/secret"`}},
		{name: "change what is not there", method: "PATCH", path: "/api/webhooks/nope", body: `{"name":"x"}`, status: 404, has: []string{`"code":"not_found"`, "nope"}},
		{name: "an unknown webhook", method: "GET", path: "/api/webhooks/nope", status: 404},
		{name: "an unknown webhook's deliveries", method: "GET", path: "/api/webhooks/nope/deliveries", status: 404},
		{name: "delete an unknown webhook", method: "DELETE", path: "/api/webhooks/nope", status: 404},
		{name: "test an unknown webhook", method: "POST", path: "/api/webhooks/nope/test", status: 404},
		{name: "test a type that cannot be", method: "POST", path: "/api/webhooks/" + id + "/test", body: `{"type":"a b"}`, status: 422, has: []string{`"pointer":"/type"`}},
	})
	if after := f.contents(t); after != before {
		t.Errorf("a refused call left a trace:\n%s\nbefore:\n%s", after, before)
	}
}
