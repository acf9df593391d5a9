package api

import (
	"testing"
	"time"

	"github.com/billhook/billhook"
)

func TestRetention(t *testing.T) {
	f := newFixture(t, development(), Config{})
	f.run(t, []exchange{
		{name: "none", method: "GET", path: "/api/stores/default", status: 200, has: []string{`"retention":null`}},
		{name: "with a new store", method: "POST", path: "/api/stores", body: `{"id":"shop","retention":{"payloadDays":30}}`, status: 201, has: []string{`"retention":{"payloadDays":30}`}},
		{name: "change", method: "PATCH", path: "/api/stores/shop", body: `{"retention":{"payloadDays":7,"attemptDays":null,"auditDays":365}}`, status: 200,
			has: []string{`"retention":{"payloadDays":7,"auditDays":365}`}},
		{name: "it is on record", method: "GET", path: "/api/audit", header: map[string]string{"x-store-id": "shop"}, status: 200,
			has: []string{`"oldValue":{"name":"shop","profile":"standard","retention":{"payloadDays":30}}`, `"retention":{"payloadDays":7,"auditDays":365}`}},
		{name: "another change leaves it", method: "PATCH", path: "/api/stores/shop", body: `{"name":"x"}`, status: 200, has: []string{`"payloadDays":7`}},
		{name: "back to the deployment's", method: "PATCH", path: "/api/stores/shop", body: `{"retention":null}`, status: 200, has: []string{`"retention":null`}},
		{name: "negative", method: "PATCH", path: "/api/stores/shop", body: `{"retention":{"payloadDays":-1}}`, status: 422, has: []string{`"pointer":"/retention/payloadDays"`}},
		{name: "too many", method: "PATCH", path: "/api/stores/shop", body: `{"retention":{"auditDays":36501}}`, status: 422, has: []string{`"pointer":"/retention/auditDays"`, "36500"}},
		{name: "a half", method: "PATCH", path: "/api/stores/shop", body: `{"retention":{"attemptDays":1.5}}`, status: 422, has: []string{`"pointer":"/retention/attemptDays"`}},
		{name: "unknown", method: "PATCH", path: "/api/stores/shop", body: `{"retention":{"days":1}}`, status: 422, has: []string{`"pointer":"/retention/days"`}},
		{name: "unchanged by that", method: "GET", path: "/api/stores/shop", status: 200, has: []string{`"retention":null`}},
	})
}

// erased has all erasures done, as a node does.
func (f *fixture) erased(t *testing.T) {
	t.Helper()
	for {
		x := &billhook.Erasing{Limit: 100, At: time.Now(), Reason: "erased"}
		if err := f.db.Commit(t.Context(), &billhook.Batch{Erasings: []*billhook.Erasing{x}}); err != nil {
			t.Fatal(err)
		}
		if x.Done < x.Limit {
			return
		}
	}
}

func TestErasures(t *testing.T) {
	f := newFixture(t, development(), Config{})
	f.do(t, exchange{method: "POST", path: "/api/stores", body: `{"id":"other"}`, status: 201})
	there := map[string]string{"x-store-id": "other"}
	f.register(t, `{"url":"https://example.com/hook","events":["*"]}`)
	event := f.emit(t, `{"type":"order.paid","data":{"name":"Erika"},"entity":{"type":"customer","id":"c/1"}}`)
	delivery := f.do(t, exchange{method: "GET", path: "/api/deliveries", status: 200}).data()[0]["id"].(string)

	const order = `{"entity":{"type":"customer","id":"c/1"}}`
	first := f.do(t, exchange{method: "POST", path: "/api/erasures", body: order, status: 202, has: []string{`"status":"running"`, `"events":0`, `"finishedAt":null`}})
	id := first.text("id")
	if got := first.Header().Get("Location"); got != "/api/erasures/"+id {
		t.Errorf("Location is %q", got)
	}
	if again := f.do(t, exchange{method: "POST", path: "/api/erasures", body: order, status: 202}).text("id"); again != id {
		t.Errorf("asked for again it is %s", again)
	}
	f.erased(t)
	f.run(t, []exchange{
		{name: "finished", method: "GET", path: "/api/erasures/" + id, status: 200, has: []string{`"status":"finished"`, `"events":1`, `"finishedAt":"`}},
		{name: "list", method: "GET", path: "/api/erasures?limit=1", status: 200, has: []string{id, `"nextCursor":null`}},
		{name: "not in another store", method: "GET", path: "/api/erasures/" + id, header: there, status: 404},
		{name: "nor in its list", method: "GET", path: "/api/erasures", header: there, status: 200, has: []string{`"data":[]`}},
		{name: "the event", method: "GET", path: "/api/events/" + event, status: 200, has: []string{`"data":null`, `"erasedAt":"`, `"id":"c/1"`}, lacks: []string{"Erika"}},
		{name: "the delivery", method: "GET", path: "/api/deliveries/" + delivery, status: 200,
			has: []string{`"payload":null`, `"erasedAt":"`, `"status":"cancelled"`, `"reason":"erased"`}, lacks: []string{"Erika"}},
		{name: "it cannot be made again", method: "POST", path: "/api/deliveries/" + delivery + "/retry", status: 409, has: []string{`"code":"conflict"`, "no longer kept"}},
		{name: "it is on record", method: "GET", path: "/api/audit/erasure/" + id, status: 200, has: []string{`"event":"erasures.create"`, `"newValue":{"entity":{"type":"customer","id":"c/1"}}`}},
	})
	if next := f.do(t, exchange{method: "POST", path: "/api/erasures", body: order, status: 202}).text("id"); next == id {
		t.Error("asked for once more, after it is finished, it is the same")
	}
}

func TestErasuresRefuse(t *testing.T) {
	f := newFixture(t, development(), Config{})
	f.run(t, []exchange{
		{name: "nothing", method: "POST", path: "/api/erasures", body: `{}`, status: 422, has: []string{`"pointer":"/entity"`}},
		{name: "no id", method: "POST", path: "/api/erasures", body: `{"entity":{"type":"customer"}}`, status: 422, has: []string{`"pointer":"/entity/id"`}},
		{name: "an empty id", method: "POST", path: "/api/erasures", body: `{"entity":{"type":"customer","id":""}}`, status: 422, has: []string{`"pointer":"/entity/id"`}},
		{name: "null", method: "POST", path: "/api/erasures", body: `{"entity":null}`, status: 422, has: []string{`"pointer":"/entity"`}},
		{name: "unknown", method: "POST", path: "/api/erasures", body: `{"entity":{"type":"a","id":"b"},"x":1}`, status: 422, has: []string{`"pointer":"/x"`}},
		{name: "no such store", method: "POST", path: "/api/erasures", header: map[string]string{"x-store-id": "none"}, body: `{"entity":{"type":"a","id":"b"}}`, status: 404},
		{name: "no trace", method: "GET", path: "/api/erasures", status: 200, has: []string{`"data":[]`}},
	})
}
