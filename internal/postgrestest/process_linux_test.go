package postgrestest

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"testing"
	"time"
)

func TestNothingRemains(t *testing.T) {
	for name, end := range map[string]func(*Server, testing.TB){
		"stopped": (*Server).Stop,
		"killed":  (*Server).Kill,
		"running": nil,
	} {
		t.Run(name, func(t *testing.T) {
			var pids []int
			gone := func() {
				t.Helper()
				for _, pid := range pids {
					if alive(pid) {
						t.Errorf("process %d is left", pid)
					}
				}
			}
			var s *Server
			ok := t.Run("user", func(t *testing.T) {
				s = Start(t)
				var err error
				pids, err = children(s.PID())
				check(t, err)
				pids = append(pids, s.PID())
				if end != nil {
					end(s, t)
					gone()
				}
			})
			if !ok {
				return
			}
			gone()
			if _, err := os.Stat(s.folder); !os.IsNotExist(err) {
				t.Errorf("%s is left: %v", s.folder, err)
			}
		})
	}
}

// TestServerDiesWithTests kills a test process, which is this program again,
// and looks for the server that it had.
func TestServerDiesWithTests(t *testing.T) {
	const victim = "BILLHOOK_POSTGRESTEST_VICTIM"
	if os.Getenv(victim) != "" {
		fmt.Println("server", Start(t).PID())
		time.Sleep(limit)
		return
	}
	// What the victim cannot remove any more goes with this folder, which the
	// server's user must be able to pass.
	folder, err := os.MkdirTemp("", "billhook-pg-")
	check(t, err)
	t.Cleanup(func() { os.RemoveAll(folder) })
	check(t, os.Chmod(folder, 0o711))
	cmd := exec.Command(os.Args[0], "-test.run=^TestServerDiesWithTests$")
	cmd.Env = append(os.Environ(), victim+"=1", "TMPDIR="+folder)
	out, err := cmd.StdoutPipe()
	check(t, err)
	check(t, cmd.Start())
	var pid int
	if _, err = fmt.Fscanf(out, "server %d", &pid); err != nil {
		rest, _ := io.ReadAll(out)
		t.Errorf("the victim has no server: %s", rest)
	}
	check(t, cmd.Process.Kill())
	cmd.Wait()
	if died := time.Now(); !until(func() bool { return !alive(pid) }) || time.Since(died) > 10*time.Second {
		t.Errorf("postmaster %d outlives its tests by %v", pid, time.Since(died))
	}
}
