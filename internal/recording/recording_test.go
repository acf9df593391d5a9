package recording

import (
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"testing"
)

const body = `{"id":"evt_1","text":"Zoë's \"own\" \\ $HOME"}` + "\n"

// TestForms: one request in every form that is read.
func TestForms(t *testing.T) {
	json := `"{\"id\":\"evt_1\",\"text\":\"Zoë's \\\"own\\\" \\\\ $HOME\"}\n"`
	for name, text := range map[string]string{
		"raw":           "POST /hook?a=1 HTTP/1.1\r\nHost: x\r\nWebhook-Id: evt_1\r\n\r\n" + body,
		"line feeds":    "POST /hook HTTP/1.1\nhost: x\nwebhook-id:evt_1\n\n" + body,
		"no first line": "webhook-id: evt_1\n\n" + body,
		"chunked":       "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nwebhook-id: evt_1\r\n\r\n5\r\n" + body[:5] + fmt.Sprintf("\r\n%x\r\n", len(body)-5) + body[5:] + "\r\n0\r\n\r\n",
		"folded":        "webhook-id:\n evt_1\n\n" + body,
		"json":          `{"headers":{"Webhook-Id":"evt_1","n":1},"body":` + json + `}`,
		"json, lists":   `{"headers":{"webhook-id":["evt_1","evt_2"]},"body":` + json + `}`,
		"json, base64":  `{"headers":{"webhook-id":"evt_1"},"bodyBase64":"eyJpZCI6ImV2dF8xIiwidGV4dCI6IlpvwutzIn0="}`,
		"har":           `{"log":{"entries":[{"request":{"method":"GET","headers":[]}},{"request":{"method":"POST","url":"http://x/","headers":[{"name":":method","value":"POST"},{"name":"webhook-id","value":"evt_1"}],"postData":{"text":` + json + `}}}]}}`,
		"har entry":     `{"request":{"headers":[{"name":"webhook-id","value":"evt_1"}],"postData":{"text":` + json + `}}}`,
	} {
		r, err := Parse([]byte(text))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		want := body
		if name == "json, base64" {
			want = "{\"id\":\"evt_1\",\"text\":\"Zo\xc2\xebs\"}"
		}
		if r.Get("WEBHOOK-ID") != "evt_1" || r.Header().Get("webhook-id") != "evt_1" || string(r.Body) != want || !r.HasBody {
			t.Errorf("%s: %+v, body %q", name, r, r.Body)
		}
		again, err := Parse(r.Raw())
		if name != "chunked" && (err != nil || string(again.Body) != want || len(again.Fields) != len(r.Fields)) {
			t.Errorf("%s, written: %+v, %v", name, again, err)
		}
	}
}

func TestCurlPrint(t *testing.T) {
	r, err := Parse([]byte("* Connected\n> POST /hook HTTP/1.1\r\n> Host: x\n> webhook-id: evt_1\n>\n} [5 bytes data]\n< HTTP/1.1 200 OK\n< webhook-id: other\n<\nthe answer"))
	if err != nil || r.Method != "POST" || r.Target != "/hook" || r.HasBody || r.Body != nil || len(r.Values("webhook-id")) != 1 {
		t.Errorf("%+v, %v", r, err)
	}
}

// TestQuotedBody: a body with a line that begins as curl's do is a body.
func TestQuotedBody(t *testing.T) {
	r, err := Parse([]byte("POST / HTTP/1.1\r\nwebhook-id: evt_1\r\n\r\n\n> said he\n"))
	if err != nil || string(r.Body) != "\n> said he\n" || !r.HasBody {
		t.Errorf("%+v, %v", r, err)
	}
}

func TestNoForm(t *testing.T) {
	for text, want := range map[string]string{
		"":                              "it is empty",
		"hello":                         "line 1 is no header",
		"POST / HTTP/1.1\n\nx":          "it has no headers",
		"a: b\n{\"id\":1}\n":            "line 2 is no header",
		`{"id":1}`:                      `no member "headers"`,
		`{"headers":`:                   "as JSON",
		`{"headers":1}`:                 "recorded headers",
		`{"log":{"entries":[]}}`:        "0 requests",
		strings.Repeat("x", MaxSize+1):  "larger than",
		`{"headers":{},"bodyBase64":1}`: "as JSON",
	} {
		_, err := Parse([]byte(text))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.40s: %v", text, err)
		}
	}
	if _, err := Parse([]byte("hello")); !errors.Is(err, ErrForm) {
		t.Error(err)
	}
}

// TestCurl runs the command's words through a shell.
func TestCurl(t *testing.T) {
	for _, body := range []string{body, "\x00\xff binary", "@file", ""} {
		r := &Request{Method: "POST", Target: "/a b?'", Fields: []Field{{"Host", "x"}, {"X-A", "it's $1"}}, Body: []byte(body)}
		command := strings.Replace(r.Curl("http://127.0.0.1:1/"), "curl", "show", 1)
		script := `show() { for a in "$@"; do case "$a" in @-) cat;; *) printf '%s|' "$a";; esac; done; }; ` + command
		out, err := exec.Command("sh", "-c", script).CombinedOutput()
		if err != nil {
			t.Fatal(err)
		}
		want := "-i|-X|POST|http://127.0.0.1:1/a b?'|-H|X-A: it's $1|"
		switch {
		case strings.HasPrefix(body, "\x00"):
			want += "--data-binary|" + body
		case body != "":
			want += "--data-raw|" + body + "|"
		}
		if string(out) != want {
			t.Errorf("got %q, want %q", out, want)
		}
	}
}

func TestDiffer(t *testing.T) {
	for _, test := range []struct{ a, b, want string }{
		{"same", "same", ""},
		{`{"a": 1}`, `{"a":1}`, "byte 5 is 0x20, a space, not 0x31 1"},
		{"abc\n", "abc", "byte 3 is 0x0a, a line break, not the end"},
		{"Zo\xc3\xab", "Zo\xeb", "byte 2 is 0xc3, not 0xeb"},
	} {
		d, differ := Differ([]byte(test.a), []byte(test.b))
		if got := d.String(); differ != (test.want != "") || differ && got != test.want {
			t.Errorf("%q and %q: %s", test.a, test.b, got)
		}
	}
	d, _ := Differ([]byte(strings.Repeat("x", 100)+"é\n\x00\xff"), []byte(strings.Repeat("x", 100)))
	if d.A != "…"+strings.Repeat("x", around)+`é\n\x00\xff` || d.B != "…"+strings.Repeat("x", around) {
		t.Errorf("%+v", d)
	}
}
