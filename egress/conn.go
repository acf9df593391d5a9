package egress

import (
	"encoding/binary"
	"net"
	"sync/atomic"
)

// Conn counts the bytes written to a connection, so that a sender can tell a
// request that never left from one that may have arrived. A receiver may close
// an idle connection at the very moment when it is reused; if not a byte of the
// request was written, that was no attempt, and the sender dials again
// (RFC 9110 §9.2.2 and RFC 9112 §9.3.1 let a client do so).
//
// It hides net.TCPConn's ReadFrom and writev, which requests never use: net/http
// writes them from a buffer.
type Conn struct {
	net.Conn
	written atomic.Int64
}

// Write writes p and counts what was written of it.
func (c *Conn) Write(p []byte) (int, error) {
	n, err := c.Conn.Write(p)
	if n > 0 && !isTLSAlert(p) {
		c.written.Add(int64(n))
	}
	return n, err
}

// NetConn returns the connection that is counted.
func (c *Conn) NetConn() net.Conn { return c.Conn }

// Written returns how many bytes have been written so far, TLS handshakes and
// record headers included, TLS alerts not. Compare it with its value when the
// connection was obtained.
func (c *Conn) Written() int64 { return c.written.Load() }

// writtenOn returns Written of the Conn under c, which may be wrapped in a
// *tls.Conn or in anything else that has its NetConn method. It is not ok where
// there is no Conn. On HTTP/2, whose streams and control frames share one
// connection, an unchanged count still means that nothing was sent; a changed
// one says nothing about any single request.
func writtenOn(c net.Conn) (n int64, ok bool) {
	for c != nil {
		if counted, ok := c.(*Conn); ok {
			return counted.Written(), true
		}
		wrapper, ok := c.(interface{ NetConn() net.Conn })
		if !ok {
			break
		}
		c = wrapper.NetConn()
	}
	return 0, false
}

const (
	recordAlert       = 21 // RFC 8446 §5.1
	recordApplication = 23
	recordHeader      = 5 // bytes
	// alert13 is the length of an encrypted alert in TLS 1.3: two bytes, the
	// true content type, and the 16 bytes of the tag that all its suites have.
	alert13 = 2 + 1 + 16
)

// isTLSAlert reports whether p, one write of crypto/tls, is an alert. Closing
// sends one (close_notify), so the alert must not look like a request on the
// connection that the receiver has just closed. TLS 1.3 hides the type, but no
// request begins with a write of two bytes, nor one without TLS with such a byte.
func isTLSAlert(p []byte) bool {
	if len(p) < recordHeader || p[1] != 3 || len(p)-recordHeader != int(binary.BigEndian.Uint16(p[3:])) {
		return false
	}
	return p[0] == recordAlert || p[0] == recordApplication && len(p)-recordHeader == alert13
}
