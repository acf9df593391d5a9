package egress

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// answers is a Resolver: each lookup takes the next answer, the last one stays.
type answers struct {
	list  []string // each a list of addresses separated by spaces
	asked int
	asks  []string
}

func (a *answers) LookupNetIP(_ context.Context, network, host string) ([]netip.Addr, error) {
	a.asks = append(a.asks, network+" "+host)
	if len(a.list) == 0 {
		return nil, &net.DNSError{Err: "no such host", Name: host, IsNotFound: true}
	}
	answer := a.list[min(a.asked, len(a.list)-1)]
	a.asked++
	var out []netip.Addr
	for _, s := range strings.Fields(answer) {
		out = append(out, netip.MustParseAddr(s))
	}
	return out, nil
}

// dials is a DialFunc that connects to nothing and keeps a list.
type dials struct {
	list []string
	fail map[string]error
}

func (d *dials) dial(_ context.Context, _, address string) (net.Conn, error) {
	d.list = append(d.list, address)
	if err := d.fail[address]; err != nil {
		return nil, err
	}
	c, other := net.Pipe()
	other.Close()
	return c, nil
}

func refusedBy(t *testing.T, err error) *Refused {
	t.Helper()
	refused, ok := errors.AsType[*Refused](err)
	if !ok {
		t.Fatalf("got %v, want a *Refused", err)
	}
	return refused
}

// TestRebinding: a name that was public when it was checked and is loopback when
// it is dialled. Each dial looks up once and nothing is connected to.
func TestRebinding(t *testing.T) {
	r, d := &answers{list: []string{"1.1.1.1", "127.0.0.1"}}, &dials{}
	g := New(Policy{}, Config{Resolver: r, Dial: d.dial})
	if err := g.CheckHost(t.Context(), "rebind.example", 443); err != nil {
		t.Fatal(err)
	}
	_, err := g.DialContext(t.Context(), "tcp", "rebind.example:443")
	refused := refusedBy(t, err)
	if refused.Host != "rebind.example" || refused.Class != Loopback || refused.Addr.String() != "127.0.0.1" {
		t.Errorf("refused = %+v", refused)
	}
	if strings.Contains(err.Error(), "127.0.0.1") {
		t.Errorf("the message tells the address of a name: %v", err)
	}
	if len(d.list) != 0 || len(r.asks) != 2 {
		t.Errorf("dialled %v after %d lookups", d.list, len(r.asks))
	}
}

func TestDialContextAddresses(t *testing.T) {
	down := errors.New("connection refused")
	tests := []struct {
		name    string
		policy  Policy
		network string
		address string
		answer  string
		fail    []string
		dialled string
		err     string
	}{
		{"one", Policy{}, "tcp", "a.example:443", "1.1.1.1", nil, "1.1.1.1:443", ""},
		{"literal, no lookup", Policy{}, "tcp", "1.1.1.1:443", "", nil, "1.1.1.1:443", ""},
		{"literal IPv6", Policy{}, "tcp", "[2606:4700::1]:443", "", nil, "[2606:4700::1]:443", ""},
		{"mapped literal is dialled plain", Policy{}, "tcp", "[::ffff:1.1.1.1]:443", "", nil, "1.1.1.1:443", ""},
		{"fallback", Policy{}, "tcp", "a.example:443", "2606:4700::1 1.1.1.1", []string{"[2606:4700::1]:443"}, "[2606:4700::1]:443 1.1.1.1:443", ""},
		{"families take turns", Policy{}, "tcp", "a.example:443", "2606:4700::1 2606:4700::2 1.1.1.1 1.0.0.1",
			[]string{"[2606:4700::1]:443", "1.1.1.1:443", "[2606:4700::2]:443"},
			"[2606:4700::1]:443 1.1.1.1:443 [2606:4700::2]:443 1.0.0.1:443", ""},
		{"at most four", Policy{}, "tcp", "a.example:443", "1.1.1.1 1.1.1.2 1.1.1.3 1.1.1.4 1.1.1.5",
			[]string{"1.1.1.1:443", "1.1.1.2:443", "1.1.1.3:443", "1.1.1.4:443"},
			"1.1.1.1:443 1.1.1.2:443 1.1.1.3:443 1.1.1.4:443", "1.1.1.1:443: connection refused"},
		{"localhost, no lookup", Policy{AllowLoopback: true}, "tcp", "localhost:80", "", []string{"127.0.0.1:80"}, "127.0.0.1:80 [::1]:80", ""},

		{"mixed", Policy{}, "tcp", "a.example:443", "1.1.1.1 10.0.0.1 1.0.0.1", nil, "", "private network"},
		{"all refused", Policy{}, "tcp", "a.example:443", "10.0.0.1 fd12::1", nil, "", "private network"},
		{"zone from the resolver", Policy{}, "tcp", "a.example:443", "2606:4700::1%eth0", nil, "", "zone"},
		{"localhost", Policy{}, "tcp", "localhost:80", "1.1.1.1", nil, "", "sending machine"},
		{"literal port", Policy{Limits: Limits{Ports: []uint16{443}}}, "tcp", "1.1.1.1:25", "", nil, "", "port 25"},
		{"name port, no lookup", Policy{Limits: Limits{Ports: []uint16{443}}}, "tcp", "a.example:25", "", nil, "", "port 25"},
		{"no such name", Policy{}, "tcp", "a.example:443", "", nil, "", `look up "a.example": lookup a.example: no such host`},
		{"no address", Policy{}, "tcp", "a.example:443", " ", nil, "", "no such host"},
		{"not a name", Policy{}, "tcp", "127.1:80", "127.0.0.1", nil, "", "looks like an IP address"},
		{"network", Policy{}, "udp", "1.1.1.1:443", "", nil, "", "unknown network udp"},
		{"no port", Policy{}, "tcp", "1.1.1.1", "", nil, "", "missing port"},
		{"service name", Policy{}, "tcp", "1.1.1.1:https", "", nil, "", "invalid port"},
		{"port too large", Policy{}, "tcp", "1.1.1.1:65979", "", nil, "", "invalid port"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r, d := &answers{}, &dials{fail: map[string]error{}}
			if tt.answer != "" {
				r.list = []string{tt.answer}
			}
			for _, a := range tt.fail {
				d.fail[a] = fmt.Errorf("dial tcp %s: %w", a, down)
			}
			c, err := New(tt.policy, Config{Resolver: r, Dial: d.dial}).DialContext(t.Context(), tt.network, tt.address)
			if tt.err == "" {
				if _, ok := c.(*Conn); err != nil || !ok {
					t.Errorf("got %T, %v", c, err)
				}
			} else if err == nil || c != nil || !strings.Contains(err.Error(), tt.err) {
				t.Errorf("got %T, %v, want %q", c, err, tt.err)
			}
			if got := strings.Join(d.list, " "); got != tt.dialled {
				t.Errorf("dialled %q, want %q", got, tt.dialled)
			}
		})
	}
}

func TestDialContextFamily(t *testing.T) {
	for network, want := range map[string]string{"tcp": "ip", "tcp4": "ip4", "tcp6": "ip6"} {
		r, d := &answers{list: []string{"1.1.1.1"}}, &dials{}
		if _, err := New(Policy{}, Config{Resolver: r, Dial: d.dial}).DialContext(t.Context(), network, "a.example:443"); err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(r.asks, []string{want + " a.example"}) {
			t.Errorf("%s asked %v", network, r.asks)
		}
	}
}

// TestNothingButPublicIsDialled: whatever a resolver answers, or a URL says, the
// zero policy connects to public addresses only, and to those in the answer.
func TestNothingButPublicIsDialled(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	dialled := 0
	for range 20000 {
		var answer []string
		good := r.IntN(4) == 0
		for range 1 + r.IntN(6) {
			addr := randomAddr(r)
			for good && Classify(addr) != Public {
				addr = randomAddr(r)
			}
			answer = append(answer, addr.String())
		}
		d := &dials{fail: map[string]error{}}
		for _, a := range answer {
			if r.IntN(2) == 0 {
				d.fail[net.JoinHostPort(a, "443")] = errors.New("down")
			}
		}
		g := New(Policy{}, Config{Resolver: &answers{list: []string{strings.Join(answer, " ")}}, Dial: d.dial})
		_, err := g.DialContext(t.Context(), "tcp", "a.example:443")
		if refused, ok := errors.AsType[*Refused](err); ok != (len(d.list) == 0) {
			t.Fatalf("%v: dialled %v, but %v", answer, d.list, refused)
		}
		g.DialContext(t.Context(), "tcp", net.JoinHostPort(answer[0], "443"))
		for _, address := range d.list {
			dialled++
			addr := netip.MustParseAddrPort(address).Addr()
			if Classify(addr) != Public || !slices.ContainsFunc(answer, func(s string) bool {
				return netip.MustParseAddr(s).Unmap() == addr
			}) {
				t.Fatalf("%v: dialled %v, which is %v", answer, addr, Classify(addr))
			}
		}
	}
	if dialled < 1000 {
		t.Errorf("only %d dials: the property was hardly tested", dialled)
	}
}

// TestDialContextTime: an address that swallows packets gets its share of the
// ten seconds, then the next one is tried; the whole never takes longer.
func TestDialContextTime(t *testing.T) {
	tests := []struct {
		answer string
		alive  string
		want   time.Duration
	}{
		{"1.1.1.1", "", 10 * time.Second},
		{"2606:4700::1 1.1.1.1", "1.1.1.1:443", 5 * time.Second},
		{"1.1.1.1 1.1.1.2 1.1.1.3 1.1.1.4", "1.1.1.4:443", 7500 * time.Millisecond},
		{"1.1.1.1 1.1.1.2 1.1.1.3 1.1.1.4", "", 10 * time.Second},
	}
	for _, tt := range tests {
		synctest.Test(t, func(t *testing.T) {
			dial := func(ctx context.Context, _, address string) (net.Conn, error) {
				if address == tt.alive {
					c, _ := net.Pipe()
					return c, nil
				}
				<-ctx.Done()
				return nil, ctx.Err()
			}
			g := New(Policy{}, Config{Resolver: &answers{list: []string{tt.answer}}, Dial: dial})
			start := time.Now()
			_, err := g.DialContext(t.Context(), "tcp", "a.example:443")
			if got := time.Since(start); got != tt.want || (err == nil) != (tt.alive != "") {
				t.Errorf("%s: %v after %v, want %v", tt.answer, err, got, tt.want)
			}
		})
	}
}

func TestDialContextCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	d := 0
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
		d++
		cancel()
		return nil, ctx.Err()
	}
	g := New(Policy{}, Config{Resolver: &answers{list: []string{"1.1.1.1 1.1.1.2"}}, Dial: dial})
	if _, err := g.DialContext(ctx, "tcp", "a.example:443"); !errors.Is(err, context.Canceled) || d != 1 {
		t.Errorf("%v after %d dials", err, d)
	}
}

func TestCheckHost(t *testing.T) {
	tests := []struct {
		host   string
		policy Policy
		answer string
		want   string // a part of the message; "" means not refused
	}{
		{"shop.example", Policy{}, "1.1.1.1", ""},
		{"1.1.1.1", Policy{}, "", ""},
		{"localhost", Policy{AllowLoopback: true}, "", ""},
		{"not-yet.example", Policy{}, "", ""},
		{"empty.example", Policy{}, " ", ""},

		{"shop.example", Policy{}, "1.1.1.1 10.0.0.1", "private network"},
		{"127.0.0.1", Policy{}, "", `"127.0.0.1" cannot receive webhooks: the address points back at the sending machine itself`},
		{"fe80::1%eth0", Policy{}, "", "zone"},
		{"localhost", Policy{}, "1.1.1.1", "sending machine"},
		{"db.internal", Policy{}, "10.0.0.1", `"db.internal" cannot receive webhooks: the address is in a private network`},
		{"metadata.google.internal", Policy{}, "169.254.169.254", "cloud metadata"},
		{"0x7f.1", Policy{}, "1.1.1.1", "looks like an IP address"},
		{"", Policy{}, "", "no host"},
		{"shop.example", Policy{Limits: Limits{Ports: []uint16{80}}}, "1.1.1.1", "port 443"},
	}
	for _, tt := range tests {
		r, d := &answers{}, &dials{}
		if tt.answer != "" {
			r.list = []string{tt.answer}
		}
		err := New(tt.policy, Config{Resolver: r, Dial: d.dial}).CheckHost(t.Context(), tt.host, 443)
		switch {
		case tt.want == "" && err != nil:
			t.Errorf("%q -> %q: %v", tt.host, tt.answer, err)
		case tt.want != "":
			if refused := refusedBy(t, err); !strings.Contains(err.Error(), tt.want) || refused.Host != tt.host {
				t.Errorf("%q -> %q: host %q: %v", tt.host, tt.answer, refused.Host, err)
			}
		}
		if len(d.list) != 0 {
			t.Errorf("%q: the check dialled %v", tt.host, d.list)
		}
	}
}

// hanging is a Resolver that answers when its context ends.
type hanging struct{}

func (hanging) LookupNetIP(ctx context.Context, _, _ string) ([]netip.Addr, error) {
	<-ctx.Done()
	return nil, ctx.Err()
}

func TestCheckHostTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		if err := New(Policy{}, Config{Resolver: hanging{}}).CheckHost(t.Context(), "slow.example", 443); err != nil {
			t.Error(err)
		}
		if got := time.Since(start); got != lookupTimeout {
			t.Errorf("took %v", got)
		}
	})
}

// TestDialContextReal connects to a listener on loopback, with the defaults.
func TestDialContextReal(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	address := l.Addr().String()
	_, port, _ := net.SplitHostPort(address)

	if _, err := New(Policy{}, Config{}).DialContext(t.Context(), "tcp", address); refusedBy(t, err).Class != Loopback {
		t.Error(err)
	}
	for _, address := range []string{address, "localhost:" + port} {
		c, err := New(Policy{AllowLoopback: true}, Config{}).DialContext(t.Context(), "tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		if c.RemoteAddr().String() != l.Addr().String() {
			t.Errorf("%s: connected to %v", address, c.RemoteAddr())
		}
		c.Close()
	}
}
