package docstest

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"
)

// firstLimit is in what time a new user has the first verified event.
const firstLimit = time.Minute

// TestFirstEvent does what the README says first, in a clean copy of the sources, and
// counts from its first command to the first verified event.
//
// The modules that Billhook links are compiled already, as they are wherever tests run; the
// copy's own packages are not. With BILLHOOK_FULL=1 it is done once more with an empty build
// cache, as on a machine that has never compiled Go.
//
// What counts is the time on the clock. Where that is over the limit and others have kept the
// machine busy, what counts is the processor time by the number of processors, and the log
// says so.
func TestFirstEvent(t *testing.T) {
	t.Run("warm", func(t *testing.T) { firstEvent(t) })
	if os.Getenv("BILLHOOK_FULL") != "" {
		t.Run("cold", func(t *testing.T) { firstEvent(t, "GOCACHE="+t.TempDir()) })
	}
}

var firstTook = regexp.MustCompile(`first verified event after ([\d.]+) s, ([\d.]+) s of them`)

func firstEvent(t *testing.T, env ...string) {
	folder := t.TempDir()
	if err := copySources(root, folder); err != nil {
		t.Fatal(err)
	}
	s := &session{ports: map[string]string{}, databases: map[string]string{}, folder: t.TempDir()}
	if err := s.setEnvironment(os.DevNull); err != nil {
		t.Fatal(err)
	}
	readme := filepath.Join(folder, "README.md")
	text, err := os.ReadFile(readme)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(readme, []byte(s.localize(string(text))), 0o600); err != nil {
		t.Fatal(err)
	}
	busy := load() > float64(runtime.NumCPU())
	script := exec.Command(filepath.Join(folder, "scripts", "first-event.sh"))
	script.Dir, script.Env = folder, append(s.env, env...)
	var said bytes.Buffer
	script.Stdout, script.Stderr = &said, &said
	script.WaitDelay = time.Second
	if err := script.Run(); err != nil {
		t.Fatalf("%v\n%s", err, said.String())
	}
	found := firstTook.FindStringSubmatch(said.String())
	if found == nil || !strings.Contains(said.String(), "verified {") {
		t.Fatalf("it says:\n%s", said.String())
	}
	seconds, _ := strconv.ParseFloat(found[1], 64)
	took := time.Duration(seconds * float64(time.Second))
	processor := script.ProcessState.UserTime() + script.ProcessState.SystemTime()
	alone := processor / time.Duration(runtime.NumCPU())
	t.Logf("%v on the clock; %v of processor time on %d processors (load average before: %.1f)", took, processor, runtime.NumCPU(), load())
	if took <= firstLimit {
		return
	}
	if !busy || alone > firstLimit {
		t.Errorf("the first verified event took %v, more than %v", took, firstLimit)
		return
	}
	t.Logf("the machine was others' too: %v alone", alone)
}

// load is the load average of the last minute, 0 where the system does not tell.
func load() float64 {
	text, _ := os.ReadFile("/proc/loadavg")
	first, _, _ := strings.Cut(string(text), " ")
	n, _ := strconv.ParseFloat(first, 64)
	return n
}
