package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestRootKeyFile: the key that a first start shows is the one that the next starts
// accept, whatever a start that was killed has left.
func TestRootKeyFile(t *testing.T) {
	t.Setenv(rootKeyEnv, "")
	cmd := &serveCmd{Data: t.TempDir()}
	path := filepath.Join(cmd.Data, rootKeyFile)
	if err := os.WriteFile(path+".new", []byte(strings.Repeat("f", 100)), 0o600); err != nil {
		t.Fatal(err)
	}
	_, secret, err := cmd.keys()
	if err != nil || secret == "" {
		t.Fatalf("%q, %v", secret, err)
	}
	accept, again, err := cmd.keys()
	if err != nil || again != "" {
		t.Fatalf("the next start: %q, %v", again, err)
	}
	if _, ok := accept.match(secret); !ok {
		t.Error("the next start does not accept it")
	}
	if files, err := os.ReadDir(cmd.Data); err != nil || len(files) != 1 {
		t.Errorf("it leaves %v, %v", files, err)
	}
}
