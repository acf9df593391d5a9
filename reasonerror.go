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
	"strings"
	"syscall"
	"time"

	"github.com/billhook/billhook/egress"
)

// explain says what kept a request from being answered, which began at the given
// time and took so long.
func explain(err error, to *url.URL, took time.Duration, at time.Time) (Failure, string) {
	var (
		refused *egress.Refused
		proxy   *egress.ProxyError
		resolve *net.DNSError
		op      *net.OpError
		netErr  net.Error
	)
	switch {
	case errors.As(err, &refused):
		return FailureRefused, refused.Error()
	case errors.As(err, &proxy): // its address is the operator's alone
		return FailureConnect, say("proxy", proxy.Reason)
	case errors.As(err, &resolve):
		return FailureResolve, unresolved(resolve, to)
	case errors.As(err, &op) && op.Op == "dial" && op.Timeout():
		return FailureTimeout, say("connect.timeout", hostPort(to), span(took))
	case errors.Is(err, context.DeadlineExceeded):
		return FailureTimeout, say("timeout", span(took))
	}
	if why := distrusted(err, to, at.Add(took)); why != "" {
		return FailureTLS, why
	}
	switch {
	case errors.Is(err, syscall.ECONNREFUSED):
		return FailureConnect, say("connect.port", port(to), to.Hostname())
	case errors.Is(err, syscall.EHOSTUNREACH), errors.Is(err, syscall.ENETUNREACH):
		return FailureConnect, say("connect.route", to.Hostname())
	case errors.As(err, &op) && op.Op == "dial":
		return FailureConnect, say("connect.other", hostPort(to), cause(op.Err))
	case errors.As(err, &netErr) && netErr.Timeout():
		return FailureTimeout, say("timeout.other", span(took), cause(err))
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE), errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return FailureProtocol, say("broken", cause(err))
	}
	return FailureProtocol, say("protocol", cause(err))
}

// unresolved says why a host name has led nowhere. The name server's address, which
// the error has too, is the operator's alone.
func unresolved(err *net.DNSError, to *url.URL) string {
	switch {
	case err.IsNotFound:
		return say("resolve.gone", to.Hostname())
	case err.IsTimeout:
		return say("resolve.timeout", to.Hostname())
	}
	return say("resolve.other", to.Hostname())
}

// distrusted says what is wrong with a TLS session or a certificate; "" where the
// error is about something else.
func distrusted(err error, to *url.URL, now time.Time) string {
	var (
		authority x509.UnknownAuthorityError
		hostname  x509.HostnameError
		invalid   x509.CertificateInvalidError
		verify    *tls.CertificateVerificationError
		record    tls.RecordHeaderError
		alert     tls.AlertError
	)
	switch {
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return expiredCertificate(invalid.Cert, now)
	case errors.As(err, &hostname):
		return say("tls.names", namesOf(hostname.Certificate), to.Hostname())
	case errors.As(err, &authority):
		return say("tls.authority")
	case errors.As(err, &verify), errors.As(err, &invalid):
		return say("tls.unverified")
	case errors.As(err, &record), errors.Is(err, http.ErrSchemeMismatch):
		return say("tls.none", port(to), to.Hostname())
	case errors.As(err, &alert), strings.Contains(err.Error(), "tls: "):
		return say("tls.other", cause(err))
	}
	return ""
}

func expiredCertificate(c *x509.Certificate, now time.Time) string {
	const day = "2 Jan 2006"
	switch {
	case c == nil:
		return say("tls.expiredOrEarly")
	case now.Before(c.NotBefore):
		return say("tls.early", c.NotBefore.UTC().Format(day))
	}
	return say("tls.expired", ago(now.Sub(c.NotAfter)), c.NotAfter.UTC().Format(day))
}

// ago is span in whole days from the first one on, since that is how certificates
// are thought of.
func ago(d time.Duration) string {
	switch days := int(d.Hours() / 24); {
	case days == 1:
		return "1 day"
	case days > 1:
		return fmt.Sprintf("%d days", days)
	}
	return span(d)
}

// namesOf are the first few host names of a certificate. A stranger chose them.
func namesOf(c *x509.Certificate) string {
	if c == nil || len(c.DNSNames) == 0 {
		return say("tls.anotherHost")
	}
	names := c.DNSNames
	more := ""
	if len(names) > 3 {
		names, more = names[:3], ", …"
	}
	return clip(strings.Join(names, ", "), 120) + more
}

// hostPort is where a URL leads to, with the port where that is not the usual one.
func hostPort(to *url.URL) string { return clip(to.Host, 200) }

func port(to *url.URL) string {
	switch {
	case to.Port() != "":
		return to.Port()
	case to.Scheme == "http":
		return "80"
	}
	return "443"
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
