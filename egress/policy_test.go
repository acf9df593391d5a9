package egress

import (
	"errors"
	"net/netip"
	"strings"
	"testing"
)

// list is ParseList of what is known to be right.
func listOf(entries ...string) List {
	l, err := ParseList(entries...)
	if err != nil {
		panic(err)
	}
	return l
}

func TestPolicyCheck(t *testing.T) {
	nat64 := Policy{Allow: listOf("64:ff9b::/96", "64:ff9b:1::/48")}
	tests := []struct {
		name   string
		policy Policy
		addr   string
		class  Class  // of the refusal; Public with reason "" means allowed
		reason string // a part of it
	}{
		{"zero allows public", Policy{}, "1.1.1.1:443", Public, ""},
		{"zero allows public IPv6", Policy{}, "[2606:4700::1]:8443", Public, ""},
		{"zero refuses loopback", Policy{}, "127.0.0.1:443", Loopback, "sending machine"},
		{"zero refuses private", Policy{}, "10.0.0.5:443", Private, "private network"},
		{"zero refuses mapped private", Policy{}, "[::ffff:10.0.0.5]:443", Private, "private network"},
		{"zero refuses metadata", Policy{}, "169.254.169.254:80", LinkLocal, "metadata"},
		{"zone", Policy{}, "[2606:4700::1%eth0]:443", Zoned, "zone"},
		{"zone with all open", Policy{Allow: listOf("::/0", "0.0.0.0/0")}, "[::ffff:1.1.1.1%eth0]:443", Zoned, "zone"},

		{"AllowLoopback", Policy{AllowLoopback: true}, "127.0.0.1:443", Public, ""},
		{"AllowLoopback IPv6", Policy{AllowLoopback: true}, "[::1]:443", Public, ""},
		{"AllowLoopback is not private", Policy{AllowLoopback: true}, "192.168.1.1:443", Private, "private"},
		{"AllowLoopback is not 0.0.0.0", Policy{AllowLoopback: true}, "0.0.0.0:443", Unspecified, "no host"},
		{"AllowPrivate", Policy{AllowPrivate: true}, "192.168.1.1:443", Public, ""},
		{"AllowPrivate ULA", Policy{AllowPrivate: true}, "[fd12::1]:443", Public, ""},
		{"AllowPrivate is not loopback", Policy{AllowPrivate: true}, "127.0.0.1:443", Loopback, "machine"},
		{"AllowPrivate is not metadata", Policy{AllowPrivate: true}, "[fd00:ec2::254]:80", Metadata, "cloud"},
		{"AllowPrivate is not link-local", Policy{AllowPrivate: true}, "169.254.169.254:80", LinkLocal, "cloud"},
		{"AllowPrivate is not CGNAT", Policy{AllowPrivate: true}, "100.64.0.1:80", CGNAT, "provider"},
		{"AllowPrivate is not 6to4", Policy{AllowPrivate: true}, "[2002:a00:1::1]:80", SixToFour, "6to4"},

		{"Allow", Policy{Allow: listOf("100.64.0.0/10")}, "100.64.0.1:80", Public, ""},
		{"Allow, mapped prefix", Policy{Allow: listOf("::ffff:10.0.0.0/104")}, "10.1.1.1:80", Public, ""},
		{"Allow, mapped address", Policy{Allow: listOf("10.0.0.0/8")}, "[::ffff:10.1.1.1]:80", Public, ""},
		{"Deny beats Allow", Policy{Allow: listOf("10.0.0.0/8"), Limits: Limits{Deny: listOf("10.1.0.0/16")}}, "10.1.1.1:80", Private, "operator"},
		{"Deny beats public", Policy{Limits: Limits{Deny: listOf("1.1.1.0/24")}}, "1.1.1.1:80", Public, "operator"},
		{"Deny, mapped prefix", Policy{Limits: Limits{Deny: listOf("::ffff:1.1.1.0/120")}}, "1.1.1.1:80", Public, "operator"},

		{"NAT64 closed", Policy{}, "[64:ff9b::1.1.1.1]:443", NAT64, "NAT64"},
		{"NAT64 open", nat64, "[64:ff9b::1.1.1.1]:443", Public, ""},
		{"NAT64 open, local", nat64, "[64:ff9b:1::1.1.1.1]:443", Public, ""},
		{"NAT64 open, private inside", nat64, "[64:ff9b::10.0.0.1]:443", NAT64, "private network"},
		{"NAT64 open, metadata inside", nat64, "[64:ff9b::169.254.169.254]:443", NAT64, "metadata"},
		{"NAT64 open, a /48 layout", nat64, "[64:ff9b:1:a00:0:100::]:443", NAT64, "no host"},
		{"NAT64 open, denied inside", Policy{Allow: nat64.Allow, Limits: Limits{Deny: listOf("1.1.1.0/24")}}, "[64:ff9b::1.1.1.1]:443", NAT64, "operator"},
		{"6to4 open, loopback inside", Policy{Allow: listOf("2002::/16")}, "[2002:7f00:1::]:443", SixToFour, "machine"},
		{"6to4 open, public inside", Policy{Allow: listOf("2002::/16")}, "[2002:101:101::]:443", Public, ""},
		{"Teredo open, private client", Policy{Allow: listOf("2001::/32")}, "[2001:0:101:101:0:0:f5ff:fffe]:443", Teredo, "private"},
		{"Teredo open, private server", Policy{Allow: listOf("2001::/32")}, "[2001:0:a00:1:0:0:fefe:fefe]:443", Teredo, "private"},
		{"ISATAP open, private inside", Policy{Allow: listOf("2606::/16")}, "[2606::5efe:10.0.0.1]:443", ISATAP, "private"},

		{"port allowed", Policy{Limits: Limits{Ports: []uint16{443, 8443}}}, "1.1.1.1:8443", Public, ""},
		{"port refused", Policy{Limits: Limits{Ports: []uint16{443, 8443}}}, "1.1.1.1:25", Public, "port 25 is not allowed here (allowed: 443, 8443)"},
		{"port 0", Policy{}, "1.1.1.1:0", Public, "port 0"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			addr := netip.MustParseAddrPort(tt.addr)
			err := tt.policy.Check("", addr)
			if tt.reason == "" {
				if err != nil {
					t.Fatalf("refused: %v", err)
				}
				return
			}
			refused, ok := errors.AsType[*Refused](err)
			if !ok {
				t.Fatalf("Check = %v, want a *Refused", err)
			}
			if refused.Class != tt.class || !strings.Contains(refused.Reason, tt.reason) {
				t.Errorf("class %v, reason %q", refused.Class, refused.Reason)
			}
			if refused.Addr != addr.Addr().Unmap() || !strings.Contains(err.Error(), refused.Addr.String()) {
				t.Errorf("address %v, message %q", refused.Addr, err)
			}
		})
	}
}

func TestPolicyCheckInvalid(t *testing.T) {
	open := Policy{Allow: listOf("0.0.0.0/0", "::/0")}
	refused, ok := errors.AsType[*Refused](open.Check("", netip.AddrPort{}))
	if !ok || refused.Class != Invalid {
		t.Errorf("Check of no address = %v", refused)
	}
}
