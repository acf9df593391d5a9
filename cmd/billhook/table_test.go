package main

import (
	"bytes"
	"strings"
	"testing"
)

// TestTable: columns line up, and what strangers wrote stays in its cell.
func TestTable(t *testing.T) {
	reason := strings.Repeat("why ", 50) + "é"
	rows := [][]string{
		{"a", "two\nlines\x1b[2J", "x"},
		{"long one", strings.Repeat("é", maxCell+1), reason},
		{"c", "\xff\u202e", ""},
	}
	head := []string{"ID", "NAME", ""}

	var piped bytes.Buffer
	if err := printTable(&piped, head, rows); err != nil {
		t.Fatal(err)
	}
	if got, want := piped.String(), "ID        NAME\n"+
		"a         two\\nlines\\x1b[2J"+strings.Repeat(" ", 46)+"x\n"+
		"long one  "+strings.Repeat("é", maxCell+1)+"  "+reason+"\n"+
		"c         \\xff\\u202e\n"; got != want {
		t.Errorf("in a pipe\n%s\nnot\n%s", got, want)
	}
	for line, last := range map[int]int{100: minLast, 140: 68, 300: len(reason) - 1, 40: minLast} {
		want := "ID        NAME\n" +
			"a         two\\nlines\\x1b[2J" + strings.Repeat(" ", 45) + "x\n" +
			"long one  " + strings.Repeat("é", maxCell-1) + "…  " + clipped(reason, last) + "\n" +
			"c         \\xff\\u202e\n"
		if got := table(line, head, rows); got != want {
			t.Errorf("with %d columns\n%s\nnot\n%s", line, got, want)
		}
	}
	if got := table(0, nil, [][]string{{"a", "b"}}); got != "a  b\n" {
		t.Errorf("without a head: %q", got)
	}
	if got := table(80, head, nil); got != "ID  NAME\n" {
		t.Errorf("without rows: %q", got)
	}
}
