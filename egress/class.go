package egress

// Class says what kind of address an IP address is. Its zero value is Invalid,
// so a Class that nobody set refuses.
type Class uint8

// The classes, by what the address can reach. Only Public is open by default.
const (
	Invalid        Class = iota // no address at all
	Zoned                       // an IPv6 address with a zone (RFC 4007 §11)
	Public                      // a globally reachable unicast address
	Loopback                    // 127.0.0.0/8, ::1
	Private                     // RFC 1918
	UniqueLocal                 // fc00::/7 (RFC 4193)
	LinkLocal                   // 169.254.0.0/16, where cloud metadata is served, and fe80::/10
	SiteLocal                   // fec0::/10 (RFC 3879)
	CGNAT                       // 100.64.0.0/10 (RFC 6598)
	Metadata                    // a cloud's own service outside 169.254.0.0/16
	Unspecified                 // 0.0.0.0/8, ::
	Multicast                   // 224.0.0.0/4, ff00::/8
	Broadcast                   // 255.255.255.255
	Documentation               // RFC 5737, RFC 3849, RFC 9637
	Benchmark                   // RFC 2544, RFC 5180
	Discard                     // 100::/64, 100:0:0:1::/64
	ORCHID                      // cryptographic identifiers, not hosts (RFC 4843, RFC 7343)
	SegmentRouting              // 5f00::/16 (RFC 9602)
	Protocol                    // services of the IETF's protocols (RFC 6890 §2.2.2)
	Reserved                    // allocated to no one
	IPv4Compatible              // ::/96 (RFC 4291 §2.5.5.1)
	IPv4Translated              // ::ffff:0:0:0/96 (RFC 2765 §2.1)
	NAT64                       // 64:ff9b::/96 (RFC 6052), 64:ff9b:1::/48 (RFC 8215)
	SixToFour                   // 2002::/16 (RFC 3056), 192.88.99.0/24 (RFC 7526)
	Teredo                      // 2001::/32 (RFC 4380)
	ISATAP                      // interface identifier ::[02]00:5efe:a.b.c.d (RFC 5214)
	Own                         // the machine's own, which a Guard knows and Classify does not
)

// classes holds the name and the reason of each Class. A reason is a clause
// that completes "… cannot receive webhooks: ".
var classes = [...]struct{ name, reason string }{
	Invalid:        {"invalid", "it is not a valid address"},
	Zoned:          {"zoned", "the address has a zone, which means something on one machine only"},
	Public:         {"public", "the address is public"},
	Loopback:       {"loopback", "the address points back at the sending machine itself"},
	Private:        {"private", "the address is in a private network"},
	UniqueLocal:    {"unique-local", "the address is in a private network"},
	LinkLocal:      {"link-local", "the address is link-local: it reaches the sender's own network and cloud metadata"},
	SiteLocal:      {"site-local", "the address is in a private network"},
	CGNAT:          {"cgnat", "the address is shared inside a provider's network (carrier-grade NAT)"},
	Metadata:       {"metadata", "the address belongs to the cloud provider's internal services"},
	Unspecified:    {"unspecified", "the address names no host (\"this network\")"},
	Multicast:      {"multicast", "the address is a multicast group, not one host"},
	Broadcast:      {"broadcast", "the address is a broadcast address, not one host"},
	Documentation:  {"documentation", "the address is reserved for examples in documentation"},
	Benchmark:      {"benchmark", "the address is reserved for benchmarks of network devices"},
	Discard:        {"discard", "everything sent to the address is discarded"},
	ORCHID:         {"orchid", "the address is a cryptographic identifier, not a host"},
	SegmentRouting: {"segment-routing", "the address is a segment of a provider's network, not a host"},
	Protocol:       {"protocol", "the address is reserved for Internet protocol services"},
	Reserved:       {"reserved", "the address is reserved and belongs to no one"},
	IPv4Compatible: {"ipv4-compatible", "the address hides an IPv4 address in an obsolete form"},
	IPv4Translated: {"ipv4-translated", "the address hides an IPv4 address behind a translator"},
	NAT64:          {"nat64", "the address hides an IPv4 address behind a translator (NAT64)"},
	SixToFour:      {"6to4", "the address hides an IPv4 address in a tunnel (6to4)"},
	Teredo:         {"teredo", "the address hides an IPv4 address in a tunnel (Teredo)"},
	ISATAP:         {"isatap", "the address hides an IPv4 address in a tunnel (ISATAP)"},
	Own:            {"own", "the address is the sending machine's own"},
}

// String returns the name of the class in lower case, fit for a log or a metric.
func (c Class) String() string {
	if int(c) >= len(classes) {
		return "unknown"
	}
	return classes[c].name
}

// Reason returns, in a merchant's words, what the address is.
func (c Class) Reason() string {
	if int(c) >= len(classes) {
		return classes[Invalid].reason
	}
	return classes[c].reason
}
