package egress

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

// A hostileCase is a URL that must not be sent to. The root package's tests read
// the same file.
type hostileCase struct {
	// URL has {port} for the trap's, {own} for each of the machine's addresses
	// and {public} for one of them that is public.
	URL string
	// Answers are the resolver's, one for each lookup; the last one stays. Each
	// is a list of addresses. Where there are two, the first is good.
	Answers []string
	// Reason is a part of what the merchant is told.
	Reason string
	// Own: the case is about the machine's own addresses.
	Own bool
}

// minHostile is how many cases there must be at least.
const minHostile = 120

func hostileCases(tb testing.TB) []hostileCase {
	tb.Helper()
	text, err := os.ReadFile("testdata/hostile.json")
	if err != nil {
		tb.Fatal(err)
	}
	var cases []hostileCase
	if err := json.Unmarshal(text, &cases); err != nil {
		tb.Fatal(err)
	}
	if len(cases) < minHostile {
		tb.Fatalf("only %d cases", len(cases))
	}
	return cases
}

// ownPublic is a public address that the tests say is the machine's.
const ownPublic = "8.8.4.4"

// expand puts the port of the trap and the machine's addresses in.
func (c hostileCase) expand(port string, own []netip.Addr) []hostileCase {
	fill := func(addr, inURL string) hostileCase {
		filled := c
		filled.URL = strings.NewReplacer("{port}", port, "{own}", inURL, "{public}", ownPublic).Replace(c.URL)
		filled.Answers = nil
		for _, a := range c.Answers {
			filled.Answers = append(filled.Answers, strings.NewReplacer("{own}", addr, "{public}", ownPublic).Replace(a))
		}
		return filled
	}
	if !strings.Contains(c.URL+strings.Join(c.Answers, " "), "{own}") {
		return []hostileCase{fill("", "")}
	}
	var all []hostileCase
	for _, addr := range own {
		inURL := addr.String()
		if addr.Is6() {
			inURL = "[" + inURL + "]"
		}
		f := fill(addr.String(), inURL)
		f.Reason = "" // its class comes first, whichever it has
		all = append(all, f)
	}
	return all
}

// A trap listens on every address that this machine has, loopback and others,
// and counts who comes.
type trap struct {
	listener net.Listener
	port     string
	came     atomic.Int32
	own      []netip.Addr
}

func setTrap(t *testing.T) *trap {
	t.Helper()
	l, err := net.Listen("tcp", ":0")
	if err != nil {
		t.Fatal(err)
	}
	own, err := interfaceAddrs()
	if err != nil {
		t.Fatal(err)
	}
	own = slices.DeleteFunc(own, func(a netip.Addr) bool { return a.Unmap().IsLinkLocalUnicast() }) // of no use without a zone
	for i := range own {
		own[i] = own[i].Unmap()
	}
	p := &trap{listener: l, port: strconv.Itoa(l.Addr().(*net.TCPAddr).Port), own: own}
	var accepting sync.WaitGroup
	accepting.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			p.came.Add(1)
			c.Close()
		}
	})
	t.Cleanup(func() { l.Close(); accepting.Wait() })
	return p
}

// dial is a DialFunc that records what it is asked for, leads into the trap, and
// leaves the machine for nobody.
func (p *trap) dial(record func(string)) DialFunc {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		record(address)
		at, err := netip.ParseAddrPort(address)
		if err == nil && strconv.Itoa(int(at.Port())) == p.port && (at.Addr().Unmap().IsLoopback() || at.Addr().IsUnspecified() || slices.Contains(p.own, at.Addr())) {
			return new(net.Dialer).DialContext(ctx, network, address)
		}
		return nil, errors.New("the test does not leave this machine")
	}
}

// TestTrap: the trap and the dialler that leads there work; else the tests that
// nobody comes would say nothing.
func TestTrap(t *testing.T) {
	p := setTrap(t)
	var dialled []string
	guard := New(Policy{AllowLoopback: true, Allow: listOf("0.0.0.0/0", "::/0")}, Config{Dial: p.dial(func(a string) { dialled = append(dialled, a) })})
	hosts := []string{"127.0.0.1", "0.0.0.0"}
	for _, addr := range p.own {
		hosts = append(hosts, addr.String())
	}
	for _, host := range hosts {
		before := p.came.Load()
		c, err := guard.DialContext(t.Context(), "tcp", net.JoinHostPort(host, p.port))
		if err != nil {
			t.Errorf("%s: %v", host, err)
			continue
		}
		c.Read(make([]byte, 1)) // ends when it was accepted and closed
		c.Close()
		if p.came.Load() != before+1 {
			t.Errorf("%s does not lead into the trap", host)
		}
	}
	if len(dialled) != len(hosts) {
		t.Errorf("dialled %v for %v", dialled, hosts)
	}
}

// TestHostile: none of the hostile URLs and answers is let through, at
// registration, at delivery, or behind a redirect, and nobody comes into a trap
// that is set on all addresses of this machine.
func TestHostile(t *testing.T) {
	p := setTrap(t)
	own := func() ([]netip.Addr, error) { return append(slices.Clone(p.own), netip.MustParseAddr(ownPublic)), nil }
	tried := 0
	for _, c := range hostileCases(t) {
		for _, c := range c.expand(p.port, p.own) {
			tried++
			var dialled []string
			config := Config{Resolver: &answers{list: c.Answers}, Dial: p.dial(func(a string) { dialled = append(dialled, a) }), Own: own}
			c.refuse(t, New(Policy{}, config))
			config.Resolver = &answers{list: c.Answers[max(0, len(c.Answers)-1):]}
			c.refuseRedirect(t, New(Policy{}, config))
			if len(dialled) != 0 {
				t.Errorf("%q with %q: dialled %v", c.URL, c.Answers, dialled)
			}
		}
	}
	if came := p.came.Load(); came != 0 {
		t.Errorf("%d connections to forbidden addresses", came)
	}
	t.Logf("%d hostile URLs and answers tried at registration, delivery and behind a redirect; %d connections", tried, p.came.Load())
}

// refuse has the URL refused as a registration and a delivery would, in turn.
func (c hostileCase) refuse(t *testing.T, guard *Guard) {
	t.Helper()
	u, err := url.Parse(c.URL)
	if err == nil {
		port, _ := strconv.ParseUint(u.Port(), 10, 16)
		if u.Port() == "" {
			port = 443
		}
		err = guard.CheckHost(t.Context(), u.Hostname(), uint16(port))
	}
	changes := len(c.Answers) > 1
	switch {
	case changes && err != nil:
		t.Errorf("%q with %q: refused too early: %v", c.URL, c.Answers, err)
	case !changes && (err == nil || !strings.Contains(err.Error(), c.Reason)):
		t.Errorf("%q with %q: checked with %v, want %q", c.URL, c.Answers, err, c.Reason)
	}
	if u == nil {
		return // nothing to make a request of
	}
	rt := NewClient(guard, TransportConfig{})
	defer rt.CloseIdleConnections()
	req := (&http.Request{Method: "POST", URL: u, Host: u.Host, Header: http.Header{}}).WithContext(t.Context())
	resp, err := rt.RoundTrip(req)
	if err == nil {
		resp.Body.Close()
		t.Errorf("%q with %q: answered %s", c.URL, c.Answers, resp.Status)
		return
	}
	if refused, ok := errors.AsType[*Refused](err); changes && (!ok || !strings.Contains(refused.Reason, c.Reason)) {
		t.Errorf("%q with %q: ended with %v, want %q", c.URL, c.Answers, err, c.Reason)
	}
}

// refuseRedirect follows a good receiver's redirect to the URL, as a careless
// client would.
func (c hostileCase) refuseRedirect(t *testing.T, guard *Guard) {
	t.Helper()
	rt := NewClient(guard, TransportConfig{})
	defer rt.CloseIdleConnections()
	careless := http.Client{Transport: redirecting{to: c.URL, rest: rt}}
	resp, err := careless.Get("https://" + redirectHost + "/")
	if err == nil {
		resp.Body.Close()
		t.Errorf("%q behind a redirect: answered %s", c.URL, resp.Status)
	}
}

const redirectHost = "good.example"

// redirecting answers for one host with a redirect and leaves others to rest.
type redirecting struct {
	to   string
	rest http.RoundTripper
}

func (r redirecting) RoundTrip(req *http.Request) (*http.Response, error) {
	// A URL without a host of its own leads back to where it was found.
	if req.URL.Host != redirectHost || req.Header.Get("Referer") != "" {
		return r.rest.RoundTrip(req)
	}
	return &http.Response{
		StatusCode: http.StatusTemporaryRedirect, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: http.Header{"Location": {r.to}}, Body: http.NoBody, Request: req,
	}, nil
}

// FuzzGuard: whatever host a URL names and whatever its name resolves to, only
// public addresses are dialled, all of them the host or from the answer, and the
// check at registration says the same as the dial.
func FuzzGuard(f *testing.F) {
	public := netip.MustParseAddr("1.1.1.1").As16()
	for _, c := range hostileCases(f) {
		u, err := url.Parse(c.expand("4000", []netip.Addr{netip.MustParseAddr("192.168.1.1")})[0].URL)
		if err != nil {
			continue
		}
		answer := public[:]
		for _, s := range strings.Fields(strings.Join(c.Answers, " ")) {
			if addr, err := netip.ParseAddr(s); err == nil {
				a := addr.As16()
				answer = append(slices.Clone(answer), a[:]...)
			}
		}
		f.Add(u.Hostname(), uint16(443), answer)
	}
	f.Add("shop.example", uint16(443), public[:])
	f.Fuzz(func(t *testing.T, host string, port uint16, answer []byte) {
		var addrs []netip.Addr
		var text []string
		for b := range slices.Chunk(answer, 16) {
			if addr, ok := netip.AddrFromSlice(b); ok {
				addrs = append(addrs, addr)
				text = append(text, addr.String())
			}
		}
		d := &dials{}
		r := &answers{list: []string{strings.Join(text, " ")}}
		g := New(Policy{}, Config{Resolver: r, Dial: d.dial, Own: mine(ownPublic)})
		checked := g.CheckHost(t.Context(), host, port)
		if strings.ContainsAny(host, "[]") {
			return // SplitHostPort would read another host
		}
		_, err := g.DialContext(t.Context(), "tcp", net.JoinHostPort(host, fmt.Sprint(port)))
		if _, refused := errors.AsType[*Refused](err); refused != (checked != nil) {
			t.Errorf("%q: checked with %v, dialled with %v", host, checked, err)
		}
		for _, address := range d.list {
			at := netip.MustParseAddrPort(address)
			known := at.Addr().String() == host || slices.ContainsFunc(addrs, func(a netip.Addr) bool { return a.Unmap() == at.Addr() })
			if literal, err := netip.ParseAddr(host); err == nil {
				known = literal.Unmap() == at.Addr()
			}
			if Classify(at.Addr()) != Public || !known || at.Port() != port || at.Addr().String() == ownPublic {
				t.Errorf("%q with %v: dialled %s", host, addrs, address)
			}
		}
	})
}
