package e2e

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// confidences are what a server was told, or has told its caller, and must not
// print: secrets, keys, payloads, and what in a webhook's URL may be a secret. At
// the end of its test all that the server has printed is looked through for them.
type confidences struct {
	mu   sync.Mutex
	text map[string]string // to what it is
}

// manyConfidences bounds how much of a load is remembered.
const manyConfidences = 2000

func (c *confidences) add(what, text string) {
	if len(text) < 8 { // may stand anywhere
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.text) < manyConfidences || what != "a payload" {
		c.text[unescaped(text)] = what
	}
}

// unescaped makes the same of a text and of that text in quotes.
func unescaped(text string) string { return strings.ReplaceAll(text, `\`, "") }

var (
	// Members of requests and answers, by name.
	secretMember = regexp.MustCompile(`"(?:secret|key)"\s*:\s*"((?:[^"\\]|\\.)*)"`)
	notesMember  = regexp.MustCompile(`"notes"\s*:\s*"((?:[^"\\]|\\.)*)"`)
	urlQuery     = regexp.MustCompile(`"url"\s*:\s*"https?://[^"?]*\?([^"]*)"`)
	// Variables that hold keys, as name=value.
	keyVariable = regexp.MustCompile(`^BILLHOOK_(?:ROOT_KEY|SECRET_KEYS)=(.*)$`)
	sealKey     = regexp.MustCompile(`[A-Za-z0-9+/]{43}=`)
)

// exchange takes in a request's body and its answer's.
func (c *confidences) exchange(path, request, answer string) {
	for _, text := range []string{request, answer} {
		for _, found := range secretMember.FindAllStringSubmatch(text, -1) {
			c.add("a secret", found[1])
		}
	}
	for _, found := range notesMember.FindAllStringSubmatch(request, -1) {
		c.add("a payload", found[1])
	}
	for _, found := range urlQuery.FindAllStringSubmatch(request, -1) {
		c.add("what a URL holds", found[1])
	}
	if _, data, ok := strings.Cut(request, `"data":`); ok && path == "/api/events" {
		c.add("a payload", strings.TrimSuffix(data, "}")[:min(max(len(data)-1, 0), 200)])
	}
}

// settings takes in what the server was started with.
func (c *confidences) settings(env, flags []string) {
	for _, setting := range env {
		if found := keyVariable.FindStringSubmatch(setting); found != nil {
			c.add("the root key", found[1])
			c.file(found[1])
		}
	}
	for i, flag := range flags[:max(0, len(flags)-1)] {
		switch flag {
		case "--data":
			text, _ := os.ReadFile(filepath.Join(flags[i+1], "secret-keys")) // there need be none
			c.file(string(text))
		case "--secret-key-file":
			text, _ := os.ReadFile(flags[i+1])
			c.file(string(text))
		}
	}
}

func (c *confidences) file(text string) {
	for _, key := range sealKey.FindAllString(text, -1) {
		c.add("a key that seals", key)
	}
}

// find says what a text tells of it; "" for nothing.
func (c *confidences) find(where, said string) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	said = unescaped(said)
	for text, what := range c.text {
		if strings.Contains(said, text) {
			return fmt.Sprintf("%s tells %s: %.100q", where, what, text)
		}
	}
	if where != banner && (strings.Contains(said, devKey) || madeKeys.MatchString(said)) {
		return where + " tells a root key"
	}
	return ""
}

// banner is where a key is shown on purpose.
const banner = "the banner"

// check looks through all that the server has printed.
func (c *confidences) check(t *testing.T, stdout, stderr string) {
	t.Helper()
	end := 0
	if at := curlCommand.FindStringIndex(stdout); at != nil {
		end = at[1]
	}
	shown := madeKey.ReplaceAllString(curlCommand.ReplaceAllString(stdout[:end], ""), "")
	for where, said := range map[string]string{banner: shown, "the output": stdout[end:], "the log": stderr} {
		if found := c.find(where, said); found != "" {
			t.Error(found)
		}
	}
}

// TestConfidences: what a careless log line would tell is found in it, and a
// service with receivers that fail tells nothing of the kind.
func TestConfidences(t *testing.T) {
	t.Parallel()
	const root = "root-key-of-the-operator"
	s := serveWith(t, []string{"BILLHOOK_ROOT_KEY=" + root}, "--dev", "--addr", "127.0.0.1:0", "--data", t.TempDir())
	down := "http://127.0.0.1:1/hook?token=abcdefghij"
	w := s.register("/api/webhooks", `{"url":"`+down+`","events":["*"],"retryPolicy":{"maxAttempts":2,"initialDelay":1}}`)
	s.call("POST", "/api/webhooks/"+w.ID+"/rotate-secret", `{"secret":"brought-\"along"}`, http.StatusOK)
	s.emitAs("evt_1")
	s.call("POST", "/api/events", `{"type":"order.paid","data":{"orderId":"o_1","total":4999}}`, http.StatusAccepted)
	s.settled(patience)
	s.stop()
	s.told.settings([]string{"BILLHOOK_ROOT_KEY=" + root}, nil)
	for _, line := range []string{
		"secret=" + w.Secret, `secret="brought-\"along"`, "url=" + down, `data="` + strconv.Quote(`{"orderId":"o_1","total":4999}`) + `"`,
		"key=" + root, "key=" + devKey, "key=bhk_" + strings.Repeat("x", 43),
	} {
		if s.told.find("the log", line) == "" {
			t.Errorf("nothing is found in %s", line)
		}
	}
	if found := s.told.find("the log", `level=ERROR msg="cannot read" store=default webhook=`+w.ID+" event=evt_1"); found != "" {
		t.Errorf("found in what tells nothing: %s", found)
	}
}

// madeKeys are root keys that a start makes, wherever they stand.
var madeKeys = regexp.MustCompile(`bhk_[A-Za-z0-9_-]{43}`)
