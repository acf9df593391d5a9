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
		return FailureConnect, "no connection to your shop through this server's proxy: " + proxy.Reason
	case errors.As(err, &resolve):
		return FailureResolve, unresolved(resolve, to)
	case errors.As(err, &op) && op.Op == "dial" && op.Timeout():
		return FailureTimeout, fmt.Sprintf("no connection to %s in %s: your shop is down, or a firewall keeps this server out", hostPort(to), span(took))
	case errors.Is(err, context.DeadlineExceeded):
		return FailureTimeout, fmt.Sprintf("no answer in %s: your shop has to answer first, and to do the work after that", span(took))
	}
	if why := distrusted(err, to, at.Add(took)); why != "" {
		return FailureTLS, why
	}
	switch {
	case errors.Is(err, syscall.ECONNREFUSED):
		return FailureConnect, fmt.Sprintf("nothing listens on port %s of %s: your shop is down, or the port is the wrong one", port(to), to.Hostname())
	case errors.Is(err, syscall.EHOSTUNREACH), errors.Is(err, syscall.ENETUNREACH):
		return FailureConnect, fmt.Sprintf("there is no route to %s: its network is down, or its address is wrong", to.Hostname())
	case errors.As(err, &op) && op.Op == "dial":
		return FailureConnect, "no connection to " + hostPort(to) + ": " + cause(op.Err)
	case errors.As(err, &netErr) && netErr.Timeout():
		return FailureTimeout, fmt.Sprintf("no answer in %s: %s", span(took), cause(err))
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE), errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return FailureProtocol, "your shop broke the connection off before it had answered: " + cause(err)
	}
	return FailureProtocol, "what your shop answered is not HTTP, or broke off: " + cause(err)
}

// unresolved says why a host name has led nowhere. The name server's address, which
// the error has too, is the operator's alone.
func unresolved(err *net.DNSError, to *url.URL) string {
	switch {
	case err.IsNotFound:
		return fmt.Sprintf("the host name %s has no address any more: check its DNS records", to.Hostname())
	case err.IsTimeout:
		return fmt.Sprintf("the name servers of %s did not answer in time", to.Hostname())
	}
	return fmt.Sprintf("the address of %s cannot be found out at the moment", to.Hostname())
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
		return fmt.Sprintf("your shop's certificate is for %s and not for %s: it needs one for this name", namesOf(hostname.Certificate), to.Hostname())
	case errors.As(err, &authority):
		return "your shop's certificate is from an authority that is not trusted: it made the certificate itself, or does not send the intermediate ones along"
	case errors.As(err, &verify), errors.As(err, &invalid):
		return "your shop's certificate does not verify"
	case errors.As(err, &record), errors.Is(err, http.ErrSchemeMismatch):
		return fmt.Sprintf("what listens on port %s of %s does not speak TLS: register the right port, or an http:// address where that is allowed", port(to), to.Hostname())
	case errors.As(err, &alert), strings.Contains(err.Error(), "tls: "):
		return "your shop and this server do not agree on TLS: " + cause(err)
	}
	return ""
}

func expiredCertificate(c *x509.Certificate, now time.Time) string {
	const day = "2 Jan 2006"
	switch {
	case c == nil:
		return "your shop's certificate has expired, or is not valid yet"
	case now.Before(c.NotBefore):
		return "your shop's certificate is not valid before " + c.NotBefore.UTC().Format(day)
	}
	return fmt.Sprintf("your shop's certificate expired %s ago, on %s: renew it", ago(now.Sub(c.NotAfter)), c.NotAfter.UTC().Format(day))
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
		return "another host"
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
