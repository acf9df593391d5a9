package main

import (
	"cmp"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/billhook/billhook"
	"github.com/billhook/billhook/api"
)

const (
	// devKey is what serve --dev accepts, as in the documents' examples.
	devKey = "dev-staff-key"
	// rootKeyEnv holds the key for everything, where the operator sets it.
	rootKeyEnv = "BILLHOOK_ROOT_KEY"
	// rootKeyFile holds the hash of a key that a first start made.
	rootKeyFile = "root-key.sha256"
	// minRootKey is how many characters a key must have that opens everything.
	minRootKey = 16
	// rootActor is who holds such a key, in the audit log.
	rootActor = "root"
)

// checkRootKey says what is wrong with the operator's key, before anything is made.
func (cmd *serveCmd) checkRootKey() error {
	given, err := cmd.operatorKey()
	switch {
	case err != nil:
		return err
	case cmd.Dev:
	case given == "" && cmd.DatabaseURL != "":
		return fmt.Errorf("with --database-url set %s, or --root-key-file, to the same on every node: there is no folder to keep a key in", rootKeyEnv)
	case given != "" && len(given) < minRootKey:
		return fmt.Errorf("%s has fewer than %d characters, and whoever guesses it may do everything: give a random one (openssl rand -hex 32), or none for one that is made", cmp.Or(cmd.RootKeyFile, rootKeyEnv), minRootKey)
	}
	return nil
}

// operatorKey is the key that the operator gives, or "" where they leave it to a first
// start. A file is for whoever is handed secrets in files: other processes of the same
// user can read an environment.
func (cmd *serveCmd) operatorKey() (string, error) {
	fromEnv := os.Getenv(rootKeyEnv)
	if cmd.RootKeyFile == "" {
		return fromEnv, nil
	}
	if fromEnv != "" {
		return "", fmt.Errorf("give --root-key-file or %s, not both", rootKeyEnv)
	}
	text, err := os.ReadFile(cmd.RootKeyFile)
	if err != nil {
		return "", fmt.Errorf("--root-key-file: %w", err)
	}
	given := strings.TrimSpace(string(text))
	if given == "" {
		return "", fmt.Errorf("--root-key-file: %s is empty: put a key into it (openssl rand -hex 32)", cmd.RootKeyFile)
	}
	return given, nil
}

// rootKeys are the SHA-256 hashes of the keys that open everything.
type rootKeys [][sha256.Size]byte

func newRootKeys(secrets ...string) rootKeys {
	var all rootKeys
	for _, secret := range secrets {
		all = append(all, sha256.Sum256([]byte(secret)))
	}
	return all
}

// match finds the hash of a secret that is one of them, in the same time whichever
// it is, and if it is none.
func (all rootKeys) match(secret string) (hash [sha256.Size]byte, ok bool) {
	got := sha256.Sum256([]byte(secret))
	for i := range all {
		if subtle.ConstantTimeCompare(got[:], all[i][:]) == 1 {
			hash, ok = all[i], true
		}
	}
	return hash, ok
}

// root is what each of them may do.
func (all rootKeys) root(secret string) (api.Key, bool) {
	hash, ok := all.match(secret)
	if !ok {
		return api.Key{}, false
	}
	return api.Key{ID: rootID(hash), Permissions: []string{api.Everything}, Actor: rootActor}, true
}

// rootID names a root key by a hash of its hash: what ends with a key must know it again,
// and tell nothing by which it could be used.
func rootID(hash [sha256.Size]byte) string {
	name := sha256.Sum256(append([]byte("billhook root key "), hash[:]...))
	return "root:" + hex.EncodeToString(name[:16])
}

// find finds the root key that rootID names.
func (all rootKeys) find(id string) (billhook.APIKey, bool) {
	for _, hash := range all {
		if rootID(hash) == id {
			return billhook.APIKey{ID: id, Permissions: []string{billhook.PermissionEverything}}, true
		}
	}
	return billhook.APIKey{}, false
}

// keys says which root keys are accepted. secret is the key where it may be shown: in
// development, and at the start that made it.
func (cmd *serveCmd) keys() (accept rootKeys, secret string, err error) {
	given, err := cmd.operatorKey()
	if err != nil {
		return nil, "", err
	}
	if cmd.Dev {
		if given != "" {
			return newRootKeys(devKey, given), devKey, nil
		}
		return newRootKeys(devKey), devKey, nil
	}
	if given != "" {
		return newRootKeys(given), "", nil
	}
	path := filepath.Join(cmd.Data, rootKeyFile)
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return makeRootKey(path)
	}
	if err != nil {
		return nil, "", err
	}
	hash, err := hex.DecodeString(strings.TrimSpace(string(text)))
	if err != nil || len(hash) != sha256.Size {
		return nil, "", fmt.Errorf("%s holds no SHA-256 hash; delete it and a new root key is made, or set %s", path, rootKeyEnv)
	}
	return rootKeys{[sha256.Size]byte(hash)}, "", nil
}

func makeRootKey(path string) (rootKeys, string, error) {
	random := make([]byte, 32)
	_, _ = rand.Read(random) // never fails (crypto/rand)
	secret := "bhk_" + base64.RawURLEncoding.EncodeToString(random)
	hash := sha256.Sum256([]byte(secret))
	if err := writeWhole(path, hex.EncodeToString(hash[:])+"\n"); err != nil {
		return nil, "", err
	}
	return rootKeys{hash}, secret, nil
}

// writeWhole writes a file that is there and on disk, all of it, or not at all: the
// key is shown once, and a crash must leave its hash, or none.
func writeWhole(path, text string) error {
	half := path + ".new"
	file, err := os.OpenFile(half, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = file.WriteString(text)
	if err == nil {
		err = file.Sync()
	}
	if err = errors.Join(err, file.Close()); err != nil {
		return err
	}
	if err := os.Rename(half, path); err != nil {
		return err
	}
	return syncFolder(filepath.Dir(path))
}
