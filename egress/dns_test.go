package egress

import (
	"context"
	"encoding/binary"
	"net"
	"net/netip"
	"strings"
	"sync"
	"testing"
)

// A zone is what a DNS server knows: for each name the records of its answer, in
// order, "name CNAME name", "name A address" or "name AAAA address".
type zone map[string][]string

// serve starts a DNS server on loopback and returns a resolver that asks it.
func (z zone) serve(t *testing.T) *net.Resolver {
	t.Helper()
	c, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var serving sync.WaitGroup
	serving.Go(func() {
		in := make([]byte, 1500)
		for {
			n, from, err := c.ReadFrom(in)
			if err != nil {
				return
			}
			c.WriteTo(z.answer(in[:n]), from)
		}
	})
	t.Cleanup(func() { c.Close(); serving.Wait() })
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "udp", c.LocalAddr().String())
	}}
}

const typeA, typeCNAME, typeAAAA = 1, 5, 28 // RFC 1035 §3.2.2, RFC 3596 §2.1

// answer makes the answer to a query of one question (RFC 1035 §4).
func (z zone) answer(query []byte) []byte {
	end := 12
	var labels []string
	for query[end] != 0 {
		labels = append(labels, string(query[end+1:end+1+int(query[end])]))
		end += 1 + int(query[end])
	}
	asked := binary.BigEndian.Uint16(query[end+1:])
	out := append([]byte{}, query[:end+5]...)
	copy(out[2:], []byte{0x81, 0x80, 0, 1, 0, 0, 0, 0, 0, 0})
	records, ok := z[strings.ToLower(strings.Join(labels, "."))]
	if !ok {
		out[3] |= 3 // no such name
	}
	count := uint16(0)
	for _, record := range records {
		f := strings.Fields(record)
		var kind uint16
		var data []byte
		switch f[1] {
		case "CNAME":
			kind, data = typeCNAME, encodeName(f[2])
		case "A":
			kind, data = typeA, netip.MustParseAddr(f[2]).AsSlice()
		case "AAAA":
			kind, data = typeAAAA, netip.MustParseAddr(f[2]).AsSlice()
		}
		if kind != typeCNAME && kind != asked {
			continue
		}
		out = append(out, encodeName(f[0])...)
		out = binary.BigEndian.AppendUint16(out, kind)
		out = append(out, 0, 1, 0, 0, 0, 0) // class IN, no time to live
		out = binary.BigEndian.AppendUint16(out, uint16(len(data)))
		out = append(out, data...)
		count++
	}
	binary.BigEndian.PutUint16(out[6:], count)
	return out
}

func encodeName(name string) []byte {
	var out []byte
	for label := range strings.SplitSeq(name, ".") {
		out = append(append(out, byte(len(label))), label...)
	}
	return append(out, 0)
}

// TestChains: wherever a name's chain of CNAMEs ends, with Go's own resolver and
// a real DNS server.
func TestChains(t *testing.T) {
	z := zone{
		"good.example":   {"good.example CNAME cdn.example", "cdn.example A 1.1.1.1", "cdn.example AAAA 2606:4700::1"},
		"loop4.example":  {"loop4.example CNAME a.example", "a.example CNAME b.example", "b.example A 127.0.0.1"},
		"loop6.example":  {"loop6.example CNAME a.example", "a.example AAAA ::1"},
		"local.example":  {"local.example CNAME localhost", "localhost A 127.0.0.1"},
		"meta.example":   {"meta.example CNAME metadata.google.internal", "metadata.google.internal A 169.254.169.254"},
		"mixed.example":  {"mixed.example CNAME a.example", "a.example A 1.1.1.1", "a.example A 10.0.0.1"},
		"six.example":    {"six.example CNAME a.example", "a.example A 1.1.1.1", "a.example AAAA fd12::1"},
		"mapped.example": {"mapped.example AAAA ::ffff:127.0.0.1"},
		"nat64.example":  {"nat64.example CNAME a.example", "a.example AAAA 64:ff9b::7f00:1"},
		"any.example":    {"any.example A 0.0.0.0"},
	}
	var dialled []string
	p := setTrap(t)
	guard := New(Policy{}, Config{Resolver: z.serve(t), Dial: p.dial(func(a string) { dialled = append(dialled, a) })})
	if err := guard.CheckHost(t.Context(), "good.example.", 443); err != nil {
		t.Errorf("good.example: %v", err)
	}
	if _, err := guard.DialContext(t.Context(), "tcp", "good.example.:443"); err == nil || len(dialled) != 2 {
		t.Fatalf("good.example: dialled %v, %v: the test's resolver does not work", dialled, err)
	}
	dialled = nil
	for name := range z {
		if name == "good.example" {
			continue
		}
		if err := guard.CheckHost(t.Context(), name+".", 443); err == nil {
			t.Errorf("%s passes the check", name)
		}
		_, err := guard.DialContext(t.Context(), "tcp", name+".:"+p.port)
		if err == nil {
			t.Errorf("%s was dialled", name)
			continue
		}
		refusedBy(t, err)
	}
	if len(dialled) != 0 || p.came.Load() != 0 {
		t.Errorf("dialled %v, %d connections", dialled, p.came.Load())
	}
	t.Logf("%d chains tried", len(z)-1)
}
