package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// licencesFile has the licences of all that is linked, which most of them ask for.
const licencesFile = "THIRD_PARTY_LICENSES.txt"

// licenceName is how files are called that hold a licence, or what it wants handed on.
var licenceName = regexp.MustCompile(`(?i)^([a-z0-9]+-)?(licen[cs]e|copying|notice|patents|unlicense)([-._].*)?$`)

// A module is something linked, with the folders of its packages that are.
type module struct {
	name, version, folder string
	packages              map[string]bool
}

// licences are the texts of all modules that the binaries of the targets link, and of
// Go itself. A module without one is an error: it could not be handed out.
func (b *builder) licences(ctx context.Context, targets []target) ([]byte, error) {
	modules := map[string]*module{}
	for _, t := range targets {
		if err := b.addModules(ctx, t, modules); err != nil {
			return nil, err
		}
	}
	goroot, err := output(ctx, b.source.folder, "go", "env", "GOROOT")
	if err != nil {
		return nil, err
	}
	modules["Go"] = &module{name: "Go's standard library", folder: goroot, packages: map[string]bool{goroot: true}}
	var out bytes.Buffer
	out.WriteString("The binary links what follows, each under its own licence.\n")
	for _, m := range slices.SortedFunc(maps.Values(modules), func(a, b *module) int { return cmp.Compare(a.name, b.name) }) {
		if err := m.write(&out); err != nil {
			return nil, err
		}
	}
	return out.Bytes(), nil
}

// addModules adds what the binary of a target links.
func (b *builder) addModules(ctx context.Context, t target, to map[string]*module) error {
	cmd := b.goCommand(ctx, t, "list", "-deps", "-json=Dir,Standard,Module", "./cmd/billhook")
	var said bytes.Buffer
	cmd.Stderr = &said
	out, err := cmd.Output()
	if err != nil {
		return fmt.Errorf("list what is linked for %s: %w\n%s", t, err, said.String())
	}
	for d := json.NewDecoder(bytes.NewReader(out)); ; {
		var p struct {
			Dir      string
			Standard bool
			Module   *struct {
				Path, Version, Dir string
				Main               bool
			}
		}
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		if p.Standard || p.Module == nil || p.Module.Main {
			continue
		}
		m := to[p.Module.Path]
		if m == nil {
			m = &module{name: p.Module.Path, version: p.Module.Version, folder: p.Module.Dir, packages: map[string]bool{}}
			to[m.name] = m
		}
		m.packages[p.Dir] = true
	}
}

// write adds the module's licences: those at its root, and in folders down to the
// packages that are linked, where what others wrote may have one of its own.
func (m *module) write(out *bytes.Buffer) error {
	folders := map[string]bool{m.folder: true}
	for dir := range m.packages {
		for ; len(dir) > len(m.folder); dir = filepath.Dir(dir) {
			folders[dir] = true
		}
	}
	found := 0
	for _, folder := range slices.Sorted(maps.Keys(folders)) {
		entries, err := os.ReadDir(folder)
		if err != nil {
			return err
		}
		for _, entry := range entries {
			if entry.IsDir() || !licenceName.MatchString(entry.Name()) || strings.HasSuffix(entry.Name(), ".go") {
				continue
			}
			text, err := os.ReadFile(filepath.Join(folder, entry.Name()))
			if err != nil {
				return err
			}
			within, err := filepath.Rel(m.folder, filepath.Join(folder, entry.Name()))
			if err != nil {
				return err
			}
			title := strings.TrimSpace(m.name + " " + m.version)
			fmt.Fprintf(out, "\n%s\n%s, %s\n\n%s\n", strings.Repeat("=", 80), title, filepath.ToSlash(within), bytes.TrimSpace(text))
			found++
		}
	}
	if found == 0 {
		return fmt.Errorf("%s %s has no licence that could be handed on", m.name, m.version)
	}
	return nil
}
