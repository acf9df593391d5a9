package api

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/billhook/billhook"
)

// foreign are bodies in whose place of %s an id of another store can stand.
var foreign = map[string][]string{
	"createStore": {`{"id":"%s"}`, `{"id":"x-%[1]s","profile":"%[1]s"}`},
	"updateStore": {`{"name":"%s"}`, `{"profile":"%s"}`},
	"createKey":   {`{"name":"%s","permissions":["*"]}`, `{"name":"x","permissions":["%s"]}`, `{"name":"%s","permissions":["*"],"allStores":true}`},
	"emitEvent": {
		`{"type":"order.paid","data":{},"id":"%s"}`, `{"type":"order.paid","data":{},"idempotencyKey":"%s"}`,
		`{"type":"order.paid","data":{},"entity":{"type":"order","id":"%[1]s"},"actor":{"type":"user","id":"%[1]s"}}`,
	},
	"emitEvents":           {`{"events":[{"type":"order.paid","data":{},"id":"%[1]s-b","idempotencyKey":"%[1]s"}]}`},
	"retryDelivery":        {``},
	"createWebhook":        {`{"id":"%s","url":"https://example.com/","events":["*"]}`, `{"url":"https://example.com/%[1]s","events":["*"],"name":"%[1]s"}`},
	"updateWebhook":        {`{"name":"%s"}`, `{"url":"https://example.com/%s"}`},
	"compareWebhookSecret": {`{"secret":"%s"}`, `{"headers":{"X":"%s"}}`},
	"rotateWebhookSecret":  {`{"secret":"%s","gracePeriodSeconds":0}`},
	"testWebhook":          {`{"type":"%s"}`},
	"createEventType":      {`{"name":"%s"}`, `{"name":"x.%s","entity":{"type":"%[1]s","id":"/id"},"schema":{"const":"%[1]s"}}`},
	"putEventType":         {`{"description":"%s"}`},
	"updateEventType":      {`{"description":"%s"}`},
	"tryFilter":            {`{"filter":"data.id == '%[1]s' || entity.id == '%[1]s'"}`, `{"filter":"true","events":["%s"]}`},
	"tryWebhookFilter":     {`{"filter":"event.id == '%s'"}`},
	"retryDeliveries":      {`{"webhookId":"%s"}`, `{"event":"%s"}`, `{"webhookId":"%s","dryRun":true}`},
	"recoverWebhook":       {`{"since":"2026-01-01T00:00:00Z"}`, `{"since":"2026-01-01T00:00:00Z","dryRun":true}`},
	"replayWebhook":        {`{"since":"2026-01-01T00:00:00Z","types":["%s"]}`, `{"since":"2026-01-01T00:00:00Z","dryRun":true}`},
	"cancelRecovery":       {``},
	"createPortalSession":  {`{"capabilities":["read","manage"],"actor":{"type":"%[1]s","id":"%[1]s"}}`, `{"capabilities":["read","%s"]}`},
	"createErasure":        {`{"entity":{"type":"%s","id":"x"}}`, `{"entity":{"type":"order","id":"%s"}}`},
}

// made is what the answers to one question asked in two stores differ in: times,
// what chance has made, and the hashes over those.
var made = regexp.MustCompile(`\d{4}-\d\d-\d\dT[\d:.]+Z|(evt|wh|dlv|key|aud|rcv|era|pts)_[0-9A-Za-z]{26}|eyJ[\w-]+\.[\w-]{43}|req_[0-9a-f]{24}|"(hash|schemaSha256)":"[0-9a-f]{64}"|whsec_[\w+/=]{20,}|bhk_\w+|"nextCursor":"[^"]+"|(?m)^id: \S+`)

// entityTypes are what the neighbour's audit log is about.
var entityTypes = []string{"apiKey", "delivery", "eventType", "portalSession", "recovery", "store", "webhook", mark}

// A neighbour is a store full of what nobody else may see, and a key for all
// stores, which no store's key may see.
type neighbour struct {
	id     string
	key    string   // the id of its key
	secret string   // its key itself
	ids    []string // of all that it has, and what else it could be found by
	marks  []string // no answer to another store has one of them
}

// mark is in every text of the neighbour's.
const mark = "zebra"

func newNeighbour(t *testing.T, f *fixture) *neighbour {
	t.Helper()
	received := make(chan struct{}, 8)
	receiver := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-"+mark, mark)
		fmt.Fprint(w, mark)
		received <- struct{}{}
	}))
	defer receiver.Close()
	n := &neighbour{id: mark + "-store"}
	there := map[string]string{"x-store-id": n.id}
	post := func(path, body string, status int) answer {
		t.Helper()
		return f.do(t, exchange{method: "POST", path: path, header: there, body: body, status: status})
	}
	post("/api/stores", `{"id":"`+n.id+`","name":"`+mark+` shop"}`, 201)
	webhook := post("/api/webhooks", `{"id":"`+mark+`-hook","url":"`+receiver.URL+`/`+mark+`","events":["*"],"name":"`+mark+`","description":"`+mark+
		`","secret":"`+mark+`-secret-of-the-hook","headers":{"X-Tenant":"`+mark+`"}}`, 201).text("id")
	eventType := post("/api/event-types", `{"name":"`+mark+`-type","description":"`+mark+`","schema":{"title":"`+mark+`"}}`, 201).text("name")
	events := []string{mark + "-event-1", mark + "-event-2"}
	for _, id := range events {
		post("/api/events", `{"id":"`+id+`","type":"order.paid","data":{"`+mark+`":"`+mark+`"},"idempotencyKey":"`+id+`-key",`+
			`"entity":{"type":"`+mark+`","id":"`+mark+`-order"},"actor":{"type":"`+mark+`","id":"`+mark+`-user"}}`, 202)
	}
	f.deliver(t, received, len(events))
	post("/api/webhooks", `{"url":"https://`+mark+`.example.com/","events":["order.paid"],"isActive":false}`, 201)
	key := post("/api/keys", `{"name":"`+mark+`","permissions":["*"]}`, 201)
	n.key, n.secret = key.text("id"), key.text("key")
	n.ids = []string{n.id, webhook, eventType, key.text("id"), key.text("prefix"), events[0] + "-key", mark + "-order"}
	n.ids = append(n.ids, events...)
	n.marks = []string{mark, key.text("id"), key.text("prefix"), n.secret}
	shared := post("/api/keys", `{"name":"`+mark+`","permissions":["*"],"allStores":true}`, 201).text("id")
	n.ids, n.marks = append(n.ids, shared), append(n.marks, shared)
	for _, d := range f.do(t, exchange{method: "GET", path: "/api/deliveries", header: there, status: 200}).data() {
		n.ids = append(n.ids, d["id"].(string))
		n.marks = append(n.marks, d["id"].(string))
	}
	post("/api/deliveries/"+n.ids[len(n.ids)-1]+"/retry", "", 202)
	session := f.do(t, exchange{method: "POST", path: "/api/portal-sessions", header: map[string]string{"x-api-key": n.secret}, body: `{"capabilities":["read"]}`, status: 201})
	n.ids, n.marks = append(n.ids, session.text("id"), session.text("token")), append(n.marks, session.text("id"), session.text("token"))
	recovery := post("/api/deliveries/retry", `{"webhookId":"`+mark+`-hook"}`, 202).text("id")
	n.ids, n.marks = append(n.ids, recovery), append(n.marks, recovery)
	log := f.do(t, exchange{method: "GET", path: "/api/audit", header: there, status: 200}).data()
	n.ids = append(n.ids, log[0]["id"].(string))
	var types []string
	for _, e := range log {
		for _, member := range []string{"id", "requestId", "hash"} {
			m, ok := e[member].(string)
			if !ok {
				t.Fatalf("an entry without %s: %v", member, e)
			}
			n.marks = append(n.marks, m)
		}
		entityType, id := e["entityType"].(string), e["entityId"].(string)
		if types = append(types, entityType); !slices.Contains(n.ids, id) {
			n.ids = append(n.ids, id)
		}
	}
	slices.Sort(types)
	if types = slices.Compact(types); !slices.Equal(types, entityTypes) {
		t.Fatalf("on record are %q, not %q", types, entityTypes)
	}
	return n
}

// twin is an id that exists nowhere and has its place beside the given one.
func twin(id string) string {
	last := "0"
	if strings.HasSuffix(id, last) {
		last = "1"
	}
	return id[:len(id)-1] + last
}

// cursors are those of lists that stand at the id.
func cursors(id string) []string {
	var all []string
	for _, kind := range []byte{eventCursor, auditCursor} {
		all = append(all, positionCursor(kind, billhook.EventPosition{CreatedAt: time.Now().Add(time.Hour), ID: id}))
	}
	for _, kind := range []byte{storeCursor, webhookCursor, deliveryCursor, keyCursor, eventTypeCursor, recoveryCursor} {
		all = append(all, idCursor(kind, id))
	}
	return all
}

// naming is the pattern with the id in its place, and for an entity, as one of
// each type; nothing where no id can stand.
func naming(pattern, id string) (all []string) {
	switch {
	case strings.Contains(pattern, "{entityId}"):
		for _, entityType := range append(slices.Clone(entityTypes), id) {
			all = append(all, strings.NewReplacer("{entityType}", url.PathEscape(entityType), "{entityId}", url.PathEscape(id)).Replace(pattern))
		}
	case strings.Contains(pattern, "{"):
		all = append(all, strings.NewReplacer("{id}", url.PathEscape(id), "{name}", url.PathEscape(id)).Replace(pattern))
	}
	return all
}

// A question is a request that names an id of the neighbour's.
type question struct{ method, target, storeID, body string }

// questions name the id in every way that the route has.
func questions(t *testing.T, rt *route, own *shop, id string) (all []question) {
	t.Helper()
	texts, known := foreign[strings.TrimSuffix(rt.operationID, "V2")]
	if wants := rt.method == "POST" || rt.method == "PATCH" || rt.method == "PUT"; wants != known {
		t.Fatalf("this test has no bodies for %s", rt.operationID)
	}
	ask := func(target, storeID string, id string) {
		for _, text := range texts {
			if strings.Contains(text, "%") {
				text = fmt.Sprintf(text, id)
			}
			all = append(all, question{rt.method, target, storeID, text})
		}
		if len(texts) == 0 {
			all = append(all, question{rt.method, target, storeID, ""})
		}
	}
	for _, path := range naming(rt.pattern, id) {
		if strings.Contains(path, "{") {
			t.Fatalf("this test cannot fill %s", rt.pattern)
		}
		ask(path, "", id)
	}
	if len(texts) > 0 && rt.operationID != "retryDelivery" {
		ask(own.target(t, rt), "", id)
	}
	if op := operationFor(loadDocument(t), rt.method, rt.pattern); op != nil && rt.method == "GET" {
		list := func(query url.Values) {
			all = append(all, question{"GET", own.target(t, rt) + "?" + query.Encode(), "", ""})
		}
		for _, p := range op.Parameters {
			if p.Value.In != "query" {
				continue
			}
			values := []string{id}
			if p.Value.Name == "cursor" {
				values = cursors(id)
			}
			for _, v := range values {
				list(url.Values{p.Value.Name: {v}})
			}
			if p.Value.Name == "entityId" {
				for _, entityType := range entityTypes {
					list(url.Values{"entityType": {entityType}, "entityId": {id}})
				}
			}
		}
	}
	if rt.method != "DELETE" {
		ask(own.target(t, rt), id, id)
	}
	return all
}

// TestStoresAreHidden: a store's key that may do everything names each id of
// another store's wherever an id can stand. It sees nothing of that store,
// changes nothing there, and cannot tell an id that is there from one that is
// nowhere: of two stores that are alike, one asks for the one, one for the other.
func TestStoresAreHidden(t *testing.T) {
	t.Parallel()
	f := newFixture(t, development(), Config{})
	n := newNeighbour(t, f)
	before := f.everything(t, n)
	if strings.Count(before, mark) < 30 {
		t.Fatalf("the neighbour has little to hide:\n%s", before)
	}
	all := slices.DeleteFunc(routes(), func(rt *route) bool { return rt.scope == open })
	// Those that change the asker's own store come last, so that its lists are
	// short and have one order; then the audit log tells of the changes.
	slices.SortStableFunc(all, func(a, b *route) int { return changes(a) - changes(b) })
	var asked atomic.Int64
	t.Run("ids", func(t *testing.T) {
		for i, id := range n.ids {
			t.Run(id, func(t *testing.T) {
				t.Parallel()
				one, other := newAsker(t, f, 2*i), newAsker(t, f, 2*i+1)
				for _, rt := range all {
					theirs, nowhere := questions(t, rt, one.shop, id), questions(t, rt, other.shop, twin(id))
					asked.Add(int64(len(theirs)))
					for i, q := range theirs {
						got, told := one.ask(f, q, id)
						status, same := other.ask(f, nowhere[i], twin(id))
						if got != status || made.ReplaceAllString(told, "NEW") != made.ReplaceAllString(same, "NEW") {
							t.Errorf("%s %s %s: answered %d: %s\nand for what is nowhere %d: %s", q.method, q.target, q.body, got, told, status, same)
						}
						for _, m := range n.marks {
							if strings.Contains(told, m) {
								t.Errorf("%s %s %s shows %q: %s", q.method, q.target, q.body, m, told)
							}
						}
					}
				}
			})
		}
	})
	if after := f.everything(t, n); after != before {
		t.Errorf("the neighbour was changed:\n%s\nbefore:\n%s", after, before)
	}
	t.Logf("%d questions about %d ids", asked.Load(), len(n.ids))
	if least := len(all) * len(n.ids); asked.Load() < int64(least) {
		t.Errorf("%d questions, not at least %d", asked.Load(), least)
	}
}

func changes(rt *route) int {
	switch {
	case kind(rt) == "audit":
		return 2
	case rt.method == "POST" || rt.method == "PATCH" || rt.method == "PUT":
		return 1
	}
	return 0
}

// An asker is a store with one of everything, and its key for everything.
type asker struct {
	*shop
	secret string
}

func newAsker(t *testing.T, f *fixture, number int) asker {
	t.Helper()
	own := &shop{id: fmt.Sprintf("own-%d", number)}
	own.open(t, f.client)
	time.Sleep(2 * time.Millisecond) // within one, ids have no order, and then the askers' lists differ
	_, secret := f.key(t, own.id, `{"name":"curious","permissions":["*"]}`)
	return asker{own, secret}
}

// ask answers without the id and the asker's own, since what the question says
// itself is no news.
func (a asker) ask(f *fixture, q question, id string) (status int, told string) {
	got := f.ask(q.method, q.target, a.secret, q.storeID, q.body)
	return got.Code, strings.NewReplacer(id, "ID", a.id, "OWN").Replace(got.Body.String())
}

// everything is all that can be read of the neighbour, by its own key.
func (f *fixture) everything(t *testing.T, n *neighbour) string {
	t.Helper()
	var all strings.Builder
	for _, rt := range routes() {
		if rt.method != "GET" || rt.scope == open || rt.scope == allStores {
			continue
		}
		paths := []string{rt.pattern}
		if strings.Contains(rt.pattern, "{") {
			paths = nil
			for _, id := range n.ids {
				paths = append(paths, naming(rt.pattern, id)...)
			}
		}
		for _, path := range paths {
			got := f.ask("GET", path, n.secret, "", "")
			switch {
			case got.Code == http.StatusOK && kind(rt) == "audit":
				fmt.Fprintln(&all, path, withoutReveals(t, got.Body.Bytes(), n.key))
			case got.Code == http.StatusOK && rt.operationID == "streamEvents":
				_, start, _ := strings.Cut(got.Body.String(), "data: ") // the id is behind reveals
				start, _, _ = strings.Cut(start, `"at"`)
				fmt.Fprintln(&all, path, start)
			case got.Code == http.StatusOK && strings.HasSuffix(path, "/health"):
				state, _, _ := strings.Cut(got.Body.String(), `"windows"`) // which go on with the time
				fmt.Fprintln(&all, path, state)
			case got.Code == http.StatusOK:
				fmt.Fprintln(&all, path, got.Body)
			case got.Code != http.StatusNotFound && got.Code != http.StatusForbidden:
				t.Fatalf("GET %s: answered %d: %s", path, got.Code, got.Body)
			}
		}
	}
	return all.String()
}

// withoutReveals is a page of the audit log without what the key has put there
// by reading secrets, as everything does.
func withoutReveals(t *testing.T, text []byte, key string) string {
	t.Helper()
	var page map[string]any
	if err := json.Unmarshal(text, &page); err != nil {
		t.Fatal(err)
	}
	if page["nextCursor"] != nil {
		t.Fatalf("more is on record than one page: %s", text)
	}
	page["data"] = slices.DeleteFunc(page["data"].([]any), func(entry any) bool {
		e := entry.(map[string]any)
		return e["event"] == billhook.AuditSecretReveal && e["actorId"] == key
	})
	text, err := json.Marshal(page)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
