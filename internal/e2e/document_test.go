package e2e

import (
	"regexp"
	"strings"
	"time"
)

// A document is what a platform's webhook documentation promises its merchants,
// as a reader writes it down: nothing in it is taken from the profile.
type document struct {
	profile string
	// types are all event types that the document names.
	types []string
	// envelope is the body, in the document's order of members; the words in
	// capitals stand for values.
	envelope string
	// eventID and hookID are what ids look like; hookID also for deliveries.
	eventID, hookID string
	// signature is the header with the hex HMAC-SHA256; "" if there is none.
	signature string
	userAgent string
	// path is where the merchant listens, and refusal the status for a bad
	// signature.
	path    string
	refusal int
	// endpoint and registration are the documented call; URL is the receiver's.
	endpoint, registration string
	// bearer: the API key goes into Authorization: Bearer, not into x-api-key.
	bearer bool
	// plain is a type of which the merchant's handler does not read the data.
	plain string
	// reserializes: the merchant verifies JSON.stringify of the parsed body.
	reserializes bool
	// noClientErrors: a 4xx is not tried again.
	noClientErrors bool
}

const (
	lowerID = `evt_[0-9a-z]{26}`
	upperID = `evt_[0-9A-Z]{26}`
	uuid    = `[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`
	anyID   = `[A-Za-z0-9_-]+`
)

var documents = []document{
	{
		profile:      "elective-commerce",
		types:        words("order.created order.paid order.fulfilled customer.created"),
		envelope:     `{"id":"ID","event":"TYPE","created_at":UNIX,"data":DATA}`,
		eventID:      lowerID,
		hookID:       anyID,
		signature:    "x-e-commerce-signature",
		path:         "/webhooks",
		refusal:      401,
		endpoint:     "/api/webhooks",
		registration: `{"url": "URL", "events": ["*"]}`,
		plain:        "order.fulfilled",
		reserializes: true,
	},
	{
		profile: "commerce-engine",
		types: words("orders.create orders.statusChange catalog.create catalog.update catalog.delete inventory.afterAdjust " +
			"customers.create customers.update pricing.create pricing.update promotions.create promotions.update " +
			"fulfillment.create cart.afterAddItem"),
		envelope:  `{"id":"ID","type":"TYPE","timestamp":"MILLIS","data":DATA}`,
		eventID:   upperID,
		hookID:    anyID,
		signature: "x-commerce-signature",
		path:      "/hooks/commerce",
		refusal:   401,
		endpoint:  "/api/webhooks",
		registration: `{
			"url": "URL",
			"secret": "whsec_your_random_secret_string",
			"events": ["orders.create", "orders.statusChange", "inventory.afterAdjust"]
		}`,
		plain: "pricing.update",
	},
	{
		profile: "commercio",
		types: words("ORDER_CREATED ORDER_STATUS_CHANGED PRODUCT_CREATED PRODUCT_UPDATED " +
			"INVENTORY_LOW PAYMENT_RECEIVED SHIPMENT_DELIVERED CUSTOMER_CREATED"),
		envelope:     `{"id":"ID","event":"TYPE","createdAt":"MILLIS","data":DATA}`,
		eventID:      anyID,
		hookID:       uuid,
		signature:    "x-commercio-signature",
		path:         "/hooks/orders",
		refusal:      401,
		endpoint:     "/api/webhooks",
		registration: `{"url": "URL", "events": ["ORDER_CREATED", "ORDER_STATUS_CHANGED"]}`,
		plain:        "PRODUCT_UPDATED",
	},
	{
		profile: "etail-depot",
		types: words("payment.succeeded payment.failed payment.refunded order.created order.fulfilled order.cancelled " +
			"account.updated card.issued transaction.created"),
		envelope: `{"id":"ID","type":"TYPE","created":UNIX,"data":{"object":DATA},` +
			`"request":{"id":"REQUEST","idempotency_key":KEY}}`,
		eventID:   `evt_[0-9A-Za-z]+`,
		hookID:    anyID,
		signature: "etail-signature",
		path:      "/webhooks/etaildepot",
		refusal:   400,
		endpoint:  "/v2/webhooks",
		registration: `{
			"url": "URL",
			"events": ["payment.succeeded", "payment.failed"],
			"description": "Payment notifications"
		}`,
		bearer: true,
		plain:  "order.created",
	},
	{
		profile: "litestore",
		types: words("content.submitted content.approved content.rejected product.purchased order.completed order.updated " +
			"review.created review.approved creator.registered commission.earned user.registered"),
		envelope:  `{"event":"TYPE","id":"ID","timestamp":"SECONDS","data":DATA}`,
		eventID:   `evt_[0-9A-Za-z_]+`,
		hookID:    anyID,
		signature: "x-litestore-signature",
		userAgent: "Litestore-Webhook/1.0",
		path:      "/webhooks/litestore",
		refusal:   401,
		endpoint:  "/api/webhooks",
		registration: `{
			"url": "URL",
			"secret": "your-webhook-secret",
			"events": ["content.submitted", "content.approved", "review.created", "product.purchased", "commission.earned"],
			"active": true,
			"retryPolicy": {"maxAttempts": 5, "backoffMultiplier": 2, "initialDelay": 1000}
		}`,
		plain:          "order.updated",
		reserializes:   true,
		noClientErrors: true,
	},
	{
		profile: "standard",
		types: words("order.created order.paid order.fulfilled order.cancelled refund.created product.updated " +
			"inventory.low customer.created"),
		envelope:     `{"id":"ID","type":"TYPE","timestamp":"MILLIS","data":DATA}`,
		eventID:      upperID,
		hookID:       anyID,
		path:         "/webhooks",
		refusal:      401,
		endpoint:     "/api/webhooks",
		registration: `{"url": "URL", "events": ["*"]}`,
		plain:        "order.paid",
	},
}

func words(s string) []string { return strings.Fields(s) }

// timeLayouts are the forms of a time in an envelope.
var timeLayouts = map[string]string{
	"millis":  "2006-01-02T15:04:05.000Z",
	"seconds": "2006-01-02T15:04:05Z",
}

// body is the pattern of a body: the envelope with a named group for each
// value.
func (d *document) body() *regexp.Regexp {
	pattern := regexp.QuoteMeta(d.envelope)
	for word, value := range map[string]string{
		"ID": d.eventID, "TYPE": `[A-Za-z._]+`, "DATA": `.*`,
		"UNIX":    `[0-9]{10}`,
		"MILLIS":  `\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z`,
		"SECONDS": `\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ`,
		"REQUEST": `req_[0-9A-Za-z]+`, "KEY": `null|".*"`,
	} {
		pattern = strings.Replace(pattern, word, "(?P<"+strings.ToLower(word)+">"+value+")", 1)
	}
	return regexp.MustCompile(`(?s)^` + pattern + `$`)
}

// A hard payload is data that is likely to change on its way, as it is emitted
// and as it must be sent.
type hardPayload struct{ name, data, want string }

var hardPayloads = []hardPayload{
	{
		"unicode and escapes",
		`{"name":"Zo\u00eb 🛒 日本語","markup":"<b>&amp;</b>","quoted":"\"\\\/\b\f\n\r\t\u0000\u001f\u007f"}`,
		`{"name":"Zoë 🛒 日本語","markup":"<b>&amp;</b>","quoted":"\"\\/\b\f\n\r\t\u0000\u001f` + "\x7f" + `"}`,
	},
	{
		"line separators and surrogates",
		`{"ls":"a\u2028b","ps":"c` + "\u2029" + `d","lone":"\ud800","pair":"\ud83d\ude00"}`,
		`{"ls":"a` + "\u2028" + `b","ps":"c` + "\u2029" + `d","lone":"\ud800","pair":"😀"}`,
	},
	{
		"keys that look like integers",
		`{"b":1,"10":2,"a":3,"9":4,"01":5,"-1":6,"4294967294":7,"4294967295":8,"":9}`,
		`{"9":4,"10":2,"4294967294":7,"b":1,"a":3,"01":5,"-1":6,"4294967295":8,"":9}`,
	},
	{
		"numbers",
		`{"price":25.50,"large":1e21,"below":1e20,"small":0.0000001,"tenth":0.1,"hundred":1E+2,"one":1.0,"max":1.7976931348623157e308,"min":5e-324}`,
		`{"price":25.5,"large":1e+21,"below":100000000000000000000,"small":1e-7,"tenth":0.1,"hundred":100,"one":1,"max":1.7976931348623157e+308,"min":5e-324}`,
	},
	{
		"nested and empty",
		` { "a" : {}, "b" : [], "c" : [ {} ], "d" : [[], [[]]], "e" : null, "f" : {"g": {"h": []}}, "s" : "", "t" : true, "u" : false }`,
		`{"a":{},"b":[],"c":[{}],"d":[[],[[]]],"e":null,"f":{"g":{"h":[]}},"s":"","t":true,"u":false}`,
	},
	{
		"names of JavaScript's own, and one twice",
		`{"__proto__":{"x":1},"constructor":2,"a":1,"b":2,"a":3}`,
		`{"__proto__":{"x":1},"constructor":2,"a":3,"b":2}`,
	},
	{"an array", `[1, "two", [3]]`, `[1,"two",[3]]`},
	{"a text", `"plain"`, `"plain"`},
	{"null", `null`, `null`},
	{"200 KB", `{"notes":"` + long + `"}`, `{"notes":"` + long + `"}`},
}

var long = strings.Repeat("0123456789 äöü ", 11<<10)

// about says whether a time in an envelope is that of the test's run.
func about(at time.Time) bool {
	return time.Since(at).Abs() < 10*time.Minute
}
