package main

import (
	"bytes"
	"crypto/sha256"
	"debug/buildinfo"
	"encoding/json"
	"fmt"
	"os"
	"strings"
)

// component is something that a binary is made of, in CycloneDX 1.6.
type component struct {
	Type    string `json:"type"`
	Ref     string `json:"bom-ref"`
	Name    string `json:"name"`
	Version string `json:"version"`
	URL     string `json:"purl"`
	Hashes  []hash `json:"hashes,omitempty"`
}

type hash struct {
	Algorithm string `json:"alg"`
	Content   string `json:"content"`
}

// bill lists what a binary links, by what the linker has written into it, as a
// CycloneDX document. It says nothing of when it was made, so that it can be made again.
func bill(binary string, s source) ([]byte, error) {
	info, err := buildinfo.ReadFile(binary)
	if err != nil {
		return nil, err
	}
	text, err := os.ReadFile(binary)
	if err != nil {
		return nil, err
	}
	program := golang("application", info.Main.Path, s.version)
	program.Hashes = []hash{{"SHA-256", fmt.Sprintf("%x", sha256.Sum256(text))}}
	parts := []component{golang("library", "std", strings.TrimPrefix(info.GoVersion, "go"))}
	refs := []string{parts[0].Ref}
	for _, m := range info.Deps {
		if m.Replace != nil {
			m = m.Replace
		}
		part := golang("library", m.Path, m.Version)
		parts, refs = append(parts, part), append(refs, part.Ref)
	}
	type dependency struct {
		Ref string   `json:"ref"`
		On  []string `json:"dependsOn"`
	}
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetIndent("", "  ")
	err = encoder.Encode(struct {
		Format     string `json:"bomFormat"`
		Spec       string `json:"specVersion"`
		Version    int    `json:"version"`
		Metadata   any    `json:"metadata"`
		Components any    `json:"components"`
		// Of all parts it is only known that the binary links them.
		Dependencies []dependency `json:"dependencies"`
	}{
		"CycloneDX", "1.6", 1, map[string]any{"component": program}, parts, []dependency{{program.Ref, refs}},
	})
	return out.Bytes(), err
}

func golang(kind, path, version string) component {
	url := "pkg:golang/" + path + "@" + version
	return component{Type: kind, Ref: url, Name: path, Version: version, URL: url}
}
