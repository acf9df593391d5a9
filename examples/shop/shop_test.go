package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/billhook/billhook/internal/postgrestest"
)

func TestMain(m *testing.M) { os.Exit(postgrestest.Main(m)) }

// A warehouse notes which orders it was told of.
type warehouse struct {
	*httptest.Server
	mu   sync.Mutex
	told map[string]int
}

func newWarehouse(t *testing.T) *warehouse {
	w := &warehouse{told: map[string]int{}}
	w.Server = httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		var body struct{ Data struct{ OrderID string } }
		if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
			return // the sender was killed: half a request is none
		}
		w.mu.Lock()
		defer w.mu.Unlock()
		w.told[body.Data.OrderID]++
	}))
	t.Cleanup(w.Close)
	return w
}

// await waits until the warehouse was told of all orders, and fails where it was told of
// others.
func (w *warehouse) await(t *testing.T, orders []string) {
	t.Helper()
	missing := ""
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		w.mu.Lock()
		missing = ""
		for _, id := range orders {
			if w.told[id] == 0 {
				missing = id
			}
		}
		told := len(w.told)
		w.mu.Unlock()
		if missing == "" {
			if told != len(orders) {
				t.Errorf("it was told of %d orders, of which %d are there", told, len(orders))
			}
			return
		}
	}
	t.Fatalf("it was not told of %s, one of %d", missing, len(orders))
}

// onBoth runs a test with a file and with a database of PostgreSQL's.
func onBoth(t *testing.T, test func(t *testing.T, file, url string)) {
	t.Run("SQLite", func(t *testing.T) { test(t, filepath.Join(t.TempDir(), "shop.db"), "") })
	t.Run("PostgreSQL", func(t *testing.T) { test(t, "", postgrestest.Shared(t).Database(t)) })
}

// TestOrders: what is committed is told, and what is rolled back is not.
func TestOrders(t *testing.T) {
	onBoth(t, func(t *testing.T, file, url string) {
		w := newWarehouse(t)
		s, err := open(t.Context(), file, url)
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(s.tell(t.Context(), w.URL), s.tell(t.Context(), w.URL)); err != nil {
			t.Fatal(err)
		}
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- s.client.Run(ctx) }()
		for i := range 40 {
			if i%4 == 3 {
				if _, err := s.place(t.Context(), most+1); !errors.Is(err, errRefused) {
					t.Errorf("got %v", err)
				}
			} else if _, err := s.place(t.Context(), int64(i+1)); err != nil {
				t.Fatal(err)
			}
		}
		orders, err := s.placed(t.Context())
		if err != nil || len(orders) != 30 {
			t.Fatalf("%d orders, %v", len(orders), err)
		}
		w.await(t, orders)
		stop()
		if err := errors.Join(<-ended, s.close()); err != nil {
			t.Error(err)
		}
	})
}

// TestKilled kills the shop while orders come in: each that is there when it runs again is
// told of, and each that was confirmed is there.
func TestKilled(t *testing.T) {
	if testing.Short() {
		t.Skip("the shop that is killed is a program of its own, which the race detector is not in")
	}
	binary := filepath.Join(t.TempDir(), "shop")
	if out, err := exec.Command("go", "build", "-o", binary, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	onBoth(t, func(t *testing.T, file, database string) {
		w := newWarehouse(t)
		p := start(t, binary, file, database, w.URL)
		var mu sync.Mutex
		confirmed := []string{}
		var customers sync.WaitGroup
		for range 4 {
			customers.Go(func() {
				for {
					resp, err := http.PostForm(p.url+"/orders", url.Values{"total": {"4999"}})
					if err != nil {
						return // it is dead
					}
					id, err := io.ReadAll(resp.Body)
					_ = resp.Body.Close()
					if err != nil {
						return
					}
					if resp.StatusCode == http.StatusCreated {
						mu.Lock()
						confirmed = append(confirmed, strings.TrimSpace(string(id)))
						mu.Unlock()
					}
				}
			})
		}
		for {
			mu.Lock()
			n := len(confirmed)
			mu.Unlock()
			if n >= 50 {
				break
			}
			time.Sleep(time.Millisecond)
		}
		p.kill()
		customers.Wait()

		p = start(t, binary, file, database, w.URL)
		resp, err := http.Get(p.url + "/orders")
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		var orders []string
		if err := json.NewDecoder(resp.Body).Decode(&orders); err != nil {
			t.Fatal(err)
		}
		there := map[string]bool{}
		for _, id := range orders {
			there[id] = true
		}
		for _, id := range confirmed {
			if !there[id] {
				t.Errorf("%s was confirmed and is not there", id)
			}
		}
		w.await(t, orders)
	})
}

// A process is a shop that runs.
type process struct {
	cmd *exec.Cmd
	url string
}

func start(t *testing.T, binary, file, database, webhook string) *process {
	t.Helper()
	said := &output{}
	p := &process{cmd: exec.Command(binary, "--addr", "127.0.0.1:0", "--data", file, "--database-url", database, "--webhook", webhook)}
	p.cmd.Stdout, p.cmd.Stderr = said, said
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.kill)
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		if found := regexp.MustCompile(`curl (http://\S+)/orders`).FindStringSubmatch(said.String()); found != nil {
			p.url = found[1]
			return p
		}
	}
	t.Fatal(fmt.Sprint("it does not start: ", said.String()))
	return nil
}

func (p *process) kill() {
	_ = p.cmd.Process.Kill() // an error means that it is over
	_ = p.cmd.Wait()
}

type output struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (o *output) Write(b []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.Write(b)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}
