package egress

import (
	"crypto/tls"
	"crypto/x509"
	"maps"
	"slices"
	"sync"
)

// An Identity is how one receiver is recognised, and what is shown to it, where
// that is not what holds for all. It must not change once a Pool has it.
type Identity struct {
	// RootCAs are the only authorities whose word counts for the receiver.
	// Default: those of the TransportConfig.
	RootCAs *x509.CertPool
	// Certificates are shown to a receiver that asks for one (mTLS): the first
	// that it can accept. Default: none.
	Certificates []tls.Certificate
}

// A Pool holds the connections of one tenant: no two tenants have the same Pool.
// Those made with an Identity are kept for the one use that has it, so that
// nothing else is ever sent in its name. It is safe for concurrent use.
type Pool struct {
	guard  *Guard
	config TransportConfig
	common *Client

	mu     sync.Mutex
	single map[string]single
}

// single is the client of one use with an Identity.
type single struct {
	identity *Identity
	client   *Client
}

// NewPool returns a Pool that connects through guard alone.
func NewPool(guard *Guard, config TransportConfig) *Pool {
	return &Pool{guard: guard, config: config, common: NewClient(guard, config), single: map[string]single{}}
}

// Client returns the client for what use stands for, a webhook say: the common one
// where identity is nil, and else one that no other use gets. A use with another
// *Identity than before, or none, gets another client, and the connections from
// before are closed, so pass the same pointer for as long as nothing changes.
func (p *Pool) Client(use string, identity *Identity) *Client {
	c, before := p.client(use, identity)
	if before != nil {
		before.CloseIdleConnections() // a receiver can make that take seconds
	}
	return c
}

// client is Client, and the client whose place that took.
func (p *Pool) client(use string, identity *Identity) (c, before *Client) {
	p.mu.Lock()
	defer p.mu.Unlock()
	known := p.single[use]
	switch {
	case identity == nil:
		delete(p.single, use)
		return p.common, known.client
	case known.identity == identity:
		return known.client, nil
	}
	config := p.config
	config.Certificates = identity.Certificates
	if identity.RootCAs != nil {
		config.RootCAs = identity.RootCAs
	}
	c = NewClient(p.guard, config)
	p.single[use] = single{identity, c}
	return c, known.client
}

// Forget closes the connections that were made for use alone, those in use once
// they no longer are.
func (p *Pool) Forget(use string) { p.Client(use, nil) }

// CloseIdleConnections closes all connections that are not in use. A receiver can
// make it take seconds.
func (p *Pool) CloseIdleConnections() {
	p.common.CloseIdleConnections()
	p.mu.Lock()
	all := slices.Collect(maps.Values(p.single))
	p.mu.Unlock()
	for _, s := range all {
		s.client.CloseIdleConnections()
	}
}
