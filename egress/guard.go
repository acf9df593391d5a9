// Package egress decides which addresses a webhook may be sent to, and dials
// those and no others.
//
// A merchant writes the URL, so the URL is hostile: it may name the sender's own
// database, its cloud's metadata service, or a name that changes its address
// between the check and the dial. Classify says what an address is, Policy what
// may be dialled, Guard resolves a name and dials the very address that it
// checked, and NewTransport puts a Guard under net/http.
//
// Where many tenants send, each has a Guard of its own (Guard.Narrow) and a Pool
// of its own, so that none uses another's permission or connection.
//
// The package is a leaf. It must not know what a webhook, a delivery or a store
// is, and it does not follow redirects: that is the HTTP client's business, and
// each hop would be dialled, and so checked, here again.
package egress

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
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

	// Dial connects to one checked address, always a literal "IP:port", or to
	// the Proxy, so a test can answer with a net.Pipe. Default: a net.Dialer.
	Dial DialFunc

	// Proxy, if there is one, makes every connection. See its limits there.
	// Default: none; the environment is never asked.
	Proxy *Proxy

	// Own lists the machine's own addresses. It is asked again after 5 seconds.
	// Default: those of its network interfaces.
	Own func() ([]netip.Addr, error)
}

// Guard dials what its Policy allows. It is safe for concurrent use.
type Guard struct {
	policy   Policy
	narrowed []Limits
	resolver Resolver
	dial     DialFunc
	proxy    *Proxy
	own      *own
}

// New returns a Guard that enforces policy.
func New(policy Policy, config Config) *Guard {
	g := &Guard{policy: policy, resolver: config.Resolver, dial: config.Dial, proxy: config.Proxy, own: &own{list: config.Own}}
	if g.resolver == nil {
		g.resolver = net.DefaultResolver
	}
	if g.dial == nil {
		g.dial = new(net.Dialer).DialContext
	}
	if g.own.list == nil {
		g.own.list = interfaceAddrs
	}
	return g
}

// Narrow returns a Guard that allows what g does and limits do not close.
func (g *Guard) Narrow(limits Limits) *Guard {
	narrower := *g
	narrower.narrowed = append(slices.Clip(g.narrowed), limits)
	return &narrower
}

// DialContext resolves the host of address and connects to the first of its
// addresses that answers. It hands the dialler, or the proxy, the address that
// it checked, never the name, so a name that changes its answer gains nothing
// (DNS rebinding). Where one of the addresses is refused, so is the host, with a
// *Refused: who answers for a name with a forbidden address among good ones is
// mistaken or tries what happens. The network is "tcp", "tcp4" or "tcp6". The
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
// localhost, for what is no host at all, and for a name with an address that is
// refused. The host is as net/url's Hostname returns it.
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

// resolve returns the addresses of host, at least one, all of which may be
// dialled, or a *Refused, or the resolver's error.
func (g *Guard) resolve(ctx context.Context, family, host string, port uint16) ([]netip.AddrPort, error) {
	addrs, err := parseHost(host)
	if err != nil {
		return nil, err
	}
	if addrs == nil {
		if reason := g.hostVerdict(host, port); reason != "" {
			return nil, &Refused{Host: host, Reason: reason, Limited: true} // without a lookup for nothing
		}
		if addrs, err = g.resolver.LookupNetIP(ctx, family, host); err != nil {
			return nil, fmt.Errorf("look up %q: %w", host, err)
		}
	}
	if len(addrs) == 0 {
		return nil, fmt.Errorf("look up %q: %w", host, &net.DNSError{Err: "no such host", Name: host, IsNotFound: true})
	}
	var allowed []netip.AddrPort
	for _, addr := range addrs {
		if err := g.check(host, netip.AddrPortFrom(addr, port)); err != nil {
			return nil, err
		}
		allowed = append(allowed, netip.AddrPortFrom(addr.Unmap(), port))
	}
	return allowed, nil
}

// hostVerdict returns why nothing at host and port may be dialled, whatever it
// resolves to, and "" where that is still open.
func (g *Guard) hostVerdict(host string, port uint16) string {
	reason := g.policy.hostVerdict(host, port)
	for _, limits := range g.narrowed {
		reason = cmp.Or(reason, limits.hostVerdict(host, port))
	}
	return reason
}

// check returns nil where addr, which host resolved to, may be dialled.
func (g *Guard) check(host string, addr netip.AddrPort) error {
	if err := g.policy.Check(host, addr); err != nil {
		return err
	}
	for _, limits := range g.narrowed {
		if err := limits.check(host, addr); err != nil {
			return err
		}
	}
	return g.checkOwn(host, addr.Addr().Unmap())
}

// checkOwn refuses the machine's own addresses, also inside of others.
func (g *Guard) checkOwn(host string, addr netip.Addr) error {
	if g.policy.AllowLoopback {
		return nil
	}
	for _, a := range append(embedded(addr, Classify(addr)), addr) {
		if g.policy.Allow.has(a) {
			continue
		}
		mine, err := a.IsLoopback(), error(nil) // interfaces list 127.0.0.1 alone
		if !mine {
			mine, err = g.own.has(a)
		}
		if err != nil {
			return err
		}
		if mine {
			return &Refused{Host: host, Addr: addr, Class: Own, Reason: Own.Reason()}
		}
	}
	return nil
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
	if g.proxy != nil {
		return g.proxy.connect(ctx, g.dial, addr)
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
