package main

import (
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"
)

// oneConn is a listener with one connection.
type oneConn struct{ conns chan net.Conn }

func (l oneConn) Accept() (net.Conn, error) {
	if conn, ok := <-l.conns; ok {
		return conn, nil
	}
	return nil, errors.New("closed")
}

func (l oneConn) Close() error {
	close(l.conns)
	return nil
}

func (l oneConn) Addr() net.Addr { return &net.TCPAddr{} }

// TestCallerDoesNotRead: who asks and does not read the answer is let go of.
func TestCallerDoesNotRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var held time.Duration
		server := newServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			start := time.Now()
			_, err := w.Write(make([]byte, 1<<20))
			if held = time.Since(start); err == nil {
				t.Error("all was written, to nobody")
			}
		}), slog.New(slog.DiscardHandler))
		ours, theirs := net.Pipe()
		defer ours.Close()
		l := oneConn{make(chan net.Conn, 1)}
		l.conns <- theirs
		served := make(chan error)
		go func() { served <- server.Serve(l) }()
		if _, err := io.WriteString(ours, "GET / HTTP/1.1\r\nHost: x\r\n\r\n"); err != nil {
			t.Fatal(err)
		}
		time.Sleep(5 * time.Minute)
		synctest.Wait()
		if held < 15*time.Second || held > 2*time.Minute {
			t.Errorf("the answer was kept for %v", held)
		}
		server.Close()
		<-served
	})
}

// TestHostInDevelopment: where the key is well known a stranger's name for this address is
// refused, and nowhere else.
func TestHostInDevelopment(t *testing.T) {
	for _, tt := range []struct {
		cmd  serveCmd
		host string
		want int
	}{
		{serveCmd{Dev: true}, "evil.example:4000", 421},
		{serveCmd{Dev: true}, "127.0.0.1:4000", 204},
		{serveCmd{Dev: true, Portal: portalFlags{PublicURL: "https://dev.shop.example"}}, "dev.shop.example", 204},
		{serveCmd{Portal: portalFlags{PublicURL: "https://hooks.example"}}, "evil.example:4000", 204},
		{serveCmd{}, "", 204},
	} {
		w := httptest.NewRecorder()
		r := httptest.NewRequest("POST", "/api/events", nil)
		r.Host = tt.host
		tt.cmd.near(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })).ServeHTTP(w, r)
		if w.Code != tt.want {
			t.Errorf("%+v, %s: answered %d, not %d", tt.cmd, tt.host, w.Code, tt.want)
		}
	}
}
