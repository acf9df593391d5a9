package egress

import (
	"bufio"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"
)

// A Proxy makes the connections where the sender's network lets nothing out but
// through one: by HTTP CONNECT (RFC 9110 §9.3.6) or SOCKS5 (RFC 1928, with the
// password of RFC 1929). ParseProxy makes one.
//
// The guard stands before it: the sender still resolves every name and classifies
// every address, and the proxy is asked for the literal address that was checked,
// never for a name. What the guard cannot do any more:
//
//   - It sees the sender's routes and not the proxy's. A public address that the
//     proxy's network leads somewhere private (its own NAT64 prefix, a public
//     range used inside), and the proxy's own public address, are for Deny here
//     and for the proxy's own rules.
//   - The machine's own addresses are those of the sender, and the names are
//     resolved with the sender's DNS.
//   - Whether the connection leads to the address that was asked for is the
//     proxy's word. For https the certificate says who answered; for http, where
//     a profile allows it, nothing does, and the proxy reads every byte.
//   - The credentials go to the proxy unencrypted, in both protocols.
//
// The proxy itself is dialled as the operator wrote it, and not classified.
type Proxy struct {
	socks          bool
	address        string
	user, password string
}

// ParseProxy reads "http://host:port" or "socks5://host:port", each with
// "user:password@" before the host where the proxy wants one. The error does not
// hold the URL, which may hold a password.
func ParseProxy(raw string) (*Proxy, error) {
	u, err := url.Parse(raw)
	switch {
	case err != nil || u.Hostname() == "" || strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.Fragment != "":
		return nil, errors.New("not the URL of a proxy: give http://host:port or socks5://host:port, with user:password@ where it wants them, percent-encoded")
	case u.Scheme != "http" && u.Scheme != "socks5":
		return nil, fmt.Errorf("a proxy with the scheme %q: give http://host:port (CONNECT) or socks5://host:port", u.Scheme)
	case u.Port() == "":
		return nil, errors.New("the URL of the proxy has no port")
	}
	p := &Proxy{socks: u.Scheme == "socks5", address: u.Host, user: u.User.Username()}
	p.password, _ = u.User.Password()
	switch {
	case p.socks && u.User != nil && (p.user == "" || p.password == "" || len(p.user) > 255 || len(p.password) > 255):
		return nil, errors.New("a SOCKS5 proxy's user and password have 1 to 255 bytes each") // RFC 1929 §2
	case strings.Contains(p.user, ":"):
		return nil, errors.New("a proxy's user has no colon") // RFC 7617 §2
	}
	return p, nil
}

// A ProxyError is the error where the Proxy made no connection.
type ProxyError struct {
	// Reason says what it answered, without its address.
	Reason string
	// Err is the cause, if there is one, for the operator.
	Err error
}

func (e *ProxyError) Error() string {
	if e.Err != nil {
		return "proxy: " + e.Reason + ": " + e.Err.Error()
	}
	return "proxy: " + e.Reason
}

func (e *ProxyError) Unwrap() error { return e.Err }

// connect asks the proxy for a connection to addr.
func (p *Proxy) connect(ctx context.Context, dial DialFunc, addr netip.AddrPort) (net.Conn, error) {
	c, err := dial(ctx, "tcp", p.address)
	if err != nil {
		return nil, &ProxyError{Reason: "it cannot be reached", Err: err}
	}
	if deadline, ok := ctx.Deadline(); ok {
		_ = c.SetDeadline(deadline)
	}
	stop := context.AfterFunc(ctx, func() { _ = c.SetDeadline(time.Unix(1, 0)) })
	ask := p.askHTTP
	if p.socks {
		ask = p.askSOCKS
	}
	err = ask(c, addr)
	if !stop() && err == nil {
		err = &ProxyError{Reason: "it took too long", Err: ctx.Err()}
	}
	if err != nil {
		c.Close()
		return nil, err
	}
	_ = c.SetDeadline(time.Time{})
	return c, nil
}

// maxProxyAnswer bounds the head of a proxy's answer, in bytes.
const maxProxyAnswer = 16 << 10

// askHTTP sends a CONNECT request and reads its answer.
func (p *Proxy) askHTTP(c net.Conn, addr netip.AddrPort) error {
	head := "CONNECT " + addr.String() + " HTTP/1.1\r\nHost: " + addr.String() + "\r\n"
	if p.user != "" || p.password != "" {
		head += "Proxy-Authorization: Basic " + base64.StdEncoding.EncodeToString([]byte(p.user+":"+p.password)) + "\r\n"
	}
	if _, err := io.WriteString(c, head+"\r\n"); err != nil {
		return &ProxyError{Reason: "it broke the connection off", Err: err}
	}
	in := bufio.NewReader(io.LimitReader(c, maxProxyAnswer))
	resp, err := http.ReadResponse(in, &http.Request{Method: http.MethodConnect})
	if err != nil {
		return &ProxyError{Reason: "it did not answer as an HTTP proxy does", Err: err}
	}
	if resp.StatusCode/100 != 2 {
		return &ProxyError{Reason: fmt.Sprintf("it answered %d %s", resp.StatusCode, http.StatusText(resp.StatusCode))}
	}
	// In HTTP and in TLS the client speaks first, so no byte is the receiver's.
	if in.Buffered() > 0 {
		return &ProxyError{Reason: "it sent more than its answer"}
	}
	return nil
}

// What SOCKS5 calls its numbers.
const (
	socksVersion  = 5
	socksNoAuth   = 0
	socksPassword = 2
	socksConnect  = 1
	socksIPv4     = 1
	socksName     = 3
	socksIPv6     = 4
)

// socksReplies are the reasons of RFC 1928 §6.
var socksReplies = [...]string{
	1: "it failed",
	2: "its rules do not allow the connection",
	3: "the receiver's network cannot be reached from there",
	4: "the receiver cannot be reached from there",
	5: "the receiver refused the connection",
	6: "the receiver was too far away",
	7: "it makes no connections",
	8: "it does not know this kind of address",
}

// askSOCKS negotiates, signs in where it is asked to, and asks for addr.
func (p *Proxy) askSOCKS(c net.Conn, addr netip.AddrPort) error {
	method := byte(socksNoAuth)
	if p.user != "" {
		method = socksPassword
	}
	// No method is offered beside the one that the operator chose: with a
	// password set, a proxy that asks for none is the wrong one.
	var chosen [2]byte
	if err := exchange(c, []byte{socksVersion, 1, method}, chosen[:]); err != nil {
		return err
	}
	if chosen != [2]byte{socksVersion, method} {
		return &ProxyError{Reason: "it is no SOCKS5 proxy, or wants another way to sign in"}
	}
	if method == socksPassword {
		signIn := append([]byte{1, byte(len(p.user))}, p.user...)
		signIn = append(append(signIn, byte(len(p.password))), p.password...)
		var result [2]byte
		if err := exchange(c, signIn, result[:]); err != nil {
			return err
		}
		if result[1] != 0 {
			return &ProxyError{Reason: "it does not accept the user and password"}
		}
	}
	kind := byte(socksIPv4)
	if addr.Addr().Is6() {
		kind = socksIPv6
	}
	request := append([]byte{socksVersion, socksConnect, 0, kind}, addr.Addr().AsSlice()...)
	request = append(request, byte(addr.Port()>>8), byte(addr.Port()))
	var reply [5]byte // as far as the length of a bound name
	if err := exchange(c, request, reply[:]); err != nil {
		return err
	}
	return readBound(c, reply)
}

// readBound judges the reply to a request and reads the rest of it, the bound
// address, which nobody needs.
func readBound(c net.Conn, reply [5]byte) error {
	if reply[0] != socksVersion {
		return &ProxyError{Reason: "it is no SOCKS5 proxy"}
	}
	if code := int(reply[1]); code != 0 {
		if code < len(socksReplies) {
			return &ProxyError{Reason: socksReplies[code]}
		}
		return &ProxyError{Reason: fmt.Sprintf("it answered with the code %d", code)}
	}
	rest, ok := map[byte]int{socksIPv4: 4 - 1, socksIPv6: 16 - 1, socksName: int(reply[4])}[reply[3]]
	if !ok {
		return &ProxyError{Reason: "it is no SOCKS5 proxy"}
	}
	return exchange(c, nil, make([]byte, rest+2))
}

// exchange writes a message and reads an answer of known length.
func exchange(c net.Conn, message, answer []byte) error {
	if len(message) > 0 {
		if _, err := c.Write(message); err != nil {
			return &ProxyError{Reason: "it broke the connection off", Err: err}
		}
	}
	if _, err := io.ReadFull(c, answer); err != nil {
		return &ProxyError{Reason: "it broke the connection off or is no SOCKS5 proxy", Err: err}
	}
	return nil
}
