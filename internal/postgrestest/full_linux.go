package postgrestest

import (
	"errors"
	"fmt"
	"runtime"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

const (
	// Nothing lets the server write not a byte more, not even to its log of
	// writes: PostgreSQL panics then, and cannot start again.
	Nothing = 0
	// Segment is the size of a file of the log of writes, and so the least with
	// which that can be written while other files cannot grow beyond it.
	Segment = 16 << 20
	// Unlimited takes a limit back.
	Unlimited = unix.RLIM_INFINITY
)

// LimitFiles bounds how large the running server may make its files, as a full
// disk does: what lies beyond is refused, and all that was written stays. A
// server that is started again has no limit.
func (s *Server) LimitFiles(t testing.TB, bytes uint64) {
	t.Helper()
	limit := unix.Rlimit{Cur: bytes, Max: unix.RLIM_INFINITY}
	check(t, s.asItself(func() error {
		// The children that it makes from now on have its limit.
		if err := unix.Prlimit(s.PID(), unix.RLIMIT_FSIZE, &limit, nil); err != nil {
			return fmt.Errorf("limit the server's files: %w", err)
		}
		pids, err := children(s.PID())
		for _, pid := range pids {
			if e := unix.Prlimit(pid, unix.RLIMIT_FSIZE, &limit, nil); !errors.Is(e, unix.ESRCH) {
				err = errors.Join(err, e)
			}
		}
		return err
	}))
}

// asItself does something as the server's user. Root may change the limits of
// another's processes only by a privilege that it lacks in most containers.
func (s *Server) asItself(do func() error) error {
	user := s.postmaster.cmd.SysProcAttr.Credential
	if user == nil {
		return do()
	}
	done := make(chan error)
	go func() {
		// These calls are the thread's own. It is never unlocked, and so ends with
		// the goroutine.
		runtime.LockOSThread()
		gid, uid := uintptr(user.Gid), uintptr(user.Uid)
		for _, call := range []struct{ number, id uintptr }{{syscall.SYS_SETRESGID, gid}, {syscall.SYS_SETRESUID, uid}} {
			if _, _, failure := syscall.RawSyscall(call.number, call.id, call.id, call.id); failure != 0 {
				done <- fmt.Errorf("become the server's user: %w", failure)
				return
			}
		}
		done <- do()
	}()
	return <-done
}
