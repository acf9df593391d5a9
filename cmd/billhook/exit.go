package main

import (
	"errors"
	"fmt"
	"io"
	"os"
)

// An exitError ends a command with a code of its own, and without a word where there
// is no error.
type exitError struct {
	code int
	err  error
}

func (e *exitError) Error() string { return fmt.Sprint(e.err) }

func (e *exitError) Unwrap() error { return e.err }

// end tells an error and returns what the command ends with.
func end(w io.Writer, err error) int {
	var ended *exitError
	switch {
	case !errors.As(err, &ended):
		tell(w, err)
		return 1
	case ended.err != nil:
		tell(w, ended.err)
	}
	return ended.code
}

// exit ends a command that was not understood with 2, as other commands of a shell do.
func exit(code int) {
	if code > 2 {
		code = 2
	}
	os.Exit(code)
}
