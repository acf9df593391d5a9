package billhook

import "testing"

// FuzzEventCursor: no text breaks the reading of a cursor, and what is read is written
// as it was.
func FuzzEventCursor(f *testing.F) {
	c := newEventCursor("s")
	f.Add(c.String())
	c.move(1, 10)
	c.move(300, 1<<40)
	c.done = []chainRange{{2, 5}, {9, 1}, {1 << 20, 1 << 10}}
	f.Add(c.String())
	f.Add("AX-")
	f.Fuzz(func(t *testing.T, text string) {
		read, err := parseEventCursor("s", text)
		if err != nil {
			return
		}
		again, err := parseEventCursor("s", read.String())
		if err != nil || again.String() != read.String() {
			t.Errorf("%q is read as %+v, and that as %+v, %v", text, read, again, err)
		}
	})
}
