package e2e

import (
	"bytes"
	"errors"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// A process is a child of the tests. It does not outlive its test.
type process struct {
	t       *testing.T
	cmd     *exec.Cmd
	stdin   io.WriteCloser
	stdout  *output
	stderr  *output
	started time.Time
	exited  chan struct{}
}

// spawn starts a program. Its environment is the tests' own without Billhook's
// settings, then env.
func spawn(t *testing.T, env []string, name string, args ...string) *process {
	t.Helper()
	p := &process{t: t, cmd: exec.Command(name, args...), stdout: new(output), stderr: new(output), exited: make(chan struct{})}
	for _, setting := range os.Environ() {
		if !strings.HasPrefix(setting, "BILLHOOK_") {
			p.cmd.Env = append(p.cmd.Env, setting)
		}
	}
	p.cmd.Env = append(p.cmd.Env, env...)
	p.cmd.Stdout, p.cmd.Stderr = p.stdout, p.stderr
	p.cmd.WaitDelay = time.Second
	dieWithParent(p.cmd)
	stdin, err := p.cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	p.stdin = stdin
	p.started = time.Now()
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		_ = p.cmd.Wait() // its state tells
		close(p.exited)
	}()
	t.Cleanup(func() {
		p.kill()
		if said := p.stderr.tail(); t.Failed() && said != "" {
			t.Logf("%s %s said:\n%s", name, strings.Join(args, " "), said)
		}
	})
	return p
}

// kill ends the process as kill -9 does, and waits for it.
func (p *process) kill() {
	_ = p.cmd.Process.Kill() // an error means that it is over
	<-p.exited
}

// exitCode waits for the process to end by itself.
func (p *process) exitCode(within time.Duration) int {
	p.t.Helper()
	limit := time.NewTimer(within)
	defer limit.Stop()
	select {
	case <-p.exited:
	case <-limit.C:
		p.t.Fatalf("%v still runs after %v", p.cmd.Args, within)
	}
	return p.cmd.ProcessState.ExitCode()
}

// stopLimit is how long a stop may take, by the design.
const stopLimit = 10 * time.Second

// stop asks the process to end by SIGTERM, checks that it does so properly and
// in time, and returns how long that took.
func (p *process) stop() time.Duration {
	p.t.Helper()
	asked := time.Now()
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		p.t.Fatalf("signal: %v", errors.Join(err, errors.New(p.stderr.tail())))
	}
	if code := p.exitCode(stopLimit); code != 0 {
		p.t.Fatalf("after SIGTERM it exits with %d: %s", code, p.stderr.tail())
	}
	return time.Since(asked)
}

// An output keeps what a process prints.
type output struct {
	mu   sync.Mutex
	text []byte
	// lineAt holds when each line was complete.
	lineAt []time.Time
}

func (o *output) Write(b []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.text = append(o.text, b...)
	for range bytes.Count(b, []byte("\n")) {
		o.lineAt = append(o.lineAt, time.Now())
	}
	return len(b), nil
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return string(o.text)
}

// lines are the complete lines from the one with the number on.
func (o *output) lines(from int) []string {
	o.mu.Lock()
	defer o.mu.Unlock()
	all := strings.SplitAfter(string(o.text), "\n")
	return all[min(from, len(o.lineAt)):len(o.lineAt)]
}

// lastLine is when the last line was complete.
func (o *output) lastLine() time.Time {
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.lineAt) == 0 {
		return time.Time{}
	}
	return o.lineAt[len(o.lineAt)-1]
}

func (o *output) tail() string {
	text := o.String()
	return text[max(0, len(text)-4096):]
}
