package egress

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"strings"
)

// Limits close what a Policy leaves open. They have nothing that opens, so
// whoever sets them, for one tenant of many say, can only narrow. The zero value
// closes nothing.
type Limits struct {
	// Only, unless it is empty, lists all that may be dialled: a destination
	// must have a name or an address on it. Default: empty.
	Only List

	// Deny closes destinations and beats every other list. Here belong the
	// public addresses that only the sender's own network can reach, a NAT64
	// prefix of the operator's own and the address by which a NAT shows the
	// sender to the world among them. A name on it closes that name alone, and
	// not its addresses, which other names may have. Default: empty.
	Deny List

	// Ports lists the ports that may be dialled. Default: all but 0.
	Ports []uint16

	// By says in reasons whose limits these are. Default: "the operator of this
	// server".
	By string
}

func (l Limits) by() string { return cmp.Or(l.By, "the operator of this server") }

func (l Limits) denied() string { return l.by() + " has blocked the address" }

func (l Limits) others() string {
	return l.by() + " lets webhooks go to certain hosts and addresses only"
}

// hostVerdict returns why nothing at host and port may be dialled, whatever the
// address, and "" where that is still open.
func (l Limits) hostVerdict(host string, port uint16) string {
	if l.Deny.names(host) {
		return l.denied()
	}
	if port == 0 {
		return "port 0 is not a port that can be reached"
	}
	if len(l.Ports) == 0 || slices.Contains(l.Ports, port) {
		return ""
	}
	allowed := strings.Trim(strings.Join(strings.Fields(fmt.Sprint(l.Ports)), ", "), "[]")
	return fmt.Sprintf("port %d is not allowed here (allowed: %s)", port, allowed)
}

// addrVerdict returns why addr, which host resolved to, may not be dialled, and
// "" where it may. The addresses that addr embeds are inside.
func (l Limits) addrVerdict(host string, addr netip.Addr, inside []netip.Addr) string {
	switch {
	case l.Deny.covers(addr) || slices.ContainsFunc(inside, l.Deny.covers):
		return l.denied()
	case !l.Only.empty() && !l.Only.covers(addr) && !l.Only.names(host):
		return l.others()
	}
	return ""
}

// check returns nil where the limits leave host at addr open, and else a *Refused.
func (l Limits) check(host string, addr netip.AddrPort) error {
	ip := addr.Addr().Unmap()
	if reason := l.addrVerdict(host, ip, embedded(ip, Classify(ip))); reason != "" {
		return refuse(host, addr.Addr(), reason, true)
	}
	if reason := l.hostVerdict(host, addr.Port()); reason != "" {
		return refuse(host, addr.Addr(), reason, true)
	}
	return nil
}
