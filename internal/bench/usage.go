package bench

import (
	"bytes"
	"strconv"
	"strings"
	"time"
)

// tick is the unit of /proc/PID/stat, the same on every Linux that Go runs on.
const tick = time.Second / 100

// parseStat reads user and system time out of a /proc/PID/stat, see proc(5).
// The second field is the program's name, which may hold anything but ends
// with the last ")" of the line.
func parseStat(text []byte) (time.Duration, bool) {
	fields := strings.Fields(string(text[bytes.LastIndexByte(text, ')')+1:]))
	const user, system = 14 - 3, 15 - 3
	if len(fields) <= system {
		return 0, false
	}
	u, err1 := strconv.ParseInt(fields[user], 10, 64)
	s, err2 := strconv.ParseInt(fields[system], 10, 64)
	return time.Duration(u+s) * tick, err1 == nil && err2 == nil
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
