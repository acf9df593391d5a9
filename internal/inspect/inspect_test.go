package inspect

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/billhook/billhook/internal/recording"
	"github.com/billhook/billhook/receive/receivetest"
)

const secret = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"

type bench struct {
	t   *testing.T
	bin *Bin
	url string
}

func start(t *testing.T, c Config) *bench {
	t.Helper()
	bin, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(bin.Handler())
	t.Cleanup(func() { bin.Close(); server.Close() })
	return &bench{t, bin, server.URL}
}

// ask makes a request on a connection of its own, and returns its answer.
func (b *bench) ask(method, path, body string, header ...string) (*http.Response, string, error) {
	b.t.Helper()
	r, err := http.NewRequest(method, b.url+path, strings.NewReader(body))
	if err != nil {
		b.t.Fatal(err)
	}
	for i := 0; i < len(header); i += 2 {
		if header[i] == "Host" {
			r.Host = header[i+1]
		}
		r.Header.Set(header[i], header[i+1])
	}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: 20 * time.Second, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resp, err := client.Do(r)
	if err != nil {
		return nil, "", err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	return resp, string(text), err
}

func (b *bench) status(method, path, body string, header ...string) int {
	b.t.Helper()
	resp, _, err := b.ask(method, path, body, header...)
	if err != nil {
		b.t.Fatal(err)
	}
	return resp.StatusCode
}

// TestKept: what arrives is kept byte for byte, and saved so that it is read again.
func TestKept(t *testing.T) {
	var mu sync.Mutex
	var told bytes.Buffer
	b := start(t, Config{Secrets: []string{secret}, OnArrival: func(a *Arrival) {
		mu.Lock()
		defer mu.Unlock()
		if err := Print(&told, a, nil); err != nil {
			t.Error(err)
		}
	}})
	d := receivetest.New("litestore", secret, "order.completed", `{"orderId":"o_1","note":"Zoë <script>alert(1)</script> \u001b[31m"}`)
	headers := []string{}
	for name, values := range d.Header {
		headers = append(headers, name, values[0])
	}
	if got := b.status("POST", "/hook?a=1", string(d.Body), headers...); got != 200 {
		t.Errorf("answered %d", got)
	}
	if got := b.status("POST", "/hook", string(d.Body)+" ", headers...); got != 200 {
		t.Errorf("answered %d", got)
	}
	all := b.bin.Arrivals()
	if len(all) != 2 || all[1].Number != 1 || string(all[1].Request.Body) != string(d.Body) || all[1].Request.Target != "/hook?a=1" {
		t.Fatalf("%+v", all)
	}
	if a := all[1].Explain(); !a.Verified {
		t.Errorf("%+v", a)
	}
	if a := all[0].Explain(); a.Verified || a.Reason != "body_newline" {
		t.Errorf("%+v", a)
	}
	resp, raw, err := b.ask("GET", "/_/requests/1/request.http", "")
	if err != nil {
		t.Fatal(err)
	}
	r, err := recording.Parse([]byte(raw))
	if err != nil || string(r.Body) != string(d.Body) || r.Get("x-litestore-signature") != d.Header.Get("x-litestore-signature") || !strings.HasPrefix(resp.Header.Get("Content-Disposition"), "attachment") {
		t.Errorf("saved %q, %v", raw, err)
	}
	if _, body, _ := b.ask("GET", "/_/requests/1/body", ""); body != string(d.Body) {
		t.Errorf("the body is saved as %q", body)
	}
	mu.Lock()
	defer mu.Unlock()
	for _, want := range []string{"#1 ", "POST /hook?a=1", "Verified by", "Not verified (body_newline)", `"orderId": "o_1"`, "X-Litestore-Signature: "} {
		if !strings.Contains(told.String(), want) {
			t.Errorf("the terminal lacks %q:\n%s", want, told.String())
		}
	}
	if strings.Contains(told.String(), "\x1b") {
		t.Error("a stranger's escape reaches the terminal")
	}
}

// TestPage: the page has all without JavaScript, and nothing of what arrived is markup.
func TestPage(t *testing.T) {
	b := start(t, Config{Secrets: []string{secret}})
	b.status("POST", "/a<b>", `{"note":"<img src=x onerror=alert(1)>"}`, "X-Evil", `"><script>alert(2)</script>`)
	resp, page, err := b.ask("GET", "/_/", "")
	if err != nil || resp.StatusCode != 200 {
		t.Fatal(resp, err)
	}
	for _, want := range []string{"#1 POST /a%3Cb%3E", "&lt;img src=x onerror=alert(1)&gt;", "Not verified", "header_missing", "Save as .http", "curl -i -X", `<noscript><meta http-equiv="refresh"`, "X-Evil", "prefers"} {
		if want == "prefers" {
			_, page, _ = b.ask("GET", "/_/style.css", "")
			want = "prefers-color-scheme: dark"
		}
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	for _, never := range []string{"<img", "<script>alert", "http://www", "https://"} {
		if _, page, _ := b.ask("GET", "/_/", ""); strings.Contains(page, never) {
			t.Errorf("the page has %q", never)
		}
	}
	if policy := resp.Header.Get("Content-Security-Policy"); !strings.Contains(policy, "default-src 'none'") || strings.Contains(policy, "unsafe") {
		t.Errorf("the policy is %q", policy)
	}
	for path, want := range map[string]int{"/_/requests/1": 200, "/_/requests/9": 404, "/_/requests/x/body": 404, "/_/answers": 200, "/_/live.js": 200, "/_/nothing": 404} {
		if got := b.status("GET", path, ""); got != want {
			t.Errorf("%s: %d, want %d", path, got, want)
		}
	}
	if n := len(b.bin.Arrivals()); n != 1 {
		t.Errorf("the page's own requests are among the arrivals: %d", n)
	}
	if resp, _, _ := b.ask("GET", "/", "", "Accept", "text/html"); resp.StatusCode != 303 || resp.Header.Get("Location") != "/_/" {
		t.Errorf("a browser at / is answered %d", resp.StatusCode)
	}
	if b.status("GET", "/", "") != 200 || len(b.bin.Arrivals()) != 2 {
		t.Error("a program's GET / is no arrival")
	}
	if b.status("POST", "/_/clear", "") != 303 || len(b.bin.Arrivals()) != 0 {
		t.Error("it does not forget")
	}
}

// TestGuards: neither another site's page nor one that has its name lead here can read or
// change anything; deliveries come under any name.
func TestGuards(t *testing.T) {
	b := start(t, Config{Hosts: []string{"bin.internal"}})
	form := url.Values{"status": {"500"}, "path": {"/x"}}.Encode()
	kind := []string{"Content-Type", "application/x-www-form-urlencoded"}
	for _, test := range []struct {
		name, method, path string
		header             []string
		want               int
	}{
		{"another name", "GET", "/_/", []string{"Host", "evil.example"}, 421},
		{"another name that looks local", "GET", "/_/", []string{"Host", "127.0.0.1.evil.example"}, 421},
		{"another address", "GET", "/_/requests/1/body", []string{"Host", "192.0.2.1"}, 421},
		{"another name, changing", "POST", "/_/answers", append([]string{"Host", "evil.example:80"}, kind...), 421},
		{"another name at /", "GET", "/", []string{"Host", "evil.example", "Accept", "text/html"}, 200}, // an arrival
		{"another site", "POST", "/_/answers", append([]string{"Sec-Fetch-Site", "cross-site"}, kind...), 403},
		{"another origin", "POST", "/_/answers", append([]string{"Origin", "http://127.0.0.1:1"}, kind...), 403},
		{"another origin, forgetting", "POST", "/_/clear", []string{"Sec-Fetch-Site", "same-site"}, 403},
		{"no form", "GET", "/_/answers/remove", nil, 405},
		{"a name that is allowed", "GET", "/_/", []string{"Host", "bin.internal:3000"}, 200},
		{"IPv6", "GET", "/_/", []string{"Host", "[::1]:3000"}, 200},
		{"localhost", "GET", "/_/", []string{"Host", "localhost:3000"}, 200},
		{"a delivery under any name", "POST", "/hook", []string{"Host", "shop.example", "Sec-Fetch-Site", "cross-site"}, 200},
	} {
		body := ""
		if test.method == "POST" {
			body = form
		}
		if got := b.status(test.method, test.path, body, test.header...); got != test.want {
			t.Errorf("%s: %d, want %d", test.name, got, test.want)
		}
	}
	if all := b.bin.Answers(); len(all) != 1 {
		t.Errorf("a stranger has changed the answers: %+v", all)
	}
	if got := b.status("POST", "/_/answers", form, append([]string{"Origin", b.url, "Sec-Fetch-Site", "same-origin"}, kind...)...); got != 303 || len(b.bin.Answers()) != 2 {
		t.Errorf("the page itself cannot: %d", got)
	}
}

// TestAnswers: each path gets what it is told to, as the form says it.
func TestAnswers(t *testing.T) {
	b := start(t, Config{Answer: Answer{Status: 202, Headers: []recording.Field{{Name: "X-Bin", Value: "1"}}, Body: "kept"}})
	set := func(values ...string) int {
		form := url.Values{"status": {"200"}}
		for i := 0; i < len(values); i += 2 {
			form.Set(values[i], values[i+1])
		}
		return b.status("POST", "/_/answers", form.Encode(), "Content-Type", "application/x-www-form-urlencoded")
	}
	for _, form := range [][]string{
		{"path", "/busy", "status", "429", "retryAfter", "30"},
		{"path", "/moved", "status", "302", "location", "/elsewhere"},
		{"path", "/a/*", "status", "404"}, {"path", "/a/b*", "status", "410", "headers", "X-A: b\nX-C: d", "body", "gone"},
		{"path", "/third", "fail", "1/3"},
	} {
		if got := set(form...); got != 303 {
			t.Errorf("%v: %d", form, got)
		}
	}
	for _, test := range []struct {
		path, header, value, body string
		status                    int
	}{
		{"/any", "X-Bin", "1", "kept", 202}, {"/busy", "Retry-After", "30", "", 429}, {"/moved", "Location", "/elsewhere", "", 302},
		{"/a/x", "X-A", "", "", 404}, {"/a/bc", "X-C", "d", "gone", 410},
		{"/third", "", "", "", 500}, {"/third", "", "", "", 200}, {"/third", "", "", "", 200}, {"/third", "", "", "", 500},
	} {
		resp, body, err := b.ask("POST", test.path, "x")
		if err != nil || resp.StatusCode != test.status || body != test.body || test.header != "" && resp.Header.Get(test.header) != test.value {
			t.Errorf("%s: %v %q, %v", test.path, resp, body, err)
		}
	}
	for _, form := range [][]string{{"status", "99"}, {"fault", "fire"}, {"delay", "1h"}, {"delay", "soon"}, {"fail", "3/1"}, {"path", "hook"}, {"headers", "X Y: z"}, {"headers", "no colon"}, {"body", strings.Repeat("x", maxAnswer+1)}} {
		if got := set(form...); got != 422 {
			t.Errorf("%.40v: %d", form, got)
		}
	}
	b.status("POST", "/_/answers/remove", url.Values{"path": {"/busy"}}.Encode(), "Content-Type", "application/x-www-form-urlencoded")
	if got := b.status("POST", "/busy", ""); got != 202 {
		t.Errorf("a path whose answer was removed gets %d", got)
	}
	for i := range maxAnswers + 5 {
		_ = b.bin.SetAnswer(Answer{Path: fmt.Sprint("/", i)})
	}
	if n := len(b.bin.Answers()); n != maxAnswers+1 {
		t.Errorf("%d answers", n)
	}
}

// TestFaults: resets are resets, a hanging answer ends with the bin or its caller, and a
// slow one is slow.
func TestFaults(t *testing.T) {
	b := start(t, Config{Answer: Answer{Fault: FaultReset}})
	if _, _, err := b.ask("POST", "/", "x"); !errors.Is(err, syscall.ECONNRESET) && !errors.Is(err, io.EOF) {
		t.Errorf("a reset is %v", err)
	}
	for path, a := range map[string]Answer{"/hang": {Fault: FaultHang}, "/slow": {Fault: FaultSlow, Slow: 300 * time.Millisecond, Body: "abc"}, "/late": {Delay: 200 * time.Millisecond, Status: 503}} {
		a.Path = path
		if err := b.bin.SetAnswer(a); err != nil {
			t.Fatal(err)
		}
	}
	begin := time.Now()
	if resp, body, err := b.ask("POST", "/slow", "x"); err != nil || body != "abc" || resp.StatusCode != 200 || time.Since(begin) < 250*time.Millisecond {
		t.Errorf("slow: %q after %s, %v", body, time.Since(begin), err)
	}
	begin = time.Now()
	if resp, _, err := b.ask("POST", "/late", "x"); err != nil || resp.StatusCode != 503 || time.Since(begin) < 200*time.Millisecond {
		t.Errorf("late: after %s, %v", time.Since(begin), err)
	}
	hung := make(chan error)
	go func() {
		_, _, err := b.ask("POST", "/hang", "x")
		hung <- err
	}()
	for len(b.bin.Arrivals()) < 4 {
		time.Sleep(5 * time.Millisecond) // it is a real network
	}
	b.bin.Close()
	if err := <-hung; err == nil {
		t.Error("what was to hang was answered")
	}
}

// TestBounds: the oldest go, and one body is not kept beyond its bound.
func TestBounds(t *testing.T) {
	b := start(t, Config{Keep: 3, Secrets: []string{secret}})
	for i := range 5 {
		b.status("POST", fmt.Sprint("/", i), strings.Repeat("x", i))
	}
	all := b.bin.Arrivals()
	if len(all) != 3 || all[0].Number != 5 || all[2].Number != 3 || b.bin.bytes > 4096 {
		t.Errorf("%d kept, %d bytes", len(all), b.bin.bytes)
	}
	b.status("POST", "/", strings.Repeat("x", maxBody+10))
	if a := b.bin.Arrivals()[0]; !a.Cut || len(a.Request.Body) != maxBody || a.Explain() != nil {
		t.Errorf("%d bytes kept, cut %v, %+v", len(a.Request.Body), a.Cut, a.Explain())
	}
	for range maxHeld {
		b.bin.held <- struct{}{}
	}
	if got := b.status("POST", "/", "x"); got != 503 || !strings.HasPrefix(b.bin.Arrivals()[0].Answered, "503") {
		t.Errorf("where too many wait: %d, %s", got, b.bin.Arrivals()[0].Answered)
	}
	for range maxHeld {
		<-b.bin.held
	}
	for b.bin.number < 5+maxBytes/maxBody+2 { // more than all together may have, one after the other
		a := &Arrival{Request: &recording.Request{Body: make([]byte, maxBody)}}
		b.bin.config.Keep = maxKeep
		b.bin.keep(a)
	}
	if b.bin.bytes > maxBytes {
		t.Errorf("%d bytes are kept", b.bin.bytes)
	}
}

// TestDeep: what nests deep is shown as it is, and not with a thousand spaces a line.
func TestDeep(t *testing.T) {
	if got := Pretty([]byte(`{"a":["}"]}`), shownBody); got != "{\n  \"a\": [\n    \"}\"\n  ]\n}" {
		t.Errorf("%q", got)
	}
	text := strings.Repeat("[", 9000) + `"\"]"` + strings.Repeat("]", 9000)
	if got := Pretty([]byte(text), shownBody); got != text {
		t.Errorf("%d bytes became %d", len(text), len(got))
	}
}

// TestLive: who watches is told of what comes.
func TestLive(t *testing.T) {
	b := start(t, Config{})
	resp, err := http.Get(b.url + "/_/events")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	lines := bufio.NewScanner(resp.Body)
	if !lines.Scan() || lines.Text() != ": here" {
		t.Fatalf("%q", lines.Text())
	}
	b.status("POST", "/hook", "x")
	for lines.Scan() && lines.Text() == "" {
	}
	if lines.Text() != "event: arrival" || resp.Header.Get("Content-Type") != "text/event-stream" {
		t.Errorf("%q", lines.Text())
	}
}
