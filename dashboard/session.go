package dashboard

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
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

// sign writes a session down: base64url of its JSON, ".", and of the HMAC-SHA256 of
// what stands before.
func (s session) sign(key []byte) string {
	text, err := json.Marshal(s)
	if err != nil {
		panic(err) // strings and numbers
	}
	body := base64.RawURLEncoding.EncodeToString(text)
	return body + "." + base64.RawURLEncoding.EncodeToString(mac(key, body))
}

// readSession reads a session that one of the keys has signed and that lasts.
func readSession(token string, keys [][]byte, now time.Time) (s session, ok bool) {
	body, sum, _ := strings.Cut(token, ".")
	got, err := base64.RawURLEncoding.DecodeString(sum)
	if err != nil {
		return session{}, false
	}
	for _, key := range keys {
		ok = hmac.Equal(got, mac(key, body)) || ok
	}
	if !ok {
		return session{}, false
	}
	text, err := base64.RawURLEncoding.DecodeString(body)
	if err != nil || json.Unmarshal(text, &s) != nil || now.Unix() >= s.Expires {
		return session{}, false
	}
	return s, true
}

func mac(key []byte, text string) []byte {
	h := hmac.New(sha256.New, key)
	h.Write([]byte(text))
	return h.Sum(nil)
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
	c, err := r.Cookie(sessionCookie(r))
	if err != nil {
		return session{}, false
	}
	return readSession(c.Value, s.client.DeriveKeys(sessionPurpose), time.Now())
}

// begin gives the viewer a session.
func (p *page) begin(key Key) {
	now := time.Now()
	s := session{KeyID: key.ID, StoreID: key.StoreID, Issued: now.Unix(), Expires: now.Add(sessionLife).Unix()}
	p.setCookie(sessionCookie(p.r), s.sign(p.client.DeriveKeys(sessionPurpose)[0]), sessionLife, true)
}

// end takes the session from the viewer.
func (p *page) end() { p.setCookie(sessionCookie(p.r), "", -1, true) }

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
