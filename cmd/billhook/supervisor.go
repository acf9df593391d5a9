package main

import (
	"net"
	"os"
)

const (
	supervisorReady    = "READY=1"
	supervisorStopping = "STOPPING=1"
)

// tellSupervisor tells whoever has started the process how far it is, in the way of
// systemd (sd_notify): a datagram to the socket that a variable names. Where there is
// none, or it does not listen, nobody waits for it.
func tellSupervisor(state string) {
	socket := os.Getenv("NOTIFY_SOCKET")
	if socket == "" {
		return
	}
	conn, err := net.Dial("unixgram", socket) // #nosec G704 -- whoever starts the process says where
	if err != nil {
		return
	}
	defer conn.Close()
	_, _ = conn.Write([]byte(state))
}
