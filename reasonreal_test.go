package billhook

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"io"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/billhook/billhook/egress"
)

// An authority signs the certificates of a test.
type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

func newAuthority(t *testing.T) *authority {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	a := &authority{key: key, cert: &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test authority"}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().AddDate(-9, 0, 0), NotAfter: time.Now().AddDate(9, 0, 0), KeyUsage: x509.KeyUsageCertSign,
	}}
	a.cert = a.signed(t, a.cert).Leaf
	return a
}

// signed is the certificate with the authority's own key.
func (a *authority) signed(t *testing.T, template *x509.Certificate) tls.Certificate {
	t.Helper()
	der, err := x509.CreateCertificate(rand.Reader, template, a.cert, &a.key.PublicKey, a.key)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: a.key, Leaf: leaf}
}

// leaf is a certificate for a host name.
func (a *authority) leaf(t *testing.T, name string, from, to time.Time) tls.Certificate {
	t.Helper()
	return a.signed(t, &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: name}, DNSNames: []string{name}, NotBefore: from, NotAfter: to,
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	})
}

// serveOn serves on the loopback interface, in plain where config is nil, and returns
// the port.
func serveOn(t *testing.T, config *tls.Config) string {
	t.Helper()
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	s.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, 0)
	if s.TLS = config; config != nil {
		s.StartTLS()
	} else {
		s.Start()
	}
	t.Cleanup(s.Close)
	_, port, err := net.SplitHostPort(s.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	return port
}

// nameServer is a real one on the loopback interface that knows shop.example. For
// others it has the answer code, or none at all with -1.
func nameServer(t *testing.T, code int) *net.Resolver {
	t.Helper()
	c, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	go func() {
		for {
			var query [512]byte
			n, from, err := c.ReadFrom(query[:])
			if err != nil {
				return
			}
			if code < 0 {
				continue
			}
			// The question again, as an answer without records (RFC 1035 §4.1.1).
			answer := query[:n]
			answer[2], answer[3] = 0x81, 0x80|byte(code)
			answer[10], answer[11] = 0, 0 // no additional record
			question := 12
			for question < n && answer[question] != 0 {
				question += int(answer[question]) + 1
			}
			answer = answer[:question+5]
			isA := answer[question+2] == 1
			if name := string(query[12:question]); strings.Contains(name, "shop") && isA {
				answer[3], answer[7] = 0x80, 1
				answer = append(answer, 0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 127, 0, 0, 1)
			} else if strings.Contains(name, "shop") {
				answer[3] = 0x80
			}
			_, _ = c.WriteTo(answer, from)
		}
	}()
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "udp", c.LocalAddr().String())
	}}
}

// TestReasonsOfRealFailures: the words for failures of real connections, sessions
// and look-ups, none of which a test's error stands for.
func TestReasonsOfRealFailures(t *testing.T) {
	ca, stranger := newAuthority(t), newAuthority(t)
	now := time.Now()
	long, soon := now.AddDate(-1, 0, 0), now.AddDate(1, 0, 0)
	with := func(c tls.Certificate) string { return serveOn(t, &tls.Config{Certificates: []tls.Certificate{c}}) }
	hangsUp, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer hangsUp.Close()
	go func() {
		for c, err := hangsUp.Accept(); err == nil; c, err = hangsUp.Accept() {
			_, _ = io.ReadFull(c, make([]byte, 1))
			c.Close()
		}
	}()
	_, hangsUpPort, _ := net.SplitHostPort(hangsUp.Addr().String())
	good := ca.leaf(t, "shop.example", long, soon)

	for _, tt := range []struct {
		name    string
		url     string
		dns     int
		failure Failure
		says    string
	}{
		{"nothing is wrong", "https://shop.example:" + with(good) + "/hook", 3, FailureNone, ""},
		{"expired", "https://shop.example:" + with(ca.leaf(t, "shop.example", long, now.AddDate(0, 0, -3).Add(-time.Hour))), 3, FailureTLS, "your shop's certificate expired 3 days ago, on "},
		{"not valid yet", "https://shop.example:" + with(ca.leaf(t, "shop.example", soon, soon.AddDate(1, 0, 0))), 3, FailureTLS, "your shop's certificate is not valid before " + soon.UTC().Format("2 Jan 2006")},
		{"for another host", "https://shop.example:" + with(ca.leaf(t, "other.example.com", long, soon)), 3, FailureTLS, "your shop's certificate is for other.example.com and not for shop.example"},
		{"of a stranger", "https://shop.example:" + with(stranger.leaf(t, "shop.example", long, soon)), 3, FailureTLS, "your shop's certificate is from an authority that is not trusted"},
		{"no TLS", "https://shop.example:" + serveOn(t, nil), 3, FailureTLS, "does not speak TLS"},
		{"an old TLS", "https://shop.example:" + serveOn(t, &tls.Config{Certificates: []tls.Certificate{good}, MaxVersion: tls.VersionTLS10}), 3, FailureTLS, "your shop and this server do not agree on TLS: "},
		{"nothing listens", "https://shop.example:1", 3, FailureConnect, "nothing listens on port 1 of shop.example"},
		{"hangs up", "http://shop.example:" + hangsUpPort, 3, FailureProtocol, "your shop "},
		{"no such name", "https://gone.example/hook", 3, FailureResolve, "the host name gone.example has no address any more"},
		{"a name without addresses", "https://gone.example/hook", 0, FailureResolve, "the host name gone.example has no address any more"},
		{"a name server that fails", "https://gone.example/hook", 2, FailureResolve, "the address of gone.example cannot be found out at the moment"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			roots := x509.NewCertPool()
			roots.AddCert(ca.cert)
			identity := &egress.Identity{RootCAs: roots}
			config := Config{
				AllowInsecure: true, Resolver: nameServer(t, tt.dns), Logger: slog.New(slog.DiscardHandler),
			}
			s := &testSender{newSender(nil, config.withDefaults()), identity}
			defer s.closeIdle()
			a := s.attemptAt(t, tt.url)
			if a.Failure != tt.failure || !strings.Contains(a.Error, tt.says) || strings.Contains(a.Error, "127.0.0") || len(a.Error) > 400 {
				t.Errorf("%s, %q; want %s, %q", a.Failure, a.Error, tt.failure, tt.says)
			}
			if a.Failure != FailureNone {
				readable(t, a.Error)
				t.Log(a.Error)
			}
		})
	}
}
