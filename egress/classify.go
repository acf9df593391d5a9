package egress

import (
	"encoding/binary"
	"net/netip"
)

// block is a range of addresses of one class.
type block struct {
	prefix netip.Prefix
	class  Class
}

// blocks holds every special range, the narrower before the wider: the first
// match decides. Sources: the IANA IPv4 and IPv6 Special-Purpose Address
// Registries (RFC 6890, RFC 8190), the IPv6 address space registry, and the
// clouds' own documentation for the metadata services.
//
// Some ranges are refused although the registries call them globally reachable
// (AS112, AMT, PCP and TURN anycast, DRIP): protocols live there, no receiver.
var blocks = []block{
	// IPv4.
	{netip.MustParsePrefix("0.0.0.0/8"), Unspecified},         // RFC 791 §3.2
	{netip.MustParsePrefix("10.0.0.0/8"), Private},            // RFC 1918
	{netip.MustParsePrefix("100.100.100.200/32"), Metadata},   // Alibaba Cloud
	{netip.MustParsePrefix("100.64.0.0/10"), CGNAT},           // RFC 6598
	{netip.MustParsePrefix("127.0.0.0/8"), Loopback},          // RFC 1122 §3.2.1.3
	{netip.MustParsePrefix("168.63.129.16/32"), Metadata},     // Azure's WireServer: public by registry, served by the host
	{netip.MustParsePrefix("169.254.0.0/16"), LinkLocal},      // RFC 3927
	{netip.MustParsePrefix("172.16.0.0/12"), Private},         // RFC 1918
	{netip.MustParsePrefix("192.0.0.192/32"), Metadata},       // Oracle Cloud, classic
	{netip.MustParsePrefix("192.0.0.0/24"), Protocol},         // RFC 6890 §2.1
	{netip.MustParsePrefix("192.0.2.0/24"), Documentation},    // RFC 5737
	{netip.MustParsePrefix("192.31.196.0/24"), Protocol},      // AS112, RFC 7535
	{netip.MustParsePrefix("192.52.193.0/24"), Protocol},      // AMT, RFC 7450
	{netip.MustParsePrefix("192.88.99.0/24"), SixToFour},      // relay anycast, RFC 7526
	{netip.MustParsePrefix("192.168.0.0/16"), Private},        // RFC 1918
	{netip.MustParsePrefix("192.175.48.0/24"), Protocol},      // AS112, RFC 7534
	{netip.MustParsePrefix("198.18.0.0/15"), Benchmark},       // RFC 2544
	{netip.MustParsePrefix("198.51.100.0/24"), Documentation}, // RFC 5737
	{netip.MustParsePrefix("203.0.113.0/24"), Documentation},  // RFC 5737
	{netip.MustParsePrefix("224.0.0.0/4"), Multicast},         // RFC 5771
	{netip.MustParsePrefix("255.255.255.255/32"), Broadcast},  // RFC 919
	{netip.MustParsePrefix("240.0.0.0/4"), Reserved},          // RFC 1112 §4
	{netip.MustParsePrefix("0.0.0.0/0"), Public},

	// IPv6. ::ffff:0:0/96 (IPv4-mapped) never gets here: Classify unmaps it.
	{netip.MustParsePrefix("::/128"), Unspecified},              // RFC 4291 §2.5.2
	{netip.MustParsePrefix("::1/128"), Loopback},                // RFC 4291 §2.5.3
	{netip.MustParsePrefix("::/96"), IPv4Compatible},            // RFC 4291 §2.5.5.1
	{netip.MustParsePrefix("::ffff:0:0:0/96"), IPv4Translated},  // RFC 2765 §2.1
	{netip.MustParsePrefix("64:ff9b::/96"), NAT64},              // RFC 6052
	{netip.MustParsePrefix("64:ff9b:1::/48"), NAT64},            // RFC 8215
	{netip.MustParsePrefix("100::/64"), Discard},                // RFC 6666
	{netip.MustParsePrefix("100:0:0:1::/64"), Discard},          // RFC 9780
	{netip.MustParsePrefix("2001::/32"), Teredo},                // RFC 4380
	{netip.MustParsePrefix("2001:2::/48"), Benchmark},           // RFC 5180
	{netip.MustParsePrefix("2001:10::/28"), ORCHID},             // RFC 4843
	{netip.MustParsePrefix("2001:20::/28"), ORCHID},             // RFC 7343
	{netip.MustParsePrefix("2001::/23"), Protocol},              // RFC 2928
	{netip.MustParsePrefix("2001:db8::/32"), Documentation},     // RFC 3849
	{netip.MustParsePrefix("2002::/16"), SixToFour},             // RFC 3056
	{netip.MustParsePrefix("2620:4f:8000::/48"), Protocol},      // AS112, RFC 7534
	{netip.MustParsePrefix("3ffe::/16"), Reserved},              // 6bone, handed back, RFC 3701
	{netip.MustParsePrefix("3fff::/20"), Documentation},         // RFC 9637
	{netip.MustParsePrefix("5f00::/16"), SegmentRouting},        // RFC 9602
	{netip.MustParsePrefix("fd00:ec2::/32"), Metadata},          // AWS
	{netip.MustParsePrefix("fd20:ce::254/128"), Metadata},       // Google Cloud
	{netip.MustParsePrefix("fd00:c1::a9fe:a9fe/128"), Metadata}, // Oracle Cloud
	{netip.MustParsePrefix("fd00:100::100:200/128"), Metadata},  // Alibaba Cloud
	{netip.MustParsePrefix("fd00:42::42/128"), Metadata},        // Scaleway
	{netip.MustParsePrefix("fd00:a9fe:a9fe::1/128"), Metadata},  // Akamai (Linode)
	{netip.MustParsePrefix("fc00::/7"), UniqueLocal},            // RFC 4193
	{netip.MustParsePrefix("fe80::/10"), LinkLocal},             // RFC 4291 §2.5.6
	{netip.MustParsePrefix("fec0::/10"), SiteLocal},             // RFC 3879
	{netip.MustParsePrefix("ff00::/8"), Multicast},              // RFC 4291 §2.7
	{netip.MustParsePrefix("2000::/3"), Public},                 // global unicast, RFC 4291 §2.4
	{netip.MustParsePrefix("::/0"), Reserved},                   // all that IANA has not opened
}

// Classify says what kind of address addr is. It is pure.
//
// An IPv4-mapped address (::ffff:a.b.c.d) is classified as the IPv4 address
// inside, because the kernel sends plain IPv4 to it. Every other form that
// embeds an IPv4 address keeps a class of its own and is so never Public, even
// where the address inside is: the packet goes to a relay or translator that we
// do not know and that may reach what we cannot. Receivers have plain addresses;
// an operator whose own network needs NAT64 opens it, see Policy.Allow.
func Classify(addr netip.Addr) Class {
	if !addr.IsValid() {
		return Invalid
	}
	// Before Unmap, which drops the zone.
	if addr.Zone() != "" {
		return Zoned
	}
	addr = addr.Unmap()
	class := Reserved
	for _, b := range blocks {
		if b.prefix.Contains(addr) {
			class = b.class
			break
		}
	}
	// Any /64 can hold an ISATAP interface, so the suffix decides, but only
	// where the prefix alone could have been let through.
	if (class == Public || class == UniqueLocal) && isISATAP(addr) {
		return ISATAP
	}
	return class
}

// isISATAP reports whether the interface identifier of addr is 0000:5efe or
// 0200:5efe followed by an IPv4 address (RFC 5214 §6.1).
func isISATAP(addr netip.Addr) bool {
	if !addr.Is6() {
		return false
	}
	a := addr.As16()
	id := binary.BigEndian.Uint32(a[8:12])
	return id == 0x00005efe || id == 0x02005efe
}

// embedded returns the IPv4 addresses that addr, of the given class, carries
// and to which a relay or translator would send.
//
// For NAT64 it reads the last 32 bits, which is where 64:ff9b::/96 has them and
// where a local-use prefix of /96 does. The other layouts of RFC 6052 §2.2 end
// in a suffix of zeros, which reads as 0.0.0.0/8 and is so refused.
func embedded(addr netip.Addr, class Class) []netip.Addr {
	if !addr.Is6() {
		return nil
	}
	a := addr.As16()
	last := netip.AddrFrom4([4]byte(a[12:16]))
	switch class {
	case IPv4Compatible, IPv4Translated, NAT64, ISATAP:
		return []netip.Addr{last}
	case SixToFour:
		return []netip.Addr{netip.AddrFrom4([4]byte(a[2:6]))}
	case Teredo:
		// The server, and the client with all bits inverted (RFC 4380 §4).
		client := netip.AddrFrom4([4]byte{^a[12], ^a[13], ^a[14], ^a[15]})
		return []netip.Addr{netip.AddrFrom4([4]byte(a[4:8])), client}
	}
	return nil
}
