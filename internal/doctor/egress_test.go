package doctor

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"testing"

	"github.com/billhook/billhook"
)

func TestURLs(t *testing.T) {
	for _, x := range []struct {
		url, public, origins string
		level                Level
		word                 string
	}{
		{"", "https://hooks.example", "https://admin.example", OK, "1 origins"},
		{"", "http://127.0.0.1:4000", "http://localhost:3000", OK, ""},
		{"", "", "", Skip, "not given"},
		{"", "hooks.example", "", Fail, "is no URL"},
		{"", "http://hooks.example", "", Fail, "unencrypted"},
		{"https://hooks.example", "http://127.0.0.1:4000", "", Fail, "each reader's own machine"},
		{"", "https://hooks.example", "https://admin.example/", Fail, "is none"},
		{"", "", "https://admin.example", Warn, "--public-url too"},
		{"", "http://localhost:4000", "https://admin.example", Fail, "browsers let none"},
		{"", "https://hooks.example", "http://admin.example", Warn, "not protected"},
	} {
		d := Doctor{URL: x.url, PublicURL: x.public}
		if x.origins != "" {
			d.PortalOrigins = []string{x.origins}
		}
		var found []Finding
		d.told = func(f Finding) { found = append(found, f) }
		d.checkURLs()
		if len(found) != 1 || found[0].Level != x.level || !strings.Contains(found[0].Message+found[0].Advice, x.word) {
			t.Errorf("%+v: %+v", x, found)
		}
	}
}

// names are those that there are.
type names []string

func (n names) LookupNetIP(_ context.Context, _, host string) ([]netip.Addr, error) {
	for _, name := range n {
		if name == host {
			return []netip.Addr{netip.MustParseAddr("93.184.216.34")}, nil
		}
	}
	return nil, errors.New("no such host")
}

func TestEgress(t *testing.T) {
	w := newWorld(t)
	w.register(billhook.Registration{ID: "a", URL: "http://a.example:1/", Events: []string{"never.said"}})
	w.register(billhook.Registration{ID: "b", URL: "http://b.example:1/", Events: []string{"never.said"}})
	w.doctor.Resolver = names{"a.example", "b.example"}
	w.wants("DNS", OK, "all of 2")
	w.doctor.Resolver = names{"a.example"}
	w.wants("DNS", Warn, "1 of 2", "b.example")
	w.doctor.Resolver = names{}
	w.wants("DNS", Fail, "none of 2")
	for i := range namesAtMost {
		w.register(billhook.Registration{URL: fmt.Sprintf("http://c%d.example:1/", i), Events: []string{"never.said"}})
	}
	w.wants("DNS", Skip, "2 of 22 hosts of webhooks are not looked up")
	key := w.doctor.Client
	w.doctor.Client = nil
	w.wants("DNS", Skip, "not known")
	w.doctor.Client = key

	proxy, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer proxy.Close()
	w.doctor.Proxy = "http://me:pass-word@" + proxy.Addr().String()
	w.wants("egress proxy", OK)
	w.doctor.Proxy = "http://me:pass-word@127.0.0.1:1"
	w.wants("egress proxy", Fail, "cannot be reached")
	w.doctor.Proxy = "http://me:pass-word@proxy.example"
	w.wants("egress proxy", Fail, "has no port")
	w.doctor.Proxy = "http://me:pass-word@:://"
	w.wants("egress proxy", Fail, "not the URL of a proxy")
	for _, f := range w.find("egress proxy") {
		if strings.Contains(f.Message, "pass-word") {
			t.Error("the proxy's password is shown")
		}
	}
}
