package completion

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// shop is a program that has all that there can be.
var shop = &Command{
	Name: "shop",
	Flags: []Flag{
		{Name: "help", Short: 'h', Help: "Show help."},
	},
	Commands: []Command{
		{Name: "sell", Help: "Sell what's there. And more.", Files: true, Flags: []Flag{
			{Name: "help", Short: 'h', Help: "Show help."},
			{Name: "how", Short: 'w', Help: "How: cash or card.", Value: true, Values: []string{"cash", "card"}},
			{Name: "from", Help: "A file.", Value: true, Files: true},
			{Name: "count", Help: "How \\ many.", Value: true},
			{Name: "dry-run", Help: "Do nothing."},
		}},
		{Name: "stock", Help: "The stock.", Flags: []Flag{{Name: "of", Value: true}}, Commands: []Command{
			{Name: "list", Help: "List it.", Flags: []Flag{{Name: "store", Value: true}, {Name: "json"}}},
			{Name: "count", Help: "Count it."},
		}},
		{Name: "completion", Help: "Completion.", Values: []string{"bash", "zsh"}},
	},
}

// lines are what somebody has typed, with | for the spaces, and what may come next, one
// of them up to a comma.
var lines = []struct{ typed, next string }{
	{"shop|", "sell,stock,completion"},
	{"shop|s", "sell,stock"},
	{"shop|x", ""},
	{"shop|-", "--help,-h"},
	{"shop|stock|", "list,count"},
	{"shop|stock|list|", ""},
	{"shop|stock|list|--", "--store,--json"},
	{"shop|stock|--unknown|l", "list"},
	{"shop|stock|--of|count|l", "list"},
	{"shop|sell|--", "--help,--how,--from,--count,--dry-run"},
	{"shop|sell|--d", "--dry-run"},
	{"shop|sell|--how|", "cash,card"},
	{"shop|sell|-w|c", "cash,card"},
	{"shop|sell|--how=", "cash,card"},
	{"shop|sell|--how=car", "card"},
	{"shop|sell|--how=card|--d", "--dry-run"},
	{"shop|sell|--count|", ""},
	{"shop|sell|--from|f", "file one,file-two"},
	{"shop|sell|file-", "file-two"},
	{"shop|sell|--count|stock|--c", "--count"},
	{"shop|stock|list|--store|count|--", "--store,--json"},
	{"shop|sell|--dry-run|file-", "file-two"},
	{"shop|completion|", "bash,zsh"},
}

// completers go on behind a script, and print what it has for the words that are their
// arguments.
var completers = map[string]string{
	"bash": `
COMP_WORDS=("$@")
COMP_CWORD=$(($# - 1))
_shop
printf '%s\n' "${COMPREPLY[@]}"
`,
	// What zsh itself has for this works only while somebody types; these stand for it.
	"zsh": `
_describe() { local w; for w in "${(@P)2}"; do [[ $w == $PREFIX* ]] && print -r -- "${w%%:*}"; done; return 0 }
_files() { print -rl -- $PREFIX*(N) }
compset() { PREFIX="${PREFIX#*=}" }
words=("$@") CURRENT=$# PREFIX="${@[-1]}"
_shop
`,
	"fish": `
complete -C "$argv" | string replace -r '\t.*' '' | string replace -r '^--\w+=' ''
true
`,
}

// TestLines completes lines in each shell that is installed. One without bash is none.
func TestLines(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"file one", "file-two"} {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for shell, options := range map[string][]string{"bash": {"--norc", "-c"}, "zsh": {"-f", "-c"}, "fish": {"--no-config", "-c"}} {
		t.Run(shell, func(t *testing.T) {
			path, err := exec.LookPath(shell)
			if err != nil && shell != "bash" {
				t.Skip(err)
			}
			var script bytes.Buffer
			if err := Write(&script, shell, shop); err != nil {
				t.Fatal(err)
			}
			program := script.String() + completers[shell]
			switch shell {
			case "bash":
				options = append(options, program, "bash")
			case "zsh":
				options = append(options, "compdef() { }\n"+program, "zsh")
			default:
				options = append(options, program)
			}
			for _, x := range lines {
				words := strings.Split(x.typed, "|")
				if shell == "bash" {
					words = apart(words)
				}
				cmd := exec.Command(path, append(slices.Clip(options), words...)...)
				cmd.Dir = dir
				out, err := cmd.CombinedOutput()
				if err != nil {
					t.Fatalf("%s: %v\n%s", x.typed, err, out)
				}
				got := strings.Split(strings.TrimSpace(string(out)), "\n")
				want := strings.Split(x.next, ",")
				slices.Sort(got)
				slices.Sort(want)
				if !slices.Equal(got, want) {
					t.Errorf("%q completes to %q, want %q", x.typed, got, want)
				}
			}
		})
	}
}

// apart are words as bash has them, to which = is one of its own.
func apart(words []string) (all []string) {
	for _, word := range words {
		name, value, ok := strings.Cut(word, "=")
		all = append(all, name)
		if ok {
			all = append(all, "=")
		}
		if value != "" {
			all = append(all, value)
		}
	}
	return all
}

// TestRegistered: bash calls the script for the program.
func TestRegistered(t *testing.T) {
	var script bytes.Buffer
	if err := Write(&script, "bash", shop); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("bash", "--norc", "-c", script.String()+"\ncomplete -p shop")
	if out, err := cmd.CombinedOutput(); err != nil || string(out) != "complete -F _shop shop\n" {
		t.Errorf("registered: %q, %v", out, err)
	}
}

// TestTexts holds the scripts of zsh and fish against what people see of them, and where
// these are not installed at least the quotes are counted.
func TestTexts(t *testing.T) {
	for shell, must := range map[string][]string{
		"zsh": {"#compdef shop\n", `'sell:Sell what'\''s there'`, `'--how:How: cash or card' '-w:How: cash or card'`,
			`('sell|--how'|'sell|-w') words_of=('cash' 'card') ;;`, `('sell|--from') files=yes ;;`, `('stock') words_of=('list:List it' 'count:Count it') ;;`,
			`('sell') files=yes ;;`, `('completion') words_of=('bash' 'zsh') ;;`},
		"fish": {"complete -c shop -f\n", `complete -c shop -n '__shop_at \'\'' -a 'sell' -d 'Sell what\'s there'`,
			`complete -c shop -n '__shop_at \'sell\'' -l how -s w -d 'How: cash or card' -x -a 'cash card'`,
			`complete -c shop -n '__shop_at \'sell\'' -l from -d 'A file' -r -F`, `-l count -d 'How \\ many' -x`,
			`complete -c shop -n '__shop_at \'stock list\'' -l json -d ''`, `set -l command 'sell' 'stock' 'stock list' 'stock count' 'completion'`,
			"\t\tcase 'sell|--how'\n\t\t\treturn 0\n"},
	} {
		var script bytes.Buffer
		if err := Write(&script, shell, shop); err != nil {
			t.Fatal(err)
		}
		for _, text := range must {
			if !strings.Contains(script.String(), text) {
				t.Errorf("%s: %s is missing in:\n%s", shell, text, script.String())
			}
		}
		checkQuotes(t, shell, script.String())
	}
}

// checkQuotes wants each line that is made of names and help to end the quotes that it
// begins, as the shell counts them.
func checkQuotes(t *testing.T, shell, script string) {
	t.Helper()
	for line := range strings.Lines(script) {
		if strings.HasPrefix(strings.TrimSpace(line), "#") {
			continue
		}
		open := byte(0)
		for i := 0; i < len(line); i++ {
			switch c := line[i]; {
			case c == '\\' && (open == 0 || open == '"' || shell == "fish"):
				i++
			case open == 0 && (c == '\'' || c == '"'):
				open = c
			case c == open:
				open = 0
			}
		}
		if open != 0 {
			t.Errorf("%s: a quote has no end: %s", shell, line)
		}
	}
}

func TestUnknownShell(t *testing.T) {
	if err := Write(&bytes.Buffer{}, "csh", shop); err == nil || !strings.Contains(err.Error(), "bash, zsh, fish") {
		t.Errorf("%v", err)
	}
}
