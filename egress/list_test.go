package egress

import (
	"net/netip"
	"strings"
	"testing"
)

func TestList(t *testing.T) {
	l := listOf("10.0.0.0/8", "1.1.1.1", "::ffff:192.168.0.0/112", "::ffff:9.9.9.9", "fd12::/16", "Hooks.Example.", "*.Shop.example")
	for _, s := range []string{"10.1.2.3", "1.1.1.1", "192.168.7.7", "9.9.9.9", "fd12::1"} {
		if !l.covers(netip.MustParseAddr(s)) {
			t.Errorf("does not cover %s", s)
		}
	}
	for _, s := range []string{"11.0.0.1", "1.1.1.2", "192.169.0.1", "fd13::1"} {
		if l.covers(netip.MustParseAddr(s)) {
			t.Errorf("covers %s", s)
		}
	}
	for _, s := range []string{"hooks.example", "HOOKS.example.", "a.shop.example", "a.b.shop.EXAMPLE."} {
		if !l.names(s) {
			t.Errorf("does not name %s", s)
		}
	}
	for _, s := range []string{"", "a.hooks.example", "shop.example", "myshop.example", "shop.example.org", "10.0.0.1", "example"} {
		if l.names(s) {
			t.Errorf("names %q", s)
		}
	}
	if l.empty() || !(List{}).empty() || (List{}).names("a.example") {
		t.Error("empty is wrong")
	}
}

func TestParseListRefuses(t *testing.T) {
	for _, s := range []string{"", "*", "*.", "*.*.example", "a.*.example", "*example", "10.0.0.0/33", "10.0.0.0/", "10.0.0", "0x7f.1",
		"fe80::1%eth0", "fe80::%eth0/64", "http://a.example", "a.example:443", "[::1]", "shöp.example", "a b"} {
		if _, err := ParseList("10.0.0.0/8", s); err == nil || !strings.Contains(err.Error(), "10.0.0.0/8") {
			t.Errorf("%q: %v", s, err)
		}
	}
}

// TestLists: lists of hosts and addresses, of the operator and of a tenant.
func TestLists(t *testing.T) {
	type limits = []Limits
	tests := []struct {
		name    string
		policy  Policy
		limits  limits
		host    string
		answer  string
		refused string // a part of the reason; "" means dialled
	}{
		{"allowed host, private", Policy{Allow: listOf("*.corp.example")}, nil, "a.corp.example", "10.0.0.5", ""},
		{"allowed host, CGNAT", Policy{Allow: listOf("a.example")}, nil, "a.example", "100.64.0.5", ""},
		{"allowed host, unique-local", Policy{Allow: listOf("a.example")}, nil, "A.Example.", "fd12::5", ""},
		{"allowed host, loopback", Policy{Allow: listOf("a.example")}, nil, "a.example", "127.0.0.1", "sending machine"},
		{"allowed host, metadata", Policy{Allow: listOf("a.example")}, nil, "a.example", "169.254.169.254", "metadata"},
		{"allowed host, cloud metadata in a private range", Policy{Allow: listOf("a.example")}, nil, "a.example", "fd00:ec2::254", "cloud"},
		{"allowed host, NAT64", Policy{Allow: listOf("a.example")}, nil, "a.example", "64:ff9b::a00:5", "NAT64"},
		{"allowed host, private in an open NAT64", Policy{Allow: listOf("a.example", "64:ff9b::/96")}, nil, "a.example", "64:ff9b::a00:5", "private"},
		{"allowed host, another", Policy{Allow: listOf("a.example")}, nil, "b.example", "10.0.0.5", "private"},
		{"allowed and denied host", Policy{Allow: listOf("*.example"), Limits: Limits{Deny: listOf("a.example")}}, nil, "a.example", "10.0.0.5", "blocked"},

		{"denied host", Policy{Limits: Limits{Deny: listOf("*.evil.example")}}, nil, "x.evil.example", "1.1.1.1", "blocked"},
		{"denied host, trailing dot", Policy{Limits: Limits{Deny: listOf("*.evil.example")}}, nil, "X.EVIL.example.", "1.1.1.1", "blocked"},
		{"denied host, another", Policy{Limits: Limits{Deny: listOf("*.evil.example")}}, nil, "good.example", "1.1.1.1", ""},
		{"denied prefix", Policy{Limits: Limits{Deny: listOf("1.1.0.0/16")}}, nil, "a.example", "1.0.0.1 1.1.1.1", "blocked"},

		{"only a host", Policy{Limits: Limits{Only: listOf("*.partner.example")}}, nil, "a.partner.example", "1.1.1.1", ""},
		{"only a host, another", Policy{Limits: Limits{Only: listOf("*.partner.example")}}, nil, "a.example", "1.1.1.1", "certain hosts"},
		{"only a host, its address", Policy{Limits: Limits{Only: listOf("*.partner.example")}}, nil, "1.1.1.1", "", "certain hosts"},
		{"only a host opens nothing", Policy{Limits: Limits{Only: listOf("a.example")}}, nil, "a.example", "10.0.0.1", "private"},
		{"only a prefix", Policy{Limits: Limits{Only: listOf("1.1.1.0/24")}}, nil, "a.example", "1.1.1.1 1.1.1.2", ""},
		{"only a prefix, one outside", Policy{Limits: Limits{Only: listOf("1.1.1.0/24")}}, nil, "a.example", "1.1.1.1 1.0.0.1", "certain hosts"},

		{"tenant denies", Policy{}, limits{{Deny: listOf("a.example")}}, "a.example", "1.1.1.1", "blocked"},
		{"tenant denies what is inside", Policy{Allow: listOf("64:ff9b::/96")}, limits{{Deny: listOf("1.1.1.1")}}, "a.example", "64:ff9b::101:101", "blocked"},
		{"tenant only", Policy{}, limits{{Only: listOf("b.example")}}, "a.example", "1.1.1.1", "certain hosts"},
		{"tenant only, within", Policy{}, limits{{Only: listOf("a.example")}}, "a.example", "1.1.1.1", ""},
		{"tenant's only opens nothing", Policy{}, limits{{Only: listOf("a.example", "10.0.0.0/8")}}, "a.example", "10.0.0.1", "private"},
		{"tenant cannot open what is denied", Policy{Limits: Limits{Deny: listOf("a.example")}}, limits{{Only: listOf("a.example")}}, "a.example", "1.1.1.1", "blocked"},
		{"tenant cannot widen only", Policy{Limits: Limits{Only: listOf("b.example")}}, limits{{Only: listOf("a.example")}}, "a.example", "1.1.1.1", "certain hosts"},
		{"tenant's ports", Policy{}, limits{{Ports: []uint16{8443}}}, "a.example", "1.1.1.1", "port 443 is not allowed here (allowed: 8443)"},
		{"tenant cannot widen ports", Policy{Limits: Limits{Ports: []uint16{8443}}}, limits{{Ports: []uint16{443}}}, "a.example", "1.1.1.1", "port 443"},
		{"narrowed twice", Policy{}, limits{{Ports: []uint16{443}}, {Deny: listOf("1.1.1.1")}}, "1.1.1.1", "", "blocked"},
		{"narrowed twice, the first", Policy{}, limits{{Deny: listOf("1.1.1.1")}, {Ports: []uint16{443}}}, "1.1.1.1", "", "blocked"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r, d := &answers{list: []string{tt.answer}}, &dials{}
			g := New(tt.policy, Config{Resolver: r, Dial: d.dial})
			for _, l := range tt.limits {
				g = g.Narrow(l)
			}
			check := g.CheckHost(t.Context(), tt.host, 443)
			_, err := g.DialContext(t.Context(), "tcp", tt.host+":443")
			if tt.refused == "" {
				if check != nil || err != nil || len(d.list) != 1 {
					t.Errorf("refused with %v, %v, dialled %v", check, err, d.list)
				}
				return
			}
			for _, err := range []error{check, err} {
				if refused := refusedBy(t, err); !strings.Contains(refused.Reason, tt.refused) || refused.Host != tt.host {
					t.Errorf("refused with %+v", refused)
				}
			}
			if len(d.list) != 0 {
				t.Errorf("dialled %v", d.list)
			}
		})
	}
}

// TestNarrow: a narrowed guard changes neither the one that it came from nor the
// others that came from there.
func TestNarrow(t *testing.T) {
	g := New(Policy{}, Config{Dial: (&dials{}).dial}).Narrow(Limits{Ports: []uint16{443, 444, 445}})
	a, b := g.Narrow(Limits{Deny: listOf("1.1.1.1")}), g.Narrow(Limits{Deny: listOf("1.0.0.1")})
	for _, tt := range []struct {
		guard *Guard
		host  string
		open  bool
	}{{g, "1.1.1.1", true}, {g, "1.0.0.1", true}, {a, "1.1.1.1", false}, {a, "1.0.0.1", true}, {b, "1.1.1.1", true}, {b, "1.0.0.1", false}} {
		if err := tt.guard.CheckHost(t.Context(), tt.host, 443); (err == nil) != tt.open {
			t.Errorf("%s: %v", tt.host, err)
		}
	}
}

func TestDeniedHostIsNotLookedUp(t *testing.T) {
	r := &answers{list: []string{"1.1.1.1"}}
	g := New(Policy{}, Config{Resolver: r, Dial: (&dials{}).dial}).Narrow(Limits{Deny: listOf("a.example")})
	if _, err := g.DialContext(t.Context(), "tcp", "a.example:443"); err == nil || len(r.asks) != 0 {
		t.Errorf("%v after the lookups %v", err, r.asks)
	}
}
