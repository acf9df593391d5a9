package doctor

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/billhook/billhook"
	"github.com/billhook/billhook/api"
	"github.com/billhook/billhook/client"
	"github.com/billhook/billhook/internal/postgrestest"
	"github.com/billhook/billhook/postgres"
	"github.com/billhook/billhook/sqlite"
)

func TestMain(m *testing.M) { os.Exit(postgrestest.Main(m)) }

const rootKey = "the-root-key-of-all"

// A world is a service that is well, on a database in a file.
type world struct {
	*testing.T
	folder string
	db     billhook.Database
	client *billhook.Client
	server *httptest.Server
	// broken: the service cannot end in order any more.
	broken bool
	// metrics are what the service tells of itself.
	metrics string
	// answer has paths answered with a status, in place of the service.
	answer map[string]int
	doctor Doctor
}

const goodMetrics = "billhook_overdue_seconds 0.5\nprocess_open_fds 20\nprocess_max_fds 65536\nbillhook_node_lease_held 1\n"

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{T: t, folder: t.TempDir(), metrics: goodMetrics, answer: map[string]int{}}
	file := filepath.Join(w.folder, "billhook.db")
	var err error
	if w.db, err = sqlite.Open(file, sqlite.Options{}); err != nil {
		t.Fatal(err)
	}
	w.client, err = billhook.New(w.db, billhook.Config{Logger: slog.New(slog.DiscardHandler), AllowInsecure: true, Keyring: w.keyring(keyOf(1))})
	if err != nil {
		t.Fatal(err)
	}
	root := api.RootKey(rootKey)
	keys := api.Chain(func(secret string) (api.Key, bool) {
		k, ok := root(secret)
		k.Actor = "root"
		return k, ok
	}, api.StoredKeys(w.client))
	service := api.New(w.client, api.Config{
		Keys: keys, Logger: slog.New(slog.DiscardHandler), Version: "1.2.3",
		Metrics: http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) { _, _ = rw.Write([]byte(w.metrics)) }),
	})
	w.server = httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if status := w.answer[r.URL.Path]; status != 0 {
			rw.WriteHeader(status)
			return
		}
		service.ServeHTTP(rw, r)
	}))
	ctx, stop := context.WithCancel(context.Background())
	ran := make(chan error, 1)
	go func() { ran <- w.client.Run(ctx) }()
	t.Cleanup(func() {
		w.server.Close()
		stop()
		if err := <-ran; err != nil && !w.broken {
			t.Error(err)
		}
		w.client.Close()
		w.db.Close()
	})
	w.doctor = Doctor{URL: w.server.URL, Client: w.as(rootKey), DevKey: "dev-staff-key", Version: "1.2.3", Inside: w.inside(file)}
	return w
}

func (w *world) inside(file string) *Inside {
	return &Inside{
		Folder: w.folder, DatabaseFile: file,
		Open: func(ctx context.Context) (Database, error) { return sqlite.OpenView(ctx, file) },
		Migrations: func(ctx context.Context) (all []postgres.Migration, err error) {
			found, err := sqlite.Migrations(ctx, file)
			for _, m := range found {
				all = append(all, postgres.Migration(m))
			}
			return all, err
		},
		Keys: func() (*billhook.Keyring, error) { return w.keyring(keyOf(1)), nil },
	}
}

func (w *world) keyring(keys ...billhook.SealKey) *billhook.Keyring {
	w.Helper()
	k, err := billhook.NewKeyring(func() ([]billhook.SealKey, error) { return keys, nil })
	if err != nil {
		w.Fatal(err)
	}
	return k
}

// keyOf is a key of its own for each number, all of one name.
func keyOf(n byte) billhook.SealKey { return billhook.SealKey{ID: "k1", Key: [32]byte{n}} }

func (w *world) as(key string) *client.Client {
	w.Helper()
	c, err := client.New(client.Config{BaseURL: w.server.URL, APIKey: key, Attempts: 1})
	if err != nil {
		w.Fatal(err)
	}
	return c
}

// find runs the doctor and returns what it says of a check.
func (w *world) find(check string) (found []Finding) {
	w.Helper()
	w.doctor.Run(w.Context(), func(f Finding) {
		if f.Check == check {
			found = append(found, f)
		}
	})
	return found
}

// wants has a check come out so, with words in what it says.
func (w *world) wants(check string, level Level, words ...string) {
	w.Helper()
	found := w.find(check)
	for _, f := range found {
		missing := false
		for _, word := range words {
			missing = missing || !strings.Contains(f.Message+" "+f.Advice, word)
		}
		if f.Level == level && !missing {
			if (level == Fail || level == Warn) && f.Advice == "" {
				w.Errorf("%s: no advice: %s", check, f.Message)
			}
			return
		}
	}
	w.Errorf("%s: want %s %q, found %+v", check, level, words, found)
}

// eventually waits for what the service does by itself.
func (w *world) eventually(check string, level Level) {
	w.Helper()
	for deadline := time.Now().Add(30 * time.Second); ; {
		found := w.find(check)
		for _, f := range found {
			if f.Level == level {
				return
			}
		}
		if time.Now().After(deadline) {
			w.Fatalf("%s: want %s, found %+v", check, level, found)
		}
		time.Sleep(10 * time.Millisecond)
	}
}

func (w *world) register(r billhook.Registration) billhook.Webhook {
	w.Helper()
	r.StoreID = "default"
	h, err := w.client.Register(w.Context(), r)
	if err != nil {
		w.Fatal(err)
	}
	return h
}

func (w *world) emit() {
	w.Helper()
	if _, err := w.client.Emit(w.Context(), billhook.Emission{StoreID: "default", Type: "order.paid", Data: []byte(`{"id":"o_1"}`)}); err != nil {
		w.Fatal(err)
	}
}
