package api

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/billhook/billhook"
)

func TestEvents(t *testing.T) {
	f := newFixture(t, billhook.Config{}, Config{})
	f.register(t, `{"url":"https://example.com/hook","events":["order.*"]}`)
	f.register(t, `{"url":"https://example.com/hook","events":["*"]}`)
	full := `{"type":"order.paid","id":"evt:1","data":{"b":1.0,"a":"é\u2028<"},"entity":{"type":"order","id":"o_1"},` +
		`"actor":{"type":"user","id":"u_7"},"occurredAt":"2026-03-01T12:00:00+02:00"}`
	f.run(t, []exchange{
		{name: "emit", method: "POST", path: "/api/events", body: full, header: map[string]string{"idempotency-key": "k 1"}, status: 202,
			has: []string{`"id":"evt:1"`, `"type":"order.paid"`, `"deliveries":2`}},
		{name: "read it", method: "GET", path: "/api/events/evt:1", status: 200,
			has: []string{`"data":{"b":1,"a":"é` + "\u2028" + `<"}`, `"entity":{"type":"order","id":"o_1"}`, `"actor":{"type":"user","id":"u_7"}`, `"occurredAt":"2026-03-01T10:00:00.000Z"`, `"idempotencyKey":"k 1"`}},
		{name: "a repeat answers the first result", method: "POST", path: "/api/events", body: full, header: map[string]string{"idempotency-key": "k 1"}, status: 202, has: []string{`"id":"evt:1"`, `"deliveries":2`}},
		{name: "a repeat without an id too", method: "POST", path: "/api/events", body: `{"data":{"b":1,"a":"é\u2028<"},"type":"order.paid","idempotencyKey":"k 1"}`, status: 202, has: []string{`"id":"evt:1"`}},
		{name: "the key for another event", method: "POST", path: "/api/events", body: `{"type":"order.paid","data":2}`, header: map[string]string{"idempotency-key": "k 1"}, status: 422, has: []string{`"code":"idempotency_key_reuse"`}},
		{name: "duplicate members of data are legal", method: "POST", path: "/api/events", body: `{"type":"t","id":"d1","data":{"a":1,"a":2}}`, status: 202, has: []string{`"deliveries":1`}},
		{name: "the last one counts", method: "GET", path: "/api/events/d1", status: 200, has: []string{`"data":{"a":2}`, `"entity":null`, `"actor":{"type":"apiKey","id":"root"}`}, lacks: []string{"idempotencyKey"}},
		{name: "half a surrogate pair in data is legal", method: "POST", path: "/api/events", body: `{"type":"t","id":"d2","data":"\uD800"}`, status: 202},
		{name: "and stays", method: "GET", path: "/api/events/d2", status: 200, has: []string{`"data":"\ud800"`}},
		{name: "a number beyond ECMAScript", method: "POST", path: "/api/events", body: `{"type":"t","id":"d3","data":[9007199254740993,12345678901234567890123]}`, status: 202},
		{name: "is carried exactly", method: "GET", path: "/api/events/d3", status: 200, has: []string{`"data":[9007199254740993,12345678901234567890123]`}},
		{name: "nulls are what is left out", method: "POST", path: "/api/events", body: `{"type":"t","data":null,"id":null,"entity":null,"actor":null,"occurredAt":null,"idempotencyKey":null}`, status: 202},
		{name: "escaped names are names", method: "POST", path: "/api/events", body: ` {"t\u0079pe":"\u0074","data":1} `, status: 202, has: []string{`"type":"t"`}},
		{name: "charset", method: "POST", path: "/api/events", body: `{"type":"t","data":1}`, header: map[string]string{"content-type": "Application/JSON; charset=UTF-8"}, status: 202},
		{name: "no content type", method: "POST", path: "/api/events", body: `{"type":"t","data":1}`, header: map[string]string{"content-type": ""}, status: 202},
		{name: "an event may be called batch", method: "POST", path: "/api/events", body: `{"type":"t","id":"batch","data":1}`, status: 202},
		{name: "and be read", method: "GET", path: "/api/events/batch", status: 200, has: []string{`"id":"batch"`}},
		{name: "filter by type", method: "GET", path: "/api/events?type=order.paid", status: 200, has: []string{`"id":"evt:1"`}, lacks: []string{`"type":"t"`}},
		{name: "filter by entity", method: "GET", path: "/api/events?entityType=order&entityId=o_1", status: 200, has: []string{`"id":"evt:1"`}, lacks: []string{`"type":"t"`}},
		{name: "filter by time", method: "GET", path: "/api/events?from=2026-01-01&to=2026-01-31T00:00:00%2B02:00", status: 200, has: []string{`"data":[]`}},
		{name: "unknown event", method: "GET", path: "/api/events/nope", status: 404, has: []string{`"code":"not_found"`}},
	})
}

func TestEventBatch(t *testing.T) {
	f := newFixture(t, billhook.Config{}, Config{})
	f.emit(t, `{"type":"t","id":"old","data":1}`)
	answer := f.do(t, exchange{method: "POST", path: "/api/events/batch", status: 202,
		body: `{"events":[{"type":"t","id":"a","data":1},{"type":"t","id":"old","data":1},{"type":"t","id":"c","data":[]},` +
			`{"type":"t","id":"k","data":1,"idempotencyKey":"k"},{"type":"t","data":2,"idempotencyKey":"k"},{"type":"t","data":1,"idempotencyKey":"k"}]}`,
		has: []string{`"pointer":"/events/1/id"`, `"code":"duplicate"`, `"code":"idempotency_key_reuse"`, `"pointer":"/events/4"`}})
	var got []string
	for _, result := range answer.data() {
		id, _ := result["id"].(string)
		got = append(got, id)
	}
	if want := []string{"a", "", "c", "k", "", "k"}; fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("the batch was given the ids %q, not %q", got, want)
	}
}

func TestEventPages(t *testing.T) {
	f := newFixture(t, billhook.Config{}, Config{})
	var batch []string
	for i := range 120 {
		batch = append(batch, fmt.Sprintf(`{"type":"t","id":"e%03d","data":%d}`, i, i))
	}
	f.do(t, exchange{method: "POST", path: "/api/events/batch", body: `{"events":[` + strings.Join(batch, ",") + `]}`, status: 202})
	seen, cursor := map[string]bool{}, ""
	for _, want := range []int{50, 50, 20} {
		page := f.do(t, exchange{method: "GET", path: "/api/events" + cursor, status: 200})
		if got := len(page.data()); got != want {
			t.Fatalf("a page of %d, not %d", got, want)
		}
		for _, e := range page.data() {
			seen[e["id"].(string)] = true
		}
		if want == 50 {
			cursor = "?cursor=" + page.text("nextCursor")
		} else if page.members()["nextCursor"] != nil {
			t.Error("the last page has a next one")
		}
	}
	if len(seen) != 120 {
		t.Errorf("%d of 120 events", len(seen))
	}
	if got := len(f.do(t, exchange{method: "GET", path: "/api/events?limit=100", status: 200}).data()); got != 100 {
		t.Errorf("a page of %d, not 100", got)
	}
}

func TestEventsRefuse(t *testing.T) {
	f := newFixture(t, billhook.Config{MaxEventSize: 1 << 10}, Config{MaxBody: 70 << 10, MaxBatchBody: 2 << 20, MaxBatch: 10})
	f.do(t, exchange{method: "POST", path: "/api/stores", body: `{"id":"closed","profile":"litestore"}`, status: 201})
	closed := map[string]string{"x-store-id": "closed"}
	f.emit(t, `{"type":"t","id":"taken","data":1}`)
	before := f.contents(t) + f.do(t, exchange{method: "GET", path: "/api/events", header: closed, status: 200}).Body.String()

	emit := func(name, body string, status int, has ...string) exchange {
		return exchange{name: name, method: "POST", path: "/api/events", body: body, status: status, has: has}
	}
	batch := func(name, body string, status int, has ...string) exchange {
		return exchange{name: "batch: " + name, method: "POST", path: "/api/events/batch", body: body, status: status, has: has}
	}
	with := func(x exchange, header ...string) exchange {
		x.header = map[string]string{header[0]: header[1]}
		return x
	}
	good := `{"type":"t","data":1}`
	deep := strings.Repeat("[", 65) + strings.Repeat("]", 65)
	f.run(t, []exchange{
		emit("no body", "", 400, `"code":"invalid_json"`, "empty"),
		emit("white space", " \n", 400, `"code":"invalid_json"`),
		emit("not JSON", `type=t`, 400, `"code":"invalid_json"`),
		emit("cut off", `{"type":"t","data":{"a":`, 400, `"code":"invalid_json"`, `"pointer":"/data/a"`),
		emit("a comma too much", `{"type":"t","data":1,}`, 400, `"code":"invalid_json"`),
		emit("bad JSON in data", `{"type":"t","data":{"a":[1,tru]}}`, 400, `"code":"invalid_json"`, `"pointer":"/data/a/1"`),
		emit("more after the object", good+good, 400, `"code":"invalid_json"`),
		emit("not UTF-8", "{\"type\":\"t\",\"data\":\"\xff\"}", 400, `"code":"invalid_json"`, "UTF-8"),
		emit("a byte order mark", "\ufeff"+good, 400, `"code":"invalid_json"`),
		emit("a list", `[`+good+`]`, 422, `"code":"invalid"`, "must be an object"),
		emit("no type", `{"data":1}`, 422, `"pointer":"/type"`, "is missing"),
		emit("no data", `{"type":"t"}`, 422, `"pointer":"/data"`, "is missing"),
		emit("an empty type", `{"type":"","data":1}`, 422, `"pointer":"/type"`),
		emit("a type that is a number", `{"type":1,"data":1}`, 422, `"pointer":"/type"`),
		emit("a type with a space", `{"type":"a b","data":1}`, 422, `"pointer":"/type"`),
		emit("an unknown member", `{"type":"t","data":1,"a/b~":1}`, 422, `"pointer":"/a~1b~0"`),
		emit("a long unknown member", `{"type":"t","data":1,"`+strings.Repeat("é", 30000)+`":1}`, 422, `"pointer":"/é`, `é…"`),
		emit("a member in another case", `{"Type":"t","data":1}`, 422, `"pointer":"/Type"`),
		emit("a member twice", `{"type":"t","data":1,"data":2}`, 422, `"pointer":"/data"`, "twice"),
		emit("a member twice, once escaped", `{"type":"t","data":1,"d\u0061ta":2}`, 422, `"pointer":"/data"`, "twice"),
		emit("a bad id", `{"type":"t","data":1,"id":"a b"}`, 422, `"pointer":"/id"`),
		emit("an empty id", `{"type":"t","data":1,"id":""}`, 422, `"pointer":"/id"`),
		emit("a taken id", `{"type":"t","data":1,"id":"taken"}`, 409, `"code":"duplicate"`, `"pointer":"/id"`),
		emit("an entity without an id", `{"type":"t","data":1,"entity":{"type":"order"}}`, 422, `"pointer":"/entity/id"`),
		emit("an entity that is text", `{"type":"t","data":1,"entity":"order"}`, 422, `"pointer":"/entity"`),
		emit("an entity that says more", `{"type":"t","data":1,"entity":{"type":"order","id":"1","x":1}}`, 422, `"pointer":"/entity/x"`),
		emit("an actor with a number", `{"type":"t","data":1,"actor":{"type":"user","id":7}}`, 422, `"pointer":"/actor/id"`),
		emit("no time", `{"type":"t","data":1,"occurredAt":"yesterday"}`, 422, `"pointer":"/occurredAt"`),
		emit("a time before computers", `{"type":"t","data":1,"occurredAt":"0001-02-03T00:00:00Z"}`, 422, `"pointer":"/occurredAt"`),
		emit("too deep", `{"type":"t","data":`+deep+`}`, 422, `"code":"too_deep"`, `"pointer":"/data`),
		emit("far too deep", `{"type":"t","data":`+strings.Repeat("[", 20000)+strings.Repeat("]", 20000)+`}`, 422, `"code":"too_deep"`, `"pointer":"/data"`),
		emit("too deep and cut off", `{"type":"t","data":`+strings.Repeat("[", 20000), 422, `"code":"too_deep"`),
		emit("too large", `{"type":"t","data":"`+strings.Repeat("x", 1<<10)+`"}`, 413, `"code":"too_large"`, `"pointer":"/data"`),
		emit("a body too large", `{"type":"t","data":"`+strings.Repeat("x", 80<<10)+`"}`, 413, `"code":"too_large"`, "71680 bytes"),
		with(emit("a form", `type=t`, 415, `"code":"unsupported_media_type"`), "content-type", "application/x-www-form-urlencoded"),
		with(emit("Latin-1", good, 415, "UTF-8"), "content-type", "application/json; charset=iso-8859-1"),
		with(emit("gzip", good, 415, "gzip"), "content-encoding", "gzip"),
		with(emit("a bad key", good, 422, `"parameter":"Idempotency-Key"`), "idempotency-key", "é"),
		with(emit("a long key", good, 422, `"parameter":"Idempotency-Key"`), "idempotency-key", strings.Repeat("k", 256)),
		with(emit("two keys", `{"type":"t","data":1,"idempotencyKey":"a"}`, 422, `"parameter":"Idempotency-Key"`), "idempotency-key", "b"),
		with(emit("a type that the closed catalogue lacks", `{"type":"order.eaten","data":{}}`, 422, `"code":"unknown_event_type"`, `"pointer":"/type"`), "x-store-id", "closed"),
		with(emit("a number that receivers would change", `{"type":"order.completed","data":{"items":[{"price":9007199254740993}]}}`, 422, `"code":"inexact_number"`, `"pointer":"/data/items/0/price"`), "x-store-id", "closed"),
		with(emit("an unknown store", good, 404, `"code":"not_found"`), "x-store-id", "nope"),

		batch("no events", `{}`, 422, `"pointer":"/events"`),
		batch("none at all", `{"events":[]}`, 422, `"pointer":"/events"`),
		batch("a list alone", `[`+good+`]`, 422, "must be an object"),
		batch("too many", `{"events":[`+strings.Repeat(good+",", 10)+good+`]}`, 413, `"code":"too_large"`, `"pointer":"/events"`),
		batch("the fourth lacks its data", `{"events":[`+good+`,`+good+`,`+good+`,{"type":"t"}]}`, 422, `"pointer":"/events/3/data"`),
		batch("the second is no object", `{"events":[`+good+`,7]}`, 422, `"pointer":"/events/1"`),
		batch("the second is too deep", `{"events":[`+good+`,{"type":"t","data":`+deep+`}]}`, 422, `"code":"too_deep"`, `"pointer":"/events/1/data`),
		batch("the second is too large", `{"events":[`+good+`,{"type":"t","data":"`+strings.Repeat("x", 1<<10)+`"}]}`, 413, `"pointer":"/events/1/data"`),
		batch("a body too large", `{"events":["`+strings.Repeat("x", 2<<20)+`"]}`, 413, `"code":"too_large"`, "2097152 bytes"),
		with(batch("a number that receivers would change", `{"events":[{"type":"order.completed","data":{"a":1}},{"type":"order.completed","data":{"a":[9007199254740993]}}]}`, 422, `"code":"inexact_number"`, `"pointer":"/events/1/data/a/0"`), "x-store-id", "closed"),
		with(batch("a key for all", `{"events":[`+good+`]}`, 422, `"parameter":"Idempotency-Key"`), "idempotency-key", "k"),
	})
	after := f.contents(t) + f.do(t, exchange{method: "GET", path: "/api/events", header: closed, status: 200}).Body.String()
	if after != before {
		t.Errorf("a refused call left a trace:\n%s\nbefore:\n%s", after, before)
	}
}

// A body whose length is not told is cut off at the limit, too.
func TestBodyOfUnknownLength(t *testing.T) {
	f := newFixture(t, billhook.Config{}, Config{MaxBody: 1 << 10})
	for size, status := range map[int]int{100: http.StatusAccepted, 2000: http.StatusRequestEntityTooLarge} {
		body := strings.NewReader(`{"type":"t","data":"` + strings.Repeat("x", size) + `"}`)
		r := httptest.NewRequest("POST", "/api/events", struct{ *strings.Reader }{body})
		r.ContentLength = -1
		r.Header.Set("X-Api-Key", rootKey)
		w := httptest.NewRecorder()
		f.handler.ServeHTTP(w, r)
		if w.Code != status {
			t.Errorf("%d bytes answered %d: %s", size, w.Code, w.Body)
		}
	}
}
