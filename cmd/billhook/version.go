package main

import (
	"fmt"
	"runtime"
	"runtime/debug"
)

// version is set by the linker at a release.
var version = "dev"

type versionCmd struct{}

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
