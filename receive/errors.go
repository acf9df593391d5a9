package receive

import (
	"errors"

	"github.com/billhook/billhook/sign"
)

// Reasons for which a request is refused. Texts around them say which header
// and by how much, and never what would have been right.
var (
	ErrMissing   = sign.ErrMissing   // a header is not there
	ErrMalformed = sign.ErrMalformed // a header is there twice, or not of its form
	ErrStale     = sign.ErrStale     // signed longer ago than Config.Tolerance
	ErrFuture    = sign.ErrFuture    // signed further ahead than that
	ErrMismatch  = sign.ErrMismatch  // no secret made one of the signatures
	ErrTooLarge  = errors.New("body too large")
	ErrBody      = errors.New("body cannot be read") // it broke off, for one
	// ErrEnvelope comes after the signature was found right: somebody who has
	// the secret sends another profile's bodies.
	ErrEnvelope = errors.New("body is not the profile's envelope")
)

// Reasons for which an event cannot be handled now, and the sender should try
// again later.
var (
	// ErrInWork means that the same event is being handled already, and how
	// that ends is not known.
	ErrInWork = errors.New("event is being handled")
	// ErrFull means that a Once has as many events in work as it can hold.
	ErrFull = errors.New("too many events are being handled")
)

// errNoID is a mistake of the caller: all events without an id would be one.
var errNoID = errors.New("receive: an event without an id cannot be told from others")
