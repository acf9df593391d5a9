package billhook

import (
	"errors"
	"fmt"
)

// A Code names a kind of error for programs; it never changes meaning.
type Code string

const (
	CodeInvalid          Code = "invalid"               // a member is wrong; Pointer says which
	CodeInvalidJSON      Code = "invalid_json"          // not JSON, or not well-formed UTF-8
	CodeTooDeep          Code = "too_deep"              // JSON nested too deeply
	CodeInexactNumber    Code = "inexact_number"        // a number that ECMAScript cannot hold
	CodeTooLarge         Code = "too_large"             // over a size limit
	CodeUnknownEventType Code = "unknown_event_type"    // not in the store's closed catalogue
	CodeURLRefused       Code = "url_refused"           // a URL that deliveries may not go to
	CodeNotFound         Code = "not_found"             // no such thing in this store
	CodeDuplicate        Code = "duplicate"             // the id is taken
	CodeKeyReused        Code = "idempotency_key_reuse" // the key stands for another emit
	CodeConflict         Code = "conflict"              // not possible in the present state
	CodeUnavailable      Code = "unavailable"           // cannot be stored now; nothing was accepted
	CodeTooSlow          Code = "too_slow"              // a list that would take too long
	CodeRateLimited      Code = "rate_limited"          // too much at once; nothing was done
	CodeSchemaMismatch   Code = "schema_mismatch"       // data that its event type's schema does not allow
	CodeBreakingChange   Code = "breaking_change"       // a schema that would break emitters or receivers
	CodeSessionEnded     Code = "session_ended"         // a portal session that is over, or never was one
)

// An Error is what callers get for a call that was not carried out. It left
// no trace.
type Error struct {
	Code Code
	// Message says what is wrong, for people.
	Message string
	// Pointer is the JSON Pointer (RFC 6901) of the wrong member of the
	// request, "" when it is none in particular.
	Pointer string
	// Hint says what to do about it; may be empty.
	Hint string
	// Details are all that is wrong, where there may be more than one thing; at most
	// MaxDetails.
	Details []Detail
	// Err is the cause, where there is one to tell operators.
	Err error
}

// A Detail is one of several things that are wrong.
type Detail struct {
	// Pointer is as in Error.
	Pointer string
	Message string
}

// MaxDetails is the most Details that an Error has.
const MaxDetails = 20

func (e *Error) Error() string {
	switch {
	case e.Pointer != "":
		return e.Pointer + ": " + e.Message
	case e.Err != nil:
		return e.Message + ": " + e.Err.Error()
	}
	return e.Message
}

func (e *Error) Unwrap() error { return e.Err }

// ErrorCode is the code of the first *Error in err's chain, "" if none is.
func ErrorCode(err error) Code {
	var e *Error
	if errors.As(err, &e) {
		return e.Code
	}
	return ""
}

func invalid(pointer, format string, args ...any) *Error {
	return &Error{Code: CodeInvalid, Pointer: pointer, Message: fmt.Sprintf(format, args...)}
}

func tooMany(what string, limit int) *Error {
	return &Error{Code: CodeConflict, Message: say("conflict.most", limit, what), Hint: "delete those that are not needed"}
}

func notFound(what, id string) *Error {
	if what == "store" {
		return &Error{Code: CodeNotFound, Message: fmt.Sprintf("there is no store %q", id)}
	}
	return &Error{Code: CodeNotFound, Message: fmt.Sprintf("no %s %q in this store", what, id)}
}
