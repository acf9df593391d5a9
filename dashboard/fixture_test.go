package dashboard

import (
	"context"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"path/filepath"
	"strings"
	"testing"

	"github.com/billhook/billhook"
	"github.com/billhook/billhook/filter"
	"github.com/billhook/billhook/schema"
	"github.com/billhook/billhook/sqlite"
)

const (
	rootSecret = "root-key"
	// platform is the origin whose pages may show a portal.
	platform = "https://admin.shop.example"
)

// A fixture is the pages on a real Client on a real database, with the stores default,
// mine and theirs.
type fixture struct {
	t       *testing.T
	client  *billhook.Client
	handler http.Handler
}

// fixtureKeys are the Client's, and the root key.
type fixtureKeys struct{ client *billhook.Client }

var rootOfTests = Key{ID: "root:1", Permissions: []string{billhook.PermissionEverything}, Actor: billhook.Reference{Type: "apiKey", ID: "root"}}

func (k fixtureKeys) Match(secret string) (Key, bool) {
	if secret == rootSecret {
		return rootOfTests, true
	}
	stored, ok := k.client.Authenticate(secret)
	return keyOf(stored), ok
}

func (k fixtureKeys) Find(storeID, id string) (Key, bool) {
	if id == rootOfTests.ID && storeID == "" {
		return rootOfTests, true
	}
	stored, err := k.client.Key(context.Background(), storeID, id)
	return keyOf(stored), err == nil
}

func keyOf(k billhook.APIKey) Key {
	return Key{StoreID: k.StoreID, ID: k.ID, Name: k.Name, Permissions: k.Permissions, ExpiresAt: k.ExpiresAt, Actor: billhook.Reference{Type: "apiKey", ID: k.ID}}
}

// noNames knows no names, at once: tests must not wait for the network's answer.
type noNames struct{}

func (noNames) LookupNetIP(_ context.Context, _, host string) ([]netip.Addr, error) {
	return nil, &net.DNSError{Err: "no such host", Name: host, IsNotFound: true}
}

func newFixture(t *testing.T) *fixture { return newFixtureIn(t, t.TempDir()) }

// newFixtureIn is newFixture in a folder, which in a bubble must come from outside.
func newFixtureIn(t *testing.T, dir string) *fixture {
	t.Helper()
	db, err := sqlite.Open(filepath.Join(dir, "billhook.db"), sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	quiet := slog.New(slog.DiscardHandler)
	client, err := billhook.New(db, billhook.Config{
		AllowInsecure: true, Logger: quiet, Resolver: noNames{}, Schemas: schema.Language{}, Filters: filter.New(),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		client.Close()
		db.Close()
	})
	f := &fixture{t: t, client: client}
	f.handler = New(client, Config{Keys: fixtureKeys{client}, Logger: quiet, PortalOrigins: []string{platform}})
	for _, id := range []string{"mine", "theirs"} {
		if _, err := client.CreateStore(t.Context(), billhook.Store{ID: id, Name: "Shop " + id}); err != nil {
			t.Fatal(err)
		}
	}
	return f
}

// key makes an API key of a store, or with "" one for all stores.
func (f *fixture) key(storeID string, permissions ...string) string {
	f.t.Helper()
	_, secret, err := f.client.CreateKey(f.t.Context(), billhook.KeyRequest{
		StoreID: storeID, AllStores: storeID == "", Name: "test", Permissions: permissions,
	})
	if err != nil {
		f.t.Fatal(err)
	}
	return secret
}

// keyID makes an API key too, and names it.
func (f *fixture) keyID(storeID string) string {
	f.t.Helper()
	k, ok := f.client.Authenticate(f.key(storeID, billhook.PermissionEventsEmit))
	if !ok {
		f.t.Fatal("the key is not one")
	}
	return k.ID
}

// webhook registers a webhook of a store.
func (f *fixture) webhook(storeID, address string) billhook.Webhook {
	f.t.Helper()
	w, err := f.client.Register(f.t.Context(), billhook.Registration{StoreID: storeID, URL: address, Events: []string{"*"}})
	if err != nil {
		f.t.Fatal(err)
	}
	return w
}

// emit emits an event in a store that has a webhook, and finds its delivery.
func (f *fixture) emit(storeID, eventType, data string) (billhook.Event, billhook.Delivery) {
	f.t.Helper()
	e, err := f.client.Emit(f.t.Context(), billhook.Emission{StoreID: storeID, Type: eventType, Data: []byte(data)})
	if err != nil {
		f.t.Fatal(err)
	}
	list, err := f.client.Deliveries(f.t.Context(), billhook.DeliveryFilter{StoreID: storeID, EventID: e.ID, Limit: 10})
	if err != nil || len(list) == 0 {
		f.t.Fatalf("the event has %d deliveries: %v", len(list), err)
	}
	return e, list[0]
}

// A browser keeps cookies, as one does, and follows nothing by itself.
type browser struct {
	f       *fixture
	cookies map[string]string
	// header is sent with every request.
	header map[string]string
}

func (f *fixture) browser() *browser {
	return &browser{f: f, cookies: map[string]string{}, header: map[string]string{}}
}

// signedIn is a browser that has signed in.
func (f *fixture) signedIn(secret string) *browser {
	f.t.Helper()
	b := f.browser()
	if w := b.post("/signin", "key", secret); w.Code != http.StatusSeeOther {
		f.t.Fatalf("sign in: %d\n%s", w.Code, w.Body)
	}
	return b
}

func (b *browser) get(path string) *httptest.ResponseRecorder {
	return b.do(httptest.NewRequest(http.MethodGet, path, nil))
}

// post sends a form, as one of our own pages does.
func (b *browser) post(path string, pairs ...string) *httptest.ResponseRecorder {
	form := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		form.Add(pairs[i], pairs[i+1])
	}
	r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	return b.do(r)
}

func (b *browser) do(r *http.Request) *httptest.ResponseRecorder {
	for name, value := range b.header {
		r.Header.Set(name, value)
	}
	for name, value := range b.cookies {
		r.AddCookie(&http.Cookie{Name: name, Value: value})
	}
	w := httptest.NewRecorder()
	b.f.handler.ServeHTTP(w, r)
	for _, c := range w.Result().Cookies() {
		if c.MaxAge < 0 {
			delete(b.cookies, c.Name)
		} else {
			b.cookies[c.Name] = c.Value
		}
	}
	return w
}
