package main

import "os"

// Colours of terminals (ECMA-48, 8.3.117).
const red, green, yellow, boldRed, boldGreen = "31", "32", "33", "1;31", "1;32"

// A painter colours text, or leaves it as it is.
type painter bool

func (p painter) text(color, text string) string {
	if !p {
		return text
	}
	return "\x1b[" + color + "m" + text + "\x1b[0m"
}

// verdict colours how something came out.
func (p painter) verdict(good bool, text string) string {
	if good {
		return p.text(boldGreen, text)
	}
	return p.text(boldRed, text)
}

// painterFor colours what is read by people who want colour (no-color.org).
func painterFor(f *os.File) painter {
	return painter(isTerminal(f) && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb")
}
