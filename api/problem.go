package api

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"github.com/billhook/billhook"
)

// Codes that only HTTP has.
const (
	codeUnauthorized     billhook.Code = "unauthorized"
	codeForbidden        billhook.Code = "forbidden"
	codeMethodNotAllowed billhook.Code = "method_not_allowed"
	codeUnsupportedMedia billhook.Code = "unsupported_media_type"
	codeMisdirected      billhook.Code = "misdirected"
	codeInternal         billhook.Code = "internal"
)

// problemType is what a problem's type begins with; the code follows.
const problemType = "urn:billhook:problem:"

// A problem is an RFC 9457 problem document.
type problem struct {
	Type   string        `json:"type"`
	Title  string        `json:"title"`
	Status int           `json:"status"`
	Code   billhook.Code `json:"code"`
	Detail string        `json:"detail"`
	// Pointer is the JSON Pointer of the bad member of the body.
	Pointer string `json:"pointer,omitempty"`
	// Parameter names the bad query parameter or header.
	Parameter string `json:"parameter,omitempty"`
	Hint      string `json:"hint,omitempty"`
	// Errors are all that is wrong, where there may be more than one thing.
	Errors    []problemDetail `json:"errors,omitempty"`
	RequestID string          `json:"requestId,omitempty"`
}

// A problemDetail is one of several things that are wrong.
type problemDetail struct {
	Pointer string `json:"pointer"`
	Detail  string `json:"detail"`
}

// A parameterError is about a query parameter or a header.
type parameterError struct {
	Name    string
	Message string
	Hint    string
}

func (e *parameterError) Error() string { return e.Name + ": " + e.Message }

// inQuery is an error of the Client's as one about the parameter that a member of what it
// was asked came from; parameters has their names by pointer.
func inQuery(err error, parameters map[string]string) error {
	var e *billhook.Error
	if !errors.As(err, &e) {
		return err
	}
	first, _, _ := strings.Cut(strings.TrimPrefix(e.Pointer, "/"), "/") // of a list in one parameter
	if name := parameters["/"+first]; name != "" {
		return &parameterError{Name: name, Message: e.Message, Hint: e.Hint}
	}
	return err
}

// problemOf is the one place where an error becomes a status. What is not for
// callers to know becomes codeInternal, and what callers sent is not echoed at
// length.
func problemOf(err error) problem {
	p := describe(err)
	p.Detail, p.Pointer, p.Parameter = clip(p.Detail), clip(p.Pointer), clip(p.Parameter)
	return p
}

func clip(s string) string {
	const most = 1000
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "") + "…"
}

func describe(err error) problem {
	var bad *parameterError
	if errors.As(err, &bad) {
		p := problemFor(billhook.CodeInvalid)
		p.Detail, p.Parameter, p.Hint = bad.Name+": "+bad.Message, bad.Name, bad.Hint
		return p
	}
	var e *billhook.Error
	if errors.As(err, &e) {
		p := problemFor(e.Code)
		if p.Code == codeInternal {
			return p
		}
		p.Detail, p.Pointer, p.Hint = e.Message, e.Pointer, e.Hint
		for _, d := range e.Details {
			p.Errors = append(p.Errors, problemDetail{clip(d.Pointer), clip(d.Message)})
		}
		if e.Pointer != "" { // messages about a member begin after its name
			p.Detail = e.Pointer + ": " + e.Message
		}
		return p
	}
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		p := problemFor(billhook.CodeUnavailable)
		p.Detail = "the request ended before it was carried out"
		return p
	}
	return problemFor(codeInternal)
}

// problemFor has what all problems of a code share.
func problemFor(code billhook.Code) problem {
	status, title := http.StatusUnprocessableEntity, ""
	switch code {
	case billhook.CodeInvalid:
		title = "A member of the request is wrong"
	case billhook.CodeInvalidJSON:
		status, title = http.StatusBadRequest, "The body is not JSON"
	case billhook.CodeTooDeep:
		title = "The JSON is nested too deeply"
	case billhook.CodeInexactNumber:
		title = "A number would change on its way"
	case billhook.CodeTooLarge:
		status, title = http.StatusRequestEntityTooLarge, "Too large"
	case billhook.CodeUnknownEventType:
		title = "The store's catalogue has no such event type"
	case billhook.CodeURLRefused:
		title = "Deliveries may not go to this URL"
	case billhook.CodeNotFound:
		status, title = http.StatusNotFound, "Not found"
	case billhook.CodeDuplicate:
		status, title = http.StatusConflict, "The id is taken"
	case billhook.CodeSchemaMismatch:
		title = "The data is not as the event type's schema wants it"
	case billhook.CodeBreakingChange:
		status, title = http.StatusConflict, "The schema would break emitters or receivers"
	case billhook.CodeKeyReused:
		title = "The idempotency key stands for something else"
	case billhook.CodeConflict:
		status, title = http.StatusConflict, "Not possible now"
	case billhook.CodeUnavailable:
		status, title = http.StatusServiceUnavailable, "Cannot be stored now"
	case billhook.CodeTooSlow:
		status, title = http.StatusServiceUnavailable, "The list takes too long"
	case codeUnauthorized:
		status, title = http.StatusUnauthorized, "A valid API key is needed"
	case codeForbidden:
		status, title = http.StatusForbidden, "The API key may not do this"
	case codeMethodNotAllowed:
		status, title = http.StatusMethodNotAllowed, "The path has no such method"
	case codeUnsupportedMedia:
		status, title = http.StatusUnsupportedMediaType, "The body must be application/json"
	case codeMisdirected:
		status, title = http.StatusMisdirectedRequest, "The request is for another host"
	case billhook.CodeSessionEnded:
		status, title = http.StatusUnauthorized, "The portal session is over"
	case billhook.CodeRateLimited:
		status, title = http.StatusTooManyRequests, "Too many requests"
	default:
		code, status, title = codeInternal, http.StatusInternalServerError, "Our failure"
	}
	p := problem{Type: problemType + string(code), Title: title, Status: status, Code: code}
	if code == codeInternal {
		p.Detail = "Something failed on our side; the log has it under the requestId."
	}
	return p
}
