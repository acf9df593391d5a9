//go:build !linux

package bench

import (
	"os/exec"
	"time"
)

func dieWithParent(*exec.Cmd) {}

func preciseSleep(d time.Duration) { time.Sleep(d) }

func cpuTime(int) (time.Duration, bool) { return 0, false }

func treeTime(int) (time.Duration, bool) { return 0, false }

// Parent is not known on this system.
func Parent(int) (int, bool) { return 0, false }

func peakMemory(int) (int64, bool) { return 0, false }

func cpuModel() string { return "" }
