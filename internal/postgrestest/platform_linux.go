package postgrestest

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"strconv"
	"strings"
	"syscall"
)

// confine makes a program end with this process, and run as a user that
// PostgreSQL accepts: it refuses root. That user gets the program's folder.
func confine(cmd *exec.Cmd) error {
	// SIGQUIT is the postmaster's order to take its children with it at once.
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGQUIT}
	if os.Geteuid() != 0 {
		return nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		if u, err := user.Lookup(name); err == nil {
			// Both are numbers, on Linux.
			uid, _ := strconv.Atoi(u.Uid)
			gid, _ := strconv.Atoi(u.Gid)
			cmd.SysProcAttr.Credential = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
			return os.Chown(cmd.Dir, uid, gid)
		}
	}
	return errors.New("PostgreSQL refuses to run as root: create a user postgres or nobody, or run the tests as another user")
}

// crash kills a process and its children. A postmaster's children lead groups
// of their own, so that no single signal reaches them all.
func crash(p *os.Process) error {
	// Frozen, it neither replaces the children that die nor tidies up.
	if err := p.Signal(syscall.SIGSTOP); err != nil {
		return err
	}
	pids, err := children(p.Pid)
	err = errors.Join(err, p.Kill())
	for _, pid := range pids {
		// One that has ended by itself is as good.
		_ = syscall.Kill(pid, syscall.SIGKILL)
	}
	for _, pid := range pids {
		if !until(func() bool { return !alive(pid) }) {
			err = errors.Join(err, fmt.Errorf("process %d outlives SIGKILL", pid))
		}
	}
	return err
}

// children is complete for a process that is frozen or idle: proc(5).
func children(pid int) (pids []int, err error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%[1]d/children", pid))
	for _, field := range strings.Fields(string(text)) {
		child, err := strconv.Atoi(field)
		if err != nil {
			return nil, err
		}
		pids = append(pids, child)
	}
	return pids, err
}

// alive is false for a zombie too: in a container its number may stay forever.
func alive(pid int) bool {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	// The state comes after the program's name, which may contain anything.
	_, state, _ := strings.Cut(string(text), ") ")
	return err == nil && !strings.HasPrefix(state, "Z") && !strings.HasPrefix(state, "X")
}
