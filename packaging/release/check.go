package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// check builds the targets twice and compares all that comes of it. The second build
// is of a copy, in another folder, with caches of its own that are empty at first, so
// that nothing of the first can be taken for it.
func (b *builder) check(ctx context.Context, targets []target, log io.Writer) error {
	work, err := os.MkdirTemp("", "billhook-twice-")
	if err != nil {
		return err
	}
	defer removeAll(work)
	second := *b
	second.source.folder = filepath.Join(work, "somewhere", "else")
	if err := copyTree(b.source.folder, second.source.folder); err != nil {
		return err
	}
	modules, err := output(ctx, b.source.folder, "go", "env", "GOMODCACHE")
	if err != nil {
		return err
	}
	second.env = []string{
		"GOCACHE=" + filepath.Join(work, "cache"), "GOMODCACHE=" + filepath.Join(work, "modules"),
		// What the first build has downloaded is where the second takes it from.
		"GOPROXY=file://" + filepath.ToSlash(filepath.Join(modules, "cache", "download")), "GONOSUMDB=*",
		"HOME=" + work,
	}
	one, two := filepath.Join(work, "one"), filepath.Join(work, "two")
	if err := b.release(ctx, targets, one, io.Discard); err != nil {
		return err
	}
	if err := second.release(ctx, targets, two, log); err != nil {
		return fmt.Errorf("the second time: %w", err)
	}
	first, err := os.ReadFile(filepath.Join(one, sumsFile))
	if err != nil {
		return err
	}
	again, err := os.ReadFile(filepath.Join(two, sumsFile))
	if err != nil {
		return err
	}
	if !bytes.Equal(first, again) {
		return fmt.Errorf("built twice, and not the same:\n%s%s", first, again)
	}
	fmt.Fprintf(log, "built twice, the same: %s\n", strings.Trim(fmt.Sprint(targets), "[]")) // #nosec G705 -- a terminal, not a page
	return nil
}

// copyTree copies what is built, without git's folder and what is made of it.
func copyTree(from, to string) error {
	leave := map[string]bool{".git": true, "dist": true, "node_modules": true, "data": true, "bin": true}
	return filepath.Walk(from, func(path string, info os.FileInfo, err error) error {
		if err != nil {
			return err
		}
		within, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		switch into := filepath.Join(to, within); {
		case leave[info.Name()] && path != from:
			if info.IsDir() {
				return filepath.SkipDir
			}
			return nil
		case info.IsDir():
			return os.MkdirAll(into, 0o755) // #nosec G301 -- a copy for a moment
		case !info.Mode().IsRegular():
			return nil
		default:
			text, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			return os.WriteFile(into, text, info.Mode().Perm())
		}
	})
}

// removeAll removes a folder with modules in it, which are read-only.
func removeAll(folder string) {
	_ = filepath.Walk(folder, func(path string, info os.FileInfo, err error) error {
		if err == nil && info.IsDir() {
			_ = os.Chmod(path, 0o700) // #nosec G302 -- to be removed
		}
		return nil
	})
	_ = os.RemoveAll(folder)
}
