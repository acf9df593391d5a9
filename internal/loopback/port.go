// Package loopback finds ports of this machine for servers that cannot choose their
// own.
//
// It knows nothing of Billhook.
package loopback

import (
	"math/rand/v2"
	"net"
	"strconv"
)

// FreePort is a port of 127.0.0.1 on which nothing listens. It is below those that
// systems hand to outgoing connections and to listeners that name none, so that
// nobody else takes it by chance before its server does, or while that is stopped.
// Where it finds none, the server that is given the port says that it is taken.
func FreePort() (port int) {
	for range 100 {
		port = 15000 + rand.IntN(17000) // #nosec G404 -- nobody is kept out by it
		if l, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port))); err == nil {
			l.Close()
			break
		}
	}
	return port
}
