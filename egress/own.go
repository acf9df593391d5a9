package egress

import (
	"fmt"
	"net"
	"net/netip"
	"sync"
	"time"
)

// ownAge is how old the list of the machine's own addresses may be. Reading it
// costs far less than a connection with TLS, but a burst of connections need not
// pay for it each time.
const ownAge = 5 * time.Second

// own knows the addresses of the machine itself. What listens on all of them, a
// database or this very service, often trusts whoever comes from there, so they
// are as closed as loopback, public ones too.
type own struct {
	list func() ([]netip.Addr, error)

	mu    sync.Mutex
	read  time.Time
	addrs map[netip.Addr]bool
}

// has reports whether addr, which is unmapped, is one of them. Where they cannot
// be read it is an error: not to know is no reason to dial.
func (o *own) has(addr netip.Addr) (bool, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.addrs == nil || time.Since(o.read) >= ownAge {
		list, err := o.list()
		if err != nil {
			return false, &net.OpError{Op: "dial", Net: "tcp", Err: fmt.Errorf("read this machine's own addresses: %w", err)}
		}
		o.addrs, o.read = make(map[netip.Addr]bool, len(list)), time.Now()
		for _, a := range list {
			o.addrs[a.Unmap().WithZone("")] = true
		}
	}
	return o.addrs[addr], nil
}

// interfaceAddrs lists the addresses of the machine's network interfaces.
func interfaceAddrs() ([]netip.Addr, error) {
	found, err := net.InterfaceAddrs()
	if err != nil {
		return nil, err
	}
	var addrs []netip.Addr
	for _, f := range found {
		if n, ok := f.(*net.IPNet); ok {
			if addr, ok := netip.AddrFromSlice(n.IP); ok {
				addrs = append(addrs, addr)
			}
		}
	}
	return addrs, nil
}
