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

// TestRootKeyInFile: a key in a file is the operator's, as one in the variable is.
func TestRootKeyInFile(t *testing.T) {
	const key = "0123456789abcdef0123456789abcdef"
	file := filepath.Join(t.TempDir(), "root-key")
	for _, c := range []struct{ name, text, env, refused string }{
		{name: "a key and a line's end", text: key + "\n"},
		{name: "both", text: key, env: key, refused: "not both"},
		{name: "short", text: "short", refused: file + " has fewer than 16 characters"},
		{name: "empty", text: " \n", refused: "is empty"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Setenv(rootKeyEnv, c.env)
			if err := os.WriteFile(file, []byte(c.text), 0o600); err != nil {
				t.Fatal(err)
			}
			cmd := &serveCmd{Data: t.TempDir(), RootKeyFile: file}
			if err := cmd.checkRootKey(); c.refused != "" {
				if err == nil || !strings.Contains(err.Error(), c.refused) || strings.Contains(err.Error(), key) {
					t.Errorf("%v", err)
				}
				return
			} else if err != nil {
				t.Fatal(err)
			}
			accept, secret, err := cmd.keys()
			if _, ok := accept.match(key); !ok || err != nil || secret != "" {
				t.Errorf("accepted %v, %v; shown: %v", ok, err, secret != "")
			}
		})
	}
	t.Setenv(rootKeyEnv, "")
	if err := (&serveCmd{RootKeyFile: file + ".gone", DatabaseURL: "postgres://"}).checkRootKey(); err == nil || !strings.Contains(err.Error(), "--root-key-file") {
		t.Errorf("no file: %v", err)
	}
}
