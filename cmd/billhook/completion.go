package main

import (
	"os"
	"slices"
	"strings"

	"github.com/alecthomas/kong"

	"github.com/billhook/billhook/internal/completion"
)

type completionCmd struct {
	Shell string `arg:"" enum:"bash,zsh,fish" help:"The shell: bash, zsh or fish."`
}

// Help is printed below the flags.
func (completionCmd) Help() string {
	return "bash: source <(billhook completion bash), in ~/.bashrc to keep it. " +
		"zsh: billhook completion zsh > \"${fpath[1]}/_billhook\". " +
		"fish: billhook completion fish > ~/.config/fish/completions/billhook.fish."
}

func (cmd *completionCmd) Run(k *kong.Kong) error {
	program := commandOf(k.Model.Node)
	return completion.Write(os.Stdout, cmd.Shell, &program)
}

// commandOf is a command as it is completed: without what is hidden, and with the flags
// of those that it is below.
func commandOf(n *kong.Node) completion.Command {
	c := completion.Command{Name: n.Name, Help: n.Help}
	for _, child := range n.Children {
		if !child.Hidden {
			c.Commands = append(c.Commands, commandOf(child))
		}
	}
	for _, group := range n.AllFlags(true) {
		for _, f := range group {
			c.Flags = append(c.Flags, completion.Flag{
				Name: f.Name, Short: f.Short, Help: f.Help,
				Value: !f.IsBool() && !f.IsCounter(), Values: enumOf(f.Value), Files: isFile(f.Value, f.PlaceHolder),
			})
		}
	}
	for i, arg := range n.Positional {
		if i == 0 {
			c.Values = enumOf(arg)
		}
		c.Files = c.Files || isFile(arg, arg.Tag.PlaceHolder)
	}
	return c
}

func enumOf(v *kong.Value) []string {
	if v.Enum == "" {
		return nil
	}
	return slices.DeleteFunc(v.EnumSlice(), func(word string) bool { return word == "" })
}

// isFile goes by the type, and else by what the help calls the value.
func isFile(v *kong.Value, placeholder string) bool {
	switch v.Tag.Type {
	case "path", "existingfile", "existingdir", "filecontent":
		return true
	}
	return strings.Contains(placeholder, "FILE") || strings.Contains(placeholder, "DIR") || v.Name == "data" && v.Flag != nil
}
