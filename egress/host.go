package egress

import (
	"net/netip"
	"strings"
)

// parseHost reads a host as net/url's Hostname returns it: a literal address
// without brackets, or a name in ASCII. It returns the addresses that need no
// resolver: the literal, or both loopback addresses for a name below localhost
// (RFC 6761 §6.3, which no DNS server may answer differently). For any other
// name it returns none. A host that is neither gives a *Refused.
func parseHost(host string) ([]netip.Addr, error) {
	if addr, err := netip.ParseAddr(host); err == nil {
		return []netip.Addr{addr}, nil
	}
	if reason := hostVerdict(host); reason != "" {
		return nil, &Refused{Host: host, Reason: reason}
	}
	name := canonicalHost(host)
	if name == "localhost" || strings.HasSuffix(name, ".localhost") {
		return []netip.Addr{netip.AddrFrom4([4]byte{127, 0, 0, 1}), netip.IPv6Loopback()}, nil
	}
	return nil, nil
}

// hostVerdict returns why host is no name, and "" where it is one.
func hostVerdict(host string) string {
	name := strings.TrimSuffix(host, ".")
	if name == "" {
		return "the URL names no host"
	}
	if len(name) > 253 {
		return "the name of the host is longer than 253 characters" // RFC 1035 §2.3.4
	}
	if name[0] == '.' || strings.HasSuffix(name, ".") || strings.Contains(name, "..") {
		return "the name of the host has two dots in a row, or begins with one" // "localhost..", to some resolvers localhost
	}
	for _, c := range []byte(name) {
		if c >= 0x80 {
			// Lookalikes of digits and dots become "127.0.0.1" when net/http
			// maps them to ASCII, after the host was checked.
			return "the name of the host must be written in ASCII (xn--…)"
		}
		if !isNameByte(c) {
			return "the name of the host has a character that no host name has"
		}
	}
	if endsInNumber(name) {
		// "127.1", "0177.0.0.1", "2130706433" and "0x7f000001" are loopback to
		// inet_aton(3), which some resolvers use, and nothing to the others.
		return "it looks like an IP address but is not written as one (like 203.0.113.7)"
	}
	return ""
}

// isNameByte reports whether c may be in a host name: letters, digits, hyphens
// and dots (RFC 1123 §2.1), and the underscore, which DNS names in use have.
func isNameByte(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '-' || c == '.' || c == '_'
}

// endsInNumber is the "ends in a number checker" of the URL standard
// (https://url.spec.whatwg.org/#ends-in-a-number-checker): such a host is an
// IPv4 address or nothing. No top-level domain is numeric (RFC 3696 §2).
func endsInNumber(name string) bool {
	last := strings.ToLower(name[strings.LastIndexByte(name, '.')+1:])
	if hex, ok := strings.CutPrefix(last, "0x"); ok {
		return strings.Trim(hex, "0123456789abcdef") == ""
	}
	return last != "" && strings.Trim(last, "0123456789") == ""
}
