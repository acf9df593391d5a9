package main

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/billhook/billhook"
)

// A keyFile is the path of a file of keys that seal secrets. Each line is a key's
// id and its 32 bytes in base64, apart by a space; the first line seals. Lines
// that are empty or begin with # say nothing.
type keyFile string

// load reads the keys. No error repeats what a line holds.
func (f keyFile) load() ([]billhook.SealKey, error) {
	text, err := os.ReadFile(string(f))
	if err != nil {
		return nil, err
	}
	var keys []billhook.SealKey
	for i, line := range strings.Split(string(text), "\n") {
		if saysNothing(line) {
			continue
		}
		id, encoded, _ := strings.Cut(strings.TrimSpace(line), " ")
		key, err := parseKey(id, encoded)
		if err != nil {
			return nil, fmt.Errorf("%s, line %d: %w", f, i+1, err)
		}
		keys = append(keys, key)
	}
	if len(keys) == 0 {
		return nil, fmt.Errorf("%s holds no key", f)
	}
	return keys, nil
}

func saysNothing(line string) bool {
	line = strings.TrimSpace(line)
	return line == "" || line[0] == '#'
}

func parseKey(id, encoded string) (billhook.SealKey, error) {
	raw, err := base64.StdEncoding.DecodeString(strings.TrimSpace(encoded))
	if err != nil || len(raw) != 32 {
		return billhook.SealKey{}, errors.New("want an id and 32 bytes in base64")
	}
	return billhook.SealKey{ID: id, Key: [32]byte(raw)}, nil
}

// newKeyLine makes a key, named for its day, as a line of a file.
func newKeyLine(now time.Time) (id, line string) {
	var random [32 + 4]byte
	_, _ = rand.Read(random[:]) // never fails (crypto/rand)
	id = "k" + now.UTC().Format("20060102") + "-" + hex.EncodeToString(random[32:])
	return id, id + " " + base64.StdEncoding.EncodeToString(random[:32]) + "\n"
}

// create makes the file with a first key, if it is not there yet.
func (f keyFile) create() error {
	if _, err := os.Stat(string(f)); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	// What is left of a start that was killed here: no key of it is in use.
	if err := os.Remove(f.half()); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return f.change(func(string) (string, error) {
		_, line := newKeyLine(time.Now())
		return line, nil
	})
}

// half is the file that is being written, which also keeps two from changing the
// keys at once: one of them would lose what the other has added.
func (f keyFile) half() string { return string(f) + ".new" }

// change rewrites the file, wholly and on disk or not at all.
func (f keyFile) change(rewrite func(text string) (string, error)) error {
	half, err := os.OpenFile(f.half(), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%s is there: someone else is changing the keys, or died at it; if nobody is, delete that file", f.half())
	}
	if err != nil {
		return err
	}
	err = f.rewrite(half, rewrite)
	err = errors.Join(err, half.Close())
	if err == nil {
		err = os.Rename(f.half(), string(f))
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.half()))
	}
	// Nothing may be sealed with a key that a power cut would take away.
	return syncFolder(filepath.Dir(string(f)))
}

// syncFolder has what was renamed in a folder on disk.
func syncFolder(path string) error {
	folder, err := os.Open(path)
	if err != nil {
		return err
	}
	defer folder.Close()
	if err := folder.Sync(); err != nil && runtime.GOOS != "windows" { // which cannot
		return err
	}
	return nil
}

func (f keyFile) rewrite(half *os.File, rewrite func(string) (string, error)) error {
	before, err := os.ReadFile(string(f))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if info, err := os.Stat(string(f)); err == nil {
		// The service, which need not be whoever rotates, must still read it.
		if err := keepOwner(half, info); err != nil {
			return fmt.Errorf("%s would change its owner; rotate as its owner or as root: %w", f, err)
		}
		if err := half.Chmod(info.Mode().Perm()); err != nil && runtime.GOOS != "windows" {
			return err
		}
	}
	after, err := rewrite(string(before))
	if err != nil {
		return err
	}
	if _, err := half.WriteString(after); err != nil {
		return err
	}
	return half.Sync()
}

// exposed reports whether others may read the file than those who must. A file of
// another's, root's say, is for its group, since that is how it was handed to us: so do
// systemd's credentials and the secrets of Kubernetes come.
func (f keyFile) exposed() bool {
	info, err := os.Stat(string(f))
	if err != nil || runtime.GOOS == "windows" {
		return false
	}
	readers := info.Mode().Perm() & 0o077
	if !ours(info) {
		readers &^= 0o040
	}
	return readers != 0
}
