package billhook

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// again says a reason once more, by its parts.
func (r *Reason) again() string {
	var places []any
	for _, p := range r.Parts {
		if p.Reason != nil {
			places = append(places, p.Reason.again())
		} else {
			places = append(places, p.Text)
		}
	}
	return say(r.Code, places...)
}

// whole reports whether all sentences in a reason are known.
func (r *Reason) whole() bool {
	return !slices.ContainsFunc(r.Parts, func(p ReasonPart) bool {
		return p.Kind == ReasonWords && (p.Reason == nil || !p.Reason.whole())
	})
}

// readable fails the test for a reason that a dashboard in another language would have
// to show in English.
func readable(t *testing.T, text string) Reason {
	t.Helper()
	r, ok := ReadReason(text)
	if !ok || !r.whole() {
		t.Errorf("no sentence is %q: %+v", text, r)
		return r
	}
	if said := r.again(); said != text {
		t.Errorf("%q is read as %q", text, said)
	}
	return r
}

// TestReadReason: sentences in sentences are known, and none is taken for another.
func TestReadReason(t *testing.T) {
	resp := func(code int, header ...string) *http.Response {
		r := &http.Response{StatusCode: code, Header: http.Header{}}
		for i := 0; i+1 < len(header); i += 2 {
			r.Header.Set(header[i], header[i+1])
		}
		return r
	}
	at := time.Date(2026, 3, 4, 23, 58, 0, 0, time.UTC)
	codes := map[string]bool{}
	for code := 100; code < 600; code++ {
		for _, wait := range []time.Duration{0, time.Second, time.Hour} {
			r := readable(t, answered(resp(code), wait, at))
			codes[r.Code] = true
		}
	}
	readable(t, answered(resp(301, "Location", "https://shop.example/new: redirects are not followed; register"), time.Minute, at))
	failed := &Attempt{Error: answered(resp(503), time.Hour, at), StatusCode: 503, StartedAt: at, Duration: 3 * time.Second}
	for _, d := range []*Pending{{CreatedAt: at.Add(-31 * time.Hour)}, {CreatedAt: at.Add(-300 * time.Hour)}, {CreatedAt: at, AttemptsBefore: 4}} {
		for made := range 7 {
			for text, code := range map[string]string{outOfAttempts(d, failed, made): "last", tooOld(d, failed, made, 36*time.Hour): "noMore", waitedTooLong(d, time.Minute, at): "tooOld", notRetried(failed): "notRetried"} {
				if r := readable(t, text); r.Code != code && made > 1 {
					t.Errorf("%q is %q, not %q", text, r.Code, code)
				}
			}
		}
	}
	readable(t, say("failures", 26*time.Hour+3*time.Second, outOfAttempts(&Pending{CreatedAt: at}, failed, 3)))
	for _, code := range []string{"leftAlone", "answered.busyUntil", "answered.hint", "answered.other", "answered.redirect", "answered.gone", "answered.upgrade"} {
		if !codes[code] {
			t.Errorf("no answer is %q", code)
		}
	}
	if r, ok := ReadReason("it is too warm, the last: your shop answered 418 I'm a teapot"); !ok || r.Code != "last" || r.Parts[0].Reason != nil || r.Parts[1].Reason == nil {
		t.Errorf("a sentence around one that nobody knows: %+v", r)
	}
	for _, text := range []string{"", "anything else", "superseded by", "your shop", strings.Repeat("x, the last: ", 50)} {
		if r, ok := ReadReason(text); ok && r.again() != text {
			t.Errorf("%q is read as %+v", text, r)
		}
	}
}

// TestSentences: each can be read, and no two are the same.
func TestSentences(t *testing.T) {
	texts, said := map[string]string{}, map[string]bool{}
	for _, s := range sentences {
		if other, ok := texts[s.text]; ok {
			t.Errorf("%s and %s are both %q", s.code, other, s.text)
		}
		texts[s.text] = s.code
		if said[s.code] {
			t.Errorf("there are two %s", s.code)
		}
		said[s.code] = true
		text := s.text
		for place, example := range map[string]string{"{text}": "shop.example", "{number}": "17", "{span}": "31 h", "{time}": "4 Mar 2026 15:04 UTC", "{day}": "4 Mar 2026", "{reason}": "the store was deleted"} {
			text = strings.ReplaceAll(text, place, example)
		}
		if s.code == "answered.other" {
			continue // read as what is about the status
		}
		if r := readable(t, text); r.Code != s.code {
			t.Errorf("%q is read as %q, not %q", text, r.Code, s.code)
		}
	}
}

// TestAllReasonsAreSentences reads the sources: whatever becomes a reason is said by a
// code that is there, each code is said somewhere, and what package egress says of
// addresses, names and proxies is among the sentences.
func TestAllReasonsAreSentences(t *testing.T) {
	said := map[string]int{}
	reasons := 0
	members := []string{"Reason", "Error", "InactiveReason"}
	for _, file := range sourcesOf(t, ".") {
		ast.Inspect(file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.CallExpr:
				if f, ok := n.Fun.(*ast.Ident); ok && f.Name == "say" {
					if code, ok := literal(n.Args[0]); ok {
						said[code] = len(n.Args) - 1
					}
				}
			case *ast.KeyValueExpr: // Cancel{Reason: "…"}
				if key, ok := n.Key.(*ast.Ident); ok && slices.Contains(members, key.Name) {
					reasons++
					if text, ok := literal(n.Value); ok && !strings.HasPrefix(text, "deliveries wait although") && !strings.HasPrefix(text, "nothing has waited") {
						t.Errorf("a reason is written out, and is no sentence: %q", text)
					}
				}
			}
			return true
		})
	}
	all := ReasonCodes()
	for code, places := range said {
		text, ok := all[code]
		if !ok {
			t.Errorf("%q is said, and is no sentence", code)
		} else if n := strings.Count(text, "{"); n != places {
			t.Errorf("%q has %d places, and is said with %d", code, n, places)
		}
	}
	if len(said) < 40 || reasons < 5 {
		t.Errorf("only %d sentences and %d reasons were found", len(said), reasons)
	}
	for code := range all {
		prefix, _, _ := strings.Cut(code, ".")
		elsewhere := []string{"status", "skipped", "refused", "by", "host", "proxy", "address"}
		if _, ok := said[code]; !ok && !slices.Contains(elsewhere, prefix) && code != "tls.name" {
			t.Errorf("%q is said nowhere", code)
		}
	}
	format := regexp.MustCompile(`%[ds]`)
	found := 0
	for _, file := range sourcesOf(t, "egress") {
		inReason := func(e ast.Expr) {
			if call, ok := e.(*ast.CallExpr); ok && len(call.Args) > 0 {
				e = call.Args[0] // fmt.Sprintf
			}
			by := ""
			if sum, ok := e.(*ast.BinaryExpr); ok { // l.by() + "…"
				e, by = sum.Y, "the store"
			}
			if text, ok := literal(e); ok && text != "" {
				text = by + text
				found++
				readable(t, format.ReplaceAllString(text, "17"))
			}
		}
		ast.Inspect(file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.KeyValueExpr:
				if key, ok := n.Key.(*ast.Ident); ok && key.Name == "Reason" {
					inReason(n.Value)
				}
			case *ast.ValueSpec:
				if n.Names[0].Name == "socksReplies" {
					for _, e := range n.Values[0].(*ast.CompositeLit).Elts {
						inReason(e.(*ast.KeyValueExpr).Value)
					}
				}
			case *ast.FuncDecl:
				if name := strings.ToLower(n.Name.Name); !strings.Contains(name, "verdict") && name != "denied" && name != "others" {
					return true
				}
				ast.Inspect(n, func(n ast.Node) bool {
					if r, ok := n.(*ast.ReturnStmt); ok {
						inReason(r.Results[0])
					}
					return true
				})
			}
			return true
		})
	}
	if found < 25 {
		t.Errorf("only %d reasons were found in package egress", found)
	}
}

func literal(e ast.Expr) (string, bool) {
	lit, ok := e.(*ast.BasicLit)
	if !ok || lit.Kind != token.STRING {
		return "", false
	}
	text, err := strconv.Unquote(lit.Value)
	return text, err == nil
}

// sourcesOf parses a folder's files, without tests.
func sourcesOf(t *testing.T, folder string) []*ast.File {
	t.Helper()
	names, err := fs.Glob(os.DirFS(folder), "*.go")
	if err != nil {
		t.Fatal(err)
	}
	var all []*ast.File
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), filepath.Join(folder, name), nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, file)
	}
	return all
}
