package billhook_test

import (
	"bytes"
	"encoding/json"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/billhook/billhook"

// mayImport says, for each package, which others of the module it may import.
// A package that is not here is a room that nobody has decided on.
var mayImport = map[string][]string{
	"":                      {"sign", "profile", "egress"},
	"sign":                  {},
	"profile":               {"sign"},
	"egress":                {},
	"receive":               {"sign", "profile"},
	"receive/receivetest":   {"profile"},
	"schema":                {""},
	"filter":                {""},
	"internal/sqlstore":     {""},
	"sqlite":                {"", "internal/sqlstore"},
	"postgres":              {"", "internal/sqlstore"},
	"storetest":             {"", "profile"},
	"api":                   {"", "profile"},
	"dashboard":             {"", "profile"},
	"client":                {},
	"telemetry":             {""},
	"notify":                {""},
	"examples/portal":       {},
	"examples/receiver":     {"receive"},
	"examples/shop":         {"", "postgres", "receive", "sqlite"},
	"internal/listen":       {"client"},
	"internal/apply":        {"client", "profile"},
	"internal/bench":        {"", "internal/loopback", "profile", "sign"},
	"internal/apidoc":       {},
	"internal/recording":    {},
	"internal/explain":      {"profile", "sign", "internal/recording"},
	"internal/inspect":      {"profile", "internal/explain", "internal/recording"},
	"internal/wireformat":   {"profile", "sign", "internal/explain", "internal/recording"},
	"internal/browser":      {},
	"internal/docstest":     {},
	"internal/completion":   {},
	"internal/doctor":       {"", "client", "egress", "postgres"},
	"internal/e2e":          {"internal/postgrestest"},
	"internal/loopback":     {},
	"internal/postgrestest": {"internal/loopback"},
	"internal/trigger":      {"client"},
	"internal/tlstest":      {},
	"internal/typescript":   {},
	"internal/sim":          {"", "profile", "sqlite", "storetest"},
	"cmd/billhook": {"", "api", "client", "dashboard", "egress", "filter", "notify", "postgres", "profile", "schema", "sign", "sqlite", "telemetry",
		"internal/apply", "internal/bench", "internal/completion", "internal/doctor", "internal/explain", "internal/inspect",
		"internal/listen", "internal/recording", "internal/sqlstore", "internal/trigger", "internal/wireformat"},
	"internal/verifydocs": {"profile"},
	"packaging":           {},
	"packaging/release":   {},
}

// noOtherModules are the packages that link nothing but Go's own library, so
// that embedding the engine, or a receiver, costs nobody a dependency.
var noOtherModules = []string{"", "sign", "profile", "egress", "receive", "receive/receivetest", "client"}

// TestArrows keeps the folder list true as the architecture.
func TestArrows(t *testing.T) {
	out, err := exec.Command("go", "list", "-json=ImportPath,Imports,Doc", "./...").Output()
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	for d := json.NewDecoder(bytes.NewReader(out)); ; {
		var p struct {
			ImportPath, Doc string
			Imports         []string
		}
		if err := d.Decode(&p); err == io.EOF {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		seen++
		name := room(p.ImportPath)
		allowed, ok := mayImport[name]
		if !ok {
			t.Errorf("package %q is not in the list of rooms", name)
		}
		if p.Doc == "" {
			t.Errorf("package %q has no comment that says what it does", name)
		}
		for _, path := range p.Imports {
			if strings.HasPrefix(path, module) {
				if !slices.Contains(allowed, room(path)) {
					t.Errorf("%q must not import %q", name, room(path))
				}
			} else if first, _, _ := strings.Cut(path, "/"); strings.Contains(first, ".") && slices.Contains(noOtherModules, name) {
				t.Errorf("%q must not import %s: it links no other module", name, path)
			}
		}
	}
	if seen < len(mayImport) {
		t.Errorf("%d packages found, %d listed", seen, len(mayImport))
	}
}

func room(importPath string) string {
	return strings.TrimPrefix(strings.TrimPrefix(importPath, module), "/")
}
