package docstest

import (
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// writeGo puts a command "go" into the folder that builds and runs what a page names of the
// sources, though the reader's folder has none: what was built once is not built again for
// every page. TestFirstEvent does it with a whole copy.
func writeGo(folder string) error {
	real, err := exec.LookPath("go")
	if err != nil {
		return err
	}
	sources, err := filepath.Abs(root)
	if err != nil {
		return err
	}
	script := fmt.Sprintf(`#!/usr/bin/env bash
set -e
case "$1" in
run)
	program="$(mktemp -d)/$(basename "$2")"
	%[1]q build -C %[2]q -o "$program" "$2"
	exec "$program" "${@:3}" ;;
build)
	if [ "$2" = -o ]; then
		case "$3" in /*) out="$3" ;; *) out="$PWD/$3" ;; esac
		exec %[1]q build -C %[2]q -o "$out" "${@:4}"
	fi ;;
esac
exec %[1]q "$@"
`, real, sources)
	return os.WriteFile(filepath.Join(folder, "go"), []byte(script), 0o700) // #nosec G306 -- it is run
}

// copySources is a clean clone: what a checkout has, without what was made in it.
func copySources(root, to string) error {
	return filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, _ := filepath.Rel(root, path)
		switch {
		case entry.IsDir() && name != "." && (strings.HasPrefix(entry.Name(), ".") || entry.Name() == "node_modules" || name == "data" || name == "bin" || name == "coverage"):
			return fs.SkipDir
		case entry.IsDir():
			return os.MkdirAll(filepath.Join(to, name), 0o700)
		case !entry.Type().IsRegular() || filepath.Ext(name) == ".png":
			return nil
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		if info.Size() > 4<<20 {
			return nil // somebody's binary
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(to, name), text, info.Mode().Perm())
	})
}
