package e2e

import (
	"os/exec"
	"syscall"
)

// dieWithParent makes the system kill the child when the tests die, even where
// they have no chance to do it themselves.
func dieWithParent(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
}
