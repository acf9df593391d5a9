package egress

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
)

// Policy says which addresses may be dialled. The zero value allows public
// addresses on every port, and nothing else. A Policy must not change once a
// Guard has it.
type Policy struct {
	// AllowLoopback opens 127.0.0.0/8 and ::1, for development. Default: false.
	AllowLoopback bool

	// AllowPrivate opens the networks of RFC 1918 and RFC 4193. Link-local,
	// carrier-grade NAT and the clouds' metadata services stay closed; Allow
	// opens them one by one. Default: false.
	AllowPrivate bool

	// Allow opens prefixes whatever their class. An address that embeds an
	// IPv4 address (NAT64, 6to4, …) is let through only if the address inside
	// may be dialled too, so a network that has nothing but IPv6 and DNS64 can
	// list 64:ff9b::/96 without opening 64:ff9b::10.0.0.1. Default: none.
	Allow []netip.Prefix

	// Deny closes prefixes and beats all of the above. Here belong the public
	// addresses that only the sender's own network can reach, a NAT64 prefix of
	// the operator's own among them. Default: none.
	Deny []netip.Prefix

	// Ports lists the ports that may be dialled. Default: all but 0.
	Ports []uint16
}

// Check returns nil where addr may be dialled, and else a *Refused without a
// Host. It is pure.
func (p Policy) Check(addr netip.AddrPort) error {
	if reason := p.verdict(addr.Addr()); reason != "" {
		return refuse(addr.Addr(), reason)
	}
	if reason := p.portVerdict(addr.Port()); reason != "" {
		return refuse(addr.Addr(), reason)
	}
	return nil
}

// refuse makes the error for an address.
func refuse(addr netip.Addr, reason string) *Refused {
	return &Refused{Addr: addr.Unmap(), Class: Classify(addr), Reason: reason}
}

// verdict returns why addr may not be dialled, and "" where it may.
func (p Policy) verdict(addr netip.Addr) string {
	class := Classify(addr)
	if class == Invalid || class == Zoned {
		return class.Reason()
	}
	addr = addr.Unmap()
	inside := embedded(addr, class)
	if covers(p.Deny, addr) || slices.ContainsFunc(inside, func(a netip.Addr) bool { return covers(p.Deny, a) }) {
		return "the operator of this server has blocked the address"
	}
	if !p.opens(addr, class) {
		return class.Reason()
	}
	for _, a := range inside {
		if c := Classify(a); !p.opens(a, c) {
			return class.Reason() + "; inside, " + c.Reason()
		}
	}
	return ""
}

// opens reports whether the policy lets an address of the class through, with
// Deny and what the address embeds left aside.
func (p Policy) opens(addr netip.Addr, class Class) bool {
	switch class {
	case Public:
		return true
	case Loopback:
		if p.AllowLoopback {
			return true
		}
	case Private, UniqueLocal:
		if p.AllowPrivate {
			return true
		}
	}
	return covers(p.Allow, addr)
}

// portVerdict returns why port may not be dialled, and "" where it may.
func (p Policy) portVerdict(port uint16) string {
	if port == 0 {
		return "port 0 is not a port that can be reached"
	}
	if len(p.Ports) == 0 || slices.Contains(p.Ports, port) {
		return ""
	}
	allowed := strings.Trim(strings.Join(strings.Fields(fmt.Sprint(p.Ports)), ", "), "[]")
	return fmt.Sprintf("port %d is not allowed here (allowed: %s)", port, allowed)
}

// covers reports whether one of prefixes contains addr, which is unmapped. A
// prefix in IPv4-mapped form (::ffff:10.0.0.0/104) counts as the IPv4 prefix
// that it means: netip would match nothing, and a Deny must not fail open.
func covers(prefixes []netip.Prefix, addr netip.Addr) bool {
	for _, p := range prefixes {
		if p.Addr().Is4In6() && p.Bits() >= 96 {
			p = netip.PrefixFrom(p.Addr().Unmap(), p.Bits()-96)
		}
		if p.Contains(addr) {
			return true
		}
	}
	return false
}
