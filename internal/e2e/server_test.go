package e2e

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

const devKey = "dev-staff-key"

// A server is a `billhook serve` process and a caller of its API.
type server struct {
	*process
	url string
	// header goes with every request: the key and where it matters the store.
	header map[string]string
	client *http.Client
	told   *confidences
	// greeted is how long the start took, until all of the banner was printed.
	greeted time.Duration
}

// curlCommand is the command in the banner: its last part, over several lines.
var curlCommand = regexp.MustCompile(`(?m)^ *curl (?:.*\\\n)*.*\n`)

// bannerURL is where the banner says that the API is.
var bannerURL = regexp.MustCompile(`(?m)^ *API +(http://\S+)/api$`)

// serve starts the service on a free port and waits for its banner. The flags
// come after --addr and --data; without any it runs with --dev.
func serve(t *testing.T, data string, flags ...string) *server {
	t.Helper()
	if len(flags) == 0 {
		flags = []string{"--dev"}
	}
	return serveWith(t, nil, append([]string{"--addr", "127.0.0.1:0", "--data", data}, flags...)...)
}

// serveWith starts the service by an environment and flags, all of them.
func serveWith(t *testing.T, env []string, flags ...string) *server {
	t.Helper()
	s := &server{
		process: spawn(t, env, binary, append([]string{"serve"}, flags...)...),
		header:  map[string]string{"x-api-key": devKey},
		client:  &http.Client{Timeout: patience, Transport: &http.Transport{MaxIdleConnsPerHost: 64}},
		told:    &confidences{text: map[string]string{}},
	}
	t.Cleanup(func() {
		s.client.CloseIdleConnections()
		s.kill() // now it has said everything
		s.told.settings(env, flags)
		s.told.check(t, s.stdout.String(), s.stderr.String())
	})
	eventually(t, patience, func() string {
		select {
		case <-s.exited:
			t.Fatalf("serve %v has exited: %s", flags, s.stderr.tail())
		default:
		}
		banner := s.stdout.String()
		if !curlCommand.MatchString(banner) {
			return "no banner: " + banner
		}
		return ""
	})
	s.greeted = s.stdout.lastLine().Sub(s.started)
	found := bannerURL.FindStringSubmatch(s.stdout.String())
	if found == nil {
		t.Fatalf("the banner does not say where the API is:\n%s", s.stdout.String())
	}
	s.url = found[1]
	return s
}

// in is the same server, spoken to by a subtest about a store.
func (s *server) in(t *testing.T, store string) *server {
	process, other := *s.process, *s
	process.t, other.process = t, &process
	other.header = map[string]string{"x-api-key": devKey, "x-store-id": store}
	return &other
}

// An answer is what the API says.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// json reads the answer's body.
func (a *answer) json(t *testing.T, into any) {
	t.Helper()
	if err := json.Unmarshal(a.body, into); err != nil {
		t.Fatalf("%v: %s", err, a.body)
	}
}

// try makes one request; an error means that there was no whole answer.
func (s *server) try(method, path, body string) (*answer, error) {
	req, err := http.NewRequest(method, s.url+path, strings.NewReader(body))
	if err != nil {
		return nil, err
	}
	for name, value := range s.header {
		req.Header.Set(name, value)
	}
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	resp, err := s.client.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, err
	}
	s.told.exchange(path, body, string(text))
	return &answer{resp.StatusCode, resp.Header, text}, nil
}

// call makes one request and wants the status.
func (s *server) call(method, path, body string, status int) *answer {
	s.t.Helper()
	a, err := s.try(method, path, body)
	if err != nil {
		s.t.Fatalf("%s %s: %v", method, path, err)
	}
	if a.status != status {
		s.t.Fatalf("%s %s %.500s\nanswers %d, not %d: %s", method, path, body, a.status, status, a.body)
	}
	return a
}

// A problem is an RFC 9457 document.
type problem struct {
	Type, Title, Code, Detail, Pointer, Hint string
	Status                                   int
}

// refused makes a request and wants a problem document with the status.
func (s *server) refused(method, path, body string, status int) problem {
	s.t.Helper()
	a := s.call(method, path, body, status)
	var p problem
	a.json(s.t, &p)
	if media := a.header.Get("Content-Type"); media != "application/problem+json" || p.Status != status || p.Code == "" || p.Detail == "" || p.Title == "" {
		s.t.Errorf("%s %s: no problem document: %s %s", method, path, media, a.body)
	}
	return p
}

// A webhook is one as the API shows it.
type webhook struct {
	ID, URL, Secret, Name, Description string
	Events                             []string
	IsActive                           bool
	CreatedAt                          time.Time
	RetryPolicy                        map[string]any
}

// register registers a webhook by a JSON body.
func (s *server) register(path, body string) webhook {
	s.t.Helper()
	var w webhook
	s.call("POST", path, body, http.StatusCreated).json(s.t, &w)
	return w
}

// A delivery is one as the API shows it.
type delivery struct {
	ID, WebhookID, EventID, Event, Status, Reason string
	Payload                                       json.RawMessage
	StatusCode                                    *int
	Success                                       bool
	Attempts                                      int
	LastAttemptAt, NextAttemptAt                  *time.Time
	AttemptLog                                    []struct {
		StatusCode   *int
		ResponseBody string
	}
}

// deliveries reads a list to its end.
func (s *server) deliveries(path string) []delivery {
	s.t.Helper()
	var all []delivery
	join := "?"
	if strings.Contains(path, "?") {
		join = "&"
	}
	for cursor := ""; ; {
		var page struct {
			Data       []delivery
			NextCursor *string
		}
		s.call("GET", path+join+"limit=100"+cursor, "", http.StatusOK).json(s.t, &page)
		all = append(all, page.Data...)
		if page.NextCursor == nil {
			return all
		}
		cursor = "&cursor=" + *page.NextCursor
	}
}

// settled waits until nothing is pending in the store.
func (s *server) settled(within time.Duration) {
	s.t.Helper()
	eventually(s.t, within, func() string {
		a := s.call("GET", "/api/deliveries?status=pending&limit=1", "", http.StatusOK)
		if bytes.Contains(a.body, []byte(`"data":[]`)) {
			return ""
		}
		return "still pending: " + string(a.body)
	})
}

// members are the names of a JSON object's members, in order.
func members(t *testing.T, text []byte) []string {
	t.Helper()
	dec := json.NewDecoder(bytes.NewReader(text))
	if open, err := dec.Token(); err != nil || open != json.Delim('{') {
		t.Fatalf("no object: %s", text)
	}
	var names []string
	for dec.More() {
		name, err := dec.Token()
		if err != nil {
			t.Fatalf("%v: %s", err, text)
		}
		names = append(names, name.(string))
		var value json.RawMessage
		if err := dec.Decode(&value); err != nil {
			t.Fatalf("%v: %s", err, text)
		}
	}
	return names
}

// wantMembers checks that all of the names are there.
func wantMembers(t *testing.T, what string, text []byte, names ...string) {
	t.Helper()
	there := members(t, text)
	for _, name := range names {
		if !slices.Contains(there, name) {
			t.Errorf("%s has no member %q: %s", what, name, text)
		}
	}
}
