package dashboard

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/billhook/billhook"
)

// TestSessionToken: a session is what was signed for sessions, until it expires. What a
// token is, the root's tests show.
func TestSessionToken(t *testing.T) {
	f := newFixture(t)
	now := time.Unix(1_800_000_000, 0)
	want := session{KeyID: "key_1", StoreID: "mine", Issued: now.Unix(), Expires: now.Add(time.Hour).Unix()}
	if got, ok := readSession(want.claims(), now); !ok || got != want {
		t.Errorf("%+v, %v", got, ok)
	}
	if got, ok := readSession(want.claims(), now.Add(time.Hour)); ok {
		t.Errorf("it has expired: %+v", got)
	}
	if got, ok := readSession([]byte("{"), now); ok {
		t.Errorf("no session: %+v", got)
	}
	for name, token := range map[string]string{
		"another purpose": f.client.SignToken("portal sessions", session{KeyID: rootOfTests.ID, Expires: 1 << 40}.claims()),
		"a portal's":      f.portalToken("mine"), "nothing": "",
	} {
		b := f.browser()
		b.cookies["billhook"] = token
		if w := b.get("/stores"); w.Code != http.StatusSeeOther || !strings.HasPrefix(w.Header().Get("Location"), "/signin") {
			t.Errorf("%s: %d", name, w.Code)
		}
	}
}

// TestSignIn: a right key begins a session, a wrong one does not; the cookie is out of
// reach of scripts, and over TLS of all who are not this host.
func TestSignIn(t *testing.T) {
	f := newFixture(t)
	b := f.browser()
	w := b.post("/signin", "key", "wrong", "next", "/stores")
	if w.Code != http.StatusUnauthorized || len(b.cookies) != 0 || !strings.Contains(w.Body.String(), "not valid") {
		t.Errorf("a wrong key: %d %v", w.Code, b.cookies)
	}
	if strings.Contains(w.Body.String(), `value="wrong"`) {
		t.Error("the page tells the key again")
	}
	w = b.post("/signin", "key", " "+rootSecret+"\n", "next", "/stores?x=1")
	if w.Code != http.StatusSeeOther || w.Header().Get("Location") != "/stores?x=1" {
		t.Errorf("%d to %q", w.Code, w.Header().Get("Location"))
	}
	c := w.Result().Cookies()[0]
	if c.Name != "billhook" || !c.HttpOnly || c.Secure || c.SameSite != http.SameSiteLaxMode || c.MaxAge != 12*60*60 || c.Path != "/" || c.Domain != "" {
		t.Errorf("the cookie is %+v", c)
	}
	b.header["X-Forwarded-Proto"] = "https"
	w = b.post("/signin", "key", rootSecret)
	if c := w.Result().Cookies()[0]; c.Name != "__Host-billhook" || !c.Secure || !c.HttpOnly {
		t.Errorf("over TLS the cookie is %+v", c)
	}
	delete(b.cookies, "__Host-billhook")
	if w := b.get("/stores"); w.Code != http.StatusSeeOther {
		t.Errorf("over TLS a cookie counts that anybody on the way could have set: %d", w.Code)
	}
}

// TestNext: after the sign-in the viewer goes on to a page of ours, and nowhere else.
func TestNext(t *testing.T) {
	f := newFixture(t)
	for next, want := range map[string]string{
		"/stores?cursor=a%2Fb": "/stores?cursor=a%2Fb", "": "/", "stores": "/", "//evil.example/": "/", "///evil.example/": "/", `/\evil.example`: "/",
		"https://evil.example/": "/", "javascript:alert(1)": "/", "/\t/evil.example": "/", "/%0a/x": "/%0a/x",
	} {
		w := f.browser().post("/signin", "key", rootSecret, "next", next)
		if got := w.Header().Get("Location"); got != want {
			t.Errorf("next=%q leads to %q", next, got)
		}
	}
	w := f.browser().get("/stores/mine/webhooks?cursor=x")
	if got := w.Header().Get("Location"); got != "/signin?next=%2Fstores%2Fmine%2Fwebhooks%3Fcursor%3Dx" {
		t.Errorf("who is not signed in is led to %q", got)
	}
}

// TestSessionEnds: with its key, at the sign-out, and after its time.
func TestSessionEnds(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		f := newFixtureIn(t, dir)
		secret := f.key("mine", billhook.PermissionWebhooksRead)
		const page = "/stores/mine/webhooks"
		b := f.signedIn(secret)
		if w := b.get(page); w.Code != http.StatusOK {
			t.Fatalf("%d", w.Code)
		}
		kept := b.cookies["billhook"]
		if w := b.post("/signout"); w.Code != http.StatusSeeOther || b.cookies["billhook"] != "" || b.get(page).Code != http.StatusSeeOther {
			t.Errorf("after the sign-out: %d %v", w.Code, b.cookies)
		}
		b.cookies["billhook"] = kept
		time.Sleep(sessionLife - time.Second)
		if w := b.get(page); w.Code != http.StatusOK {
			t.Errorf("a second before its end: %d", w.Code)
		}
		time.Sleep(time.Second)
		if w := b.get(page); w.Code != http.StatusSeeOther {
			t.Errorf("after its end: %d", w.Code)
		}
		b = f.signedIn(secret)
		key, _ := f.client.Authenticate(secret)
		if err := f.client.RevokeKey(t.Context(), "mine", key.ID); err != nil {
			t.Fatal(err)
		}
		if w := b.get(page); w.Code != http.StatusSeeOther {
			t.Errorf("its key is revoked: %d", w.Code)
		}
	})
}

// TestAttempts: who guesses is stopped, others are not, and a minute later all begins
// anew.
func TestAttempts(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		f := newFixtureIn(t, dir)
		b := f.browser()
		for range attemptsOfOne {
			if w := b.post("/signin", "key", "guess"); w.Code != http.StatusUnauthorized {
				t.Fatalf("%d", w.Code)
			}
		}
		if w := b.post("/signin", "key", rootSecret); w.Code != http.StatusTooManyRequests || w.Header().Get("Retry-After") == "" {
			t.Errorf("one more: %d", w.Code)
		}
		r := httptest.NewRequest(http.MethodPost, "/signin", strings.NewReader("key="+rootSecret))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.RemoteAddr = "198.51.100.7:1"
		if w := b.do(r); w.Code != http.StatusSeeOther {
			t.Errorf("another: %d", w.Code)
		}
		time.Sleep(time.Minute)
		if w := b.post("/signin", "key", rootSecret); w.Code != http.StatusSeeOther {
			t.Errorf("a minute later: %d", w.Code)
		}
	})
}
