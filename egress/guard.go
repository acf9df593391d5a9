// Package egress decides which addresses a webhook may be sent to, and dials
// those and no others.
//
// A merchant writes the URL, so the URL is hostile: it may name the sender's own
// database, its cloud's metadata service, or a name that changes its address
// between the check and the dial. Classify says what an address is, Policy what
// may be dialled, Guard resolves a name and dials the very address that it
// checked, and NewTransport puts a Guard under net/http.
//
// The package is a leaf. It must not know what a webhook, a delivery or a store
// is, and it does not follow redirects: that is the HTTP client's business, and
// each hop would be dialled, and so checked, here again.
package egress

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"time"
)

const (
	// dialTimeout bounds DialContext: the lookup and all addresses together.
	dialTimeout = 10 * time.Second
	// lookupTimeout bounds the lookup of CheckHost, for which someone waits.
	lookupTimeout = 5 * time.Second
	// minTry is the least time that an address gets while time is left.
	minTry = 2 * time.Second
	// maxTries is how many addresses of a name are tried, so that a name with
	// a thousand addresses is no port scanner of a thousand hosts.
	maxTries = 4
)

// Resolver finds the addresses of a name. *net.Resolver is one. The network is
// "ip", "ip4" or "ip6".
type Resolver interface {
	LookupNetIP(ctx context.Context, network, host string) ([]netip.Addr, error)
}

// DialFunc connects to an address "IP:port", as net.Dialer.DialContext does.
type DialFunc func(ctx context.Context, network, address string) (net.Conn, error)

// Config replaces the parts of a Guard that touch the network.
type Config struct {
	// Resolver finds the addresses of names. Default: net.DefaultResolver.
	Resolver Resolver

	// Dial connects to one checked address, always a literal "IP:port", so a
	// test can answer with a net.Pipe. Default: a net.Dialer.
	Dial DialFunc
}

// Guard dials what its Policy allows. It is safe for concurrent use.
type Guard struct {
	policy   Policy
	resolver Resolver
	dial     DialFunc
}

// New returns a Guard that enforces policy.
func New(policy Policy, config Config) *Guard {
	g := &Guard{policy: policy, resolver: config.Resolver, dial: config.Dial}
	if g.resolver == nil {
		g.resolver = net.DefaultResolver
	}
	if g.dial == nil {
		g.dial = new(net.Dialer).DialContext
	}
	return g
}

// DialContext resolves the host of address and connects to the first of its
// allowed addresses that answers. It hands the dialler the address that it
// checked, never the name, so a name that changes its answer gains nothing
// (DNS rebinding). Addresses that the policy refuses are skipped; where none is
// left, the error is a *Refused. The network is "tcp", "tcp4" or "tcp6". The
// whole takes at most 10 seconds. The connection returned is a *Conn.
func (g *Guard) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	family, ok := families[network]
	if !ok {
		return nil, fmt.Errorf("dial %s: %w", address, net.UnknownNetworkError(network))
	}
	host, service, err := net.SplitHostPort(address)
	if err != nil {
		return nil, fmt.Errorf("dial: %w", err)
	}
	port, err := strconv.ParseUint(service, 10, 16)
	if err != nil {
		return nil, fmt.Errorf("dial %s: invalid port", address)
	}
	ctx, cancel := context.WithTimeout(ctx, dialTimeout)
	defer cancel()
	allowed, err := g.resolve(ctx, family, host, uint16(port))
	if err != nil {
		return nil, err
	}
	return g.dialFirst(ctx, network, interleave(allowed))
}

// families maps the networks that a Guard dials to those of a Resolver.
var families = map[string]string{"tcp": "ip", "tcp4": "ip4", "tcp6": "ip6"}

// CheckHost says at registration whether a webhook's host could be delivered to
// now: it returns a *Refused for a literal address that the policy refuses, for
// localhost, for what is no host at all, and for a name all of whose addresses
// are refused. The host is as net/url's Hostname returns it.
//
// A name that does not resolve is not refused: merchants register before their
// DNS record is out, and a resolver that is down must not turn good webhooks
// away. Nothing is lost, since DialContext, not this check, is the guard.
func (g *Guard) CheckHost(ctx context.Context, host string, port uint16) error {
	ctx, cancel := context.WithTimeout(ctx, lookupTimeout)
	defer cancel()
	_, err := g.resolve(ctx, "ip", host, port)
	if refused, ok := errors.AsType[*Refused](err); ok {
		return refused
	}
	return nil
}

// resolve returns those addresses of host that may be dialled, at least one, or
// a *Refused, or the resolver's error.
func (g *Guard) resolve(ctx context.Context, family, host string, port uint16) ([]netip.AddrPort, error) {
	addrs, err := parseHost(host)
	if err != nil {
		return nil, err
	}
	if addrs == nil {
		if reason := g.policy.portVerdict(port); reason != "" {
			return nil, &Refused{Host: host, Reason: reason} // without a lookup for nothing
		}
		if addrs, err = g.resolver.LookupNetIP(ctx, family, host); err != nil {
			return nil, fmt.Errorf("look up %q: %w", host, err)
		}
	}
	var allowed []netip.AddrPort
	var refused *Refused
	for _, addr := range addrs {
		err := g.policy.Check(netip.AddrPortFrom(addr, port))
		if err == nil {
			allowed = append(allowed, netip.AddrPortFrom(addr.Unmap(), port))
		} else if refused == nil {
			refused, _ = errors.AsType[*Refused](err)
		}
	}
	switch {
	case len(allowed) > 0:
		return allowed, nil
	case refused != nil:
		refused.Host = host
		return nil, refused
	}
	return nil, fmt.Errorf("look up %q: %w", host, &net.DNSError{Err: "no such host", Name: host, IsNotFound: true})
}

// dialFirst tries addrs one after the other, and gives each a share of the time
// that is left. It returns the first error where none answers: that address was
// the resolver's first choice.
func (g *Guard) dialFirst(ctx context.Context, network string, addrs []netip.AddrPort) (net.Conn, error) {
	addrs = addrs[:min(len(addrs), maxTries)]
	var first error
	for i, addr := range addrs {
		c, err := g.dialOne(ctx, network, addr, len(addrs)-i)
		if err == nil {
			return &Conn{Conn: c}, nil
		}
		if first == nil {
			first = err
		}
		if ctx.Err() != nil {
			break
		}
	}
	return nil, first
}

// dialOne connects to addr within its share of the time of ctx, of which left
// addresses, this one included, are still to be tried.
func (g *Guard) dialOne(ctx context.Context, network string, addr netip.AddrPort, left int) (net.Conn, error) {
	if deadline, ok := ctx.Deadline(); ok {
		share := max(time.Until(deadline)/time.Duration(left), minTry)
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, share)
		defer cancel()
	}
	return g.dial(ctx, network, addr.String())
}

// interleave lets the families take turns, the first address's family first
// (RFC 8305 §4), so a host whose IPv6 is broken is reached by the second try.
func interleave(addrs []netip.AddrPort) []netip.AddrPort {
	var same, other []netip.AddrPort
	for _, a := range addrs {
		if a.Addr().Is4() == addrs[0].Addr().Is4() {
			same = append(same, a)
		} else {
			other = append(other, a)
		}
	}
	turns := make([]netip.AddrPort, 0, len(addrs))
	for i := range max(len(same), len(other)) {
		if i < len(same) {
			turns = append(turns, same[i])
		}
		if i < len(other) {
			turns = append(turns, other[i])
		}
	}
	return turns
}
