package bench

import (
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"syscall"
	"time"
)

// dieWithParent makes the system kill the child when this process dies, even
// when it dies without a chance to say so.
func dieWithParent(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
}

// preciseSleep sleeps to within some 60 µs. The runtime's timers may be a
// millisecond late, as much as a light load's whole latency.
func preciseSleep(d time.Duration) {
	t := syscall.NsecToTimespec(int64(d))
	// Awake early is no harm: the caller looks at the clock.
	_ = syscall.Nanosleep(&t, nil)
}

func readStat(pid int) (processStat, bool) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return processStat{}, false
	}
	return parseStat(text)
}

// cpuTime is what the process has spent so far, user and system.
func cpuTime(pid int) (time.Duration, bool) {
	stat, ok := readStat(pid)
	return stat.own, ok
}

// treeTime is what the process and all its children have spent so far, the
// living and those that are gone. Of a database server that starts a process
// for each connection, nearly all are children's.
func treeTime(pid int) (time.Duration, bool) {
	for range 100 {
		before, ok1 := readStat(pid)
		living, ok2 := childrenTime(pid)
		after, ok3 := readStat(pid)
		if !ok1 || !ok2 || !ok3 {
			return 0, false
		}
		// A child that went meanwhile may be counted as living and as gone, or
		// as neither.
		if before.children == after.children {
			return after.own + after.children + living, true
		}
	}
	return 0, false
}

// childrenTime is what the process's living children have spent so far.
func childrenTime(pid int) (sum time.Duration, ok bool) {
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return 0, false
	}
	for _, e := range entries {
		other, err := strconv.Atoi(e.Name())
		if err != nil {
			continue // no process
		}
		if stat, ok := readStat(other); ok && stat.parent == pid {
			sum += stat.own + stat.children
		}
	}
	return sum, true
}

// Parent is the process that started this one, or took it over.
func Parent(pid int) (int, bool) {
	stat, ok := readStat(pid)
	return stat.parent, ok
}

// peakMemory is the most memory that the process has had resident, in bytes.
func peakMemory(pid int) (int64, bool) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, false
	}
	return parseStatus(text)
}

func cpuModel() string {
	text, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		return ""
	}
	return parseCPUModel(text)
}
