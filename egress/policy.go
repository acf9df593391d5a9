package egress

import "net/netip"

// Policy says which addresses may be dialled. The zero value allows public
// addresses on every port, and nothing else.
type Policy struct {
	// AllowLoopback opens 127.0.0.0/8, ::1 and the machine's own addresses as
	// far as their class is open, for development. Default: false.
	AllowLoopback bool

	// AllowPrivate opens the networks of RFC 1918 and RFC 4193. Link-local,
	// carrier-grade NAT and the clouds' metadata services stay closed; Allow
	// opens them one by one. Default: false.
	AllowPrivate bool

	// Allow opens prefixes whatever their class. One of the machine's own
	// addresses it opens only by an entry for that address alone (10.0.0.9), so
	// that 10.0.0.0/8 does not open what listens here. An address that embeds an
	// IPv4 address (NAT64, 6to4, …) is let through only if the address inside may
	// be dialled too, so a network that has nothing but IPv6 and DNS64 can list
	// 64:ff9b::/96 without opening 64:ff9b::10.0.0.1.
	//
	// A host on it may have private addresses (RFC 1918, RFC 4193, RFC 6598) and
	// nothing worse: whoever can change its DNS records must not reach the
	// machine itself or the cloud's metadata. Default: empty.
	Allow List

	Limits
}

// Check returns nil where addr, which host resolved to, may be dialled, and else
// a *Refused. It is pure, and so does not know the machine's own addresses.
func (p Policy) Check(host string, addr netip.AddrPort) error {
	if reason, limited := p.verdict(host, addr.Addr()); reason != "" {
		return refuse(host, addr.Addr(), reason, limited)
	}
	if reason := p.hostVerdict(host, addr.Port()); reason != "" {
		return refuse(host, addr.Addr(), reason, true)
	}
	return nil
}

// refuse makes the error for an address.
func refuse(host string, addr netip.Addr, reason string, limited bool) *Refused {
	return &Refused{Host: host, Addr: addr.Unmap(), Class: Classify(addr), Reason: reason, Limited: limited}
}

// verdict returns why addr may not be dialled, "" where it may, and whether that
// is for the policy's limits.
func (p Policy) verdict(host string, addr netip.Addr) (reason string, limited bool) {
	class := Classify(addr)
	if class == Invalid || class == Zoned {
		return class.Reason(), false
	}
	addr = addr.Unmap()
	inside := embedded(addr, class)
	if reason := p.addrVerdict(host, addr, inside); reason != "" {
		return reason, true
	}
	if !p.opens(host, addr, class) {
		return class.Reason(), false
	}
	for _, a := range inside {
		if c := Classify(a); !p.opens("", a, c) {
			return class.Reason() + "; inside, " + c.Reason(), false
		}
	}
	return "", false
}

// opens reports whether the policy lets an address of the class through, with
// its limits and what the address embeds left aside.
func (p Policy) opens(host string, addr netip.Addr, class Class) bool {
	switch class {
	case Public:
		return true
	case Loopback:
		if p.AllowLoopback {
			return true
		}
	case Private, UniqueLocal:
		if p.AllowPrivate || p.Allow.names(host) {
			return true
		}
	case CGNAT:
		if p.Allow.names(host) {
			return true
		}
	}
	return p.Allow.covers(addr)
}
