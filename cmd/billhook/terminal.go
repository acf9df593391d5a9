package main

import (
	"io"
	"os"

	"golang.org/x/term"
)

// isTerminal says whether somebody sits there.
func isTerminal(file *os.File) bool { return term.IsTerminal(int(file.Fd())) }

// usualColumns is how wide a terminal is that does not say it.
const usualColumns = 80

// columns is how many characters a line has where it is printed; 0 where that is for no
// eyes, and lines are as long as they must be.
func columns(w io.Writer) int {
	file, ok := w.(*os.File)
	if !ok || !isTerminal(file) {
		return 0
	}
	if width, _, err := term.GetSize(int(file.Fd())); err == nil && width > 0 {
		return width
	}
	return usualColumns
}
