package dashboard

import (
	"net/http"
	"strings"
	"time"
)

// portalPage is what templates/pages/portal.html shows.
type portalPage struct {
	*page
	// Operator: the viewer is signed in with an API key. Then nothing is opened before
	// they have said so: a link from a stranger must not sign them out.
	Operator bool
	Problem  *problem
}

// portalForm is where the link to a portal leads. Its token stands behind the #, where
// no browser sends it and no log has it: a script takes it from there, out of the
// address bar too, and sends the form. Without scripts people do that.
func (p *page) portalForm() error { return p.showPortalForm(nil) }

func (p *page) showPortalForm(refused error) error {
	shown := portalPage{page: p, Operator: p.Signed() && !p.portal}
	if refused == nil {
		return p.render("portal", shown)
	}
	shown.Problem = p.problem(refused)
	return p.renderWith(shown.Problem.Status, "portal", shown)
}

// enterPortal takes a token, or a whole link, for a cookie.
func (p *page) enterPortal() error {
	token := strings.TrimSpace(p.r.PostFormValue("token"))
	if _, behind, ok := strings.Cut(token, "#"); ok {
		token = behind
	}
	if _, err := p.client.PortalSession(token); err != nil {
		return p.showPortalForm(err)
	}
	p.setCookie(portalCookie(p.r), token, portalCookieLife, true)
	p.end()
	return p.redirect(p.Root(), "")
}

// portalCookieLife is longer than any session, so that whose session is over is told so,
// and not asked for an API key.
const portalCookieLife = 7 * 24 * time.Hour

// portalCookie is the name of the cookie that holds a portal session's token.
func portalCookie(r *http.Request) string { return sessionCookie(r) + "-portal" }

func portalToken(r *http.Request) string { return cookie(r, portalCookie(r)) }
