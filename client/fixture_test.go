package client_test

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/billhook/billhook"
	"github.com/billhook/billhook/api"
	"github.com/billhook/billhook/client"
	"github.com/billhook/billhook/filter"
	"github.com/billhook/billhook/schema"
	"github.com/billhook/billhook/sqlite"
)

const rootKey = "a-root-key-of-tests"

// A service is the API on a real database, and a client of it without a network between
// them but for what goes wrong on one.
type service struct {
	*client.Client
	engine  *billhook.Client
	handler http.Handler
	disk    *disk

	mu         sync.Mutex
	operations map[string]int // how often each was answered, by its name in the document
	lose       int            // so many answers are lost, once the API has done what it was asked
	cut        int            // so many answers break off
	requests   int
}

// A disk fails as often as it is told.
type disk struct {
	billhook.Database
	failing atomic.Int32
}

func (d *disk) Commit(ctx context.Context, b *billhook.Batch) error {
	if d.failing.Add(-1) >= 0 {
		return errors.New("no space left on device")
	}
	return d.Database.Commit(ctx, b)
}

// inBubble runs a test on a service of its own, where waiting costs no time.
func inBubble(t *testing.T, apart api.Config, test func(*testing.T, *service)) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "billhook.db")
	synctest.Test(t, func(t *testing.T) { test(t, newService(t, file, apart)) })
}

func newService(t *testing.T, file string, cfg api.Config) *service {
	t.Helper()
	s, shut, err := open(file, cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(shut)
	s.Client = s.as(t, client.Config{APIKey: rootKey})
	return s
}

func open(file string, cfg api.Config) (*service, func(), error) {
	db, err := sqlite.Open(file, sqlite.Options{})
	if err != nil {
		return nil, nil, err
	}
	s := &service{disk: &disk{Database: db}, operations: map[string]int{}}
	quiet := slog.New(slog.DiscardHandler)
	s.engine, err = billhook.New(s.disk, billhook.Config{
		AllowInsecure: true, Logger: quiet, Schemas: schema.Language{}, Filters: filter.New(),
		OutsideKey: func(id string) (billhook.APIKey, bool) {
			return billhook.APIKey{ID: id, Permissions: []string{"*"}}, true
		},
	})
	if err != nil {
		return nil, nil, errors.Join(err, db.Close())
	}
	cfg.Keys, cfg.Logger = api.Chain(api.RootKey(rootKey), api.StoredKeys(s.engine)), quiet
	cfg.Metrics = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("up 1\n")) })
	cfg.Observe = func(operation string, _ int, _ time.Duration) {
		s.mu.Lock()
		s.operations[operation]++
		s.mu.Unlock()
	}
	s.handler = api.New(s.engine, cfg)
	return s, func() {
		s.engine.Close()
		db.Close()
	}, nil
}

// as is another client of the same service.
func (s *service) as(t *testing.T, cfg client.Config) *client.Client {
	t.Helper()
	cfg.HTTPClient = &http.Client{Transport: s}
	c, err := client.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

var errReset = errors.New("connection reset by peer")

// RoundTrip asks the API, and has some of its answers never arrive.
func (s *service) RoundTrip(r *http.Request) (*http.Response, error) {
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	w := httptest.NewRecorder()
	s.handler.ServeHTTP(w, r)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.requests++
	resp := w.Result()
	resp.Request = r
	if s.lose > 0 {
		s.lose--
		return nil, errReset
	}
	if s.cut > 0 {
		s.cut--
		resp.Body = brokenBody{resp.Body}
	}
	return resp, nil
}

// A brokenBody ends after a few bytes, as a connection does.
type brokenBody struct{ whole interface{ Close() error } }

func (b brokenBody) Read([]byte) (int, error) { return 0, errReset }
func (b brokenBody) Close() error             { return b.whole.Close() }

// must is a result of a call that has to succeed.
func must[T any](v T, err error) func(*testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// listed are all things of a list.
func listed[T any](t *testing.T, all func(func(T, error) bool)) []T {
	t.Helper()
	var found []T
	for item, err := range all {
		if err != nil {
			t.Fatal(err)
		}
		found = append(found, item)
	}
	return found
}
