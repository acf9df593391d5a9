// Command release builds what is handed out: for each system a static binary in an
// archive, with the licences of what is linked and a list of it (SBOM), and the
// checksums of all. The same commit gives the same bytes, wherever it is built by
// the same version of Go; -check builds twice and compares. It knows the go command
// and archives, and nothing of Billhook.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:]); errors.Is(err, flag.ErrHelp) {
		os.Exit(2)
	} else if err != nil {
		fmt.Fprintf(os.Stderr, "release: %v\n", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("release", flag.ContinueOnError)
	out := flags.String("out", "dist", "folder for the archives; what is in it is replaced")
	only := flags.String("only", "", "systems to build for, like linux/amd64,darwin/arm64 (default all)")
	version := flags.String("version", "", "version (default: the tag of the commit, or its hash)")
	revision := flags.String("revision", "", "commit that is built (default: git's)")
	binary := flags.String("binary", "", "write the binary of the one system of -only to this file, and its licences beside it, in place of archives")
	check := flags.Bool("check", false, "build twice, from different folders and with different caches, and compare")
	if err := flags.Parse(args); err != nil {
		return flag.ErrHelp // which has been printed
	}
	if flags.NArg() > 0 {
		return fmt.Errorf("%q is not understood: there are flags only (-help)", flags.Arg(0))
	}
	targets, err := parseTargets(*only)
	if err != nil {
		return err
	}
	source, err := findSource(ctx, *version, *revision)
	if err != nil {
		return err
	}
	b := builder{source: source}
	switch {
	case *check:
		return b.check(ctx, targets, os.Stdout)
	case *binary != "" && len(targets) != 1:
		return fmt.Errorf("-binary wants -only with one system, and not %d", len(targets))
	case *binary != "":
		return b.single(ctx, targets[0], *binary)
	}
	return b.release(ctx, targets, *out, os.Stdout)
}

// A target is a system that there is a binary for.
type target struct{ os, arch string }

func (t target) String() string { return t.os + "/" + t.arch }

// program is the binary's name there.
func (t target) program() string {
	if t.os == "windows" {
		return "billhook.exe"
	}
	return "billhook"
}

var allTargets = []target{
	{"linux", "amd64"}, {"linux", "arm64"}, {"darwin", "amd64"}, {"darwin", "arm64"}, {"windows", "amd64"}, {"windows", "arm64"},
}

func parseTargets(list string) ([]target, error) {
	if list == "" {
		return allTargets, nil
	}
	var chosen []target
	for name := range strings.SplitSeq(list, ",") {
		known := false
		for _, t := range allTargets {
			if t.String() == name {
				chosen, known = append(chosen, t), true
			}
		}
		if !known {
			return nil, fmt.Errorf("-only: there is no release for %q, but for %v", name, allTargets)
		}
	}
	return chosen, nil
}
