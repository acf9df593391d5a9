package dashboard

import (
	"errors"
	"net/http"
	"strings"

	"github.com/billhook/billhook"
)

// Codes of errors that the Client does not know.
const (
	codeUnauthorized billhook.Code = "unauthorized"
	codeForbidden    billhook.Code = "forbidden"
	codeInternal     billhook.Code = "internal"
)

// errSignIn sends the viewer to the sign-in.
var errSignIn = &billhook.Error{Code: codeUnauthorized, Message: "you are not signed in"}

// noStore is what the Client says of a store that is not there.
func noStore(id string) error {
	return &billhook.Error{Code: billhook.CodeNotFound, Message: "there is no store " + `"` + id + `"`}
}

// statusOf is the HTTP status of an error, and 0 of one that is our own failure.
func statusOf(code billhook.Code) int {
	switch code {
	case codeUnauthorized, billhook.CodeSessionEnded:
		return http.StatusUnauthorized
	case codeForbidden:
		return http.StatusForbidden
	case billhook.CodeNotFound:
		return http.StatusNotFound
	case billhook.CodeDuplicate, billhook.CodeConflict, billhook.CodeBreakingChange, billhook.CodeKeyReused:
		return http.StatusConflict
	case billhook.CodeInvalid, billhook.CodeInexactNumber, billhook.CodeUnknownEventType, billhook.CodeURLRefused, billhook.CodeTooDeep, billhook.CodeSchemaMismatch:
		return http.StatusUnprocessableEntity
	case billhook.CodeInvalidJSON:
		return http.StatusBadRequest
	case billhook.CodeTooLarge:
		return http.StatusRequestEntityTooLarge
	case billhook.CodeRateLimited:
		return http.StatusTooManyRequests
	case billhook.CodeUnavailable, billhook.CodeTooSlow:
		return http.StatusServiceUnavailable
	}
	return 0
}

// A problem is an error as a template shows it: on a page of its own, or above the
// form that was refused.
type problem struct {
	Code   billhook.Code
	Status int
	// Message is what is wrong; "" where the title and the hint say it all. Lang is "en"
	// where it is the API's, on a page in another language.
	Message, Lang string
	Pointer       string
	// Field is the one of the form that it is with, and Label what that is called; nil
	// where it is with none.
	Field *formField
	Label string
	Hint  string // what to do
	// Details are what a checker found in what is no field of ours: a schema's members.
	Details []billhook.Detail
	Request string // the id under which the log has it; "" where there is nothing to look up
}

// problem is what to tell of an error. Our own failures are logged here, and only
// here, and tell the viewer nothing but where to look.
func (p *page) problem(err error) *problem {
	var e *billhook.Error
	if !errors.As(err, &e) || statusOf(e.Code) == 0 {
		p.cfg.Logger.Error("page", "method", p.r.Method, "path", p.r.URL.Path, "requestId", p.requestID(), "error", err)
		return &problem{Code: codeInternal, Status: http.StatusInternalServerError, Hint: p.label("problem.hint", codeInternal), Request: p.requestID()}
	}
	if e.Err != nil && statusOf(e.Code) >= http.StatusInternalServerError {
		p.cfg.Logger.Error("page", "method", p.r.Method, "path", p.r.URL.Path, "requestId", p.requestID(), "error", err)
	}
	pr := &problem{Code: e.Code, Status: statusOf(e.Code), Pointer: e.Pointer, Details: e.Details}
	pr.Field, pr.Label = p.fieldNamed(e.Pointer)
	p.word(pr, e, errors.As(err, new(spoken)))
	return pr
}

// fieldNamed is the field of a pointer, and what it is called.
func (p *page) fieldNamed(pointer string) (*formField, string) {
	field, part := fieldOf(pointer)
	if field == nil {
		return nil, ""
	}
	if part != "" {
		return field, p.t(field.label) + " (" + part + ")"
	}
	return field, p.t(field.label)
}

// word says what is wrong, and what to do, in the viewer's language: in the words of the
// API, where those are of it; in those of the sentence that they are; by what the field
// takes; or by the code alone. English is left only where nothing else says it.
func (p *page) word(pr *problem, e *billhook.Error, ours bool) {
	pr.Hint = p.label("problem.hint", e.Code)
	if pr.Field != nil && e.Code != billhook.CodeBreakingChange {
		pr.Hint = p.t(pr.Field.rule)
	}
	sentence, isSentence := billhook.ReadReason(e.Message)
	switch {
	case ours:
		pr.Message = capital(e.Message)
	case p.language == languages[0]:
		pr.Message = capital(e.Message)
		if pr.Field == nil && e.Hint != "" {
			pr.Hint = capital(e.Hint)
		}
	case isSentence:
		pr.Message = capital(p.say(&sentence))
	case pr.Field != nil && !quotesChecker[pr.Field.pointer]:
		pr.Message, pr.Hint = pr.Hint, "" // what it takes is what is wrong
	case pr.Field != nil || e.Code == billhook.CodeConflict || e.Code == billhook.CodeInvalid:
		pr.Message, pr.Lang = capital(e.Message), languages[0]
	}
}

// quotesChecker are the fields whose messages are those of a compiler, which speaks
// English alone and knows more than the field's rule.
var quotesChecker = map[string]bool{"/filter": true, "/schema": true, "/examples": true}

// isRefused reports whether an error is for the viewer to mend, so that the form is
// shown once more with what is wrong.
func isRefused(err error) bool {
	status := statusOf(billhook.ErrorCode(err))
	return status == http.StatusUnprocessableEntity || status == http.StatusConflict || status == http.StatusBadRequest || status == http.StatusRequestEntityTooLarge
}

// Of reports whether the problem is with the member of a form.
func (pr *problem) Of(pointer string) bool { return pr != nil && pr.Pointer == pointer }

// About reports whether the problem is with a member of a form, or a part of it.
func (pr *problem) About(pointer string) bool {
	return pr.Of(pointer) || pr != nil && strings.HasPrefix(pr.Pointer, pointer+"/")
}

// problemPage is what templates/pages/problem.html shows.
type problemPage struct {
	*page
	Problem *problem
}

// fail answers with what went wrong. Who is not signed in is led to where they can,
// and from there back.
func (p *page) fail(err error) {
	if p.answered {
		return // half an answer is out: there is no other to give
	}
	if errors.Is(err, errSignIn) && !p.fragment {
		next := ""
		if p.r.Method == http.MethodGet && p.r.URL.Path != "/" {
			next = p.Here()
		}
		to := p.Root("signin")
		if next != "" {
			to = withQuery(to, "next", next)
		}
		_ = p.redirect(to, "")
		return
	}
	pr := p.problem(err)
	if err := p.renderWith(pr.Status, "problem", problemPage{page: p, Problem: pr}); err != nil {
		p.cfg.Logger.Error("page of a problem", "error", err)
		http.Error(p.w, "Our failure: the log has it under "+p.requestID(), http.StatusInternalServerError)
	}
}

// unrouted answers for paths that are not in the table.
func (p *page) unrouted() error {
	return &billhook.Error{Code: billhook.CodeNotFound, Message: "there is no page " + p.r.URL.Path}
}
