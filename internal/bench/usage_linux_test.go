package bench

import (
	"os"
	"testing"
	"time"
)

// TestTreeTimeCountsEachChildOnce: while it lives and when it is gone.
func TestTreeTimeCountsEachChildOnce(t *testing.T) {
	ofChildren := func() time.Duration {
		t.Helper()
		own, ok1 := cpuTime(os.Getpid())
		all, ok2 := treeTime(os.Getpid())
		if !ok1 || !ok2 {
			t.Fatal("not measured")
		}
		return all - own
	}
	before := ofChildren()
	b := &bench{executable: os.Args[0]}
	s, err := b.startPrinting(t.Context(), "spin")
	if err != nil {
		t.Fatal(err)
	}
	living := ofChildren() - before
	if parent, ok := Parent(s.cmd.Process.Pid); !ok || parent != os.Getpid() {
		t.Errorf("the parent is %d, %v", parent, ok)
	}
	s.stop()
	gone := ofChildren() - before
	// The test's own time goes on between two looks, and the system counts in
	// steps of 10 ms.
	const least, most = spun - 60*time.Millisecond, spun + 150*time.Millisecond
	if living < least || living > most || gone < least || gone > most {
		t.Errorf("a child that took %v counts %v while it lives and %v when it is gone", spun, living, gone)
	}
	if _, ok := treeTime(s.cmd.Process.Pid); ok {
		t.Error("a process that is gone was measured")
	}
}
