package main

import (
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/alecthomas/kong"
)

// version and revision are set by the linker at a release (packaging/release).
var version, revision = "dev", ""

type versionCmd struct{}

// versionFlag is the command as a flag, which many programs have.
type versionFlag bool

// BeforeReset is called by kong where the flag is given, whatever else is.
func (versionFlag) BeforeReset(k *kong.Kong) error {
	if err := (versionCmd{}).Run(); err != nil {
		return err
	}
	k.Exit(0)
	return nil
}

func (versionCmd) Run() error {
	fmt.Printf("billhook %s %s %s/%s", version, runtime.Version(), runtime.GOOS, runtime.GOARCH)
	if built := builtFrom(); built != "" {
		fmt.Printf(" %s", built)
	}
	fmt.Println()
	return nil
}

// builtFrom is the commit, where it is known.
func builtFrom() string {
	if info, ok := debug.ReadBuildInfo(); ok && revision == "" {
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" {
				return s.Value
			}
		}
	}
	return revision
}
