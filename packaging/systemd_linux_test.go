package packaging

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// TestUnit has systemd read the unit and its drop-in, and judge what they leave open.
// Nothing here starts them: that takes a machine that systemd has started.
func TestUnit(t *testing.T) {
	const program = "/usr/local/bin/billhook"
	folder := t.TempDir()
	stand := filepath.Join(folder, "billhook") // in the place of the program, which is not installed
	write(t, stand, "#!/bin/sh\n", 0o755)
	unit := strings.ReplaceAll(read(t, "systemd/billhook.service"), program, stand)
	write(t, filepath.Join(folder, "billhook.service"), unit, 0o644)
	analyze := func(args ...string) string {
		t.Helper()
		cmd := exec.Command("systemd-analyze", args...)
		cmd.Env = append(os.Environ(), "SYSTEMD_UNIT_PATH="+folder+":", "SYSTEMD_COLORS=0")
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("systemd-analyze %s, of Debian's package systemd: %v\n%s", strings.Join(args, " "), err, out)
		}
		return string(out)
	}
	wellFormed := func() {
		t.Helper()
		// Whatever it says is about this unit or one that it needs; only ours is ours.
		for line := range strings.Lines(analyze("verify", "--man=no", filepath.Join(folder, "billhook.service"))) {
			if strings.Contains(line, "billhook") {
				t.Error(line)
			}
		}
	}
	wellFormed()
	analyze("security", "--offline=true", "--no-pager", "--threshold=20", filepath.Join(folder, "billhook.service")) // 2.0 of 10

	write(t, filepath.Join(folder, "billhook.service.d", "postgresql.conf"), strings.ReplaceAll(read(t, "systemd/postgresql.conf"), program, stand), 0o644)
	wellFormed()

	if seconds := setting(t, unit, "TimeoutStopSec"); seconds <= 10 {
		t.Errorf("it is killed after %d s, and may take 10", seconds)
	}
	if !strings.Contains(unit, "\nType=notify\n") || !strings.Contains(unit, "AF_UNIX") {
		t.Error("it tells when it is ready, by a socket")
	}
}

// TestUser has systemd read whom the unit runs as.
func TestUser(t *testing.T) {
	file := filepath.Join(t.TempDir(), "billhook.conf")
	write(t, file, read(t, "systemd/billhook.sysusers"), 0o644)
	out, err := exec.Command("systemd-sysusers", "--dry-run", file).CombinedOutput()
	if err != nil || !strings.Contains(string(out), "billhook") {
		t.Errorf("%s, %v", out, err)
	}
}

// setting is a number of the unit.
func setting(t *testing.T, unit, name string) int {
	t.Helper()
	found := regexp.MustCompile(`(?m)^` + name + `=(\d+)$`).FindStringSubmatch(unit)
	if found == nil {
		t.Fatalf("there is no %s", name)
	}
	n, err := strconv.Atoi(found[1])
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func write(t *testing.T, file, text string, mode os.FileMode) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(text), mode); err != nil {
		t.Fatal(err)
	}
}
