package docstest

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// A shell is one bash in which a page's commands run, so that variables and folders last
// from block to block.
type shell struct {
	cmd   *exec.Cmd
	stdin io.WriteCloser
	// notes is a folder for what passes between the shell and this process.
	notes  string
	said   *os.File
	exited chan struct{}
	count  int
	jobs   []*job
}

// A job is something that keeps running.
type job struct {
	base string // of its files in notes
	over bool
}

// patience is for what takes a second on an idle machine; building is for what compiles.
const (
	patience = 60 * time.Second
	building = 3 * time.Minute
)

var errTimeout = errors.New("it does not end")

func startShell(folder string, env []string) (*shell, error) {
	notes, err := os.MkdirTemp("", "billhook-docs-notes-")
	if err != nil {
		return nil, err
	}
	said, err := os.Create(filepath.Join(notes, "shell"))
	if err != nil {
		return nil, err
	}
	s := &shell{cmd: exec.Command("bash", "--noprofile", "--norc"), notes: notes, said: said, exited: make(chan struct{})}
	s.cmd.Dir, s.cmd.Env, s.cmd.Stdout, s.cmd.Stderr = folder, env, said, said
	s.cmd.WaitDelay = time.Second
	if s.stdin, err = s.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	if err := s.cmd.Start(); err != nil {
		return nil, err
	}
	go func() {
		_ = s.cmd.Wait() // what ended it is in the block's own output
		close(s.exited)
	}()
	// A process group for each job, so that it can be interrupted with its children; all
	// end when the shell's input does, which is when the tests are gone, however.
	s.tell("set -m; trap 'for p in $(jobs -p); do kill -TERM -- -$p 2>/dev/null; done' EXIT\n")
	return s, nil
}

func (s *shell) tell(line string) { _, _ = io.WriteString(s.stdin, line) }

// run runs a block to its end and answers what it printed on standard output.
func (s *shell) run(text string) (string, error) {
	base, err := s.write(text)
	if err != nil {
		return "", err
	}
	s.tell(fmt.Sprintf("set -eu; . %[1]s.sh >%[1]s.out 2>%[1]s.err </dev/null; set +eu; echo done >%[1]s.done\n", base))
	err = s.until(base+".done", building)
	return read(base + ".out"), s.explain(err, base)
}

// start runs a block that keeps running, in the background.
func (s *shell) start(text string) (*job, error) {
	base, err := s.write(text)
	if err != nil {
		return nil, err
	}
	s.tell(fmt.Sprintf("( trap 'echo $? >%[1]s.rc' EXIT; set -eu; . %[1]s.sh ) >%[1]s.out 2>%[1]s.err </dev/null & echo $! >%[1]s.tmp; mv %[1]s.tmp %[1]s.pid\n", base))
	j := &job{base: base}
	s.jobs = append(s.jobs, j)
	return j, s.explain(s.until(base+".pid", patience), base)
}

// stop interrupts a job, as Ctrl-C does, and waits until it is gone.
func (s *shell) stop(j *job) error {
	if j.over {
		return nil
	}
	j.over = true
	s.tell(fmt.Sprintf("kill -INT -- -$(cat %[1]s.pid) 2>/dev/null; wait $(cat %[1]s.pid) 2>/dev/null; echo gone >%[1]s.gone\n", j.base))
	return s.explain(s.until(j.base+".gone", patience), j.base)
}

// close ends all that runs, and the shell.
func (s *shell) close() {
	for _, j := range s.jobs {
		_ = s.stop(j)
	}
	_ = s.stdin.Close()
	select {
	case <-s.exited:
	case <-time.After(patience):
		_ = s.cmd.Process.Kill()
		<-s.exited
	}
	_ = s.said.Close()
	_ = os.RemoveAll(s.notes)
}

func (s *shell) write(text string) (base string, err error) {
	s.count++
	base = filepath.Join(s.notes, fmt.Sprint(s.count))
	return base, os.WriteFile(base+".sh", []byte(text), 0o600)
}

// until waits for a file, which the shell makes.
func (s *shell) until(file string, limit time.Duration) error {
	for end := time.Now().Add(limit); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		if _, err := os.Stat(file); err == nil {
			return nil
		}
		select {
		case <-s.exited:
			if _, err := os.Stat(file); err == nil {
				return nil
			}
			return errors.New("it fails")
		default:
		}
	}
	return errTimeout
}

func (s *shell) explain(err error, base string) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%w: %s%s%s", err, tail(read(base+".out")), tail(read(base+".err")), tail(read(s.said.Name())))
}

// ended reports whether a job has ended by itself, and how.
func (j *job) ended() (code string, ended bool) {
	text, err := os.ReadFile(j.base + ".rc")
	return strings.TrimSpace(string(text)), err == nil && len(text) > 0
}

func (j *job) stdout() string { return read(j.base + ".out") }
func (j *job) stderr() string { return read(j.base + ".err") }

// read is a file's text, "" where there is none.
func read(file string) string {
	text, _ := os.ReadFile(file)
	return string(text)
}

func tail(text string) string { return text[max(0, len(text)-3000):] }
