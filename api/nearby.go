package api

import (
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/billhook/billhook"
)

// nearbyDomains are those whose names nobody can register: what they lead to is the
// machine's, or its network's, to say (RFC 2606, RFC 6761, RFC 6762, and .internal).
var nearbyDomains = []string{"localhost", "internal", "local", "test"}

// Nearby refuses requests (421) by a host name that somebody elsewhere may have given this
// address to: a page of theirs is of the same origin then (DNS rebinding), and could use a
// key that everybody knows. Addresses, names of this machine's network and the host of
// publicURL, which may be "", pass.
func Nearby(next http.Handler, publicURL string) http.Handler {
	public := ""
	if u, err := url.Parse(publicURL); err == nil {
		public = strings.ToLower(u.Hostname())
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if name := hostName(r.Host); isNearby(name) || public != "" && name == public {
			next.ServeHTTP(w, r)
			return
		}
		c := &call{server: new(server), w: w, r: r}
		c.fail(&billhook.Error{
			Code:    codeMisdirected,
			Message: "a service for development answers no requests for the host " + strconv.Quote(clip(r.Host)),
			Hint:    "open it by its IP address, localhost or a name under .localhost, .internal, .local or .test; or start it with --public-url and that host",
		})
	})
}

// hostName is a Host header's without the port, as names are compared.
func hostName(host string) string {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	} else if strings.HasPrefix(host, "[") && strings.HasSuffix(host, "]") {
		host = host[1 : len(host)-1]
	}
	return strings.TrimSuffix(strings.ToLower(host), ".")
}

func isNearby(name string) bool {
	if _, err := netip.ParseAddr(name); err == nil {
		return true
	}
	last := name[strings.LastIndexByte(name, '.')+1:]
	return name != "" && last == name || slices.Contains(nearbyDomains, last)
}
