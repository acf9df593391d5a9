package billhook

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/billhook/billhook/egress"
)

func TestExplain(t *testing.T) {
	dial := func(err error) error { return &net.OpError{Op: "dial", Net: "tcp", Err: err} }
	day := func(days int) time.Time { return judgedAt.AddDate(0, 0, days) }
	cert := &x509.Certificate{NotBefore: day(-90), NotAfter: day(-3), DNSNames: []string{"other.example.com", "b", "c\x1b", "d"}}
	tests := []struct {
		err  error
		want Failure
		says string
	}{
		{&egress.Refused{Host: "intern.example", Reason: egress.Private.Reason()}, FailureRefused, "intern.example"},
		{&egress.ProxyError{Reason: "it cannot be reached", Err: dial(syscall.ECONNREFUSED)}, FailureConnect, "no connection to your shop through this server's proxy: it cannot be reached"},
		{&egress.ProxyError{Reason: "it broke the connection off", Err: context.DeadlineExceeded}, FailureConnect, "proxy"},
		{context.DeadlineExceeded, FailureTimeout, "no answer in 15 s: "},
		{&url.Error{Op: "Post", URL: "https://x", Err: context.DeadlineExceeded}, FailureTimeout, "no answer in 15 s: "},
		{dial(os.ErrDeadlineExceeded), FailureTimeout, "no connection to shop.example:8443 in 15 s: "},
		{&net.DNSError{Err: "no such host", Name: "shop.example", Server: "10.0.0.2:53", IsNotFound: true}, FailureResolve, "the host name shop.example has no address any more: check its DNS records"},
		{&net.DNSError{Err: "i/o timeout", Name: "shop.example", Server: "10.0.0.2:53", IsTimeout: true}, FailureResolve, "the name servers of shop.example did not answer in time"},
		{&net.DNSError{Err: "server misbehaving", Name: "shop.example", Server: "10.0.0.2:53"}, FailureResolve, "the address of shop.example cannot be found out at the moment"},
		{x509.CertificateInvalidError{Reason: x509.Expired}, FailureTLS, "your shop's certificate has expired, or is not valid yet"},
		{x509.CertificateInvalidError{Reason: x509.Expired, Cert: cert}, FailureTLS, "your shop's certificate expired 3 days ago, on 1 Mar 2026: renew it"},
		{x509.CertificateInvalidError{Reason: x509.Expired, Cert: &x509.Certificate{NotBefore: day(1)}}, FailureTLS, "your shop's certificate is not valid before 5 Mar 2026"},
		{x509.HostnameError{Host: "a", Certificate: &x509.Certificate{}}, FailureTLS, "your shop's certificate is for another host and not for shop.example: "},
		{x509.HostnameError{Host: "a", Certificate: cert}, FailureTLS, "your shop's certificate is for other.example.com, b, c, … and not for shop.example: "},
		{&tls.CertificateVerificationError{Err: x509.UnknownAuthorityError{}}, FailureTLS, "from an authority that is not trusted"},
		{&tls.CertificateVerificationError{Err: errors.New("odd")}, FailureTLS, "does not verify"},
		{tls.RecordHeaderError{Msg: "first record does not look like a TLS handshake"}, FailureTLS, "what listens on port 8443 of shop.example does not speak TLS"},
		{http.ErrSchemeMismatch, FailureTLS, "does not speak TLS"},
		{errors.New("remote error: tls: handshake failure"), FailureTLS, "handshake failure"},
		{dial(syscall.ECONNREFUSED), FailureConnect, "nothing listens on port 8443 of shop.example: "},
		{dial(syscall.EHOSTUNREACH), FailureConnect, "there is no route to shop.example: "},
		{dial(syscall.EACCES), FailureConnect, "no connection to shop.example:8443: permission denied"},
		{&net.OpError{Op: "read", Err: syscall.ECONNRESET}, FailureProtocol, "your shop broke the connection off before it had answered: read: connection reset by peer"},
		{io.EOF, FailureProtocol, "your shop broke the connection off before it had answered: "},
		{errors.New("malformed HTTP response \"\\x00\n\""), FailureProtocol, "malformed"},
	}
	to, _ := url.Parse("https://shop.example:8443/hook")
	for _, tt := range tests {
		failure, why := explain(fmt.Errorf("wrapped: %w", tt.err), to, 15*time.Second+3*time.Millisecond, judgedAt)
		readable(t, why)
		if failure != tt.want || !strings.Contains(why, tt.says) || strings.ContainsAny(why, "\n\x00\x1b") || strings.Contains(why, "10.0.0") {
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
	to, _ := url.Parse("https://shop.example/hook")
	for _, tt := range []struct {
		err  error
		want Failure
		says string
	}{
		{op("read", syscall.ECONNRESET), FailureProtocol, "before it had answered: read: connection reset by peer"},
		{op("write", os.NewSyscallError("write", syscall.EPIPE)), FailureProtocol, "write: write: broken pipe"},
		{op("remote error", op("read", syscall.ECONNRESET)), FailureProtocol, "read: connection reset"},
		{op("remote error", tls.AlertError(40)), FailureTLS, "remote error: tls: handshake failure"},
		{fmt.Errorf("tls: broken: %w", op("read", syscall.ECONNRESET)), FailureTLS, "read: connection reset"},
		{op("dial", op("dial", syscall.EHOSTUNREACH)), FailureConnect, "there is no route to shop.example"},
		{op("dial", op("dial", syscall.ECONNREFUSED)), FailureConnect, "nothing listens on port 443 of shop.example"},
		{op("dial", os.ErrDeadlineExceeded), FailureTimeout, "no connection to shop.example in 1 s"},
		{op("dial", &net.DNSError{Err: "odd", Server: "10.1.1.1:53", Name: "intern.10."}), FailureResolve, "the address of shop.example"},
		{op("read", timeout{}), FailureTimeout, "no answer in 1 s: read: too late"},
	} {
		failure, why := explain(&url.Error{Op: "Post", URL: "https://x", Err: tt.err}, to, time.Second, judgedAt)
		readable(t, why)
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
