package bench

import (
	"bytes"
	"strconv"
	"strings"
	"time"
)

// tick is the unit of /proc/PID/stat, the same on every Linux that Go runs on.
const tick = time.Second / 100

// A processStat is what /proc/PID/stat tells of a process.
type processStat struct {
	parent int
	// own is the CPU time that the process has spent, children what those of
	// its children had spent that are gone; user and system together.
	own, children time.Duration
}

// parseStat reads a /proc/PID/stat, see proc(5). The second field is the
// program's name, which may hold anything but ends with the last ")" of the
// line.
func parseStat(text []byte) (processStat, bool) {
	fields := strings.Fields(string(text[bytes.LastIndexByte(text, ')')+1:]))
	// As proc(5) numbers them, less the three that the slice does not have.
	const ppid, utime, stime, cutime, cstime = 4 - 3, 14 - 3, 15 - 3, 16 - 3, 17 - 3
	if len(fields) <= cstime {
		return processStat{}, false
	}
	var numbers [cstime + 1]int64
	for _, i := range []int{ppid, utime, stime, cutime, cstime} {
		n, err := strconv.ParseInt(fields[i], 10, 64)
		if err != nil {
			return processStat{}, false
		}
		numbers[i] = n
	}
	return processStat{
		parent:   int(numbers[ppid]),
		own:      time.Duration(numbers[utime]+numbers[stime]) * tick,
		children: time.Duration(numbers[cutime]+numbers[cstime]) * tick,
	}, true
}

// parseStatus reads VmHWM, in bytes, out of a /proc/PID/status.
func parseStatus(text []byte) (int64, bool) {
	for line := range strings.Lines(string(text)) {
		if value, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			kB, err := strconv.ParseInt(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(value), "kB")), 10, 64)
			return kB * 1024, err == nil
		}
	}
	return 0, false
}

// parseCPUModel reads the first model name out of a /proc/cpuinfo.
func parseCPUModel(text []byte) string {
	for line := range strings.Lines(string(text)) {
		if name, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(name) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return ""
}
