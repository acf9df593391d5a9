package egress

import (
	"encoding/binary"
	"math/rand/v2"
	"net/netip"
	"testing"
)

// TestClassify covers every class: the first and the last address of each range
// and the neighbours just outside. Below and above are the neighbours' classes;
// Invalid stands for "there is none", the end of the address space.
func TestClassify(t *testing.T) {
	tests := []struct {
		prefix string
		want   Class
		below  Class
		above  Class
	}{
		{"0.0.0.0/8", Unspecified, Invalid, Public},
		{"10.0.0.0/8", Private, Public, Public},
		{"100.64.0.0/11", CGNAT, Public, CGNAT}, // halves: the metadata address lies between
		{"100.100.100.200/32", Metadata, CGNAT, CGNAT},
		{"100.112.0.0/12", CGNAT, CGNAT, Public},
		{"127.0.0.0/8", Loopback, Public, Public},
		{"168.63.129.16/32", Metadata, Public, Public},
		{"169.254.0.0/16", LinkLocal, Public, Public},
		{"169.254.169.254/32", LinkLocal, LinkLocal, LinkLocal},
		{"172.16.0.0/12", Private, Public, Public},
		{"192.0.0.0/25", Protocol, Public, Protocol},
		{"192.0.0.192/32", Metadata, Protocol, Protocol},
		{"192.0.0.255/32", Protocol, Protocol, Public},
		{"192.0.2.0/24", Documentation, Public, Public},
		{"192.31.196.0/24", Protocol, Public, Public},
		{"192.52.193.0/24", Protocol, Public, Public},
		{"192.88.99.0/24", SixToFour, Public, Public},
		{"192.168.0.0/16", Private, Public, Public},
		{"192.175.48.0/24", Protocol, Public, Public},
		{"198.18.0.0/15", Benchmark, Public, Public},
		{"198.51.100.0/24", Documentation, Public, Public},
		{"203.0.113.0/24", Documentation, Public, Public},
		{"224.0.0.0/4", Multicast, Public, Reserved},
		{"240.0.0.0/5", Reserved, Multicast, Reserved},
		{"255.255.255.254/32", Reserved, Reserved, Broadcast},
		{"255.255.255.255/32", Broadcast, Reserved, Invalid},

		// IPv4-mapped: the class of the address inside.
		{"::ffff:10.0.0.0/104", Private, Public, Public},
		{"::ffff:127.0.0.0/104", Loopback, Public, Public},
		{"::ffff:169.254.169.254/128", LinkLocal, LinkLocal, LinkLocal},
		{"::ffff:8.8.8.8/128", Public, Public, Public},
		{"::ffff:0.0.0.0/104", Unspecified, Reserved, Public},
		{"::ffff:255.255.255.255/128", Broadcast, Reserved, Reserved},

		{"::/128", Unspecified, Invalid, Loopback},
		{"::1/128", Loopback, Unspecified, IPv4Compatible},
		{"::2/127", IPv4Compatible, Loopback, IPv4Compatible},
		{"::8.8.8.8/128", IPv4Compatible, IPv4Compatible, IPv4Compatible},
		{"::255.255.255.255/128", IPv4Compatible, IPv4Compatible, Reserved},
		{"::ffff:0:0:0/96", IPv4Translated, Reserved, Reserved},
		{"64:ff9b::/96", NAT64, Reserved, Reserved},
		{"64:ff9b:1::/48", NAT64, Reserved, Reserved},
		{"100::/64", Discard, Reserved, Discard},
		{"100:0:0:1::/64", Discard, Discard, Reserved},
		{"2000::/17", Public, Reserved, Public},
		{"2001::/32", Teredo, Public, Protocol},
		{"2001:1::/32", Protocol, Teredo, Benchmark},
		{"2001:2::/48", Benchmark, Protocol, Protocol},
		{"2001:3::/32", Protocol, Protocol, Protocol},
		{"2001:4:112::/48", Protocol, Protocol, Protocol},
		{"2001:10::/28", ORCHID, Protocol, ORCHID},
		{"2001:20::/28", ORCHID, ORCHID, Protocol},
		{"2001:30::/28", Protocol, ORCHID, Protocol},
		{"2001:1ff::/32", Protocol, Protocol, Public},
		{"2001:db8::/32", Documentation, Public, Public},
		{"2002::/16", SixToFour, Public, Public},
		{"2620:4f:8000::/48", Protocol, Public, Public},
		{"3ffe::/16", Reserved, Public, Documentation},
		{"3fff::/20", Documentation, Reserved, Public},
		{"3fff:8000::/17", Public, Public, Reserved}, // the end of 2000::/3
		{"4000::/3", Reserved, Public, Reserved},
		{"5f00::/16", SegmentRouting, Reserved, Reserved},
		{"fc00::/8", UniqueLocal, Reserved, UniqueLocal},
		{"fd00:42::42/128", Metadata, UniqueLocal, UniqueLocal},
		{"fd00:c1::a9fe:a9fe/128", Metadata, UniqueLocal, UniqueLocal},
		{"fd00:100::100:200/128", Metadata, UniqueLocal, UniqueLocal},
		{"fd00:ec2::/32", Metadata, UniqueLocal, UniqueLocal},
		{"fd00:a9fe:a9fe::1/128", Metadata, UniqueLocal, UniqueLocal},
		{"fd20:ce::254/128", Metadata, UniqueLocal, UniqueLocal},
		{"fd80::/9", UniqueLocal, UniqueLocal, Reserved},
		{"fe00::/9", Reserved, UniqueLocal, LinkLocal},
		{"fe80::/10", LinkLocal, Reserved, SiteLocal},
		{"fec0::/10", SiteLocal, LinkLocal, Multicast},
		{"ff00::/8", Multicast, SiteLocal, Invalid},

		// ISATAP, whatever it embeds; a link-local prefix is worse already.
		{"2606:4700::5efe:0:0/96", ISATAP, Public, Public},
		{"2606:4700::200:5efe:0:0/96", ISATAP, Public, Public},
		{"2606:4700::5efe:8.8.8.8/128", ISATAP, ISATAP, ISATAP},
		{"fd12::5efe:10.0.0.1/128", ISATAP, ISATAP, ISATAP},
		{"fe80::5efe:10.0.0.1/128", LinkLocal, LinkLocal, LinkLocal},
	}
	seen := map[Class]bool{Invalid: true, Zoned: true, Public: true, Own: true}
	for _, tt := range tests {
		t.Run(tt.prefix, func(t *testing.T) {
			p := netip.MustParsePrefix(tt.prefix)
			first, last := p.Addr(), lastOf(p)
			if p.Masked() != p {
				t.Fatal("the prefix has host bits")
			}
			for _, a := range []struct {
				addr netip.Addr
				want Class
			}{{first, tt.want}, {last, tt.want}, {first.Prev(), tt.below}, {last.Next(), tt.above}} {
				if got := Classify(a.addr); got != a.want {
					t.Errorf("Classify(%v) = %v, want %v", a.addr, got, a.want)
				}
			}
		})
		seen[tt.want] = true
	}
	for c := range classes {
		if !seen[Class(c)] {
			t.Errorf("no case for class %v", Class(c))
		}
	}
}

// lastOf returns the last address of p.
func lastOf(p netip.Prefix) netip.Addr {
	b := p.Addr().AsSlice()
	for i := p.Bits(); i < len(b)*8; i++ {
		b[i/8] |= 0x80 >> (i % 8)
	}
	a, _ := netip.AddrFromSlice(b)
	return a
}

func TestClassifyPublic(t *testing.T) {
	for _, s := range []string{"1.1.1.1", "8.8.8.8", "151.101.1.1", "223.255.255.255", "::ffff:1.1.1.1",
		"2001:4860:4860::8888", "2606:4700:4700::1111", "2a00:1450::1", "2001:200::1"} {
		if got := Classify(netip.MustParseAddr(s)); got != Public {
			t.Errorf("Classify(%s) = %v", s, got)
		}
	}
}

func TestClassifyZone(t *testing.T) {
	for _, s := range []string{"fe80::1%eth0", "2001:4860:4860::8888%1", "::ffff:8.8.8.8%eth0"} {
		if got := Classify(netip.MustParseAddr(s)); got != Zoned {
			t.Errorf("Classify(%s) = %v", s, got)
		}
	}
}

// TestClassWords: every class has a name of its own and a reason.
func TestClassWords(t *testing.T) {
	names := map[string]bool{}
	for i := range classes {
		c := Class(i)
		if c.String() == "" || c.Reason() == "" || names[c.String()] {
			t.Errorf("class %d: name %q, reason %q", i, c, c.Reason())
		}
		names[c.String()] = true
	}
	var zero Class
	if zero == Public || zero.String() != "invalid" {
		t.Error("the zero Class must refuse")
	}
	if c := Class(200); c.String() != "unknown" || c.Reason() == "" {
		t.Errorf("Class(200) = %q, %q", c, c.Reason())
	}
}

// FuzzClassify compares Classify with what the standard library knows: nothing
// that netip calls special is ever Public, and a mapped address is as its own.
func FuzzClassify(f *testing.F) {
	for _, b := range blocks {
		a := b.prefix.Addr().As16()
		f.Add(a[:])
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		addr, ok := netip.AddrFromSlice(b)
		if !ok {
			return
		}
		got := Classify(addr)
		plain := addr.Unmap()
		special := plain.IsLoopback() || plain.IsPrivate() || plain.IsUnspecified() || plain.IsMulticast() ||
			plain.IsLinkLocalUnicast() || !plain.IsGlobalUnicast()
		if got == Public && special {
			t.Errorf("Classify(%v) = %v", addr, got)
		}
		if plain.Is4() && Classify(netip.AddrFrom16(plain.As16())) != Classify(plain) {
			t.Errorf("%v: mapped and plain differ", plain)
		}
	})
}

// randomAddr draws an address that often lies in a special range or embeds one.
func randomAddr(r *rand.Rand) netip.Addr {
	p := blocks[r.IntN(len(blocks))].prefix
	b := p.Addr().AsSlice()
	for i := p.Bits(); i < len(b)*8; i++ {
		if r.IntN(2) == 0 {
			b[i/8] |= 0x80 >> (i % 8)
		}
	}
	if len(b) == 16 && r.IntN(8) == 0 {
		binary.BigEndian.PutUint32(b[8:], 0x5efe)
	}
	a, _ := netip.AddrFromSlice(b)
	if a.Is4() && r.IntN(2) == 0 {
		a = netip.AddrFrom16(a.As16())
	}
	return a
}
