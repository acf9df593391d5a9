package main

import (
	"io"
	"strings"
	"unicode/utf8"
)

const (
	// maxCell is how many characters of a value a table shows on a terminal. All
	// identifiers have room.
	maxCell = 60
	// minLast is how many the last column, which is mostly prose, has at least: the terminal
	// breaks the line rather than that nothing of it is read.
	minLast = maxCell
)

// printTable prints rows below their heads, in columns that line up. On a terminal long
// values are clipped; whoever reads a pipe has them whole.
func printTable(w io.Writer, head []string, rows [][]string) error {
	_, err := io.WriteString(w, table(columns(w), head, rows)) // #nosec G705 -- a terminal, not a page
	return err
}

// table is a table for lines of so many characters; 0 for any. Without a head it goes on
// with one before it.
func table(line int, head []string, rows [][]string) string {
	if head != nil {
		rows = append([][]string{head}, rows...)
	}
	if len(rows) == 0 {
		return ""
	}
	last := len(rows[0]) - 1
	widths := make([]int, last)
	cells := make([][]string, len(rows))
	for i, row := range rows {
		for j, text := range row {
			text = plain(text)
			if j < last {
				if line > 0 {
					text = clipped(text, maxCell)
				}
				widths[j] = max(widths[j], utf8.RuneCountInString(text))
			}
			cells[i] = append(cells[i], text)
		}
	}
	left := line // for the last column
	for _, width := range widths {
		left -= width + 2
	}
	var b strings.Builder
	for _, row := range cells {
		text := ""
		for j, cell := range row[:last] {
			text += cell + strings.Repeat(" ", widths[j]+2-utf8.RuneCountInString(cell))
		}
		cell := row[last]
		if line > 0 {
			cell = clipped(cell, max(left, minLast))
		}
		b.WriteString(strings.TrimRight(text+cell, " ") + "\n")
	}
	return b.String()
}
