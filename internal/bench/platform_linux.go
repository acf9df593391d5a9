package bench

import (
	"fmt"
	"os"
	"os/exec"
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

// cpuTime is what the process has spent so far, user and system.
func cpuTime(pid int) (time.Duration, bool) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, false
	}
	return parseStat(text)
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
