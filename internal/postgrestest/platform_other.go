//go:build !linux

package postgrestest

import (
	"errors"
	"os"
	"os/exec"
)

// confine does nothing: the server outlives a test process that is killed, and
// root cannot run it.
func confine(*exec.Cmd) error { return nil }

// crash kills the postmaster. Its children notice by themselves, and soon.
func crash(p *os.Process) error { return p.Kill() }

func install(func() bool) error {
	return errors.New("this package installs nothing but Debian's")
}
