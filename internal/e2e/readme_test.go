package e2e

import (
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
)

// TestReadme does what the README says, with its own words: the receivers are
// its code blocks, and the calls its curl commands; only the ports are free
// ones.
func TestReadme(t *testing.T) {
	text, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	receivers := map[string]struct {
		block string
		start func(t *testing.T, code string) *process
	}{
		"node": {codeBlock(t, string(text), "js", "createServer"), func(t *testing.T, code string) *process {
			file := filepath.Join(t.TempDir(), "receiver.mjs")
			writeFile(t, file, code)
			return spawn(t, nil, "node", file)
		}},
		"go": {codeBlock(t, string(text), "go", "package main"), func(t *testing.T, code string) *process {
			file := filepath.Join(t.TempDir(), "main.go")
			writeFile(t, file, code)
			program := filepath.Join(t.TempDir(), "receiver")
			build := exec.Command("go", "build", "-o", program, file)
			build.Dir = "../.."
			if out, err := build.CombinedOutput(); err != nil {
				t.Fatalf("build: %v\n%s", err, out)
			}
			return spawn(t, nil, program)
		}},
	}
	calls := codeBlock(t, string(text), "sh", "curl")
	for name, r := range receivers {
		t.Run(name, func(t *testing.T) {
			s := serve(t, t.TempDir())
			port := freePort(t)
			ports := strings.NewReplacer("3000", port, "http://127.0.0.1:4000", s.url)
			p := r.start(t, ports.Replace(r.block))
			eventually(t, patience, func() string {
				resp, err := http.Post("http://127.0.0.1:"+port, "application/json", strings.NewReader("{}"))
				if err != nil {
					return err.Error()
				}
				resp.Body.Close()
				if resp.StatusCode != http.StatusUnauthorized {
					t.Fatalf("an unsigned request is answered %d", resp.StatusCode)
				}
				return ""
			})
			sh := exec.Command("sh", "-e")
			sh.Stdin = strings.NewReader(ports.Replace(calls))
			if out, err := sh.CombinedOutput(); err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			s.settled(patience)
			if ds := s.deliveries("/api/deliveries?event=order.paid"); len(ds) != 1 || !ds[0].Success {
				t.Errorf("deliveries %+v", ds)
			}
			eventually(t, patience, func() string {
				if said := p.stdout.String() + p.stderr.tail(); !strings.Contains(said, "verified") {
					return "it said: " + said
				}
				return ""
			})
		})
	}
}

// TestReadmeLibrary runs the README's program with the library: an event that is
// emitted and one of a transaction are delivered, and the order is there.
func TestReadmeLibrary(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	came := map[string]bool{}
	r := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, req *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		came[req.Header.Get("webhook-id")] = true
	}))
	t.Cleanup(r.Close)
	code := codeBlock(t, string(text), "go", "sqlite.Open(") + codeBlock(t, string(text), "go", "client.EmitTx(")
	for old, replaced := range map[string]string{
		"https://example.com/hook": r.URL,
		"billhook.Config{}":        "billhook.Config{AllowInsecure: true}",
	} {
		if !strings.Contains(code, old) {
			t.Fatalf("the program has no %s:\n%s", old, code)
		}
		code = strings.ReplaceAll(code, old, replaced)
	}
	code = regexp.MustCompile(`(?m)^.*\berr :?= .*$`).ReplaceAllString(code, "$0\n\tmust(err)")
	code = regexp.MustCompile(`(?m)^shop, .*$`).ReplaceAllString(code, "$0\n\t_, _ = shop.Exec(`CREATE TABLE orders (id TEXT, total INTEGER)`)")
	program := `package main

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"os/signal"

	"github.com/billhook/billhook"
	"github.com/billhook/billhook/sqlite"
)

func must(err error) {
	if err != nil {
		panic(err)
	}
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
` + code + `
	var total int
	must(shop.QueryRow("SELECT total FROM orders WHERE id = 'o_1'").Scan(&total))
	fmt.Println("committed", total, hook.ID, event.ID)
	<-ctx.Done()
}
`
	folder := t.TempDir()
	file, binary := filepath.Join(folder, "main.go"), filepath.Join(folder, "shop")
	writeFile(t, file, program)
	build := exec.Command("go", "build", "-o", binary, file)
	build.Dir = "../.."
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s\n%s", err, out, program)
	}
	p := spawn(t, nil, "sh", "-c", "cd '"+folder+"' && exec ./shop")
	eventually(t, patience, func() string {
		mu.Lock()
		defer mu.Unlock()
		if n := len(came); n != 2 || !strings.Contains(p.stdout.String(), "committed 4999") {
			return fmt.Sprintf("%d of 2 events have come; it says %s%s", n, p.stdout.String(), p.stderr.tail())
		}
		return ""
	})
}

// TestReadmeKey makes a key with the README's command, and it can do what that
// says and no more.
func TestReadmeKey(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	s := serve(t, t.TempDir())
	command := strings.ReplaceAll(codeBlock(t, string(text), "sh", "/api/keys"), "http://127.0.0.1:4000", s.url)
	call := exec.Command("sh", "-c", command)
	call.Env = append(os.Environ(), "BILLHOOK_ROOT_KEY="+devKey)
	out, err := call.Output()
	if err != nil {
		t.Fatal(err)
	}
	var made struct{ Key string }
	if err := json.Unmarshal(out, &made); err != nil || made.Key == "" {
		t.Fatalf("%s answers %s, %v", command, out, err)
	}
	s.header = map[string]string{"x-api-key": made.Key}
	s.call("POST", "/api/events", `{"type":"order.paid","data":{}}`, http.StatusAccepted)
	s.call("GET", "/api/deliveries", "", http.StatusOK)
	s.call("GET", "/api/webhooks", "", http.StatusForbidden)
}

// codeBlock is the text's first block of a language that holds the words.
func codeBlock(t *testing.T, text, language, words string) string {
	t.Helper()
	for _, found := range regexp.MustCompile("(?s)```"+language+"\n(.*?)```").FindAllStringSubmatch(text, -1) {
		if strings.Contains(found[1], words) {
			return found[1]
		}
	}
	t.Fatalf("the README has no %s block with %q", language, words)
	return ""
}

func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return fmt.Sprint(l.Addr().(*net.TCPAddr).Port)
}

func writeFile(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
