package postgrestest

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"
)

// A process is one of PostgreSQL's programs, writing to the server's log.
type process struct {
	cmd  *exec.Cmd
	done chan struct{}
	err  error // how it ended, once done is closed
}

// spawn starts a program that ends with this process, where systems can do so.
func (s *Server) spawn(name string, args ...string) (*process, error) {
	log, err := os.OpenFile(s.logFile(), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	defer log.Close()
	cmd := exec.Command(filepath.Join(s.binaries, name), args...)
	// The folder that the tests run in may be closed to the server's user.
	cmd.Dir, cmd.Env, cmd.Stdout, cmd.Stderr = s.folder, environment(), log, log
	if err := confine(cmd); err != nil {
		return nil, err
	}
	p := &process{cmd: cmd, done: make(chan struct{})}
	started := make(chan error)
	go func() {
		// Linux sends the parent's death signal when the thread that forked
		// ends, not when its process does. So this goroutine keeps the thread
		// for itself until the child has ended.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := cmd.Start()
		started <- err
		if err == nil {
			p.err = cmd.Wait()
			close(p.done)
		}
	}()
	if err := <-started; err != nil {
		return nil, fmt.Errorf("%w (may its user enter %s?)", err, s.folder)
	}
	return p, nil
}

func (p *process) ended() bool {
	select {
	case <-p.done:
		return true
	default:
		return false
	}
}

// wait returns how the process ended, and ends it after the limit.
func (p *process) wait() error {
	if until(p.ended) {
		return p.err
	}
	return errors.Join(fmt.Errorf("%s still runs after %v", filepath.Base(p.cmd.Path), limit), p.end())
}

// end makes sure that neither the process nor a child of it is left.
func (p *process) end() error {
	if p.ended() {
		return nil
	}
	err := crash(p.cmd.Process)
	<-p.done
	return err
}

// environment is the tests' own, without what would lead PostgreSQL's programs
// to another server, and with messages in English.
func environment() []string {
	env := slices.DeleteFunc(os.Environ(), func(v string) bool { return strings.HasPrefix(v, "PG") })
	return append(env, "LC_ALL=C")
}

// until asks again and again, since a foreign process tells nobody when it is
// ready or gone. It gives up, and returns false, after the limit.
func until(is func() bool) bool {
	for deadline := time.Now().Add(limit); !is(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			return false
		}
	}
	return true
}
