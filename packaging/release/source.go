package main

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// A source is what is built: a folder, and what it is called.
type source struct {
	folder            string
	version, revision string
	// time is that of the commit: files in archives have it.
	time time.Time
}

// findSource reads git for what is not given. Without git, which an unpacked archive
// of the source has not, version and SOURCE_DATE_EPOCH say it.
func findSource(ctx context.Context, version, revision string) (source, error) {
	gomod, err := output(ctx, ".", "go", "env", "GOMOD")
	if err != nil {
		return source{}, err
	}
	folder := filepath.Dir(gomod)
	if _, err := os.Stat(filepath.Join(folder, "cmd", "billhook")); err != nil {
		return source{}, fmt.Errorf("run it in Billhook's source: %w", err)
	}
	s := source{folder: folder, version: version, revision: revision}
	hash, noGit := output(ctx, folder, "git", "rev-parse", "HEAD")
	if noGit == nil {
		s.revision = cmp.Or(revision, hash)
		s.version = cmp.Or(version, versionOf(ctx, folder, hash))
	}
	if s.version == "" {
		return source{}, fmt.Errorf("give -version: git does not tell it (%w)", noGit)
	}
	if strings.Trim(s.version+s.revision, "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-_") != "" {
		return source{}, fmt.Errorf("version %q and revision %q may have letters, digits, dots, hyphens and underscores: they are in names of files", s.version, s.revision)
	}
	seconds := os.Getenv("SOURCE_DATE_EPOCH")
	if seconds == "" && noGit == nil {
		if seconds, err = output(ctx, folder, "git", "log", "-1", "--format=%ct"); err != nil {
			return source{}, err
		}
	}
	if seconds == "" {
		seconds = "1767225600" // 2026: archives must have some time, and zip none before 1980
	}
	at, err := strconv.ParseInt(seconds, 10, 64)
	if err != nil {
		return source{}, fmt.Errorf("SOURCE_DATE_EPOCH=%s: give unix seconds", seconds)
	}
	s.time = time.Unix(at, 0).UTC()
	return s, nil
}

// versionOf is the commit's tag without its v, or a name that no release has. What is
// not committed is told, since nobody could build it again.
func versionOf(ctx context.Context, folder, hash string) string {
	version := "dev-" + hash[:12]
	if tag, err := output(ctx, folder, "git", "describe", "--tags", "--exact-match", "--match", "v[0-9]*"); err == nil {
		version = strings.TrimPrefix(tag, "v")
	}
	if changed, err := output(ctx, folder, "git", "status", "--porcelain"); err != nil || changed != "" {
		version += "-dirty"
	}
	return version
}

// output runs a command and returns what it prints, without the line's end.
func output(ctx context.Context, folder, name string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, name, args...) // #nosec G204 G702 -- the commands are those of this package
	cmd.Dir = folder
	var said strings.Builder
	cmd.Stderr = &said
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("%s %s: %w: %s", name, strings.Join(args, " "), err, strings.TrimSpace(said.String()))
	}
	return strings.TrimSpace(string(out)), nil
}
