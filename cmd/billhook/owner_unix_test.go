//go:build unix

package main

import (
	"errors"
	"os"
	"strings"
	"syscall"
	"testing"
)

// TestRotateKeepsOwner: root may rotate the keys of a service that is not root, which
// must still be able to read them; who cannot give the file back changes nothing.
func TestRotateKeepsOwner(t *testing.T) {
	const service = 65534
	f := keyFileOf(t, "a "+zeros+"\n")
	rotate := func() error {
		return f.change(func(text string) (string, error) { return "b " + zeros + "\n" + text, nil })
	}
	if os.Geteuid() != 0 {
		// Only root can make the file another's; that of the system's root stands for it.
		root, err := os.Stat("/")
		if err != nil {
			t.Fatal(err)
		}
		file, err := os.OpenFile(string(f), os.O_RDWR, 0)
		if err != nil {
			t.Fatal(err)
		}
		defer file.Close()
		if err := keepOwner(file, root); err == nil {
			t.Error("gave a file to root")
		}
		if err := rotate(); err != nil {
			t.Error(err)
		}
		return
	}
	if err := os.Chown(string(f), service, service); err != nil {
		t.Fatal(err)
	}
	if err := rotate(); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(string(f))
	if err != nil {
		t.Fatal(err)
	}
	if of := info.Sys().(*syscall.Stat_t); of.Uid != service || of.Gid != service || info.Mode().Perm() != 0o640 {
		t.Errorf("the file is of %d:%d with %v", of.Uid, of.Gid, info.Mode())
	}
	if text, err := os.ReadFile(string(f)); err != nil || !strings.HasPrefix(string(text), "b ") {
		t.Errorf("%q, %v", text, err)
	}
}

// TestHandedKeyFile: a file of root's that our group may read is how systemd and
// Kubernetes hand one over; what all may read is told of.
func TestHandedKeyFile(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root gives files away")
	}
	f := keyFileOf(t, "k "+zeros)
	for mode, exposed := range map[os.FileMode]bool{0o400: false, 0o440: false, 0o460: true, 0o444: true, 0o404: true} {
		if err := errors.Join(os.Chown(string(f), 4321, -1), os.Chmod(string(f), mode)); err != nil {
			t.Fatal(err)
		}
		if f.exposed() != exposed {
			t.Errorf("%v of another's: exposed %v", mode, !exposed)
		}
	}
}
