package egress

import (
	"errors"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// mine is a Config.Own.
func mine(addrs ...string) func() ([]netip.Addr, error) {
	return func() ([]netip.Addr, error) {
		var list []netip.Addr
		for _, s := range addrs {
			list = append(list, netip.MustParseAddr(s))
		}
		return list, nil
	}
}

// TestOwn: the machine's own addresses are closed, public ones and those of an
// open private network too, on every port, until the operator opens them.
func TestOwn(t *testing.T) {
	addrs := mine("1.1.1.1", "10.0.0.9", "::ffff:1.0.0.1", "2606:4700::1", "fe80::1%eth0")
	tests := []struct {
		policy Policy
		host   string
		answer string
		open   bool
	}{
		{Policy{}, "1.1.1.1", "", false},
		{Policy{}, "::ffff:1.1.1.1", "", false},
		{Policy{}, "1.0.0.1", "", false},
		{Policy{}, "2606:4700::1", "", false},
		{Policy{}, "a.example", "1.1.1.1", false},
		{Policy{}, "a.example", "1.1.1.2 1.1.1.1", false},
		{Policy{}, "a.example", "1.1.1.2", true},
		{Policy{AllowPrivate: true}, "10.0.0.9", "", false},
		{Policy{AllowPrivate: true}, "10.0.0.8", "", true},
		{Policy{Allow: listOf("a.example")}, "a.example", "10.0.0.9", false},
		{Policy{Allow: listOf("64:ff9b::/96")}, "64:ff9b::101:101", "", false},
		{Policy{Allow: listOf("64:ff9b::/96", "1.1.1.1")}, "64:ff9b::101:101", "", true},
		{Policy{Allow: listOf("1.1.1.0/24", "0.0.0.0/0")}, "1.1.1.1", "", false},
		{Policy{Allow: listOf("127.0.0.0/8")}, "127.0.0.5", "", false}, // in no list of interfaces
		{Policy{Allow: listOf("127.0.0.5")}, "127.0.0.5", "", true},
		{Policy{Allow: listOf("10.0.0.0/8")}, "10.0.0.9", "", false},
		{Policy{Allow: listOf("10.0.0.0/8")}, "10.0.0.8", "", true},
		{Policy{Allow: listOf("10.0.0.0/8", "10.0.0.9")}, "10.0.0.9", "", true},
		{Policy{Allow: listOf("10.0.0.9/32")}, "10.0.0.9", "", true},
		{Policy{Allow: listOf("1.1.1.1")}, "a.example", "1.1.1.1", true},
		{Policy{AllowLoopback: true}, "1.1.1.1", "", true},
	}
	for _, tt := range tests {
		for _, port := range []string{"443", "4000", "5432"} {
			d := &dials{}
			g := New(tt.policy, Config{Resolver: &answers{list: []string{tt.answer}}, Dial: d.dial, Own: addrs})
			_, err := g.DialContext(t.Context(), "tcp", net.JoinHostPort(tt.host, port))
			if tt.open {
				if err != nil {
					t.Errorf("%+v: %v", tt, err)
				}
				continue
			}
			if refused := refusedBy(t, err); refused.Class != Own || refused.Host != tt.host || !strings.Contains(err.Error(), "own") || len(d.list) != 0 {
				t.Errorf("%+v: %+v, dialled %v", tt, refused, d.list)
			}
		}
	}
}

// TestOwnUnknown: where the own addresses cannot be read, nothing is dialled,
// and the webhook is not to blame.
func TestOwnUnknown(t *testing.T) {
	d := &dials{}
	g := New(Policy{}, Config{Dial: d.dial, Own: func() ([]netip.Addr, error) { return nil, errors.New("no netlink") }})
	_, err := g.DialContext(t.Context(), "tcp", "1.1.1.1:443")
	if _, ok := errors.AsType[*Refused](err); ok || err == nil || !strings.Contains(err.Error(), "no netlink") || len(d.list) != 0 {
		t.Errorf("%v, dialled %v", err, d.list)
	}
	if err := g.CheckHost(t.Context(), "1.1.1.1", 443); err != nil {
		t.Errorf("the check refuses: %v", err)
	}
}

// TestOwnIsReadAgain: an address that the machine gets later is closed soon, and
// a burst of connections reads them once.
func TestOwnIsReadAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		reads := 0
		addrs := mine()
		g := New(Policy{}, Config{Dial: (&dials{}).dial, Own: func() ([]netip.Addr, error) { reads++; return addrs() }})
		for range 100 {
			if err := g.Narrow(Limits{}).CheckHost(t.Context(), "1.1.1.1", 443); err != nil {
				t.Fatal(err)
			}
		}
		if reads != 1 {
			t.Errorf("read %d times", reads)
		}
		addrs = mine("1.1.1.1")
		time.Sleep(ownAge)
		if err := g.CheckHost(t.Context(), "1.1.1.1", 443); refusedBy(t, err).Class != Own {
			t.Error(err)
		}
	})
}

// TestOwnReal: all addresses that this very machine has are closed to a guard
// that opens every class, loopback aside; and the test sees that there are some.
func TestOwnReal(t *testing.T) {
	addrs, err := interfaceAddrs()
	if err != nil || len(addrs) == 0 {
		t.Fatalf("%v, %v", addrs, err)
	}
	for _, addr := range addrs {
		d := &dials{}
		if mine, err := New(Policy{}, Config{}).own.has(addr.Unmap()); !mine || err != nil {
			t.Errorf("%v is not known: %v", addr, err)
		}
		for _, policy := range []Policy{{}, {AllowPrivate: true}} {
			for _, port := range []int{1, 443, 65535} {
				if _, err := New(policy, Config{Dial: d.dial}).DialContext(t.Context(), "tcp", net.JoinHostPort(addr.String(), strconv.Itoa(port))); err == nil || len(d.list) != 0 {
					t.Errorf("%v: dialled %v", addr, d.list)
				}
			}
		}
	}
}
