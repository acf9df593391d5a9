package billhook_test

import (
	"bytes"
	"path/filepath"
	"testing"

	"github.com/billhook/billhook"
	"github.com/billhook/billhook/sqlite"
)

// derived are the keys that a new Client on a new database makes.
func derived(t *testing.T, keys []billhook.SealKey, purpose string) [][]byte {
	t.Helper()
	config := billhook.Config{}
	if keys != nil {
		ring, err := billhook.NewKeyring(func() ([]billhook.SealKey, error) { return keys, nil })
		if err != nil {
			t.Fatal(err)
		}
		config.Keyring = ring
	}
	db, err := sqlite.Open(filepath.Join(t.TempDir(), "billhook.db"), sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	client, err := billhook.New(db, config)
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	if first, second := client.DeriveKeys(purpose), client.DeriveKeys(purpose); !bytes.Equal(first[0], second[0]) {
		t.Error("a Client's keys change while it lives")
	}
	return client.DeriveKeys(purpose)
}

// TestDeriveKeys: the same on every node that has the same keys, others for another
// purpose, and after a rotation those from before still verify.
func TestDeriveKeys(t *testing.T) {
	a, b := billhook.SealKey{ID: "a", Key: [32]byte{1}}, billhook.SealKey{ID: "b", Key: [32]byte{2}}
	one := derived(t, []billhook.SealKey{a}, "session")
	if len(one) != 1 || len(one[0]) != 32 || bytes.Equal(one[0], a.Key[:]) {
		t.Fatalf("%x", one)
	}
	if again := derived(t, []billhook.SealKey{a}, "session"); !bytes.Equal(one[0], again[0]) {
		t.Error("another node has others")
	}
	if other := derived(t, []billhook.SealKey{a}, "portal"); bytes.Equal(one[0], other[0]) {
		t.Error("they are the same for another purpose")
	}
	rotated := derived(t, []billhook.SealKey{b, a}, "session")
	if len(rotated) != 2 || !bytes.Equal(rotated[1], one[0]) || bytes.Equal(rotated[0], one[0]) {
		t.Errorf("after a rotation: %x, before: %x", rotated, one)
	}
	if without, another := derived(t, nil, "session"), derived(t, nil, "session"); len(without) != 1 || bytes.Equal(without[0], another[0]) {
		t.Errorf("without a Keyring: %x and %x", without, another)
	}
}
