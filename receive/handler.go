package receive

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strconv"
)

// retryAfter is when a sender should come again with an event that is in
// work, in seconds: long enough for most handlers.
const retryAfter = 5

type contextKey struct{}

// MessageFrom returns the Message of a request that came through Middleware.
func MessageFrom(ctx context.Context) (Message, bool) {
	m, ok := ctx.Value(contextKey{}).(Message)
	return m, ok
}

// Middleware lets verified requests through to next, which has the Message by
// MessageFrom and can read the body from its beginning, as it came.
//
// All others are answered with problem details (RFC 9457): 413 for a body
// beyond MaxBody, 400 for one that broke off, 422 for a signed body of another
// profile, and 401, always the same, for everything about signatures. Why goes
// to the Logger.
func (v *Verifier) Middleware(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var m Message
		body, err := v.read(w, r)
		if err == nil {
			m, err = v.Verify(r.Header, body)
		}
		if err != nil {
			v.refuse(w, r, err)
			return
		}
		r = r.WithContext(context.WithValue(r.Context(), contextKey{}, m))
		r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(m.Body)), int64(len(m.Body))
		next.ServeHTTP(w, r)
	})
}

// Handler calls f for every verified request. When f returns nil it answers
// 204 and the sender is done. When f fails it answers 500, and the sender
// tries again later; the error goes to the Logger. ErrInWork and ErrFull are
// answered 503 with Retry-After.
//
// The same event may come several times, also when all went well, if the
// answer got lost on the way: see Once and Inbox.
func (v *Verifier) Handler(f func(ctx context.Context, m Message) error) http.Handler {
	return v.Middleware(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		m, _ := MessageFrom(r.Context())
		confirm(w, v.handle(r.Context(), m, f))
	}))
}

// handle calls f for a message, and tells the Logger of what it failed of.
func (v *Verifier) handle(ctx context.Context, m Message, f func(ctx context.Context, m Message) error) error {
	err := f(ctx, m)
	if err != nil && !busy(err) {
		v.logger.LogAttrs(ctx, slog.LevelError, "webhook not handled",
			slog.String("id", m.ID), slog.String("type", m.Type), slog.String("error", err.Error()))
	}
	return err
}

// busy reports whether an event cannot be handled now, and nothing has failed.
func busy(err error) bool { return errors.Is(err, ErrInWork) || errors.Is(err, ErrFull) }

// confirm answers for what came of a request's messages.
func confirm(w http.ResponseWriter, err error) {
	switch {
	case err == nil:
		w.WriteHeader(http.StatusNoContent)
	case busy(err):
		w.Header().Set("Retry-After", strconv.Itoa(retryAfter))
		answer(w, http.StatusServiceUnavailable, "busy", "The event cannot be handled now.")
	default:
		answer(w, http.StatusInternalServerError, "internal", "The event was not handled.")
	}
}

// read reads the body.
func (v *Verifier) read(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	if r.ContentLength > v.maxBody {
		return nil, v.tooLarge()
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, v.maxBody))
	var long *http.MaxBytesError
	if errors.As(err, &long) {
		return nil, v.tooLarge()
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrBody, err)
	}
	return body, nil
}

// refuse answers for a request that was not let in, and tells the Logger why.
func (v *Verifier) refuse(w http.ResponseWriter, r *http.Request, err error) {
	v.logger.LogAttrs(r.Context(), slog.LevelWarn, "webhook refused",
		slog.String("reason", err.Error()), slog.String("path", r.URL.Path), slog.String("remote", r.RemoteAddr))
	refuse(w, err)
}

// refuse answers for an error of read or Verify. Which header was wrong, and how, is
// not for who cannot sign.
func refuse(w http.ResponseWriter, err error) {
	switch {
	case errors.Is(err, ErrTooLarge):
		answer(w, http.StatusRequestEntityTooLarge, "body_too_large", "The body is larger than is let in here.")
	case errors.Is(err, ErrBody):
		answer(w, http.StatusBadRequest, "body_unreadable", "The body could not be read to its end.")
	case errors.Is(err, ErrEnvelope):
		answer(w, http.StatusUnprocessableEntity, "invalid_envelope", "The body is signed, but not laid out as is expected here.")
	default:
		answer(w, http.StatusUnauthorized, "invalid_signature", "The request is not signed as is expected here.")
	}
}

// answer writes problem details.
func answer(w http.ResponseWriter, status int, code, detail string) {
	body, err := json.Marshal(struct {
		Type   string `json:"type"`
		Title  string `json:"title"`
		Status int    `json:"status"`
		Code   string `json:"code"`
		Detail string `json:"detail"`
	}{"urn:billhook:problem:" + code, http.StatusText(status), status, code, detail})
	if err != nil {
		panic(err) // strings and a number
	}
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(status)
	w.Write(body) // who went away does not read it
}
