package apply

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"net/http/httptest"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/billhook/billhook"
	"github.com/billhook/billhook/api"
	"github.com/billhook/billhook/client"
	"github.com/billhook/billhook/filter"
	"github.com/billhook/billhook/schema"
	"github.com/billhook/billhook/sqlite"
)

// A world is a service of its own, and a folder of files to apply to it.
type world struct {
	*testing.T
	dir     string
	client  *billhook.Client
	url     string
	env     map[string]string
	options Options
	// calls are what was asked of the API, and failAfter how many of those that change
	// something get through; -1 for all.
	calls     []string
	failAfter int
}

func newWorld(t *testing.T) *world {
	t.Helper()
	db, err := sqlite.Open(filepath.Join(t.TempDir(), "billhook.db"), sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	c, err := billhook.New(db, billhook.Config{Logger: slog.New(slog.DiscardHandler), Resolver: aPublicAddress{}, Schemas: schema.Language{}, Filters: filter.New()})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(api.New(c, api.Config{Keys: api.RootKey("root-key"), Logger: slog.New(slog.DiscardHandler)}))
	t.Cleanup(func() {
		server.Close()
		c.Close()
		db.Close()
	})
	w := &world{T: t, dir: t.TempDir(), client: c, url: server.URL, env: map[string]string{}, failAfter: -1}
	w.options.Connect = func(store string) (API, error) {
		c, err := client.New(client.Config{BaseURL: w.url, APIKey: "root-key", StoreID: store})
		return spy{w, c}, err
	}
	return w
}

// aPublicAddress is what all names lead to: nothing is sent in these tests.
type aPublicAddress struct{}

func (aPublicAddress) LookupNetIP(context.Context, string, string) ([]netip.Addr, error) {
	return []netip.Addr{netip.MustParseAddr("93.184.216.34")}, nil
}

// A spy notes the calls, and lets the caller die between two of them.
type spy struct {
	world *world
	api   API
}

var errDied = errors.New("the caller has died")

func (s spy) Do(ctx context.Context, method, path string, in, out any) error {
	s.world.calls = append(s.world.calls, method+" "+path)
	if changes(method, path) {
		if s.world.failAfter == 0 {
			return errDied
		}
		if s.world.failAfter > 0 {
			s.world.failAfter--
		}
	}
	return s.api.Do(ctx, method, path, in, out)
}

// changes says whether a call may change something.
func changes(method, path string) bool {
	return method != "GET" && !strings.HasSuffix(path, "/compare-secret")
}

// write writes a file of the folder.
func (w *world) write(name, text string) {
	w.Helper()
	if err := os.WriteFile(filepath.Join(w.dir, name), []byte(text), 0o600); err != nil {
		w.Fatal(err)
	}
}

func (w *world) plan() (*Plan, error) {
	w.Helper()
	f := Files{Paths: []string{w.dir}, Lookup: func(name string) (string, bool) { v, ok := w.env[name]; return v, ok }}
	declared, err := f.Read()
	if err != nil {
		return nil, err
	}
	return NewPlan(w.Context(), declared, w.options)
}

// apply makes what the file says so, and tells what was done.
func (w *world) apply(text string) []string {
	w.Helper()
	w.write("webhooks.yaml", text)
	return w.again()
}

func (w *world) again() []string {
	w.Helper()
	p, err := w.plan()
	if err != nil {
		w.Fatal(err)
	}
	done := []string{}
	err = p.Run(w.Context(), func(s *Step) {
		if s.Action != Same {
			done = append(done, s.Action+" "+s.Object+" "+s.label())
		}
	})
	if err != nil {
		w.Fatal(err)
	}
	return done
}

// refused reads and compares, and wants an error that has all the words.
func (w *world) refused(text string, words ...string) {
	w.Helper()
	w.write("webhooks.yaml", text)
	p, err := w.plan()
	if err == nil {
		err = p.Run(w.Context(), func(*Step) {})
	}
	if err == nil {
		w.Errorf("accepted:\n%s", text)
		return
	}
	for _, word := range words {
		if !strings.Contains(err.Error(), word) {
			w.Errorf("%q is not in the error %q", word, err)
		}
	}
}

// webhooks are those of the default store by name, with their secrets.
func (w *world) webhooks() map[string]billhook.Webhook {
	w.Helper()
	all, err := w.client.List(w.Context(), "default", "", 100)
	if err != nil {
		w.Fatal(err)
	}
	named := map[string]billhook.Webhook{}
	for _, h := range all {
		named[h.Name] = h
	}
	return maps.Clone(named)
}
