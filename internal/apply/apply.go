// Package apply makes a service's configuration what files say: stores, event types
// and webhooks, by its HTTP API alone. It reads files, compares, and changes only what
// differs; a second time it changes nothing. What the files do not name is left alone.
//
// Each change stands for itself, and what there is is read anew each time. So a crash
// or an error between two of them leaves a configuration that the next apply brings
// to its end; nothing is kept beside the service.
//
// It must not know how commands are called, nor where a service keeps its data.
package apply

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/billhook/billhook/client"
)

// API is a service's, about one store.
type API interface {
	// Do asks for a path and reads the JSON that is answered. What the API refuses
	// is a *client.Error.
	Do(ctx context.Context, method, path string, in, out any) error
}

// Options says what may be done.
type Options struct {
	// Connect has the API about a store.
	Connect func(store string) (API, error)
	// Group marks what is made, and so what may be taken away. Default: "default".
	Group string
	// Prune has webhooks deleted that were made for the group and that the files do
	// not have any more; PruneAll all webhooks of the stores that they do not have.
	Prune, PruneAll bool
	// GraceSeconds is how long a secret that is replaced still signs. Default: what the
	// service has for it, a day.
	GraceSeconds *int
}

// Actions of a step.
const (
	Create = "create"
	Update = "update"
	Delete = "delete"
	Same   = "same"
)

// A Step is what is to be done about one object, so that it is as declared.
type Step struct {
	Action string `json:"action"`
	Store  string `json:"store"`
	// Object is store, eventType or webhook.
	Object string `json:"object"`
	ID     string `json:"id"`
	Name   string `json:"name,omitempty"`
	// MatchedBy is how a webhook that is there was found: id, name or url.
	MatchedBy string   `json:"matchedBy,omitempty"`
	Changes   []Change `json:"changes,omitempty"`
	At        string   `json:"at,omitempty"`

	declared *value
	api      API
	requests []request
}

// A request is what a step sends.
type request struct {
	method, path string
	body         any
}

// A Plan is all steps, in the order in which they are to be made: what others refer
// to comes first, and what is deleted goes last.
type Plan struct {
	Steps []*Step
}

// Count is how many steps do something.
func (p *Plan) Count(actions ...string) (n int) {
	for _, s := range p.Steps {
		for _, action := range actions {
			if s.Action == action {
				n++
			}
		}
	}
	return n
}

// Differs reports whether anything is to be done.
func (p *Plan) Differs() bool { return p.Count(Same) < len(p.Steps) }

// Run makes the steps and tells each when it is made. What is refused of one object
// keeps none of the others from being made; with anything else it ends.
func (p *Plan) Run(ctx context.Context, made func(*Step)) error {
	var refused error
	for _, s := range p.Steps {
		if err := s.run(ctx); err != nil {
			refused = errors.Join(refused, err)
			if !isRefusal(err) {
				return refused
			}
			continue
		}
		made(s)
	}
	return refused
}

func (s *Step) run(ctx context.Context) error {
	for _, r := range s.requests {
		if err := s.api.Do(ctx, r.method, r.path, r.body, nil); err != nil {
			if s.Action == Delete && statusOf(err) == http.StatusNotFound {
				return nil // someone else was quicker, or a former answer was lost
			}
			if s.Action == Create && s.Object == "eventType" && statusOf(err) == http.StatusConflict {
				// A store that has just been made has those of its profile.
				err = s.api.Do(ctx, http.MethodPatch, r.path+"/"+url.PathEscape(s.ID), s.declared.without("name"), nil)
				if err == nil {
					continue
				}
			}
			return s.problem(err)
		}
	}
	return nil
}

// problem tells an error at the place in the file that it is about, and shows nothing
// confidential, whatever the API repeats of what it was sent.
func (s *Step) problem(err error) error {
	what := fmt.Sprintf("%s %s %s", s.Action, s.Object, s.label())
	if s.declared == nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	at := s.declared.at
	var refused *client.Error
	if errors.As(err, &refused) {
		if refused.Pointer != "" {
			at = s.declared.find(refused.Pointer)
		}
		err = redacted(refused, s.declared.hidden(shapes[s.Object]))
	}
	return fmt.Errorf("%v: %s: %w", at, what, err)
}

var shapes = map[string]shape{"store": storeShape, "eventType": eventTypeShape, "webhook": webhookShape}

// redacted is an error without the texts.
func redacted(e *client.Error, texts []string) *client.Error {
	var pairs []string
	for _, text := range texts {
		pairs = append(pairs, text, notShown)
	}
	without, copied := strings.NewReplacer(pairs...), *e
	copied.Title, copied.Detail, copied.Hint = without.Replace(e.Title), without.Replace(e.Detail), without.Replace(e.Hint)
	copied.Errors = nil
	for _, d := range e.Errors {
		copied.Errors = append(copied.Errors, client.ErrorDetail{Pointer: d.Pointer, Detail: without.Replace(d.Detail)})
	}
	return &copied
}

// label names the object for a reader.
func (s *Step) label() string {
	if s.Name != "" && s.Name != s.ID {
		return fmt.Sprintf("%q", s.Name)
	}
	return s.ID
}

func statusOf(err error) int {
	var e *client.Error
	if errors.As(err, &e) {
		return e.Status
	}
	return 0
}

// isRefusal reports whether the API refused one object, and not its caller.
func isRefusal(err error) bool {
	switch statusOf(err) {
	case http.StatusUnprocessableEntity, http.StatusConflict, http.StatusNotFound, http.StatusBadRequest:
		return true
	}
	return false
}

// all reads a list to its end.
func all(ctx context.Context, api API, path string) (found []current, err error) {
	for cursor := ""; ; {
		var page struct {
			Data       []current `json:"data"`
			NextCursor *string   `json:"nextCursor"`
		}
		query := "?limit=100"
		if cursor != "" {
			query += "&cursor=" + url.QueryEscape(cursor)
		}
		if err := read(ctx, api, path+query, &page); err != nil {
			return nil, err
		}
		found = append(found, page.Data...)
		if page.NextCursor == nil {
			return found, nil
		}
		cursor = *page.NextCursor
	}
}
