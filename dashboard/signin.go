package dashboard

import (
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"time"

	"github.com/billhook/billhook"
)

// signInPage is what templates/pages/signin.html shows.
type signInPage struct {
	*page
	Next string
	// Wrong is the string that says what was wrong with the last try, "" for none.
	Wrong string
}

func (p *page) signInForm() error {
	next := p.r.URL.Query().Get("next")
	if p.Signed() {
		return p.redirect(p.safePath(next), "")
	}
	return p.render("signin", signInPage{page: p, Next: next})
}

func (p *page) signIn() error {
	form := signInPage{page: p, Next: p.r.PostFormValue("next")}
	if !p.attempts.take(addressOf(p.r), time.Now()) {
		form.Wrong = p.t("signin.tooMany")
		p.w.Header().Set("Retry-After", "60")
		return p.renderWith(http.StatusTooManyRequests, "signin", form)
	}
	key, ok := p.cfg.Keys.Match(strings.TrimSpace(p.r.PostFormValue("key")))
	if !ok || key.ID == "" {
		form.Wrong = p.t("signin.wrong")
		return p.renderWith(http.StatusUnauthorized, "signin", form)
	}
	p.begin(key)
	return p.redirect(p.safePath(form.Next), "")
}

func (p *page) signOut() error {
	p.end()
	p.endPortal()
	if p.portal {
		return p.redirect(p.Root("portal"), "portal.done.left")
	}
	return p.redirect(p.Root("signin"), "")
}

// home leads to the first page that the viewer may see: of all stores, or of theirs.
func (p *page) home() error {
	if p.key.StoreID != "" {
		return p.redirect(p.Root("stores", p.key.StoreID), "")
	}
	if nav := p.Nav(); len(nav) > 0 {
		return p.redirect(nav[0].URL, "")
	}
	return p.redirect(p.Root("stores", billhook.DefaultStore), "")
}

// Attempts to sign in, in each minute: from one address, and from all that there are.
// The first stops who guesses, the second bounds what is remembered.
const (
	attemptsOfOne = 10
	attemptsOfAll = 10_000
)

// attempts counts who has tried to sign in this minute.
type attempts struct {
	mu    sync.Mutex
	since time.Time
	all   int
	by    map[string]int
}

// take counts an attempt, and reports whether it may be made.
func (a *attempts) take(address string, now time.Time) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.by == nil || now.Sub(a.since) >= time.Minute {
		a.since, a.all, a.by = now, 0, map[string]int{}
	}
	if a.all >= attemptsOfAll || a.by[address] >= attemptsOfOne {
		return false
	}
	a.all++
	a.by[address]++
	return true
}

// addressOf is where a request comes from: the address, or of IPv6 the network, of
// which one machine may have all. What a proxy says of it anybody could say.
func addressOf(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	ip, err := netip.ParseAddr(host)
	if err != nil || ip.Unmap().Is4() {
		return host
	}
	network, err := ip.WithZone("").Prefix(64)
	if err != nil {
		return host
	}
	return network.String()
}
