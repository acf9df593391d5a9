package e2e

import (
	"strings"
	"testing"

	"github.com/billhook/billhook/internal/postgrestest"
)

// TestMigrate runs the migrations by the command, before any node is there.
func TestMigrate(t *testing.T) {
	t.Parallel()
	url := postgrestest.Shared(t).Database(t)
	run := func(args ...string) string {
		t.Helper()
		p := spawn(t, []string{"BILLHOOK_DATABASE_URL=" + url}, binary, append([]string{"migrate"}, args...)...)
		if code := p.exitCode(patience); code != 0 {
			t.Fatalf("migrate %v exits with %d: %s", args, code, p.stderr.tail())
		}
		return p.stdout.String()
	}
	before := run("status")
	steps := strings.Count(before, "pending\n")
	if lines := strings.Count(before, "\n"); steps == 0 || lines != steps+1 {
		t.Errorf("status of an empty database:\n%s", before)
	}
	if ran := run("up"); strings.Count(ran, "ran ") != steps || !strings.HasPrefix(ran, "ran 1 0001_start.sql\n") {
		t.Errorf("up:\n%s", ran)
	}
	if after := run("status"); strings.Contains(after, "pending") || strings.Count(after, "\n") != steps+1 {
		t.Errorf("status after it:\n%s", after)
	}
	if ran := run("up"); strings.Contains(ran, "ran ") {
		t.Errorf("up again:\n%s", ran)
	}
}
