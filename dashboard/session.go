package dashboard

import (
	"encoding/json"
	"net/http"
	"strings"
	"time"
)

// A session says who has signed in. It is in the viewer's cookie, signed, and
// nowhere else: every node knows it, and a restart forgets none.
type session struct {
	KeyID   string `json:"key"`
	StoreID string `json:"store,omitempty"`
	Issued  int64  `json:"iat"` // in seconds since 1970
	Expires int64  `json:"exp"`
}

const (
	// sessionLife is how long a session lasts at most: a day's work.
	sessionLife = 12 * time.Hour
	// sessionPurpose is what its keys are derived for.
	sessionPurpose = "dashboard sessions"
)

// claims is the session as its token has it.
func (s session) claims() []byte {
	text, err := json.Marshal(s)
	if err != nil {
		panic(err) // strings and numbers
	}
	return text
}

// readSession reads what a token has, if it lasts.
func readSession(claims []byte, now time.Time) (s session, ok bool) {
	if json.Unmarshal(claims, &s) != nil || now.Unix() >= s.Expires {
		return session{}, false
	}
	return s, true
}

// sessionCookie is the cookie's name. Over TLS its prefix has browsers refuse one that
// another host of the domain, or an unencrypted page, has planted (RFC 6265bis).
func sessionCookie(r *http.Request) string {
	if isSecure(r) {
		return "__Host-billhook"
	}
	return "billhook"
}

// isSecure reports whether the viewer's browser speaks TLS. Who sends the header
// themselves make their own cookie Secure, and nothing else.
func isSecure(r *http.Request) bool {
	proto, _, _ := strings.Cut(r.Header.Get("X-Forwarded-Proto"), ",")
	return r.TLS != nil || strings.EqualFold(strings.TrimSpace(proto), "https")
}

// session finds the session of a request.
func (s *server) session(r *http.Request) (session, bool) {
	claims, ok := s.client.ReadToken(sessionPurpose, cookie(r, sessionCookie(r)))
	if !ok {
		return session{}, false
	}
	return readSession(claims, time.Now())
}

// begin gives the viewer a session, in place of any other.
func (p *page) begin(key Key) {
	now := time.Now()
	s := session{KeyID: key.ID, StoreID: key.StoreID, Issued: now.Unix(), Expires: now.Add(sessionLife).Unix()}
	p.setCookie(sessionCookie(p.r), p.client.SignToken(sessionPurpose, s.claims()), sessionLife, true)
	p.endPortal()
}

// end takes the session from the viewer, and endPortal one of a portal.
func (p *page) end()       { p.dropCookie(sessionCookie(p.r)) }
func (p *page) endPortal() { p.dropCookie(portalCookie(p.r)) }

// dropCookie takes a cookie from a viewer who has it.
func (p *page) dropCookie(name string) {
	if cookie(p.r, name) != "" {
		p.setCookie(name, "", -1, true)
	}
}

// setCookie sets a cookie, or with a negative life takes it away. Lax, since a link
// in a mail must lead to the page and not to the sign-in.
func (p *page) setCookie(name, value string, life time.Duration, confidential bool) {
	age := int(life / time.Second)
	if life < 0 {
		age = -1
	}
	http.SetCookie(p.w, &http.Cookie{ // #nosec G124 -- Secure where there is TLS; without, a Secure cookie would not come back
		Name: name, Value: value, Path: "/", MaxAge: age, Secure: isSecure(p.r), HttpOnly: confidential, SameSite: http.SameSiteLaxMode,
	})
}
