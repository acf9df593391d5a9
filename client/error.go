package client

import (
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"strconv"
	"time"
)

// An Error is a refusal of the API: a problem document (RFC 9457). Other errors mean
// that there was no answer to read.
type Error struct {
	// Status is the HTTP status.
	Status int `json:"status"`
	// Code is the stable name of what is wrong, such as "not_found"; "" where something
	// other than Billhook has answered.
	Code string `json:"code"`
	// Type is Code as a URI.
	Type  string `json:"type"`
	Title string `json:"title"`
	// Detail says what is wrong with this very request.
	Detail string `json:"detail"`
	// Pointer is the JSON Pointer of the member of the body that is wrong.
	Pointer string `json:"pointer,omitempty"`
	// Parameter is the parameter of the query, or the header, that is wrong.
	Parameter string `json:"parameter,omitempty"`
	// Hint says what to do.
	Hint string `json:"hint,omitempty"`
	// Errors are all that is wrong, where there may be more than one thing.
	Errors []ErrorDetail `json:"errors,omitempty"`
	// RequestID is what the service's log has the request under.
	RequestID string `json:"requestId,omitempty"`
	// RetryAfter is how long the service asks to wait; 0 where it does not.
	RetryAfter time.Duration `json:"-"`
}

// An ErrorDetail is one of several things that are wrong.
type ErrorDetail struct {
	Pointer string `json:"pointer"`
	Detail  string `json:"detail"`
}

// Error is the detail, or what there is in its place.
func (e *Error) Error() string {
	text := e.Detail
	switch {
	case text == "" && e.Title != "":
		text = e.Title
	case text == "":
		text = http.StatusText(e.Status)
	}
	return text + " (" + strconv.Itoa(e.Status) + orNothing(" ", e.Code) + ")"
}

func orNothing(before, text string) string {
	if text == "" {
		return ""
	}
	return before + text
}

// IsCode says whether err is a refusal with the code, such as "not_found".
func IsCode(err error, code string) bool {
	var e *Error
	return errors.As(err, &e) && e.Code == code
}

// IsUnreached says whether nobody was there to ask, so that nothing of it is done.
func IsUnreached(err error) bool {
	var lost *lostError
	return errors.As(err, &lost) && lost.unsent
}

// maxProblem bounds a problem document, in bytes.
const maxProblem = 1 << 20

// readError reads what an answer of 300 and above says.
func readError(resp *http.Response) error {
	e := &Error{Status: resp.StatusCode}
	text, err := io.ReadAll(io.LimitReader(resp.Body, maxProblem))
	media, _, _ := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	if err != nil || media != "application/problem+json" || json.Unmarshal(text, e) != nil {
		*e = Error{Title: http.StatusText(resp.StatusCode)}
		e.Detail = "something that is not Billhook has answered, or only in part"
		e.Hint = "is the URL that of a Billhook, and nothing in between that answers for it?"
		if place := resp.Header.Get("Location"); place != "" {
			e.Detail, e.Hint = "it wants to be called elsewhere", "no key is taken along: give the right URL in place of this one"
		}
	}
	e.Status = resp.StatusCode
	e.RetryAfter = retryAfter(resp.Header, time.Now())
	return e
}

// retryAfter reads the header of that name (RFC 9110, 10.2.3): seconds or a date.
func retryAfter(h http.Header, now time.Time) time.Duration {
	text := h.Get("Retry-After")
	if seconds, err := strconv.ParseUint(text, 10, 31); err == nil {
		return time.Duration(seconds) * time.Second
	}
	if at, err := http.ParseTime(text); err == nil {
		return max(0, at.Sub(now))
	}
	return 0
}
