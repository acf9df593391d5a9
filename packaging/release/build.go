package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// A builder makes binaries of a source.
type builder struct {
	source source
	// env is added to the go command's, for a build that shares nothing with another.
	env []string
}

// settings take what could differ from one machine to the next out of a build.
var settings = []string{
	"CGO_ENABLED=0", "GOFLAGS=", "GOEXPERIMENT=", "GOWORK=off", "GOAMD64=v1", "GOARM64=v8.0",
}

// goCommand is the go command for a target.
func (b *builder) goCommand(ctx context.Context, t target, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, "go", args...) // #nosec G204 G702 -- the arguments are those of this package
	cmd.Dir = b.source.folder
	cmd.Env = append(append(os.Environ(), settings...), "GOOS="+t.os, "GOARCH="+t.arch)
	cmd.Env = append(cmd.Env, b.env...)
	return cmd
}

// build makes the binary of a target. Paths, the time and git's state are not in it.
func (b *builder) build(ctx context.Context, t target, file string) error {
	file, err := filepath.Abs(file)
	if err != nil {
		return err
	}
	names := fmt.Sprintf("-s -w -buildid= -X main.version=%s -X main.revision=%s", b.source.version, b.source.revision)
	cmd := b.goCommand(ctx, t, "build", "-trimpath", "-buildvcs=false", "-ldflags", names, "-o", file, "./cmd/billhook")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("build for %s: %w\n%s", t, err, out)
	}
	return nil
}

// single makes one binary and the licences of what it links, for an image.
func (b *builder) single(ctx context.Context, t target, file string) error {
	if err := b.build(ctx, t, file); err != nil {
		return err
	}
	texts, err := b.licences(ctx, []target{t})
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(filepath.Dir(file), licencesFile), texts, 0o644) // #nosec G306 -- for everybody
}

// release makes the archives, lists and checksums. The folder is replaced only once
// all of it is there.
func (b *builder) release(ctx context.Context, targets []target, folder string, log io.Writer) error {
	texts, err := b.licences(ctx, targets)
	if err != nil {
		return err
	}
	half := folder + ".new"
	if err := os.RemoveAll(half); err != nil {
		return err
	}
	defer os.RemoveAll(half)
	if err := os.MkdirAll(half, 0o755); err != nil { // #nosec G301 -- for everybody
		return err
	}
	for _, t := range targets {
		if err := b.pack(ctx, t, texts, half); err != nil {
			return err
		}
	}
	sums, err := writeSums(half)
	if err != nil {
		return err
	}
	fmt.Fprint(log, sums) // #nosec G705 -- a terminal, not a page
	if err := os.RemoveAll(folder); err != nil {
		return err
	}
	return os.Rename(half, folder)
}

// pack makes the archive of a target and its list of what is linked.
func (b *builder) pack(ctx context.Context, t target, licences []byte, folder string) error {
	work, err := os.MkdirTemp("", "billhook-release-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)
	binary := filepath.Join(work, t.program())
	if err := b.build(ctx, t, binary); err != nil {
		return err
	}
	program, err := os.ReadFile(binary)
	if err != nil {
		return err
	}
	files := []file{{t.program(), 0o755, program}, {licencesFile, 0o644, licences}}
	for _, name := range []string{"LICENSE", "README.md", "CHANGELOG.md", "SECURITY.md"} {
		text, err := os.ReadFile(filepath.Join(b.source.folder, name))
		if err != nil {
			return err
		}
		files = append(files, file{name, 0o644, text})
	}
	if t.os == "linux" {
		units, err := readUnits(b.source.folder)
		if err != nil {
			return err
		}
		files = append(files, units...)
	}
	name := strings.Join([]string{"billhook", b.source.version, t.os, t.arch}, "_")
	archive, ending, err := packed(t, name, files, b.source.time)
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(folder, name+ending), archive, 0o644); err != nil { // #nosec G306 -- for everybody
		return err
	}
	list, err := bill(binary, b.source)
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(folder, name+".cdx.json"), list, 0o644) // #nosec G306 -- for everybody
}

// readUnits are the files for systemd, which come with the binary for Linux.
func readUnits(folder string) ([]file, error) {
	var units []file
	for _, name := range []string{"billhook.service", "postgresql.conf", "billhook.sysusers"} {
		text, err := os.ReadFile(filepath.Join(folder, "packaging", "systemd", name))
		if err != nil {
			return nil, err
		}
		units = append(units, file{"systemd/" + name, 0o644, text})
	}
	return units, nil
}
