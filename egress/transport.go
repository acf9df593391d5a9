package egress

import (
	"cmp"
	"crypto/tls"
	"crypto/x509"
	"net/http"
	"time"
)

// TransportConfig sizes a transport. Its zero value is useful.
type TransportConfig struct {
	// MaxIdleConns bounds the idle connections to all receivers, and with them
	// file descriptors. Default: 1000.
	MaxIdleConns int

	// MaxIdleConnsPerHost bounds the idle connections to one receiver; it should
	// be the largest number of deliveries sent to one at a time, or each burst
	// pays for handshakes. Default: 16.
	MaxIdleConnsPerHost int

	// IdleConnTimeout is how long an idle connection is kept. Default: 60
	// seconds, below the 75 after which nginx closes.
	IdleConnTimeout time.Duration

	// RootCAs are the authorities that receivers' certificates are checked
	// against. Default: the system's.
	RootCAs *x509.CertPool

	// Certificates are shown to receivers that ask for one. A transport with
	// any is for one receiver; see Pool. Default: none.
	Certificates []tls.Certificate
}

// NewTransport returns a transport that connects through guard alone. There is
// no limit on the time of a whole request here: the request's context has it.
//
// net/http dials again by itself, unseen by the caller, where it knows that
// nothing was written on a reused connection and the request has GetBody. It
// does not where it lost the race with the receiver ("server closed idle
// connection") and the request is a POST without an Idempotency-Key; writtenOn
// is for that case.
func NewTransport(guard *Guard, config TransportConfig) *http.Transport {
	idle := cmp.Or(config.MaxIdleConns, 1000)
	return &http.Transport{
		// Not even one from the environment: net/http would ask it for the
		// name, which it would resolve itself and so undo the guard. The
		// guard has the one that is configured.
		Proxy:       nil,
		DialContext: guard.DialContext,

		TLSClientConfig: &tls.Config{
			MinVersion:   tls.VersionTLS12,
			RootCAs:      config.RootCAs,
			Certificates: config.Certificates,
			// Resumption saves a round trip to receivers that hang up early.
			ClientSessionCache: tls.NewLRUClientSessionCache(idle),
		},
		TLSHandshakeTimeout: 10 * time.Second,

		// A DialContext of one's own turns HTTP/2 off unless asked for.
		ForceAttemptHTTP2: true,
		HTTP2: &http.HTTP2Config{
			// Without pings a connection that died silently would take every
			// later delivery to its receiver with it.
			SendPingTimeout: 30 * time.Second,
			PingTimeout:     10 * time.Second,
			// What a receiver can make us buffer before anyone reads; the
			// defaults are 4 MiB for a stream and 1 GiB for a connection.
			MaxReceiveBufferPerStream:     128 << 10,
			MaxReceiveBufferPerConnection: 1 << 20,
		},

		// No Accept-Encoding is sent and no gzip ever decoded: a response of a
		// kilobyte could be a gigabyte.
		DisableCompression: true,
		// The default is 10 MiB. This counts 1xx responses too.
		MaxResponseHeaderBytes: 64 << 10,

		MaxIdleConns:        idle,
		MaxIdleConnsPerHost: cmp.Or(config.MaxIdleConnsPerHost, 16),
		IdleConnTimeout:     cmp.Or(config.IdleConnTimeout, 60*time.Second),
	}
}
