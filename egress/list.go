package egress

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
)

// A List names destinations, by prefixes of addresses and by patterns of host
// names. Its zero value names none. ParseList makes one.
type List struct {
	prefixes []netip.Prefix
	hosts    []string // in lower case; ".example.com" stands for "*.example.com"
}

// ParseList reads entries of three kinds: a prefix ("10.0.0.0/8") or an address;
// the name of a host ("hooks.example.com"); and "*.example.com", which stands
// for every name below example.com, at any depth, and not for example.com.
func ParseList(entries ...string) (List, error) {
	var l List
	for _, entry := range entries {
		if err := l.add(entry); err != nil {
			return List{}, err
		}
	}
	return l, nil
}

func (l *List) add(entry string) error {
	if addr, err := netip.ParseAddr(entry); err == nil && addr.Zone() == "" {
		l.prefixes = append(l.prefixes, unmapped(netip.PrefixFrom(addr, addr.BitLen())))
		return nil
	}
	if strings.Contains(entry, "/") {
		prefix, err := netip.ParsePrefix(entry)
		if err != nil {
			return fmt.Errorf("%q is not a prefix of addresses (like 10.0.0.0/8)", entry)
		}
		l.prefixes = append(l.prefixes, unmapped(prefix))
		return nil
	}
	name, below := strings.CutPrefix(entry, "*.")
	if reason := hostVerdict(name); reason != "" {
		return fmt.Errorf("%q is not a prefix (10.0.0.0/8), an address, a host (hooks.example.com) or a pattern of hosts (*.example.com)", entry)
	}
	name = canonicalHost(name)
	if below {
		name = "." + name
	}
	l.hosts = append(l.hosts, name)
	return nil
}

// unmapped takes a prefix in IPv4-mapped form (::ffff:10.0.0.0/104) for the IPv4
// prefix that it means: netip would match nothing, and a Deny must not fail open.
func unmapped(p netip.Prefix) netip.Prefix {
	if p.Addr().Is4In6() && p.Bits() >= 96 {
		return netip.PrefixFrom(p.Addr().Unmap(), p.Bits()-96)
	}
	return p
}

// canonicalHost is a name in the one form in which names are compared.
func canonicalHost(name string) string {
	return strings.ToLower(strings.TrimSuffix(name, "."))
}

func (l List) empty() bool { return len(l.prefixes) == 0 && len(l.hosts) == 0 }

// covers reports whether a prefix of the list contains addr, which is unmapped.
func (l List) covers(addr netip.Addr) bool {
	return slices.ContainsFunc(l.prefixes, func(p netip.Prefix) bool { return p.Contains(addr) })
}

// has reports whether addr, which is unmapped, is itself an entry of the list.
func (l List) has(addr netip.Addr) bool {
	return slices.Contains(l.prefixes, netip.PrefixFrom(addr, addr.BitLen()))
}

// names reports whether a pattern of the list stands for host. A literal address
// is no name, and no pattern stands for it.
func (l List) names(host string) bool {
	if len(l.hosts) == 0 {
		return false
	}
	host = canonicalHost(host)
	return slices.ContainsFunc(l.hosts, func(pattern string) bool {
		return host == pattern || pattern[0] == '.' && strings.HasSuffix(host, pattern)
	})
}
