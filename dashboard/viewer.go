package dashboard

import (
	"net/http"
	"strings"

	"github.com/billhook/billhook"
)

// A viewer is who looks at a page, and how.
type viewer struct {
	// key is what was signed in with, or what the token stands for; its ID is ""
	// for whoever has not signed in.
	key Key
	// bearer: by a token, from a page of somebody else's.
	bearer bool
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
// it so.
const fragmentHeader = "Billhook-Fragment"

// look finds out who looks at a page. It does not refuse anybody.
func (s *server) look(r *http.Request) viewer {
	v := viewer{language: languageOf(r), theme: themeOf(r), base: s.cfg.BasePath, fragment: r.Header.Get(fragmentHeader) != ""}
	if isBearer(r) {
		// Never a cookie beside it: it would be sent by a page that is not ours.
		v.bearer, v.fragment = true, true
		if key, ok := s.tokenKey(r); ok {
			v.key = key
		}
		return v
	}
	if c, ok := s.session(r); ok {
		if key, ok := s.cfg.Keys.Find(c.StoreID, c.KeyID); ok {
			v.key = key
		}
	}
	return v
}

// isBearer reports whether a request is one by a token, or asks whether it may be.
func isBearer(r *http.Request) bool {
	return bearerToken(r) != "" || r.Method == http.MethodOptions && r.Header.Get("Access-Control-Request-Method") != ""
}

func bearerToken(r *http.Request) string {
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return ""
	}
	return strings.TrimSpace(token)
}

// tokenKey finds what the token may do. One that is not bound to a store is refused
// whoever made it.
func (s *server) tokenKey(r *http.Request) (Key, bool) {
	if s.cfg.Bearer == nil {
		return Key{}, false
	}
	key, ok := s.cfg.Bearer(bearerToken(r))
	return key, ok && key.StoreID != "" && key.ID != ""
}

// allowElsewhere lets scripts of other origins read the answer. It may be anybody's:
// they have the token, and no cookie counts.
func allowElsewhere(h http.Header) {
	h.Set("Access-Control-Allow-Origin", "*")
	h.Set("Access-Control-Allow-Methods", "GET, POST")
	h.Set("Access-Control-Allow-Headers", "Authorization, Content-Type, "+fragmentHeader)
	h.Set("Access-Control-Max-Age", "600")
	h.Set("Cross-Origin-Resource-Policy", "cross-origin")
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
	if !p.bearer {
		if err := p.origin.Check(p.r); err != nil {
			return &billhook.Error{Code: codeForbidden, Message: "this was sent from another site's page", Hint: "open the page here, and send it from there", Err: err}
		}
	}
	rt := p.route
	if rt.scope == open {
		return nil
	}
	if !p.Signed() {
		return errSignIn
	}
	switch {
	case rt.scope == allStores && p.key.StoreID != "":
		return forbidden("this is for keys that are for all stores, and yours is for one")
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
		return forbidden("your key lacks the permission " + rt.permission)
	}
	p.introduce()
	return nil
}

// introduce has it on record who calls.
func (p *page) introduce() {
	caller := billhook.Caller{Actor: p.key.Actor, RequestID: p.requestID()}
	p.r = p.r.WithContext(billhook.WithCaller(p.r.Context(), caller))
}
