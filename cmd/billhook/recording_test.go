package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/billhook/billhook/internal/recording"
)

// TestLargeBody: one that is too large is told of, and not cut: it would be said to have
// the wrong signature.
func TestLargeBody(t *testing.T) {
	file := filepath.Join(t.TempDir(), "body")
	for size, ok := range map[int64]bool{recording.MaxSize: true, recording.MaxSize + 1: false} {
		if err := os.WriteFile(file, make([]byte, size), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := (&recordingFlags{Body: file}).read()
		if (err == nil) != ok || err != nil && !strings.Contains(err.Error(), "--body: "+file+" is larger than 16 MiB") {
			t.Errorf("of %d bytes: %v", size, err)
		}
	}
}
