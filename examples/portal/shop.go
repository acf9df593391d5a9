package main

import (
	"bytes"
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"html/template"
	"io"
	"log"
	"net/http"
	"time"
)

// A shop is the admin of one merchant's store. A real one would know from its own session
// who is there; here it is always the same.
type shop struct {
	billhook, key   string
	store, merchant string
}

// open makes the merchant's store in Billhook, and a webhook to look at, unless they are
// there.
func (s *shop) open(ctx context.Context) error {
	err := s.call(ctx, "/api/stores", map[string]any{"id": s.store, "name": "Flowers & Sons"}, nil)
	if is(err, http.StatusConflict) {
		return nil
	}
	if err != nil {
		return err
	}
	return s.call(ctx, "/api/webhooks", map[string]any{"url": "https://example.com/webhooks", "name": "Warehouse", "events": []string{"order.*"}}, nil)
}

// A session is what Billhook answers.
type session struct {
	Token     string    `json:"token"`
	URL       string    `json:"url"`
	ExpiresAt time.Time `json:"expiresAt"`
}

// portal asks for a session for the merchant. The API key never leaves this server: the
// merchant's browser gets a token that is good for this store, for an hour.
func (s *shop) portal(ctx context.Context) (made session, err error) {
	err = s.call(ctx, "/api/portal-sessions", map[string]any{
		"capabilities": []string{"read", "manage", "replay"},
		"actor":        map[string]string{"type": "user", "id": s.merchant},
		"expiresIn":    3600,
	}, &made)
	return made, err
}

//go:embed admin.html
var adminText string

var adminPage = template.Must(template.New("").Parse(adminText))

func (s *shop) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, r *http.Request) {
		made, err := s.portal(r.Context())
		if err != nil {
			log.Print(err)
			http.Error(w, "The webhooks cannot be shown right now.", http.StatusBadGateway)
			return
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Header().Set("Cache-Control", "no-store")
		// What Billhook needs of a page's policy: its script, and to be asked.
		w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; script-src 'self' "+s.billhook+"; connect-src 'self' "+s.billhook)
		_ = adminPage.Execute(w, map[string]string{"Billhook": s.billhook, "Token": made.Token, "URL": made.URL}) // the browser may be gone
	})
	// The page asks for a new token here when the one before is over. It must be a POST,
	// and a real shop checks who asks, as for everything.
	mux.HandleFunc("POST /portal-token", func(w http.ResponseWriter, r *http.Request) {
		made, err := s.portal(r.Context())
		if err != nil {
			log.Print(err)
			http.Error(w, "There is no token right now.", http.StatusBadGateway)
			return
		}
		w.Header().Set("Cache-Control", "no-store")
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		_, _ = io.WriteString(w, made.Token) // #nosec G705 -- letters and digits, as text/plain
	})
	mux.HandleFunc("GET /admin.css", serve("text/css", adminStyle))
	mux.HandleFunc("GET /admin.js", serve("text/javascript", adminScript))
	return http.NewCrossOriginProtection().Handler(mux)
}

//go:embed admin.css
var adminStyle string

//go:embed admin.js
var adminScript string

func serve(contentType, text string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", contentType+"; charset=utf-8")
		_, _ = io.WriteString(w, text)
	}
}

// A refusal is an answer of Billhook's that is a problem document.
type refusal struct {
	status int
	detail string
}

func (e *refusal) Error() string { return fmt.Sprintf("Billhook answers %d: %s", e.status, e.detail) }

func is(err error, status int) bool {
	e, ok := err.(*refusal)
	return ok && e.status == status
}

// call posts to Billhook's API about the store.
func (s *shop) call(ctx context.Context, path string, body, into any) error {
	text, err := json.Marshal(body)
	if err != nil {
		return err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, s.billhook+path, bytes.NewReader(text))
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("X-Api-Key", s.key)
	if path != "/api/stores" {
		r.Header.Set("X-Store-Id", s.store)
	}
	client := http.Client{Timeout: 10 * time.Second}
	answer, err := client.Do(r) // #nosec G704 -- to where the operator says
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	text, err = io.ReadAll(io.LimitReader(answer.Body, 1<<20))
	if err != nil {
		return err
	}
	if answer.StatusCode >= 300 {
		var problem struct{ Detail string }
		_ = json.Unmarshal(text, &problem) // else the status tells
		return &refusal{answer.StatusCode, problem.Detail}
	}
	if into == nil {
		return nil
	}
	return json.Unmarshal(text, into)
}
