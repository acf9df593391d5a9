package apply

import (
	"errors"
	"os"
	"slices"
	"strings"
	"testing"
)

func want(t *testing.T, got []string, want ...string) {
	t.Helper()
	if !slices.Equal(got, want) && len(got)+len(want) > 0 {
		t.Errorf("done: %q\nwant: %q", got, want)
	}
}

// everything declares each member that there is.
const everything = `
store:
  id: shop
  name: A shop
  profile: standard
  retryPolicy: five
  limits: {ratePerSecond: 100}
  deactivateAfterSeconds: 432000
  validation: warn
  egress: {only: ["*.example.com", 203.0.113.0/24], deny: [203.0.113.9], ports: [443]}
  retention: {payloadDays: 30}
eventTypes:
  - name: order.paid
    description: An order was paid.
    entity: {type: order, id: /orderId}
    examples: [{orderId: o_1, total: 4999, rate: 0.10}]
    schema: {type: object, required: [orderId], properties: {orderId: {type: string}}}
webhooks:
  - name: All
    description: all members
    url: https://one.example.com/hook
    events: [order.paid, "customer.*"]
    secret: a-secret-of-ours
    active: false
    retryPolicy: {maxAttempts: 7, initialDelay: 1_000, delays: null, retryOn: listed, retryCodes: [429, 408]}
    limits: {ratePerSecond: 2.5, concurrency: 3}
    deactivateAfterSeconds: 0
    headers: {X-Token: "${TOKEN}", X-Plain: here}
    overlapSignature: new
    whenInactive: hold
    held: {maxCount: 10}
    ed25519: true
    filter: data.total > 100
    eventVersions: {order.paid: 1}
    order: entity
    coalesce: {latest: [customer.*]}
    batch: {maxEvents: 10, maxWaitMs: 50}
    tls: {caCertificates: "${CA}"}
    traceContext: true
  - url: https://two.example.com/hook
    name: null
    events: ["*"]
    retryPolicy: three-days
    headers: null
    isActive: null
    limits: null
    held: null
    coalesce: null
    batch: null
    order: null
    filter: null
    whenInactive: null
    eventVersions: null
    overlapSignature: null
    traceContext: null
    ed25519: null
    tls: null
    deactivateAfterSeconds: null
    description: null
    secret: null
`

func worldWithEverything(t *testing.T) *world {
	w := newWorld(t)
	w.env["TOKEN"] = "token-of-the-environment"
	ca, err := os.ReadFile("testdata/ca.pem")
	if err != nil {
		t.Fatal(err)
	}
	w.env["CA"] = string(ca)
	return w
}

// TestTwice: what is applied a second time changes nothing, whatever is declared.
func TestTwice(t *testing.T) {
	w := worldWithEverything(t)
	want(t, w.apply(everything), "create store \"A shop\"", "create eventType order.paid", `create webhook "All"`,
		"create webhook "+w.made("shop", "https://two.example.com/hook"))
	w.calls = nil
	p, err := w.plan()
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range p.Steps {
		for _, c := range s.Changes {
			t.Errorf("%s %s: %+v", s.Object, s.label(), c)
		}
	}
	if p.Differs() {
		t.Error("differs from what has just been applied")
	}
	want(t, w.again())
	for _, call := range w.calls {
		if method, path, _ := strings.Cut(call, " "); changes(method, path) || strings.HasSuffix(path, "/secret") {
			t.Errorf("the second apply has sent %s", call)
		}
	}
}

// made is the id that apply gives.
func (w *world) made(store, key string) string {
	return newID("default", store, &value{kind: object, members: []member{{name: "url", value: &value{kind: text, text: key}}}}, func(string) bool { return false })
}

// TestChanges: of each member of a declaration a change is seen, made, and the only
// one that is made.
func TestChanges(t *testing.T) {
	for _, x := range []struct{ from, to, member string }{
		{"name: A shop", "name: B shop", "name"},
		{"retryPolicy: five", "retryPolicy: seconds", "retryPolicy."},
		{"{ratePerSecond: 100}", "{ratePerSecond: 99}", "limits.ratePerSecond"},
		{"deactivateAfterSeconds: 432000", "deactivateAfterSeconds: null", "deactivateAfterSeconds"},
		{"validation: warn", "validation: enforce", "validation"},
		{", 203.0.113.0/24]", "]", "egress.only"},
		{"deny: [203.0.113.9]", "deny: [203.0.113.10]", "egress.deny"},
		{"payloadDays: 30", "payloadDays: 31", "retention.payloadDays"},
		{"An order was paid.", "Paid.", "description"},
		{"id: /orderId", "id: /id", "entity.id"},
		{"rate: 0.10", "rate: 0.2", "examples"},
		{"properties: {orderId: {type: string}}", "properties: {orderId: {type: string}, note: {type: string}}", "schema"},
		{"description: all members", "description: some", "description"},
		{"one.example.com/hook", "one.example.com/other", "url"},
		{`[order.paid, "customer.*"]`, "[order.paid]", "events"},
		{"a-secret-of-ours", "another-secret-of-ours", "secret"},
		{"active: false", "active: true", "isActive"},
		{"maxAttempts: 7", "maxAttempts: 8", "retryPolicy.maxAttempts"},
		{"[429, 408]", "[429]", "retryPolicy.retryCodes"},
		{", concurrency: 3", "", "limits.concurrency"},
		{"deactivateAfterSeconds: 0", "deactivateAfterSeconds: 600", "deactivateAfterSeconds"},
		{`"${TOKEN}"`, "another", "headers.X-Token"},
		{", X-Plain: here", "", "headers.X-Plain"},
		{"overlapSignature: new", "overlapSignature: old", "overlapSignature"},
		{"whenInactive: hold", "whenInactive: skip", "whenInactive"},
		{"maxCount: 10", "maxCount: 11", "held.maxCount"},
		{"ed25519: true", "ed25519: false", "ed25519"},
		{"data.total > 100", "data.total > 101", "filter"},
		{"eventVersions: {order.paid: 1}", "eventVersions: null", "eventVersions"},
		{"order: entity", "order: none", "order"},
		{"latest: [customer.*]", "latest: []", "coalesce.latest"},
		{"maxEvents: 10,", "maxEvents: 11,", "batch.maxEvents"},
		{`tls: {caCertificates: "${CA}"}`, "tls: null", "tls"},
		{"traceContext: true", "traceContext: false", "traceContext"},
		{"retryPolicy: three-days", "retryPolicy: null", "retryPolicy"},
	} {
		t.Run(x.from, func(t *testing.T) {
			t.Parallel()
			w := worldWithEverything(t)
			w.apply(everything)
			if strings.Count(everything, x.from) != 1 {
				t.Fatalf("%q is %d times in the file", x.from, strings.Count(everything, x.from))
			}
			w.write("webhooks.yaml", strings.Replace(everything, x.from, x.to, 1))
			p, err := w.plan()
			if err != nil {
				t.Fatal(err)
			}
			var changes []Change
			for _, s := range p.Steps {
				changes = append(changes, s.Changes...)
			}
			if p.Count(Update) != 1 || len(changes) == 0 || !strings.HasPrefix(changes[0].Member, x.member) || len(changes) > 1 && !strings.HasSuffix(x.member, ".") {
				t.Errorf("%d updates: %+v", p.Count(Update), changes)
			}
			if got := w.again(); len(got) != 1 || !strings.HasPrefix(got[0], "update ") {
				t.Errorf("done: %q", got)
			}
			want(t, w.again())
		})
	}
}

// TestAsInTheDocument: the objects of 004_… work as they stand, as a script, and give
// what they say.
func TestAsInTheDocument(t *testing.T) {
	w := newWorld(t)
	script, err := os.ReadFile("testdata/webhooks.js")
	if err != nil {
		t.Fatal(err)
	}
	w.write("webhooks.js", string(script))
	if got := w.again(); len(got) != 4 {
		t.Errorf("done: %q", got)
	}
	want(t, w.again())
	there := w.webhooks()
	if h := there["Order Processing"]; h.URL != "https://api.order-processor.example.com/webhooks" || !slices.Equal(h.Events, []string{"product.purchased", "order.updated"}) {
		t.Errorf("%+v", h)
	}
	h := there[""]
	if h.RetryPolicy == nil || h.RetryPolicy.MaxAttempts != 5 || h.RetryPolicy.InitialDelay.Milliseconds() != 1000 || h.RetryPolicy.BackoffMultiplier != 2 || !h.IsActive || len(h.Events) != 5 {
		t.Errorf("%+v", h)
	}
	for name, secret := range map[string]string{"": "your-webhook-secret", "Order Processing": "order-secret-123", "Email Service": "email-secret-456", "Analytics": "analytics-secret-789"} {
		if got := w.secret(there[name].ID); got != secret {
			t.Errorf("%q has the secret %q", name, got)
		}
	}
}

func (w *world) secret(id string) string {
	w.Helper()
	h, err := w.client.Reveal(w.Context(), "default", id)
	if err != nil {
		w.Fatal(err)
	}
	return h.Secrets[0].Value
}

// TestDeath: whoever applies may die before any of its changes; whoever applies then
// ends where it would have.
func TestDeath(t *testing.T) {
	const before = `
- {name: changed, url: https://a.example.com/, events: ["*"], secret: the-first-secret}
- {name: gone, url: https://b.example.com/, events: ["*"]}
`
	const after = `
eventTypes: [{name: parcel.sent}]
webhooks:
- {name: changed, url: https://a.example.com/new, events: [parcel.sent], secret: the-second-secret}
- {name: made, url: https://c.example.com/, events: [parcel.sent], secret: the-third-secret}
`
	for died := 0; ; died++ {
		w := newWorld(t)
		w.options.Prune = true
		w.apply(before)
		w.write("webhooks.yaml", after)
		w.failAfter = died
		p, err := w.plan()
		if err != nil {
			t.Fatal(err)
		}
		err = p.Run(t.Context(), func(*Step) {})
		w.failAfter = -1
		w.again()
		want(t, w.again())
		there := w.webhooks()
		if len(there) != 2 || there["changed"].URL != "https://a.example.com/new" || w.secret(there["changed"].ID) != "the-second-secret" || w.secret(there["made"].ID) != "the-third-secret" {
			t.Errorf("died after %d changes: %+v", died, there)
		}
		if err == nil {
			if died != 5 { // event type, patch, rotation, webhook, deletion
				t.Errorf("there were %d changes", died)
			}
			return
		}
		if !errors.Is(err, errDied) {
			t.Fatal(err)
		}
	}
}

// TestRefusedByTheAPI: what the API refuses is told with the place in the file, and
// the others are made all the same.
func TestRefusedByTheAPI(t *testing.T) {
	w := newWorld(t)
	w.refused(`
- name: bad
  url: https://a.example.com/
  events: ["*"]
  retryPolicy:
    initialDelay: 5
    maxAttempts: 0
- name: inside
  url: https://127.0.0.1/
  events: ["*"]
- {name: good, url: https://b.example.com/, events: ["*"]}
`, "webhooks.yaml:7: create webhook \"bad\"", "/retryPolicy/maxAttempts", "webhooks.yaml:9: create webhook \"inside\"")
	if there := w.webhooks(); len(there) != 1 || there["good"].ID == "" {
		t.Errorf("%+v", there)
	}
}

// TestOrder: what others refer to comes first, and what is deleted goes last.
func TestOrder(t *testing.T) {
	w := newWorld(t)
	w.options.Prune = true
	w.apply("store: {id: default, name: A}\nwebhooks: [{name: gone, url: https://a.example.com/, events: ['*']}]")
	got := w.apply("webhooks: [{name: made, url: https://b.example.com/, events: [parcel.sent]}]\neventTypes: [{name: parcel.sent}]\nstore: {id: default, name: B}")
	want(t, got, `update store "B"`, "create eventType parcel.sent", `create webhook "made"`, `delete webhook "gone"`)
}
