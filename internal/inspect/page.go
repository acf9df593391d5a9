package inspect

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/billhook/billhook/internal/recording"
)

// Prefix is where the page is. All other paths are the bin's.
const Prefix = "/_/"

//go:embed page
var files embed.FS

var pages = template.Must(template.New("").Funcs(template.FuncMap{
	"pretty": func(a *Arrival) string { return Pretty(a.Request.Body, shownBody) },
	"exact":  func(a *Arrival) string { return Exact(a.Request.Body, shownBody) },
	"curl":   func(a *Arrival, base string) string { return a.Request.Curl(base) },
	"clock":  func(at time.Time) string { return at.Format("15:04:05.000") },
}).ParseFS(files, "page/*.html"))

// shownBody is how much of a body the page shows; all of it can be saved.
const shownBody = 64 << 10

// Handler is the bin and its page. The page answers only to names of this machine, so
// that no site can have its own name lead here (DNS rebinding), and changes nothing that
// a page of another origin asks for.
func (b *Bin) Handler() http.Handler {
	page := http.NewServeMux()
	page.HandleFunc("GET /_/{$}", b.list)
	page.HandleFunc("GET /_/requests/{number}", b.one)
	page.HandleFunc("GET /_/requests/{number}/request.http", b.save)
	page.HandleFunc("GET /_/requests/{number}/body", b.save)
	page.HandleFunc("GET /_/answers", b.answerForm)
	page.HandleFunc("POST /_/answers", b.setAnswer)
	page.HandleFunc("POST /_/answers/remove", b.removeAnswer)
	page.HandleFunc("POST /_/clear", b.clear)
	page.HandleFunc("GET /_/events", b.events)
	page.HandleFunc("GET /_/style.css", asset("style.css", "text/css; charset=utf-8"))
	page.HandleFunc("GET /_/live.js", asset("live.js", "text/javascript; charset=utf-8"))
	guarded := http.NewCrossOriginProtection().Handler(page)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		own := r.URL.Path == "/_" || strings.HasPrefix(r.URL.Path, Prefix)
		browser := r.Method == http.MethodGet && r.URL.Path == "/" && strings.Contains(r.Header.Get("Accept"), "text/html")
		switch {
		case !own && !(browser && b.local(r.Host)):
			b.receive(w, r)
		case !b.local(r.Host):
			http.Error(w, "This page is for this machine: open it by 127.0.0.1 or localhost.", http.StatusMisdirectedRequest)
		case !strings.HasPrefix(r.URL.Path, Prefix):
			http.Redirect(w, r, Prefix, http.StatusSeeOther)
		default:
			protect(w.Header())
			guarded.ServeHTTP(w, r)
		}
	})
}

// local says whether a Host header is a name of this machine.
func (b *Bin) local(host string) bool {
	name, _, err := net.SplitHostPort(host)
	if err != nil {
		name = host
	}
	name = strings.ToLower(strings.Trim(name, "[]"))
	if addr, err := netip.ParseAddr(name); err == nil {
		return addr.IsLoopback() || slices.Contains(b.config.Hosts, name)
	}
	return name == "localhost" || slices.Contains(b.config.Hosts, name)
}

// protect has the browser keep strangers' bytes from doing anything.
func protect(h http.Header) {
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src data:; form-action 'self'; frame-ancestors 'none'; base-uri 'none'")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Cache-Control", "no-store")
}

// view is what the templates get.
type view struct {
	Title    string
	Live     bool
	Base     string // of the bin's own paths
	Arrivals []*Arrival
	Shown    *Arrival
	Pinned   bool // Shown was asked for by its number
	Answers  []Answer
	Statuses []int
	Problem  string
	Keep     int
}

func (b *Bin) render(w http.ResponseWriter, status int, name string, v view) {
	var out bytes.Buffer
	if err := pages.ExecuteTemplate(&out, name, v); err != nil {
		http.Error(w, "the page cannot be made: "+err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write(out.Bytes()) // who went away does not read it
}

func (b *Bin) list(w http.ResponseWriter, r *http.Request) {
	v := view{Title: "What arrived", Live: true, Base: "http://" + r.Host, Arrivals: b.Arrivals(), Keep: b.config.Keep}
	if len(v.Arrivals) > 0 {
		v.Shown = v.Arrivals[0]
	}
	b.render(w, http.StatusOK, "list.html", v)
}

func (b *Bin) one(w http.ResponseWriter, r *http.Request) {
	a := b.numbered(w, r)
	if a == nil {
		return
	}
	b.render(w, http.StatusOK, "list.html", view{Title: "Request " + strconv.Itoa(a.Number), Live: true, Base: "http://" + r.Host, Arrivals: b.Arrivals(), Shown: a, Pinned: true, Keep: b.config.Keep})
}

func (b *Bin) numbered(w http.ResponseWriter, r *http.Request) *Arrival {
	number, err := strconv.Atoi(r.PathValue("number"))
	if err == nil {
		if a := b.arrival(number); a != nil {
			return a
		}
	}
	http.Error(w, "This request is not kept (any more).", http.StatusNotFound)
	return nil
}

// save hands out bytes that strangers have sent: as a file, never as a page.
func (b *Bin) save(w http.ResponseWriter, r *http.Request) {
	a := b.numbered(w, r)
	if a == nil {
		return
	}
	name, text := FileName(a), a.Request.Raw()
	if strings.HasSuffix(r.URL.Path, "/body") {
		name, text = strings.TrimSuffix(name, ".http")+".body", a.Request.Body
	}
	w.Header().Set("Content-Type", "application/octet-stream")
	w.Header().Set("Content-Disposition", `attachment; filename="`+name+`"`)
	_, _ = w.Write(text) // #nosec G705 -- a file to save, with nosniff
}

// FileName is what an arrival is saved under.
func FileName(a *Arrival) string {
	return a.At.Format("20060102-150405") + "-" + strconv.Itoa(a.Number) + ".http"
}

func (b *Bin) clear(w http.ResponseWriter, r *http.Request) {
	b.Clear()
	http.Redirect(w, r, Prefix, http.StatusSeeOther)
}

func (b *Bin) answerForm(w http.ResponseWriter, r *http.Request) {
	b.showAnswers(w, r, http.StatusOK, "")
}

func (b *Bin) showAnswers(w http.ResponseWriter, r *http.Request, status int, problem string) {
	b.render(w, status, "answers.html", view{Title: "Answers", Base: "http://" + r.Host, Answers: b.Answers(), Problem: problem,
		Statuses: []int{200, 201, 202, 204, 301, 302, 307, 400, 401, 404, 408, 409, 410, 413, 422, 429, 500, 502, 503, 504}})
}

// setAnswer takes the form.
func (b *Bin) setAnswer(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, 2*maxAnswer)
	a, err := answerOf(r)
	if err == nil {
		err = b.SetAnswer(a)
	}
	if err != nil {
		b.showAnswers(w, r, http.StatusUnprocessableEntity, err.Error())
		return
	}
	http.Redirect(w, r, Prefix+"answers", http.StatusSeeOther)
}

func (b *Bin) removeAnswer(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, maxAnswer)
	if path := r.PostFormValue("path"); path != "" {
		b.RemoveAnswer(path)
	}
	http.Redirect(w, r, Prefix+"answers", http.StatusSeeOther)
}

func answerOf(r *http.Request) (a Answer, err error) {
	if err := r.ParseForm(); err != nil {
		return a, err
	}
	a = Answer{Path: strings.TrimSpace(r.PostFormValue("path")), Body: r.PostFormValue("body"), Fault: r.PostFormValue("fault")}
	if a.Status, err = strconv.Atoi(r.PostFormValue("status")); err != nil {
		return a, err
	}
	for _, d := range []struct {
		name string
		to   *time.Duration
	}{{"delay", &a.Delay}, {"slow", &a.Slow}} {
		if text := strings.TrimSpace(r.PostFormValue(d.name)); text != "" {
			if *d.to, err = time.ParseDuration(text); err != nil {
				return a, err
			}
		}
	}
	if a.Fail, a.Of, err = ParseFail(strings.TrimSpace(r.PostFormValue("fail"))); err != nil {
		return a, err
	}
	for line := range strings.Lines(r.PostFormValue("headers")) {
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		name, value, ok := strings.Cut(line, ":")
		if !ok {
			return a, fmt.Errorf("the header %q: give it as NAME: VALUE", line)
		}
		a.Headers = append(a.Headers, recording.Field{Name: strings.TrimSpace(name), Value: strings.TrimSpace(value)})
	}
	for field, name := range map[string]string{"location": "Location", "retryAfter": "Retry-After"} {
		if value := strings.TrimSpace(r.PostFormValue(field)); value != "" {
			a.Headers = append(a.Headers, recording.Field{Name: name, Value: value})
		}
	}
	return a, nil
}

// events tells a page that something has come (server-sent events).
func (b *Bin) events(w http.ResponseWriter, r *http.Request) {
	changed, end := b.watch()
	defer end()
	w.Header().Set("Content-Type", "text/event-stream")
	flush := http.NewResponseController(w)
	for text := ": here\n\n"; ; text = "event: arrival\ndata: \n\n" {
		if _, err := w.Write([]byte(text)); err != nil || flush.Flush() != nil {
			return
		}
		select {
		case <-changed:
		case <-r.Context().Done():
			return
		case <-b.stopped:
			return
		}
	}
}

func asset(name, kind string) http.HandlerFunc {
	text, err := files.ReadFile("page/" + name)
	if err != nil {
		panic(err) // it is embedded
	}
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", kind)
		_, _ = w.Write(text)
	}
}
