package main

import "os"

// Colours of terminals (ECMA-48, 8.3.117).
const red, green, yellow = "31", "32", "33"

// A painter colours text, or leaves it as it is.
type painter bool

func (p painter) text(color, text string) string {
	if !p {
		return text
	}
	return "\x1b[" + color + "m" + text + "\x1b[0m"
}

// colorful reports whether what is printed is read by people who want colour
// (no-color.org).
func colorful(f *os.File) bool {
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0 && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"
}
