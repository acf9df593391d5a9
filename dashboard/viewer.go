package dashboard

import (
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/billhook/billhook"
)

// A viewer is who looks at a page, and how.
type viewer struct {
	// key is what was signed in with, or what the token stands for; its ID is ""
	// for whoever has not signed in.
	key Key
	// portal: by a portal session, for the pages of its store. bearer: in another page,
	// by a token that each request has; else it is in a cookie.
	portal, bearer bool
	// ended says why the portal session counts no more; nil where it does.
	ended error
	// language is one of languages.
	language string
	// theme is "light", "dark", or "" for what the viewer's system has.
	theme string
	// fragment: without the frame, to be put into another document.
	fragment bool
	// base is put before the path of each link.
	base string
}

// fragmentHeader asks for a page without its frame. Who asks by a token always gets
// it so, and in the language that languageHeader names.
const (
	fragmentHeader = "Billhook-Fragment"
	languageHeader = "Billhook-Language"
)

// look finds out who looks at a page. It does not refuse anybody.
func (s *server) look(r *http.Request) viewer {
	v := viewer{base: s.cfg.BasePath}
	if isBearer(r) {
		// Never a cookie beside it: it would be sent by a page that is not ours.
		v.bearer, v.fragment = true, true
		its := s.lookAtPortal(&v, bearerToken(r))
		v.language = languageOf(r, r.Header.Get(languageHeader), its.Language)
		return v
	}
	v.fragment = r.Header.Get(fragmentHeader) != ""
	var its billhook.PortalSession
	if c, ok := s.session(r); ok {
		if key, ok := s.cfg.Keys.Find(c.StoreID, c.KeyID); ok {
			v.key = key
		}
	} else if token := portalToken(r); token != "" {
		its = s.lookAtPortal(&v, token)
	}
	v.language = languageOf(r, cookie(r, languageCookie), its.Language)
	v.theme = themeOf(r, its.Theme)
	return v
}

// lookAtPortal finds out what a portal session may do, or why it counts no more.
func (s *server) lookAtPortal(v *viewer, token string) billhook.PortalSession {
	v.portal = true
	its, err := s.client.PortalSession(token)
	if err != nil {
		v.ended = err
		return billhook.PortalSession{}
	}
	v.key = Key{StoreID: its.StoreID, ID: its.ID, Permissions: its.Permissions, Actor: its.Actor}
	return its
}

// isBearer reports whether a request is one by a token, or asks whether it may be.
func isBearer(r *http.Request) bool { return bearerToken(r) != "" || isPreflight(r) }

// isPreflight reports whether a browser asks whether a script may ask.
func isPreflight(r *http.Request) bool {
	return r.Method == http.MethodOptions && r.Header.Get("Access-Control-Request-Method") != ""
}

func bearerToken(r *http.Request) string {
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return ""
	}
	return strings.TrimSpace(token)
}

// allowElsewhere lets scripts of the origins that the operator names send requests by a
// token and read the answers. Cookies are nobody's to send: there is no
// Access-Control-Allow-Credentials, and a request by a token looks at none.
func (s *server) allowElsewhere(h http.Header, r *http.Request) {
	h.Add("Vary", "Origin")
	origin := r.Header.Get("Origin")
	if !slices.Contains(s.cfg.PortalOrigins, origin) {
		return
	}
	h.Set("Access-Control-Allow-Origin", origin)
	h.Set("Access-Control-Allow-Methods", "GET, POST")
	h.Set("Access-Control-Allow-Headers", strings.Join([]string{"Authorization", "Content-Type", fragmentHeader, languageHeader}, ", "))
	h.Set("Access-Control-Expose-Headers", "Content-Disposition")
	h.Set("Access-Control-Max-Age", "600")
}

// mayBeElsewhere reports whether a request by a token comes from no page, from one of
// ours, or from one that the operator names. Others cannot send it, since the preflight
// fails, and would not be heard if they could.
func (s *server) mayBeElsewhere(r *http.Request) bool {
	origin := r.Header.Get("Origin")
	return origin == "" || r.Header.Get("Sec-Fetch-Site") == "same-origin" || slices.Contains(s.cfg.PortalOrigins, origin)
}

// Signed reports whether the viewer has signed in.
func (v *viewer) Signed() bool { return v.key.ID != "" }

// ForAllStores reports whether the viewer may look at all stores.
func (v *viewer) ForAllStores() bool { return v.Signed() && v.key.StoreID == "" }

// May reports whether the viewer has a permission.
func (v *viewer) May(permission string) bool { return v.Signed() && v.key.may(permission) }

// Language is that of the page, as in the attribute lang.
func (v *viewer) Language() string { return v.language }

// Theme is "light", "dark" or "" for what the viewer's system has.
func (v *viewer) Theme() string { return v.theme }

// Portal reports whether the viewer has a portal session, or had one.
func (v *viewer) Portal() bool { return v.portal }

// Elsewhere reports whether the page is shown in one of somebody else's.
func (v *viewer) Elsewhere() bool { return v.bearer }

// Ended reports whether the viewer's portal session counts no more.
func (v *viewer) Ended() bool { return v.ended != nil }

// Fragment reports whether the page goes into another document.
func (v *viewer) Fragment() bool { return v.fragment }

// KeyName is what the viewer signed in with.
func (v *viewer) KeyName() string {
	if v.key.Name != "" {
		return v.key.Name
	}
	return v.key.Actor.ID
}

// admit checks who looks, settles which store the page is about, and puts on record
// who calls. Nothing of the body has been read yet.
func (p *page) admit() error {
	// Before all else, sign-in included: nobody else's page signs anybody in.
	rt := p.route
	if p.bearer {
		if !p.mayBeElsewhere(p.r) {
			return &billhook.Error{Code: codeForbidden, Message: "pages of " + p.r.Header.Get("Origin") + " may not show a portal", Hint: "the operator names it with billhook serve --portal-origin"}
		}
		if rt.scope == open && rt.pattern != "" {
			return &billhook.Error{Code: codeForbidden, Message: "a portal's token is for the pages of its store"}
		}
	} else {
		if err := p.origin.Check(p.r); err != nil {
			return p.refuse(codeForbidden, "", "problem.otherSite")
		}
	}
	if rt.scope == open {
		return nil
	}
	switch {
	case p.ended != nil:
		return p.ended
	case !p.Signed():
		return errSignIn
	}
	switch {
	case rt.scope == allStores && p.key.StoreID != "":
		return p.refuse(codeForbidden, "", "problem.forAllStores")
	case rt.scope == inStore:
		id := p.r.PathValue("store")
		if p.key.StoreID != "" && p.key.StoreID != id {
			return noStore(id)
		}
		var err error
		if p.store, err = p.client.Store(p.r.Context(), id); err != nil {
			return err
		}
	}
	if rt.permission != "" && !p.May(rt.permission) {
		return p.refuse(codeForbidden, "", "problem.lacks", rt.permission)
	}
	p.introduce()
	if wait := p.cfg.Wait(p.key.StoreID, p.key.Actor.ID, p.store.ID); wait > 0 {
		seconds := strconv.Itoa(int(math.Ceil(wait.Seconds())))
		p.w.Header().Set("Retry-After", seconds)
		return &billhook.Error{
			Code: billhook.CodeRateLimited, Message: "there were more requests than are allowed; nothing was done", Hint: "wait " + seconds + " s and try again",
		}
	}
	return nil
}

// introduce has it on record who calls.
func (p *page) introduce() {
	caller := billhook.Caller{Actor: p.key.Actor, RequestID: p.requestID()}
	p.r = p.r.WithContext(billhook.WithCaller(p.r.Context(), caller))
}
