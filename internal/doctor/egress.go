package doctor

import (
	"context"
	"maps"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/billhook/billhook"
	"github.com/billhook/billhook/egress"
)

// checkURLs looks at where the service thinks that browsers find it.
func (d *Doctor) checkURLs() {
	const check = "public URL"
	if d.PublicURL == "" && len(d.PortalOrigins) == 0 {
		d.skip(check, "not given: --public-url and --portal-origin as the service has them")
		return
	}
	public, err := url.Parse(d.PublicURL)
	switch {
	case d.PublicURL != "" && (err != nil || public.Host == "" || public.Scheme != "https" && public.Scheme != "http"):
		d.fail(check, "give it like https://hooks.example", "%s is no URL that a browser can open", d.PublicURL)
		return
	case d.PublicURL != "" && public.Scheme == "http" && !isHere(d.PublicURL):
		d.fail(check, "give it with https://", "links to portals lead to %s, unencrypted, with what lets a merchant in", d.PublicURL)
		return
	case d.PublicURL != "" && isHere(d.PublicURL) && d.URL != "" && !isHere(d.URL):
		d.fail(check, "give the URL that browsers find", "links to portals lead to %s, which is each reader's own machine", d.PublicURL)
		return
	}
	for _, origin := range d.PortalOrigins {
		o, err := url.Parse(origin)
		switch {
		case err != nil || o.Host == "" || origin != strings.ToLower(o.Scheme+"://"+o.Host):
			d.fail(check, "give it as browsers write it, like https://admin.shop.example", "the portal origin %s is none", origin)
			return
		case d.PublicURL == "":
			d.warn(check, "give --public-url too", "pages of %s may show the portal, and its links lead wherever the API was called", origin)
			return
		case o.Scheme == "https" && public.Scheme == "http":
			d.fail(check, "serve Billhook with https://", "pages of %s may show the portal, and browsers let none with https:// show %s", origin, d.PublicURL)
			return
		case o.Scheme == "http" && !isHere(origin):
			d.warn(check, "let only pages with https:// show the portal", "pages of %s are not protected on their way: whoever changes them shows the portal", origin)
			return
		}
	}
	d.ok(check, "%s, and %d origins may show the portal", d.PublicURL, len(d.PortalOrigins))
}

// namesAtMost bounds how many names are looked up.
const namesAtMost = 20

// checkEgress looks at the ways to receivers from this machine, which is the
// service's where the doctor runs beside it.
func (d *Doctor) checkEgress(ctx context.Context) {
	d.checkNames(ctx)
	const check = "egress proxy"
	if d.Proxy == "" {
		return
	}
	if _, err := egress.ParseProxy(d.Proxy); err != nil {
		d.fail(check, "give --egress-proxy like http://proxy.example:3128", "%v", err)
		return
	}
	u, err := url.Parse(d.Proxy)
	if err != nil {
		return // it was parsed
	}
	conn, err := (&net.Dialer{Timeout: 5 * time.Second}).DialContext(ctx, "tcp", u.Host)
	if err != nil {
		d.fail(check, "start it, or give another --egress-proxy: nothing is delivered meanwhile", "%s cannot be reached: %v", u.Host, err)
		return
	}
	conn.Close()
	d.ok(check, "%s takes connections", u.Host)
}

func (d *Doctor) checkNames(ctx context.Context) {
	const check = "DNS"
	hosts := slices.DeleteFunc(slices.Sorted(maps.Keys(d.state.hosts)), func(host string) bool {
		_, err := netip.ParseAddr(host)
		return err == nil || host == "" || host == "localhost"
	})
	switch {
	case !d.state.may[billhook.PermissionWebhooksRead]:
		d.skip(check, "the hosts of webhooks are not known: that wants a key with webhooks:read")
		return
	case len(hosts) == 0:
		d.skip(check, "no webhook has a name to look up")
		return
	case len(hosts) > namesAtMost:
		d.skip(check, "%d of %d hosts of webhooks are not looked up", len(hosts)-namesAtMost, len(hosts))
		hosts = hosts[:namesAtMost]
	}
	var lost []string
	for _, host := range hosts {
		ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
		if _, err := d.Resolver.LookupNetIP(ctx, "ip", host); err != nil {
			lost = append(lost, host)
		}
		cancel()
	}
	switch {
	case len(lost) == len(hosts) && len(hosts) > 1:
		d.fail(check, "look at the resolver of this machine: nothing is delivered to names meanwhile", "none of %d hosts of webhooks is found", len(hosts))
	case len(lost) > 0:
		d.warn(check, "tell those whose webhooks these are", "%d of %d hosts of webhooks are not found: %s", len(lost), len(hosts), some(lost))
	default:
		d.ok(check, "all of %d hosts of webhooks are found from here", len(hosts))
	}
}
