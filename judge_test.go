package billhook

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/billhook/billhook/egress"
	"github.com/billhook/billhook/profile"
)

func TestExplain(t *testing.T) {
	dial := func(err error) error { return &net.OpError{Op: "dial", Net: "tcp", Err: err} }
	tests := []struct {
		err  error
		want Failure
		says string
	}{
		{&egress.Refused{Host: "intern.example", Reason: "is a private address"}, FailureRefused, "intern.example"},
		{&egress.ProxyError{Reason: "it cannot be reached", Err: dial(syscall.ECONNREFUSED)}, FailureConnect, "through this server's proxy: it cannot be reached"},
		{&egress.ProxyError{Reason: "it broke the connection off", Err: context.DeadlineExceeded}, FailureConnect, "proxy"},
		{context.DeadlineExceeded, FailureTimeout, "15s"},
		{&url.Error{Op: "Post", URL: "https://x", Err: context.DeadlineExceeded}, FailureTimeout, "15s"},
		{&net.DNSError{Err: "no such host", Name: "shop.example", IsNotFound: true}, FailureResolve, "shop.example"},
		{x509.CertificateInvalidError{Reason: x509.Expired}, FailureTLS, "expired"},
		{x509.HostnameError{Host: "a", Certificate: &x509.Certificate{}}, FailureTLS, "another host"},
		{&tls.CertificateVerificationError{Err: x509.UnknownAuthorityError{}}, FailureTLS, "authority"},
		{&tls.CertificateVerificationError{Err: errors.New("odd")}, FailureTLS, "verify"},
		{tls.RecordHeaderError{Msg: "first record does not look like a TLS handshake"}, FailureTLS, "TLS"},
		{errors.New("remote error: tls: handshake failure"), FailureTLS, "handshake failure"},
		{dial(syscall.ECONNREFUSED), FailureConnect, "refused"},
		{dial(syscall.EHOSTUNREACH), FailureConnect, "no route"},
		{&net.OpError{Op: "read", Err: syscall.ECONNRESET}, FailureProtocol, "reset"},
		{errors.New("malformed HTTP response \"\\x00\n\""), FailureProtocol, "malformed"},
	}
	for _, tt := range tests {
		failure, why := explain(fmt.Errorf("wrapped: %w", tt.err), 15*time.Second)
		if failure != tt.want || !strings.Contains(why, tt.says) || strings.ContainsAny(why, "\n\x00") {
			t.Errorf("%v: %s, %q", tt.err, failure, why)
		}
	}
}

// TestExplainWithoutAddresses: merchants see what a connection came to, and not
// where this machine or its proxy is, however the error is wrapped.
func TestExplainWithoutAddresses(t *testing.T) {
	us, proxy := &net.TCPAddr{IP: net.IPv4(10, 1, 2, 3), Port: 41234}, &net.TCPAddr{IP: net.IPv4(10, 9, 8, 7), Port: 3128}
	op := func(op string, err error) error {
		return &net.OpError{Op: op, Net: "tcp", Source: us, Addr: proxy, Err: err}
	}
	for _, tt := range []struct {
		err  error
		want Failure
		says string
	}{
		{op("read", syscall.ECONNRESET), FailureProtocol, "broke before an answer: read: connection reset by peer"},
		{op("write", os.NewSyscallError("write", syscall.EPIPE)), FailureProtocol, "write: write: broken pipe"},
		{op("remote error", op("read", syscall.ECONNRESET)), FailureProtocol, "read: connection reset"},
		{op("remote error", tls.AlertError(40)), FailureTLS, "remote error: tls: handshake failure"},
		{fmt.Errorf("tls: broken: %w", op("read", syscall.ECONNRESET)), FailureTLS, "read: connection reset"},
		{op("dial", op("dial", syscall.EHOSTUNREACH)), FailureConnect, "no route"},
		{op("read", timeout{}), FailureTimeout, "no answer in time: read: too late"},
	} {
		failure, why := explain(&url.Error{Op: "Post", URL: "https://x", Err: tt.err}, time.Second)
		if failure != tt.want || !strings.Contains(why, tt.says) || strings.Contains(why, "10.") {
			t.Errorf("%v: %s, %q", tt.err, failure, why)
		}
	}
}

// A timeout is a net.Error that says nothing of a deadline of ours.
type timeout struct{}

func (timeout) Error() string   { return "too late" }
func (timeout) Timeout() bool   { return true }
func (timeout) Temporary() bool { return false }

func TestJudge(t *testing.T) {
	p, _ := profile.Named("standard")
	for code, want := range map[int]Failure{
		200: FailureNone, 201: FailureNone, 204: FailureNone, 299: FailureNone,
		101: FailureProtocol, 300: FailureRedirect, 301: FailureRedirect, 304: FailureRedirect, 399: FailureRedirect,
		400: FailureStatus, 410: FailureStatus, 500: FailureStatus, 599: FailureStatus, 999: FailureStatus,
	} {
		failure, why := judge(&http.Response{StatusCode: code, Header: http.Header{"Location": {"/login\x1b"}}}, p)
		if failure != want || (failure == FailureNone) != (why == "") || strings.Contains(why, "\x1b") {
			t.Errorf("%d: %s, %q", code, failure, why)
		}
	}
}

func TestKeepHeaders(t *testing.T) {
	h := http.Header{"B": {"2", "3"}, "A": {"1"}, "Z": {strings.Repeat("x", MaxResponseKept)}}
	if got := keepHeaders(h); got != "A: 1\nB: 2\nB: 3\n" {
		t.Errorf("%q", got)
	}
}
