package billhook

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"syscall"
	"time"

	"github.com/billhook/billhook/egress"
	"github.com/billhook/billhook/profile"
)

// judge says what an answer means: a 2xx acknowledges, nothing else does.
func judge(resp *http.Response, p *profile.Profile) (Failure, string) {
	code := resp.StatusCode
	switch {
	case p.Succeeded(code):
		return FailureNone, ""
	case code == http.StatusSwitchingProtocols:
		return FailureProtocol, "the receiver answered 101 and wants to change the protocol"
	case code/100 == 3:
		if to := resp.Header.Get("Location"); to != "" {
			return FailureRedirect, fmt.Sprintf("the receiver answered %d to %s; redirects are not followed", code, clip(to, 200))
		}
		return FailureRedirect, fmt.Sprintf("the receiver answered %d; redirects are not followed", code)
	}
	return FailureStatus, strings.TrimSpace(fmt.Sprintf("the receiver answered %d %s", code, http.StatusText(code)))
}

// explain says what kept a request from being answered, in a merchant's words.
func explain(err error, timeout time.Duration) (Failure, string) {
	var (
		refused   *egress.Refused
		proxy     *egress.ProxyError
		resolve   *net.DNSError
		op        *net.OpError
		authority x509.UnknownAuthorityError
		hostname  x509.HostnameError
		invalid   x509.CertificateInvalidError
		verify    *tls.CertificateVerificationError
		record    tls.RecordHeaderError
		alert     tls.AlertError
		netErr    net.Error
	)
	switch {
	case errors.As(err, &refused):
		return FailureRefused, refused.Error()
	case errors.As(err, &proxy): // its address is the operator's alone
		return FailureConnect, "no connection to the receiver through this server's proxy: " + proxy.Reason
	case errors.Is(err, context.DeadlineExceeded):
		return FailureTimeout, fmt.Sprintf("no answer within %v", timeout)
	case errors.As(err, &resolve):
		return FailureResolve, fmt.Sprintf("the host name %q has no address", resolve.Name)
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return FailureTLS, "the receiver's certificate has expired or is not valid yet"
	case errors.As(err, &hostname):
		return FailureTLS, "the receiver's certificate is for another host name"
	case errors.As(err, &authority):
		return FailureTLS, "the receiver's certificate is from an authority that is not trusted"
	case errors.As(err, &verify), errors.As(err, &invalid):
		return FailureTLS, "the receiver's certificate does not verify"
	case errors.As(err, &record), errors.As(err, &alert), strings.Contains(err.Error(), "tls: "):
		return FailureTLS, "no TLS session with the receiver: " + cause(err)
	case errors.Is(err, syscall.ECONNREFUSED):
		return FailureConnect, "the receiver refused the connection; nothing listens there"
	case errors.As(err, &op) && op.Op == "dial":
		return FailureConnect, "no connection to the receiver: " + cause(op.Err)
	case errors.As(err, &netErr) && netErr.Timeout():
		return FailureTimeout, "no answer in time: " + cause(err)
	}
	return FailureProtocol, "the connection broke before an answer: " + cause(err)
}

// cause is what went wrong, without the addresses that a *net.OpError tells: this
// machine's, and that of the operator's proxy.
func cause(err error) string {
	what := ""
	var op *net.OpError
	for errors.As(err, &op) && op.Err != nil {
		what, err = op.Op+": ", op.Err
	}
	return clip(what+err.Error(), 200)
}

// clip shortens what a stranger sent, and keeps it printable.
func clip(s string, n int) string {
	s = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, "�"))
	if len(s) <= n {
		return s
	}
	return strings.ToValidUTF8(s[:n], "") + "…"
}
