package billhook

import (
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"strconv"
	"strings"
	"time"

	"github.com/billhook/billhook/egress"
)

// A WebhookTLS is how a webhook's receiver is recognised, and what is shown to it,
// where that is not what holds for all. Connections that are made with it are the
// webhook's alone. What is around the blocks of PEM is not kept.
type WebhookTLS struct {
	// CACertificates are the authorities whose word alone counts for the receiver,
	// in PEM: 1 to 16 KiB. Default: those of the system.
	CACertificates string `json:"caCertificates,omitempty"`
	// ClientCertificate is shown to a receiver that asks for one (mTLS), in PEM,
	// with the chain behind it if there is one: 1 to 16 KiB. Default: none.
	ClientCertificate string `json:"clientCertificate,omitempty"`
	// ClientKey is the private key of ClientCertificate, in PEM: 1 to 8 KiB, of RSA
	// at most 4096 bits. In a change the value HeaderKept stands for what there is.
	ClientKey Secret `json:"clientKey,omitzero"`
}

const (
	maxCertificates = 16 << 10
	maxClientKey    = 8 << 10
	// maxRSABits bounds what a handshake costs: whoever chooses the key can also
	// have every attempt make one.
	maxRSABits = 4096
)

// same reports whether two say the same; nil says nothing.
func (t *WebhookTLS) same(u *WebhookTLS) bool {
	if t == nil || u == nil {
		return t == u
	}
	return t.CACertificates == u.CACertificates && t.ClientCertificate == u.ClientCertificate && t.ClientKey.same(u.ClientKey)
}

// clone is a copy that its holder may change.
func (t *WebhookTLS) clone() *WebhookTLS {
	if t == nil {
		return nil
	}
	c := *t
	return &c
}

// replacedBy is what a change makes of it: HeaderKept becomes the key that there
// is. Where there is none it stays, to be refused.
func (t *WebhookTLS) replacedBy(u *WebhookTLS) *WebhookTLS {
	u = u.clone()
	if t != nil && u != nil && u.ClientKey.Value == HeaderKept && (t.ClientKey.Value != "" || t.ClientKey.Sealed != "") {
		u.ClientKey = t.ClientKey
	}
	return u
}

// settleTLS checks what the webhook says of TLS, and leaves nothing of it but blocks
// of PEM. What is as it was before stays, though it may have expired since.
func (w *Webhook) settleTLS(before *Webhook, at time.Time) error {
	if before == nil {
		before = &Webhook{}
	}
	if w.TLS == nil || w.TLS.same(before.TLS) && w.URL == before.URL {
		return nil
	}
	if strings.HasPrefix(strings.ToLower(w.URL), "http:") {
		return &Error{Code: CodeInvalid, Pointer: "/tls", Message: "says how to connect to an https:// URL, and the webhook's is http://", Hint: "give null, or an https:// URL"}
	}
	if w.TLS.same(before.TLS) {
		return nil
	}
	settled, err := w.TLS.settled(at)
	w.TLS = settled
	return err
}

func (t *WebhookTLS) settled(at time.Time) (*WebhookTLS, error) {
	s := &WebhookTLS{}
	given := t.ClientKey.Value != "" || t.ClientKey.Sealed != ""
	switch {
	case t.CACertificates == "" && t.ClientCertificate == "" && !given:
		return nil, &Error{Code: CodeInvalid, Pointer: "/tls", Message: "has neither caCertificates nor a clientCertificate", Hint: "give null for what holds for all"}
	case t.ClientCertificate == "" && given:
		return nil, invalid("/tls/clientCertificate", "is missing: there is a clientKey")
	case t.ClientCertificate != "" && !given:
		return nil, &Error{Code: CodeInvalid, Pointer: "/tls/clientKey", Message: "is missing: there is a clientCertificate", Hint: "in a change " + HeaderKept + " stands for the key that there is"}
	}
	if t.CACertificates != "" {
		certificates, text, err := readCertificates(t.CACertificates, "/tls/caCertificates", at)
		if err != nil {
			return nil, err
		}
		for i, c := range certificates {
			if !c.BasicConstraintsValid || !c.IsCA || c.KeyUsage != 0 && c.KeyUsage&x509.KeyUsageCertSign == 0 {
				return nil, &Error{
					Code: CodeInvalid, Pointer: "/tls/caCertificates", Message: describeCertificate(i, c) + " is not one of an authority",
					Hint: "give that of whoever signed the receiver's certificate",
				}
			}
		}
		s.CACertificates = text
	}
	if t.ClientCertificate == "" {
		return s, nil
	}
	_, text, err := readCertificates(t.ClientCertificate, "/tls/clientCertificate", at)
	if err != nil {
		return nil, err
	}
	s.ClientCertificate = text
	key, err := t.ClientKey.readPrivateKey("/tls/clientKey")
	if err != nil {
		return nil, err
	}
	if _, err := tls.X509KeyPair([]byte(text), []byte(key)); err != nil {
		return nil, invalid("/tls/clientKey", "does not fit the first certificate of clientCertificate")
	}
	s.ClientKey = Secret{Value: key}
	return s, nil
}

// readCertificates reads PEM that is all certificates, and valid now; text is the
// same with nothing around them.
func readCertificates(from, pointer string, at time.Time) (all []*x509.Certificate, text string, err error) {
	if len(from) > maxCertificates {
		return nil, "", invalid(pointer, "is longer than %d bytes", maxCertificates)
	}
	var blocks strings.Builder
	for block, rest := pem.Decode([]byte(from)); block != nil; block, rest = pem.Decode(rest) {
		if block.Type != "CERTIFICATE" {
			return nil, "", invalid(pointer, "has a block %s among the certificates", quote(block.Type))
		}
		c, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, "", invalid(pointer, "certificate %d cannot be read: %v", len(all)+1, err)
		}
		switch i := len(all); {
		case at.After(c.NotAfter):
			return nil, "", invalid(pointer, "%s has expired, at %s", describeCertificate(i, c), c.NotAfter.UTC().Format(time.RFC3339))
		case at.Before(c.NotBefore):
			return nil, "", invalid(pointer, "%s is not valid before %s", describeCertificate(i, c), c.NotBefore.UTC().Format(time.RFC3339))
		}
		all = append(all, c)
		blocks.Write(pem.EncodeToMemory(&pem.Block{Type: block.Type, Bytes: block.Bytes}))
	}
	if len(all) == 0 || len(all) != strings.Count(from, "-----BEGIN ") {
		return nil, "", invalid(pointer, "is not PEM: each certificate is between -----BEGIN CERTIFICATE----- and -----END CERTIFICATE-----")
	}
	return all, blocks.String(), nil
}

func describeCertificate(i int, c *x509.Certificate) string {
	return "certificate " + strconv.Itoa(i+1) + " (" + quote(c.Subject.String()) + ")"
}

// readPrivateKey is the secret as a block of PEM with nothing around it. No error
// repeats what it holds.
func (s *Secret) readPrivateKey(pointer string) (string, error) {
	switch {
	case s.Value == "":
		return "", &Error{Code: CodeInvalid, Pointer: pointer, Message: "is sealed with a key that is not here, so that nobody can tell whether it fits", Hint: "give it anew"}
	case s.Value == HeaderKept:
		return "", &Error{Code: CodeInvalid, Pointer: pointer, Message: "is " + HeaderKept + ", which stands for the key that there is, and there is none yet", Hint: "give it"}
	case len(s.Value) > maxClientKey:
		return "", invalid(pointer, "is longer than %d bytes", maxClientKey)
	}
	var found *pem.Block
	for block, rest := pem.Decode([]byte(s.Value)); block != nil; block, rest = pem.Decode(rest) {
		switch {
		case block.Type != "PRIVATE KEY" && !strings.HasSuffix(block.Type, " PRIVATE KEY"):
		case found != nil:
			return "", invalid(pointer, "has more than one private key")
		default:
			found = block
		}
	}
	if found == nil {
		return "", invalid(pointer, "is not PEM: the key is between -----BEGIN PRIVATE KEY----- and -----END PRIVATE KEY-----")
	}
	if found.Type == "ENCRYPTED PRIVATE KEY" || found.Headers["DEK-Info"] != "" {
		return "", &Error{Code: CodeInvalid, Pointer: pointer, Message: "is encrypted", Hint: "give it without a passphrase: it is sealed here"}
	}
	key := parsePrivateKey(found.Bytes)
	if key == nil {
		return "", invalid(pointer, "cannot be read as a private key")
	}
	if key, ok := key.(*rsa.PrivateKey); ok && key.N.BitLen() > maxRSABits {
		return "", invalid(pointer, "is an RSA key of more than %d bits", maxRSABits)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: found.Type, Bytes: found.Bytes})), nil
}

// parsePrivateKey reads the three forms that crypto/tls does; nil is none of them.
func parsePrivateKey(der []byte) any {
	if key, err := x509.ParsePKCS8PrivateKey(der); err == nil {
		return key
	}
	if key, err := x509.ParsePKCS1PrivateKey(der); err == nil {
		return key
	}
	if key, err := x509.ParseECPrivateKey(der); err == nil {
		return key
	}
	return nil
}

// identity is what connections are made with; nil for what holds for all. What was
// fine when it was set and cannot be read any more makes one that nobody's word
// counts for, so that attempts fail and say so.
func (t *WebhookTLS) identity() *egress.Identity {
	if t == nil {
		return nil
	}
	id := &egress.Identity{}
	if t.CACertificates != "" {
		id.RootCAs = x509.NewCertPool()
		id.RootCAs.AppendCertsFromPEM([]byte(t.CACertificates))
	}
	if t.ClientKey.Value == "" {
		return id
	}
	pair, err := tls.X509KeyPair([]byte(t.ClientCertificate), []byte(t.ClientKey.Value))
	if err != nil {
		id.RootCAs = x509.NewCertPool()
		return id
	}
	id.Certificates = []tls.Certificate{pair}
	return id
}
