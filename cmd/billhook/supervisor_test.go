package main

import (
	"net"
	"path/filepath"
	"testing"
	"time"
)

// TestTellSupervisor: what systemd waits for with Type=notify.
func TestTellSupervisor(t *testing.T) {
	path := filepath.Join(t.TempDir(), "notify")
	socket, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	defer socket.Close()
	tellSupervisor(supervisorReady) // nobody to tell
	t.Setenv("NOTIFY_SOCKET", path)
	tellSupervisor(supervisorReady)
	tellSupervisor(supervisorStopping)
	if err := socket.SetReadDeadline(time.Now().Add(10 * time.Second)); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"READY=1", "STOPPING=1"} {
		room := make([]byte, 100)
		if n, err := socket.Read(room); err != nil || string(room[:n]) != want {
			t.Errorf("it was told %q, %v", room[:n], err)
		}
	}
	t.Setenv("NOTIFY_SOCKET", path+".gone")
	tellSupervisor(supervisorReady) // does not end the service
}
