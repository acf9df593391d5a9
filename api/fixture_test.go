package api

import (
	"cmp"
	"context"
	"encoding/json"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"path/filepath"
	"strings"
	"testing"

	"github.com/billhook/billhook"
	"github.com/billhook/billhook/egress"
	"github.com/billhook/billhook/filter"
	"github.com/billhook/billhook/schema"
	"github.com/billhook/billhook/sqlite"
)

const rootKey = "root-key"

// A fixture is the API on a real Client on a real database.
type fixture struct {
	t       testing.TB
	db      billhook.Database
	client  *billhook.Client
	handler http.Handler
}

func newFixture(t testing.TB, config billhook.Config, cfg Config) *fixture {
	t.Helper()
	return newFixtureIn(t, t.TempDir(), config, cfg)
}

// stopped is for a service that is about to stop.
var stopped = func() chan struct{} {
	c := make(chan struct{})
	close(c)
	return c
}()

// newFixtureIn is newFixture in a folder, which in a bubble must come from
// outside of it.
func newFixtureIn(t testing.TB, dir string, config billhook.Config, cfg Config) *fixture {
	t.Helper()
	db, err := sqlite.Open(filepath.Join(dir, "billhook.db"), sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	config.Logger = slog.New(slog.DiscardHandler)
	config.Resolver = cmp.Or(config.Resolver, egress.Resolver(noNames{}))
	config.Schemas, config.Filters = schema.Language{}, filter.New()
	client, err := billhook.New(db, config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		client.Close()
		db.Close()
	})
	if cfg.Keys == nil {
		cfg.Keys = Chain(RootKey(rootKey), StoredKeys(client))
	}
	if cfg.Metrics == nil {
		cfg.Metrics = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("up 1\n")) })
	}
	if cfg.Stopping == nil { // most tests read whole answers: streams end with their first page
		cfg.Stopping = stopped
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	return &fixture{t: t, db: db, client: client, handler: New(client, cfg)}
}

// restart gives the API a new Client on the same database.
func (f *fixture) restart(t testing.TB, config billhook.Config) {
	t.Helper()
	f.client.Close()
	config.Logger = slog.New(slog.DiscardHandler)
	client, err := billhook.New(f.db, config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close() })
	f.client, f.handler = client, New(client, Config{Keys: RootKey(rootKey), Logger: config.Logger})
}

// development allows receivers on this machine.
// noNames knows no names, at once: tests must not wait for the network's answer.
type noNames struct{}

func (noNames) LookupNetIP(_ context.Context, _, host string) ([]netip.Addr, error) {
	return nil, &net.DNSError{Err: "no such host", Name: host, IsNotFound: true}
}

func development() billhook.Config { return billhook.Config{AllowInsecure: true} }

// An exchange is one request and what its answer must be.
type exchange struct {
	name   string
	method string
	path   string
	header map[string]string // x-api-key is rootKey where it has none
	body   string

	status int
	has    []string // that the body holds, white space aside
	lacks  []string
}

// An answer is what came back.
type answer struct {
	*httptest.ResponseRecorder
	t testing.TB
}

// do sends the request and checks the answer against the exchange and the
// OpenAPI document.
func (f *fixture) do(t testing.TB, x exchange) answer {
	t.Helper()
	r := httptest.NewRequest(x.method, x.path, strings.NewReader(x.body))
	if x.body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	r.Header.Set("X-Api-Key", rootKey)
	for name, value := range x.header {
		r.Header.Set(name, value)
		if value == "" {
			r.Header.Del(name)
		}
	}
	w := httptest.NewRecorder()
	f.handler.ServeHTTP(w, r)
	body := w.Body.String()
	if w.Code != x.status {
		t.Fatalf("%s %s answered %d, not %d: %s", x.method, x.path, w.Code, x.status, body)
	}
	for _, part := range x.has {
		if !strings.Contains(body, part) {
			t.Errorf("%s %s lacks %s:\n%s", x.method, x.path, part, body)
		}
	}
	for _, part := range x.lacks {
		if strings.Contains(body, part) {
			t.Errorf("%s %s holds %s:\n%s", x.method, x.path, part, body)
		}
	}
	if x.method != "HEAD" {
		checkAnswer(t, x.method, r.URL.EscapedPath(), w.Code, w.Header(), w.Body.Bytes())
	}
	if op := operationFor(loadDocument(t), x.method, r.URL.EscapedPath()); op != nil && op.RequestBody != nil && w.Code < 300 && x.body != "" {
		checkSchema(t, op.RequestBody.Value.Content["application/json"].Schema, []byte(x.body))
	}
	return answer{w, t}
}

// run does exchanges one after the other.
func (f *fixture) run(t *testing.T, exchanges []exchange) {
	t.Helper()
	for _, x := range exchanges {
		t.Run(x.name, func(t *testing.T) { f.do(t, x) })
	}
}

// members decodes the answer's JSON object.
func (a answer) members() map[string]any {
	a.t.Helper()
	var m map[string]any
	if err := json.Unmarshal(a.Body.Bytes(), &m); err != nil {
		a.t.Fatalf("%v: %s", err, a.Body)
	}
	return m
}

func (a answer) text(member string) string {
	a.t.Helper()
	s, ok := a.members()[member].(string)
	if !ok {
		a.t.Fatalf("no string %q in %s", member, a.Body)
	}
	return s
}

// data are the items of a list.
func (a answer) data() []map[string]any {
	a.t.Helper()
	var page struct{ Data []map[string]any }
	if err := json.Unmarshal(a.Body.Bytes(), &page); err != nil {
		a.t.Fatalf("%v: %s", err, a.Body)
	}
	return page.Data
}

// register makes a webhook and returns its id.
func (f *fixture) register(t testing.TB, body string) string {
	t.Helper()
	return f.do(t, exchange{method: "POST", path: "/api/webhooks", body: body, status: 201}).text("id")
}

// emit makes an event and returns its id.
func (f *fixture) emit(t testing.TB, body string) string {
	t.Helper()
	return f.do(t, exchange{method: "POST", path: "/api/events", body: body, status: 202}).text("id")
}

// contents is all that a reader can see, to tell whether a refused call left a
// trace.
func (f *fixture) contents(t testing.TB) string {
	t.Helper()
	var all strings.Builder
	for _, path := range []string{"/api/stores", "/api/webhooks", "/api/events", "/api/deliveries"} {
		all.WriteString(f.do(t, exchange{method: "GET", path: path, status: 200}).Body.String())
		all.WriteByte('\n')
	}
	for _, w := range f.do(t, exchange{method: "GET", path: "/api/webhooks", status: 200}).data() {
		all.WriteString(f.do(t, exchange{method: "GET", path: "/api/webhooks/" + w["id"].(string) + "/secret", status: 200}).Body.String())
	}
	return all.String()
}

// deliver runs the engine until the receivers have said that they are done,
// and returns when what came of it is written down.
func (f *fixture) deliver(t testing.TB, received <-chan struct{}, requests int) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- f.client.Run(ctx) }()
	for range requests {
		<-received
	}
	cancel()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
}
