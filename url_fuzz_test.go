package billhook

import (
	"context"
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"strings"
	"testing"

	"github.com/billhook/billhook/egress"
	"github.com/billhook/billhook/profile"
)

// asked is a Resolver that has one answer, and remembers the names.
type asked struct{ names []string }

func (a *asked) LookupNetIP(_ context.Context, _, host string) ([]netip.Addr, error) {
	a.names = append(a.names, strings.ToLower(host))
	return []netip.Addr{netip.MustParseAddr("1.1.1.1")}, nil
}

// FuzzURL: a URL that is accepted leads to a public address at the port that it
// names, and the name that was checked is the one that is sent to: neither the
// parser of URLs nor net/http reads another host out of it.
func FuzzURL(f *testing.F) {
	text, err := os.ReadFile("egress/testdata/hostile.json")
	if err != nil {
		f.Fatal(err)
	}
	var cases []struct{ URL string }
	if err := json.Unmarshal(text, &cases); err != nil || len(cases) < 120 {
		f.Fatalf("%d cases, %v", len(cases), err)
	}
	for _, c := range cases {
		f.Add(strings.NewReplacer("{port}", "4000", "{own}", "192.168.1.1", "{public}", "8.8.4.4").Replace(c.URL))
	}
	for _, s := range []string{"https://shop.example/hook?a=b", "https://Shop.Example:8443", "https://[2606:4700::1]:8443/", "https://1.1.1.1/", "http://1.1.1.1/", "https://xn--shp-sna.example./a%2fb"} {
		f.Add(s)
	}
	standard, _ := profile.Named(profile.Default)
	f.Fuzz(func(t *testing.T, raw string) {
		resolver, dialled := &asked{}, []string{}
		config := Config{Resolver: resolver, DialContext: func(_ context.Context, _, address string) (net.Conn, error) {
			dialled = append(dialled, address)
			return nil, errors.New("the test dials nothing")
		}}.withDefaults()
		c := &Client{config: config, sender: newSender(nil, config)}
		if err := c.checkURL(t.Context(), raw, DefaultStore, standard); err != nil {
			if code := ErrorCode(err); code != CodeURLRefused && code != CodeInvalid || !strings.HasPrefix(err.Error(), "/url: ") {
				t.Errorf("%q: refused with %v", raw, err)
			}
			if len(dialled) > 0 {
				t.Errorf("%q: the check dialled %v", raw, dialled)
			}
			return
		}
		u, err := url.Parse(raw)
		if err != nil || u.Scheme != "https" || u.User != nil || u.Fragment != "" {
			t.Fatalf("%q is accepted: %+v, %v", raw, u, err)
		}
		req := (&http.Request{Method: "POST", URL: u, Host: u.Host, Header: http.Header{}}).WithContext(t.Context())
		_, err = c.sender.clientOf(&endpoint{webhook: Webhook{StoreID: DefaultStore}}).RoundTrip(req)
		if _, refused := errors.AsType[*egress.Refused](err); refused || len(dialled) != 1 {
			t.Fatalf("%q is accepted, then dialled %v: %v", raw, dialled, err)
		}
		at := netip.MustParseAddrPort(dialled[0])
		if egress.Classify(at.Addr()) != egress.Public || u.Port() == "" && at.Port() != 443 {
			t.Errorf("%q: dialled %v", raw, at)
		}
		for _, name := range resolver.names {
			if name != strings.ToLower(u.Hostname()) {
				t.Errorf("%q: names %q, looked up %q", raw, u.Hostname(), name)
			}
		}
		if n := len(resolver.names); n != 2 && n != 0 {
			t.Errorf("%q: %d lookups", raw, n)
		}
	})
}
