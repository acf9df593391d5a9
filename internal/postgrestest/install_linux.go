package postgrestest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"
)

// install fetches Debian's package where that is in order: as root, as in a
// build's container. It creates no cluster and starts no service.
func install(installed func() bool) error {
	apt, err := exec.LookPath("apt-get")
	if err != nil {
		return err
	}
	if os.Geteuid() != 0 {
		return errors.New("only root can install it")
	}
	// Tests of several packages may come here at once, each with a temporary
	// folder of its own maybe. So they lock the file that asks for no cluster.
	const config = "/etc/postgresql-common/createcluster.conf"
	if err := os.MkdirAll(filepath.Dir(config), 0o755); err != nil {
		return err
	}
	lock, err := os.OpenFile(config, os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return err
	}
	defer lock.Close() // and unlock
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX); err != nil || installed() {
		return err
	}
	if info, err := lock.Stat(); err != nil {
		return err
	} else if info.Size() == 0 {
		if _, err := lock.WriteString("create_main_cluster = false\n"); err != nil {
			return err
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	defer cancel()
	for _, args := range [][]string{{"update"}, {"install", "-y", "--no-install-recommends", "postgresql"}} {
		cmd := exec.CommandContext(ctx, apt, append([]string{"-o", "DPkg::Lock::Timeout=120"}, args...)...)
		cmd.Env = append(os.Environ(), "DEBIAN_FRONTEND=noninteractive", "UCF_FORCE_CONFFOLD=1")
		// Killed outright, it might leave the package half unpacked.
		cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
		cmd.WaitDelay = 20 * time.Second
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("run apt-get %s: %w: %s", args[0], err, out[max(0, len(out)-1000):])
		}
	}
	return nil
}
