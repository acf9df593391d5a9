package dashboard

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/billhook/billhook"
)

// hostile is what a shell, a terminal or an eye may take for something else. Each is
// without a line break at its end, which $(…) would drop, as no header and no URL has.
var hostile = []string{
	"", " ", "plain", "it's", "''", `'\''`, `"$(touch taken)"`, "`touch taken`", "$HOME ${IFS} $((1+1))", "a;touch taken;b && c || d | e > f < g",
	`\n \0101 \c \\ \`, "%s %d %%", "-n", "--help", "@/etc/passwd", "!! !1 ^a^b", "*?[a-z]{1,2}~", "# no comment", "tab\there",
	"one\ntwo\n\nthree", "\x1b\\n \\0101 \\c %s '$(touch taken)' \\\\", "carriage\rreturn", "\x1b[31mred\x1b[0m", "\x1b]0;title\x07", "\u202egnp.exe", "\u2066x\u2069", "zero\u200bwidth", "\ufeffbom",
	"\u0085next", "\x7f", "nbsp\u00a0", "bad\xff\xfe", "\ufffd", "ümläut 漢字 🙂", `{"a":"</script><!--","b":"'\"\\"}`, strings.Repeat("'", 50),
}

// TestShellWord: whatever the text is, sh makes it one argument again, runs nothing of
// it, and who reads the command reads all of it.
func TestShellWord(t *testing.T) {
	dir := t.TempDir()
	for _, text := range hostile {
		word := shellWord(text)
		// Two of them, so that one that ends too early or late is seen.
		sh := exec.CommandContext(t.Context(), "sh", "-c", `show() { printf '%s.%s.%s' "$#" "$1" "$2"; }; show `+word+" "+word)
		sh.Dir = dir
		out, err := sh.CombinedOutput()
		if want := "2." + text + "." + text; err != nil || string(out) != want {
			t.Errorf("%q: sh makes %q of %s, not %q: %v", text, out, word, want, err)
		}
		if seen := outsideLine(word); len(seen.Parts) != 1 || seen.Parts[0].Mark || !utf8.ValidString(word) {
			t.Errorf("%q: not all of %q is seen", text, word)
		}
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 0 {
		t.Errorf("a command has run: %v %v", left, err)
	}
}

// TestCurl: the command, run by sh, makes the very request.
func TestCurl(t *testing.T) {
	curlProgram, err := exec.LookPath("curl")
	if err != nil {
		t.Fatal("this test needs curl: ", err)
	}
	type arrival struct {
		*http.Request
		body []byte
	}
	arrived := make(chan arrival, 1)
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		arrived <- arrival{r, body}
	}))
	defer server.Close()
	for _, text := range append(hostile, "ends\n", "\n\n", "nul\x00byte", strings.Repeat("x", curlBodySize+1), strings.Repeat("\u202e", curlBodySize)) {
		r := &billhook.Request{Method: "POST", URL: server.URL + "/a/../[b]{c,d}?q='$(x)'&r=%20#", Body: []byte(text), Headers: []billhook.RequestHeader{
			{Name: "Content-Type", Value: "application/json"}, {Name: "X-Quoted", Value: `it's "$(id)" \`}, {Name: "X-Odd", Value: "\u202e\u00a0x"},
			{Name: "X-Empty"}, {Name: "X-Secret", Value: "never", Hidden: true},
		}}
		command := curl(r, "body.json")
		dir := t.TempDir()
		if err := os.WriteFile(dir+"/body.json", []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		sh := exec.CommandContext(t.Context(), "sh", "-c", command+" --silent --fail --max-time 20 --noproxy '*'")
		sh.Dir, sh.Env = dir, []string{"PATH=" + os.Getenv("PATH"), "CURL=" + curlProgram}
		if out, err := sh.CombinedOutput(); err != nil || len(arrived) != 1 {
			t.Fatalf("%.60q: %d arrived: %v: %s\n%.300s", text, len(arrived), err, out, command)
		}
		got := <-arrived
		if !bytes.Equal(got.body, []byte(text)) {
			t.Errorf("%.60q came as %.60q\n%.300s", text, got.body, command)
		}
		if got.Method != "POST" || got.RequestURI != "/a/../[b]{c,d}?q='$(x)'&r=%20" {
			t.Errorf("the request is %s %s", got.Method, got.RequestURI)
		}
		for name, want := range map[string]string{"Content-Type": "application/json", "X-Quoted": `it's "$(id)" \`, "X-Odd": "\u202e\u00a0x", "X-Empty": "", "X-Secret": hiddenValue} {
			if values := got.Header.Values(name); len(values) != 1 || values[0] != want {
				t.Errorf("%s is %q, not %q", name, values, want)
			}
		}
		if strings.Contains(command, "never") || len(command) > 12*curlBodySize {
			t.Errorf("the command is %d bytes, or tells what is hidden", len(command))
		}
		if left, _ := os.ReadDir(dir); len(left) != 1 {
			t.Errorf("%.60q has made files: %v", text, left)
		}
	}
}
