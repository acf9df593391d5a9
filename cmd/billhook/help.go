package main

import (
	"fmt"

	"github.com/alecthomas/kong"
)

// printHelp is kong's help, with the example that a command's tag gives below it.
func printHelp(options kong.HelpOptions, ctx *kong.Context) error {
	if err := kong.DefaultHelpPrinter(options, ctx); err != nil {
		return err
	}
	if example := exampleOf(ctx.Selected()); example != "" {
		_, err := fmt.Fprintf(ctx.Stdout, "\nExample:\n  %s\n", example)
		return err
	}
	return nil
}

// exampleOf is a line that one can type; "" where the command has none, or is a folder of
// others.
func exampleOf(command *kong.Node) string {
	if command == nil || command.Tag == nil {
		return ""
	}
	return command.Tag.Get("example")
}
