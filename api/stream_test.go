package api

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/billhook/billhook"
	"github.com/billhook/billhook/receive"
)

// streamSchemas are what the messages of a stream are, by name.
var streamSchemas = map[string]string{
	"start": "StreamStart", "event": "StreamEvent", "gone": "StreamGone", "beat": "StreamBeat", "end": "Problem",
}

// A message is one of a stream, as it is on the wire.
type message struct{ kind, id, data string }

// messages reads them all and holds each against the document.
func messages(t testing.TB, text string) (all []message) {
	t.Helper()
	for part := range strings.SplitSeq(strings.TrimSuffix(text, "\n\n"), "\n\n") {
		all = append(all, readMessage(t, part))
	}
	return all
}

func readMessage(t testing.TB, text string) (m message) {
	t.Helper()
	for line := range strings.SplitSeq(text, "\n") {
		name, value, _ := strings.Cut(line, ": ")
		switch name {
		case "event":
			m.kind = value
		case "id":
			m.id = value
		case "data":
			m.data = value
		default:
			t.Fatalf("a line of a stream: %q", line)
		}
	}
	schema := loadDocument(t).Components.Schemas[streamSchemas[m.kind]]
	if schema == nil {
		t.Fatalf("no such message is in the document: %q", text)
	}
	checkSchema(t, schema, []byte(m.data))
	if (m.id == "") != (m.kind == "end") {
		t.Errorf("the id of a message: %q", text)
	}
	return m
}

// A connected is an open stream.
type connected struct {
	t     *testing.T
	close func()
	lines *bufio.Reader
}

// listen opens a stream on a server.
func listen(t *testing.T, server *httptest.Server, key string, query url.Values) *connected {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	t.Cleanup(cancel)
	r, err := http.NewRequestWithContext(ctx, "GET", server.URL+"/api/events/stream?"+query.Encode(), nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("X-Api-Key", key)
	resp, err := server.Client().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	if media := resp.Header.Get("Content-Type"); resp.StatusCode != 200 || media != "text/event-stream" {
		t.Fatalf("answered %d, %s", resp.StatusCode, media)
	}
	t.Cleanup(func() { resp.Body.Close() })
	return &connected{t, cancel, bufio.NewReader(resp.Body)}
}

// next waits for the next message that is no beat.
func (c *connected) next() message {
	c.t.Helper()
	for {
		if m := c.nextOfAll(); m.kind != "beat" {
			return m
		}
	}
}

func (c *connected) nextOfAll() message {
	c.t.Helper()
	var text strings.Builder
	for {
		line, err := c.lines.ReadString('\n')
		if err != nil {
			c.t.Fatalf("the stream breaks off: %v", err)
		}
		if line == "\n" {
			return readMessage(c.t, strings.TrimSuffix(text.String(), "\n"))
		}
		text.WriteString(line)
	}
}

// streaming is the API on a server of its own.
func streaming(t *testing.T, cfg Config) (*fixture, *httptest.Server) {
	t.Helper()
	cfg.Stopping = make(chan struct{})
	f := newFixture(t, development(), cfg)
	server := httptest.NewServer(f.handler)
	t.Cleanup(server.Close)
	return f, server
}

func (f *fixture) emitID(t *testing.T, eventType, id string) {
	t.Helper()
	f.emit(t, fmt.Sprintf(`{"type":%q,"id":%q,"data":{"id":%q,"text":"<Ünï> \\u2028 \\\\"}}`, eventType, id, id))
}

// TestStream: each event comes once as it is committed, with a request that verifies;
// whoever connects again with the cursor of a message goes on behind it.
func TestStream(t *testing.T) {
	t.Parallel()
	f, server := streaming(t, Config{})
	f.emitID(t, "order.paid", "evt_before")
	c := listen(t, server, rootKey, nil)
	start := c.next()
	secret := answer{&httptest.ResponseRecorder{Body: bytes.NewBufferString(start.data)}, t}.text("secret")
	v, err := receive.New(receive.Config{Secrets: []string{secret}})
	if err != nil {
		t.Fatal(err)
	}
	var all []message
	for i := range 5 {
		f.emitID(t, "order.paid", fmt.Sprint("evt_", i))
		m := c.next()
		all = append(all, m)
		header, body := requestIn(t, m.data)
		got, err := v.Verify(header, []byte(body))
		if err != nil || got.ID != fmt.Sprint("evt_", i) || got.Type != "order.paid" {
			t.Errorf("message %d: %+v, %v", i, got, err)
		}
	}
	c.close()
	for i, m := range append([]message{start}, all...) {
		again := listen(t, server, rootKey, url.Values{"after": {m.id}})
		if again.next().kind != "start" {
			t.Error("no start")
		}
		for _, want := range all[i:] {
			if got := again.next(); got.id != want.id {
				t.Errorf("after %d comes %.80s, not %.80s", i, got.data, want.data)
			}
		}
		again.close()
	}
	since := listen(t, server, rootKey, url.Values{"since": {time.Now().Add(-time.Hour).Format(time.RFC3339)}})
	since.next()
	if m := since.next(); !strings.Contains(m.data, "evt_before") {
		t.Errorf("since an hour ago comes %s first", m.data)
	}
}

// TestStreamOfWhatIsGone: an event of which nothing is kept is told without a request.
func TestStreamOfWhatIsGone(t *testing.T) {
	t.Parallel()
	f, server := streaming(t, Config{})
	id := f.emit(t, `{"type":"order.paid","data":{"name":"zebra"},"entity":{"type":"customer","id":"c_1"}}`)
	f.emitID(t, "order.paid", "evt_next")
	f.do(t, exchange{method: "POST", path: "/api/erasures", body: `{"entity":{"type":"customer","id":"c_1"}}`, status: 202})
	f.erased(t)
	c := listen(t, server, rootKey, url.Values{"since": {time.Now().Add(-time.Hour).Format(time.RFC3339)}})
	c.next()
	if m := c.next(); m.kind != "gone" || !strings.Contains(m.data, id) || strings.Contains(m.data, "zebra") {
		t.Errorf("%+v", m)
	}
	if m := c.next(); m.kind != "event" || !strings.Contains(m.data, "evt_next") {
		t.Errorf("%+v", m)
	}
}

// TestStreamChooses: patterns, and a webhook's own choice and secret; the cursor moves on
// with what is left out.
func TestStreamChooses(t *testing.T) {
	t.Parallel()
	f, server := streaming(t, Config{StreamBeat: 20 * time.Millisecond})
	const secret = "whsec_a-secret-of-its-own"
	hook := f.register(t, `{"url":"https://example.com/hook","events":["order.*"],"isActive":false,"secret":"`+secret+`","headers":{"X-Tenant":"t1"},"filter":"data.id != 'evt_2'"}`)
	typed := listen(t, server, rootKey, url.Values{"events": {"order.sent,cart.*"}})
	hooked := listen(t, server, rootKey, url.Values{"webhookId": {hook}})
	first := typed.next()
	if start := hooked.next(); !strings.Contains(start.data, `"secret":null`) || !strings.Contains(start.data, hook) {
		t.Errorf("a start as a webhook: %s", start.data)
	}
	for i, eventType := range []string{"order.paid", "cart.left", "order.paid", "order.sent"} {
		f.emitID(t, eventType, fmt.Sprint("evt_", i))
	}
	for _, want := range []string{"evt_1", "evt_3"} {
		if m := typed.next(); !strings.Contains(m.data, want) {
			t.Errorf("by type comes %s, not %s", m.data, want)
		}
	}
	v, err := receive.New(receive.Config{Secrets: []string{secret}})
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"evt_0", "evt_3"} {
		m := hooked.next()
		header, body := requestIn(t, m.data)
		if got, err := v.Verify(header, []byte(body)); err != nil || got.ID != want || header.Get("X-Tenant") != "t1" {
			t.Errorf("as a webhook comes %s: %+v, %v", m.data, got, err)
		}
	}
	f.emitID(t, "order.paid", "evt_not_for_it")
	for n := 0; ; n++ {
		m := typed.nextOfAll()
		if m.kind != "beat" {
			t.Fatalf("what is not for it comes: %s", m.data)
		}
		rest := listen(t, server, rootKey, url.Values{"after": {m.id}})
		rest.next()
		f.emitID(t, "order.paid", fmt.Sprintf("evt_last_%d", n))
		got := rest.next()
		rest.close()
		if !strings.Contains(got.data, "evt_not_for_it") { // the beat's cursor is behind it
			break
		}
	}
	if first.id == "" {
		t.Error("a start without a cursor")
	}
}

// TestStreamEnds: with the key, its permission, its webhook and the service, each told
// at once; and what was forbidden from the beginning is an answer like any other.
func TestStreamEnds(t *testing.T) {
	t.Parallel()
	stopping := make(chan struct{})
	f := newFixture(t, development(), Config{Stopping: stopping})
	server := httptest.NewServer(f.handler)
	t.Cleanup(server.Close)
	hook := f.register(t, `{"url":"https://example.com/hook","events":["*"]}`)
	reader, secret := f.key(t, "default", `{"name":"reader","permissions":["deliveries:read"]}`)
	for _, x := range []exchange{
		{name: "as a webhook", path: "?webhookId=" + hook, header: map[string]string{"x-api-key": secret}, status: 403, has: []string{"webhooks:manage"}},
		{name: "no webhook", path: "?webhookId=none", status: 404},
		{name: "no cursor", path: "?after=none", status: 422, has: []string{"cursor", `"parameter":"after"`, `"hint":"take it`}, lacks: []string{"pointer"}},
		{name: "no cursor of a browser's", path: "?since=2026-01-01", header: map[string]string{"Last-Event-ID": "none"}, status: 422, has: []string{"cursor", `"parameter":"Last-Event-ID"`}},
		{name: "no types", path: "?events=cart.*,order*", status: 422, has: []string{`"parameter":"events"`}, lacks: []string{"pointer"}},
		{name: "both", path: "?after=x&since=2026-01-01", status: 422, has: []string{`"parameter":"since"`}},
		{name: "no time", path: "?since=yesterday", status: 422},
	} {
		x.method, x.path = "GET", "/api/events/stream"+x.path
		f.run(t, []exchange{x})
	}
	byKey := listen(t, server, secret, nil)
	byWebhook := listen(t, server, rootKey, url.Values{"webhookId": {hook}})
	byService := listen(t, server, rootKey, nil)
	for _, c := range []*connected{byKey, byWebhook, byService} {
		if m := c.next(); m.kind != "start" {
			t.Fatalf("%+v", m)
		}
	}
	ends := func(c *connected, code string) {
		t.Helper()
		if m := c.next(); m.kind != "end" || !strings.Contains(m.data, `"code":"`+code+`"`) {
			t.Errorf("it ends with %+v, not %s", m, code)
		}
	}
	f.do(t, exchange{method: "DELETE", path: "/api/keys/" + reader, status: 204})
	ends(byKey, "unauthorized")
	f.do(t, exchange{method: "DELETE", path: "/api/webhooks/" + hook, status: 204})
	f.emitID(t, "order.paid", "evt_1")
	ends(byWebhook, "not_found")
	if m := byService.next(); !strings.Contains(m.data, "evt_1") {
		t.Errorf("%+v", m)
	}
	close(stopping)
	ends(byService, "unavailable")
}

// TestStreamBounds: of one store there are so many, and when one is gone there is room.
func TestStreamBounds(t *testing.T) {
	t.Parallel()
	f, server := streaming(t, Config{})
	var open []*connected
	for range maxStreamsOfStore {
		c := listen(t, server, rootKey, nil)
		c.next()
		open = append(open, c)
	}
	f.do(t, exchange{method: "GET", path: "/api/events/stream", status: 429})
	_, own := f.key(t, "default", `{"name":"own","permissions":["deliveries:read"]}`)
	listen(t, server, own, nil).next() // a store's own keys are not kept out, nor keep they others out
	if _, err := f.client.CreateStore(t.Context(), billhook.Store{ID: "other"}); err != nil {
		t.Fatal(err)
	}
	if got := f.ask("GET", "/api/events/stream?after=none", rootKey, "other", ""); got.Code != http.StatusUnprocessableEntity {
		t.Errorf("another store's: answered %d", got.Code)
	}
	open[0].close()
	for deadline := time.Now().Add(20 * time.Second); ; {
		if got := f.ask("HEAD", "/api/events/stream?after=none", rootKey, "", ""); got.Code != http.StatusTooManyRequests {
			break // the mistake is found, so that there was room
		}
		if time.Now().After(deadline) {
			t.Fatal("who is gone still takes a place")
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// requestIn is the request in a message.
func requestIn(t *testing.T, data string) (http.Header, string) {
	t.Helper()
	var m struct {
		Request struct {
			Method  string
			Headers []struct{ Name, Value string }
			Body    string
		}
	}
	if err := json.Unmarshal([]byte(data), &m); err != nil || m.Request.Method != "POST" {
		t.Fatalf("%v: %s", err, data)
	}
	h := http.Header{}
	for _, one := range m.Request.Headers {
		h.Add(one.Name, one.Value)
	}
	return h, m.Request.Body
}
