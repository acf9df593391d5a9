// Package dashboard is Billhook's web pages, for operators and, one store at a time,
// for merchants: it turns requests into calls of billhook.Client and their results
// into HTML.
//
// It knows HTTP, HTML, sessions and the Client, and nothing below it: it must not
// open or query a database, not import a driver, not deliver anything itself, and
// not know the API or the command that serves it. Every page is HTML that works as
// links and forms alone; the scripts in assets/ only make it nicer.
//
// What pages there are is told once, by the table in route.go. A page is four
// things, named alike:
//
//	route.go               a row: method, path, permission, scope, navigation, handler
//	webhooks.go            the handler, func(*page) error, and what its template shows
//	templates/pages/….html the template: defines "title" and "content"
//	strings/{en,de}/….json its words in each language
//
// A handler gets a page: who looks, at which store, with what permissions, in which
// language, as a whole document or as a fragment for another document. It makes all
// its links with To and Root, calls the Client with Context, and ends with render,
// redirect or an error. What came from outside is shown by the templates "outside"
// and "outside-block" alone.
package dashboard

import (
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"time"

	"github.com/billhook/billhook"
)

// Config is useful at its zero value, except that without Keys nobody can sign in.
type Config struct {
	// Keys are what people sign in with. Default: no key is valid.
	Keys Keys
	// PortalOrigins are the origins, as browsers write them ("https://shop.example"),
	// whose pages may show a store's pages with a portal session's token. Default:
	// none but our own.
	PortalOrigins []string
	// BasePath is put before the path of each link, where a proxy takes it away
	// again: "/billhook". Default: none.
	BasePath string
	// Version is what the foot of each page tells of the program. Default: "dev".
	Version string
	// Observe is told of each request: its method and pattern, as there are few of,
	// and "other" for what no page is; its status, and how long it took. Default: nobody.
	Observe func(route string, status int, took time.Duration)
	// Stopping is closed when the server stops, so that who watches is sent away.
	// Default: they are never.
	Stopping <-chan struct{}
	// Wait counts a request of a key, told by its store ("" for all) and its actor, about a
	// store ("" for none), and says how long to wait where it is one too many. Default:
	// nobody waits.
	Wait func(keyStoreID, actor, storeID string) time.Duration
	// Logger gets our own failures, one record each. Default: slog.Default().
	Logger *slog.Logger
}

// Keys find what an API key may do. Both are called by many goroutines at once.
type Keys interface {
	// Match finds the key that a secret is of. It must take the same time for a
	// wrong secret as for a right one.
	Match(secret string) (Key, bool)
	// Find finds the key again, by its store and ID, as long as it may be used: a
	// session asks at each request, and ends when its key does.
	Find(storeID, id string) (Key, bool)
}

// A Key is what an API key, or a token, stands for.
type Key struct {
	// StoreID is the one store that it is for; "" is for all stores.
	StoreID string
	// ID names it for Find. It is in the session's cookie, and no secret.
	ID string
	// Name is what people call it; may be empty.
	Name string
	// Permissions are the root's constants.
	Permissions []string
	// ExpiresAt is when it does, and what is made with it no later; zero for never.
	ExpiresAt time.Time
	// Actor is its holder where it is recorded who did something.
	Actor billhook.Reference
}

// may reports whether the key has the permission.
func (k *Key) may(permission string) bool { return billhook.Permits(k.Permissions, permission) }

type noKeys struct{}

func (noKeys) Match(string) (Key, bool)        { return Key{}, false }
func (noKeys) Find(string, string) (Key, bool) { return Key{}, false }

type server struct {
	client   *billhook.Client
	cfg      Config
	mux      *http.ServeMux
	routes   []*route
	origin   *http.CrossOriginProtection
	assets   *assets
	words    words
	pages    templates
	attempts attempts
	tails    *tails
}

// New returns the handler of every page. It answers all other paths with a page
// that says so. It fails only for what is wrong with its own embedded files, which
// a test would have found.
func New(client *billhook.Client, cfg Config) http.Handler {
	if cfg.Keys == nil {
		cfg.Keys = noKeys{}
	}
	if cfg.Version == "" {
		cfg.Version = "dev"
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.Default()
	}
	if cfg.Wait == nil {
		cfg.Wait = func(string, string, string) time.Duration { return 0 }
	}
	if cfg.Observe == nil {
		cfg.Observe = func(string, int, time.Duration) {}
	}
	s := &server{client: client, cfg: cfg, mux: http.NewServeMux(), routes: routes(), origin: http.NewCrossOriginProtection(), tails: newTails()}
	s.assets = mustLoadAssets()
	s.words = mustLoadWords()
	s.pages = mustParseTemplates(s.words, func(name string) string { return cfg.BasePath + s.assets.path(name) })
	for _, rt := range s.routes {
		s.mux.Handle(rt.method+" "+rt.pattern, s.handler(rt))
	}
	s.mux.Handle("/", s.handler(&route{scope: open, handle: (*page).unrouted}))
	s.mux.Handle("GET "+assetsPath, s.assets)
	s.mux.Handle("GET /portal.js", s.assets.component())
	return s
}

func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "same-origin")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Content-Security-Policy", contentSecurityPolicy)
	if isBearer(r) {
		s.allowElsewhere(h, r)
	}
	if isPreflight(r) {
		w.WriteHeader(http.StatusNoContent)
		return
	}
	s.mux.ServeHTTP(w, r)
}

// contentSecurityPolicy lets a page have what this server gives it, and nothing that
// is in the page itself. data: is for the images in the style sheet.
const contentSecurityPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; " +
	"form-action 'self'; frame-ancestors 'none'; base-uri 'none'"

// handler carries a request for a route out.
func (s *server) handler(rt *route) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		began, observed := time.Now(), &observedWriter{ResponseWriter: w}
		defer func() { s.cfg.Observe(rt.name(), observed.status, time.Since(began)) }()
		rt.boundForm(observed, r)
		p := newPage(s, rt, observed, r)
		defer p.recover()
		err := p.admit()
		if err == nil {
			err = p.readForm()
		}
		if err == nil {
			err = rt.handle(p)
		}
		if err != nil {
			p.fail(err)
		}
	})
}

// recover turns a panic into our own failure, so that the viewer gets a page and
// the log a stack.
func (p *page) recover() {
	cause := recover()
	if cause == nil {
		return
	}
	if cause == http.ErrAbortHandler || p.answered {
		panic(cause) // too late for an answer: net/http cuts the connection
	}
	p.fail(fmt.Errorf("panic: %v\n%s", cause, debug.Stack()))
}
