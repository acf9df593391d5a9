package bench

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"time"
)

// stopLimit is how long a child may take to stop after it was asked to.
const stopLimit = 15 * time.Second

// A child is a process of this benchmark's own.
type child struct {
	name string
	cmd  *exec.Cmd
	// output keeps the end of what it printed, to tell why it died.
	output *tail
	exited chan struct{}
	// err is why it exited; to be read once exited is closed.
	err error
}

// startChild starts this executable with another subcommand. Its standard
// output goes to stdout, or where that is nil to the output that is kept. When
// ctx ends it is killed; whoever starts it also calls stop.
func startChild(ctx context.Context, executable string, stdout io.Writer, args ...string) (*child, error) {
	c := &child{name: args[0], output: new(tail), exited: make(chan struct{})}
	c.cmd = exec.CommandContext(ctx, executable, args...)
	c.cmd.Env = cleanEnvironment(os.Environ())
	c.cmd.Stdout, c.cmd.Stderr = stdout, c.output
	if stdout == nil {
		c.cmd.Stdout = c.output
	}
	c.cmd.WaitDelay = stopLimit
	dieWithParent(c.cmd)
	if err := c.cmd.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", c.name, err)
	}
	go func() {
		c.err = c.cmd.Wait()
		close(c.exited)
	}()
	return c, nil
}

// cleanEnvironment is env without the settings of Billhook, so that what is
// measured is what the benchmark says, with its own data.
func cleanEnvironment(env []string) []string {
	var clean []string
	for _, setting := range env {
		if !strings.HasPrefix(setting, "BILLHOOK_") {
			clean = append(clean, setting)
		}
	}
	return clean
}

// stop ends the child, by force if need be, and waits for it.
func (c *child) stop() { c.stopWithin(stopLimit) }

// stopWithin is stop for a child that may take longer.
func (c *child) stopWithin(patience time.Duration) {
	if err := c.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		// It is over, or this system has no such signal.
		c.kill()
		return
	}
	limit := time.NewTimer(patience)
	defer limit.Stop()
	select {
	case <-c.exited:
	case <-limit.C:
		c.kill()
	}
}

// kill ends the child by force and waits for it.
func (c *child) kill() {
	_ = c.cmd.Process.Kill() // an error means that it is over
	<-c.exited
}

// died says that the child is gone and what it said last.
func (c *child) died() error {
	err := c.err
	if err == nil {
		err = errors.New("exited")
	}
	return fmt.Errorf("%s: %w: %s", c.name, err, c.output)
}

// A tail keeps the last of what is written to it.
type tail struct {
	mu   sync.Mutex
	text []byte
}

const tailSize = 4096

func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.text = append(t.text, p...)
	if over := len(t.text) - tailSize; over > 0 {
		t.text = bytes.Clone(t.text[over:])
	}
	return len(p), nil
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return strings.TrimSpace(string(t.text))
}

// A firstLine hands on the first line that is written to it; the rest it
// drops.
type firstLine struct {
	mu   sync.Mutex
	text []byte
	done bool
	line chan string // of capacity 1
}

func newFirstLine() *firstLine { return &firstLine{line: make(chan string, 1)} }

func (f *firstLine) Write(p []byte) (int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.done {
		return len(p), nil
	}
	f.text = append(f.text, p...)
	if line, _, ok := bytes.Cut(f.text, []byte("\n")); ok {
		f.done = true
		f.line <- string(line)
	}
	return len(p), nil
}
