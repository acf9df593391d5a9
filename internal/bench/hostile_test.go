package bench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// TestHostiles: each receiver does what it is there for, until it is left.
func TestHostiles(t *testing.T) {
	server := httptest.NewServer(newReceiver())
	t.Cleanup(server.Close)
	for n, want := range []struct {
		answer string // begins so
		ends   bool   // by itself, in a moment
	}{
		{"", false},
		{"HTTP/1.1 200 OK\r\nX-More: 1\r\n", false},
		{"HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 103", false},
		{"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n..", false},
		{"HTTP/1.1 200 OK\r\n\r\nxxx", false},
		{"HTTP/1.1 200 OK\r\nX-xxx", false},
		{"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n\x00", false},
		{"", true},
		{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nno", true},
		{"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort", true},
	} {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			t.Parallel()
			conn, err := net.Dial("tcp", server.Listener.Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			fmt.Fprintf(conn, "POST /hostile/%d HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}", n+len(hostiles))
			got := make([]byte, len(want.answer))
			conn.SetReadDeadline(time.Now().Add(30 * time.Second))
			if _, err := io.ReadFull(conn, got); err != nil || string(got) != want.answer {
				t.Fatalf("answers %q (%v), not %q", got, err, want.answer)
			}
			if !want.ends {
				conn.SetReadDeadline(time.Now().Add(100 * time.Millisecond))
			}
			_, err = io.Copy(io.Discard, conn)
			var slow net.Error
			if timedOut := errors.As(err, &slow) && slow.Timeout(); timedOut == want.ends {
				t.Errorf("reading on ends with %v", err)
			}
		})
	}
}

// TestHostilesAreLeft: a receiver that never ends does so when its sender goes.
func TestHostilesAreLeft(t *testing.T) {
	left := make(chan struct{})
	rc := newReceiver()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		rc.ServeHTTP(w, r)
		left <- struct{}{}
	}))
	defer server.Close()
	for n := range hostiles {
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		request, err := http.NewRequestWithContext(ctx, http.MethodPost, fmt.Sprintf("%s/hostile/%d", server.URL, n), strings.NewReader("{}"))
		if err != nil {
			t.Fatal(err)
		}
		if answer, err := http.DefaultTransport.RoundTrip(request); err == nil {
			answer.Body.Close()
		}
		cancel()
		<-left
	}
}
