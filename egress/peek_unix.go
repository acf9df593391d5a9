//go:build unix

package egress

import (
	"errors"
	"syscall"
)

// peek reports whether a socket has something to read, or has ended. Go's sockets do
// not block.
func peek(fd uintptr) bool {
	var one [1]byte
	_, _, err := syscall.Recvfrom(int(fd), one[:], syscall.MSG_PEEK)
	return !errors.Is(err, syscall.EAGAIN) && !errors.Is(err, syscall.EWOULDBLOCK)
}
