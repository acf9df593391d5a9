package main

import (
	"encoding/base64"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func keyFileOf(t *testing.T, text string) keyFile {
	t.Helper()
	path := filepath.Join(t.TempDir(), "keys")
	if err := os.WriteFile(path, []byte(text), 0o640); err != nil {
		t.Fatal(err)
	}
	return keyFile(path)
}

var zeros = base64.StdEncoding.EncodeToString(make([]byte, 32))

func TestKeyFile(t *testing.T) {
	id, line := newKeyLine(time.Now())
	keys, err := keyFileOf(t, "# the newest\n\n"+line+"old \t"+zeros+"\r\n").load()
	if err != nil || len(keys) != 2 || keys[0].ID != id || keys[1].ID != "old" || keys[1].Key != [32]byte{} || keys[0].Key == keys[1].Key {
		t.Errorf("%v, %v", keys, err)
	}
	for name, text := range map[string]string{
		"empty": "", "comments": "# nothing\n", "no id": zeros, "short": "a c2hvcnQ=", "no base64": "a ?" + zeros[1:], "another after it": line + "b",
	} {
		if keys, err := keyFileOf(t, text).load(); err == nil || strings.Contains(err.Error(), zeros) || strings.Contains(err.Error(), "c2hvcnQ") {
			t.Errorf("%s: %v, %v", name, keys, err)
		}
	}
	if keys, err := envKeys("a:" + zeros + ", b:" + zeros); err != nil || len(keys) != 2 || keys[1].ID != "b" {
		t.Errorf("from the environment: %v, %v", keys, err)
	}
	if _, err := envKeys("a:" + zeros + ",b"); err == nil || strings.Contains(err.Error(), zeros) {
		t.Errorf("from the environment, broken: %v", err)
	}
}

// TestFirstKey: a first start makes the file once, whatever a start that was
// killed has left.
func TestFirstKey(t *testing.T) {
	f := keyFile(filepath.Join(t.TempDir(), "keys"))
	if err := os.WriteFile(f.half(), []byte("k1 "), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := f.create(); err != nil {
		t.Fatal(err)
	}
	first, err := f.load()
	if err != nil || len(first) != 1 || f.exposed() {
		t.Errorf("%v, %v, exposed %v", first, err, f.exposed())
	}
	if err := f.create(); err != nil {
		t.Fatal(err)
	}
	if again, err := f.load(); err != nil || again[0] != first[0] {
		t.Errorf("the second start has %v, %v", again, err)
	}
	if _, err := os.Stat(f.half()); !os.IsNotExist(err) {
		t.Errorf("half a file is left: %v", err)
	}
}

// TestRotateFile: a new key comes before all others, which stay; two cannot change
// the file at once, and one that failed has changed nothing.
func TestRotateFile(t *testing.T) {
	f := keyFileOf(t, "# mine\nold "+zeros)
	cmd := keysRotateCmd{SecretKeyFile: string(f)}
	if err := cmd.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	keys, err := f.load()
	if err != nil || len(keys) != 2 || keys[1].ID != "old" || keys[1].Key != [32]byte{} || keys[0].Key == keys[1].Key {
		t.Errorf("after a rotation: %v, %v", keys, err)
	}
	if info, err := os.Stat(string(f)); err != nil || info.Mode().Perm() != 0o640 || !f.exposed() {
		t.Errorf("its mode: %v, %v", info.Mode(), err)
	}
	before, _ := os.ReadFile(string(f))
	if err := os.WriteFile(f.half(), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Run(t.Context()); err == nil || !strings.Contains(err.Error(), f.half()) {
		t.Errorf("beside another: %v", err)
	}
	if err := os.Remove(f.half()); err != nil {
		t.Fatal(err)
	}
	if after, _ := os.ReadFile(string(f)); string(after) != string(before) {
		t.Errorf("one that failed has changed the file")
	}
	broken := keyFileOf(t, "nonsense")
	if err := (&keysRotateCmd{SecretKeyFile: string(broken)}).Run(t.Context()); err == nil {
		t.Error("a key was put on top of what is no key file")
	}
	if _, err := os.Stat(broken.half()); !os.IsNotExist(err) {
		t.Errorf("half a file is left: %v", err)
	}
}

func TestPruned(t *testing.T) {
	var report strings.Builder
	text := "# head\nnew " + zeros + "\nused " + zeros + "\ngone " + zeros + "\n# tail"
	got := pruned(text, map[string]int{"used": 3, "elsewhere": 1}, &report)
	if want := strings.Replace(text, "gone "+zeros+"\n", "", 1); got != want {
		t.Errorf("left is\n%s", got)
	}
	for _, want := range []string{"new: kept, it seals", "used: kept, 3 webhooks", "gone: removed"} {
		if !strings.Contains(report.String(), want) {
			t.Errorf("not said: %s in\n%s", want, report.String())
		}
	}
}
