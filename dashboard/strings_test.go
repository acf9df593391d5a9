package dashboard

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"text/template/parse"

	"github.com/billhook/billhook"
)

// TestLanguagesHaveTheSame: strings, by key, and places in each.
func TestLanguagesHaveTheSame(t *testing.T) {
	w := mustLoadWords()
	place := regexp.MustCompile(`\{\d+\}`)
	for _, lang := range languages[1:] {
		for key := range w[lang] {
			if !w.has(key) {
				t.Errorf("%s alone has %q", lang, key)
			}
		}
		for key, text := range w[languages[0]] {
			its, ok := w[lang][key]
			if !ok {
				t.Errorf("%s lacks %q", lang, key)
			}
			want, got := place.FindAllString(text, -1), place.FindAllString(its, -1)
			slices.Sort(want)
			slices.Sort(got)
			if !slices.Equal(want, got) {
				t.Errorf("%s: %q has the places %v, not %v", lang, key, got, want)
			}
			if strings.TrimSpace(its) == "" || strings.TrimSpace(text) == "" {
				t.Errorf("%q is empty", key)
			}
		}
	}
}

// TestStringsAreUsed: every key that a template or a handler uses is there, and every
// one that is there is used.
func TestStringsAreUsed(t *testing.T) {
	w := mustLoadWords()
	used := map[string]bool{}
	use := func(where, key string) {
		if !w.has(key) {
			t.Errorf("%s uses %q, which is not there", where, key)
		}
		used[key] = true
	}
	useAll := func(where, prefix string) {
		found := false
		for key := range w[languages[0]] {
			if strings.HasPrefix(key, prefix+".") {
				used[key], found = true, true
			}
		}
		if !found {
			t.Errorf("%s labels with %q, and there is nothing below it", where, prefix)
		}
	}
	for where, call := range templateCalls(t) {
		switch call.function {
		case "t":
			use(where, call.key)
		case "n":
			use(where, call.key+".one")
			use(where, call.key+".other")
		case "label":
			useAll(where, call.key)
		}
	}
	// In Go a key is a literal, and label's is the prefix of those that it means.
	for where, text := range goLiterals(t) {
		switch {
		case w.has(text):
			used[text] = true
		case isKey(text) && w.has(text+".one"):
			use(where, text+".one")
			use(where, text+".other")
		case isDone(text):
			t.Errorf("%s uses %q, which is not there", where, text)
		}
	}
	for _, call := range goCalls(t) {
		if call.function == "label" {
			useAll("a .go file", call.key)
		} else {
			use("a .go file", call.key)
		}
	}
	for code := range billhook.ReasonCodes() {
		use("the engine", "reason."+code)
	}
	for _, rt := range routes() {
		if rt.nav != "" {
			use("the table of routes", rt.nav+".nav")
		}
	}
	for _, key := range slices.Sorted(maps.Keys(w[languages[0]])) {
		if !used[key] {
			t.Errorf("%q is used by nothing", key)
		}
	}
}

func isKey(text string) bool { return regexp.MustCompile(`^[a-z]+(\.[A-Za-z_]+)+$`).MatchString(text) }

type stringCall struct{ function, key string }

// templateCalls finds where templates use strings, by place.
func templateCalls(t *testing.T) map[string]stringCall {
	t.Helper()
	calls := map[string]stringCall{}
	pages := mustParseTemplates(mustLoadWords(), func(name string) string { return name })
	for page, tmpl := range pages[languages[0]] {
		for _, one := range tmpl.Templates() {
			if one.Tree == nil {
				continue
			}
			walk(one.Tree.Root, func(n parse.Node) {
				command, ok := n.(*parse.CommandNode)
				if !ok || len(command.Args) < 2 {
					return
				}
				name, ok := command.Args[0].(*parse.IdentifierNode)
				if !ok || !slices.Contains([]string{"t", "n", "label"}, name.Ident) {
					return
				}
				key, ok := command.Args[1].(*parse.StringNode)
				if !ok {
					t.Errorf("%s: {{%s}}: the key must stand there", page, command)
					return
				}
				calls[page+" "+one.Name()+" "+command.String()] = stringCall{name.Ident, key.Text}
			})
		}
	}
	if len(calls) == 0 {
		t.Fatal("no template uses a string")
	}
	return calls
}

// walk visits a template's nodes.
func walk(n parse.Node, visit func(parse.Node)) {
	visit(n)
	branch := func(b *parse.BranchNode) {
		walk(b.Pipe, visit)
		walk(b.List, visit)
		if b.ElseList != nil {
			walk(b.ElseList, visit)
		}
	}
	switch n := n.(type) {
	case *parse.ListNode:
		for _, child := range n.Nodes {
			walk(child, visit)
		}
	case *parse.ActionNode:
		walk(n.Pipe, visit)
	case *parse.PipeNode:
		for _, command := range n.Cmds {
			walk(command, visit)
		}
	case *parse.CommandNode:
		for _, arg := range n.Args {
			walk(arg, visit)
		}
	case *parse.TemplateNode:
		if n.Pipe != nil {
			walk(n.Pipe, visit)
		}
	case *parse.IfNode:
		branch(&n.BranchNode)
	case *parse.RangeNode:
		branch(&n.BranchNode)
	case *parse.WithNode:
		branch(&n.BranchNode)
	}
}

// sources parses the package's own files, without tests.
func sources(t *testing.T) []*ast.File {
	t.Helper()
	files, err := fs.Glob(os.DirFS("."), "*.go")
	if err != nil {
		t.Fatal(err)
	}
	var all []*ast.File
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, file)
	}
	return all
}

// goLiterals are the strings in the package's files.
func goLiterals(t *testing.T) map[string]string {
	all := map[string]string{}
	for _, file := range sources(t) {
		ast.Inspect(file, func(n ast.Node) bool {
			if lit, ok := n.(*ast.BasicLit); ok && lit.Kind == token.STRING {
				if text, err := strconv.Unquote(lit.Value); err == nil {
					all["a .go file: "+lit.Value] = text
				}
			}
			return true
		})
	}
	return all
}

// goCalls finds p.t("key") and p.label("key").
func goCalls(t *testing.T) []stringCall {
	var all []stringCall
	for _, file := range sources(t) {
		ast.Inspect(file, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok || len(call.Args) == 0 {
				return true
			}
			method, ok := call.Fun.(*ast.SelectorExpr)
			lit, isLit := call.Args[0].(*ast.BasicLit)
			if !ok || !isLit || lit.Kind != token.STRING || method.Sel.Name != "t" && method.Sel.Name != "label" {
				return true
			}
			key, _ := strconv.Unquote(lit.Value)
			all = append(all, stringCall{method.Sel.Name, key})
			return true
		})
	}
	return all
}
