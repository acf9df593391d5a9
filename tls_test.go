package billhook_test

import (
	"bufio"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
)

// serveTLS puts a receiver at https://127.0.0.1:port that speaks for itself.
func (w *world) serveTLS(port int, config *tls.Config, handle func(*tls.Conn)) {
	w.serveRaw(port, func(raw net.Conn) {
		defer raw.Close()
		c := tls.Server(raw, config)
		if c.Handshake() == nil {
			handle(c)
		}
	})
}

// eachRequest answers requests of HTTP/1.1 with 200 until there are no more.
func eachRequest(c net.Conn, see func(*http.Request)) {
	in := bufio.NewReader(c)
	for {
		req, err := http.ReadRequest(in)
		if err != nil {
			return
		}
		io.Copy(io.Discard, req.Body)
		see(req)
		fmt.Fprint(c, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
	}
}
