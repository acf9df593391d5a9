package dashboard

import (
	"bytes"
	"context"
	"crypto/rand"
	"net/http"

	"github.com/billhook/billhook"
)

// A page is one request on its way, and what its handler and its template get. The
// exported methods are for templates: what a template gets embeds the *page.
type page struct {
	*server
	viewer
	route *route
	w     http.ResponseWriter
	r     *http.Request

	store    billhook.Store // the one that the page is about; its ID is "" for none
	parents  []link         // between the store and the page, for the crumbs
	request  string         // its id; "" until someone asks
	answered bool           // the status is on its way
}

func newPage(s *server, rt *route, w http.ResponseWriter, r *http.Request) *page {
	return &page{server: s, viewer: s.look(r), route: rt, w: w, r: r}
}

// Context is that of the request; who calls is in it.
func (p *page) Context() context.Context { return p.r.Context() }

// Store is the one that the page is about; its ID is "" for none.
func (p *page) Store() billhook.Store { return p.store }

// Version is that of the program.
func (p *page) Version() string { return p.cfg.Version }

// t is a string in the viewer's language.
func (p *page) t(key string, args ...any) string { return p.words.text(p.language, key, args...) }

// label is the string of a value, key.value, in the viewer's language.
func (p *page) label(key string, value any) string { return p.words.label(p.language, key, value) }

// render answers with a page; data embeds the page for its template.
func (p *page) render(name string, data any) error { return p.renderWith(http.StatusOK, name, data) }

// renderWith is render with a status, for a form that is shown again with what is
// wrong with it, or a page that is not there.
func (p *page) renderWith(status int, name string, data any) error {
	// Whole, before a byte of it is sent: a template that fails half way must
	// not leave half a page.
	var b bytes.Buffer
	frame := "document"
	if p.fragment {
		frame = "fragment"
	}
	if err := p.pages[p.language][name].ExecuteTemplate(&b, frame, data); err != nil {
		return err
	}
	h := p.w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	h.Set("Vary", "Cookie, Authorization, Origin, Accept-Language, "+fragmentHeader+", "+languageHeader)
	p.answered = true
	p.w.WriteHeader(status)
	_, _ = p.w.Write(b.Bytes()) // the viewer may be gone: there is no one to tell
	return nil
}

// raw answers with text as it is, which came from outside, as a file to keep: no
// browser may take it for a page.
func (p *page) raw(filename, text string) error {
	h := p.w.Header()
	h.Set("Content-Type", "text/plain; charset=utf-8")
	h.Set("Content-Disposition", attachment(filename))
	h.Set("Cache-Control", "no-store")
	p.answered = true
	_, _ = p.w.Write([]byte(text)) // the viewer may be gone
	return nil
}

// redirect leads the viewer on after something was done, to a path that To or Root
// made. done is the key of the string that says so, area.done.what, or "".
func (p *page) redirect(path, done string) error {
	if done != "" {
		path = withQuery(path, "done", done)
	}
	p.answered = true
	// Not a handler's business where to: it comes from To, Root or safePath.
	p.w.Header().Set("Cache-Control", "no-store")
	http.Redirect(p.w, p.r, path, http.StatusSeeOther)
	return nil
}

// Flash says what has just been done, if the page is shown for that. Its text is one
// of ours, whatever the address says.
func (p *page) Flash() string {
	key := p.r.URL.Query().Get("done")
	if !isDone(key) || !p.words.has(key) {
		return ""
	}
	return p.t(key)
}

// requestID tells the request from others, in logs and in the audit log.
func (p *page) requestID() string {
	if p.request == "" {
		p.request = "req_" + rand.Text()
		p.w.Header().Set("X-Request-Id", p.request)
	}
	return p.request
}
