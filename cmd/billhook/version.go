package main

import (
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/alecthomas/kong"
)

// version is set by the linker at a release.
var version = "dev"

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
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" {
				fmt.Printf(" %s", s.Value)
			}
		}
	}
	fmt.Println()
	return nil
}
