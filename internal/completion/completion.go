// Package completion writes the scripts by which shells complete a program's commands,
// flags and the values that they may have. A script stands for itself: it holds the
// whole tree of commands, and calls nobody while one types.
//
// It must not know how the commands are declared.
package completion

import (
	"fmt"
	"io"
	"strings"
)

// A Command is a program, or one of its commands.
type Command struct {
	Name, Help string
	Commands   []Command
	Flags      []Flag
	// Files says that its arguments are files.
	Files bool
	// Values are what its first argument may be, where that is known.
	Values []string
}

// A Flag is one of a command, its own or one that it shares with all.
type Flag struct {
	Name string
	// Short is one letter, or 0.
	Short rune
	Help  string
	// Value says that one follows, Values which it may be, and Files that it is a file.
	Value  bool
	Values []string
	Files  bool
}

// names are how the flag is written.
func (f *Flag) names() []string {
	if f.Short == 0 {
		return []string{"--" + f.Name}
	}
	return []string{"--" + f.Name, "-" + string(f.Short)}
}

// Shells are those that there are scripts for.
var Shells = []string{"bash", "zsh", "fish"}

// Write writes the script of a shell.
func Write(w io.Writer, shell string, program *Command) error {
	var text string
	switch shell {
	case "bash":
		text = bash(program)
	case "zsh":
		text = zsh(program)
	case "fish":
		text = fish(program)
	default:
		return fmt.Errorf("there is no script for %s: give one of %s", shell, strings.Join(Shells, ", "))
	}
	_, err := io.WriteString(w, text)
	return err
}

// each visits a command and all below it. The path has the names below the program's,
// apart by a space.
func (c *Command) each(path string, visit func(path string, c *Command)) {
	visit(path, c)
	for i := range c.Commands {
		c.Commands[i].each(strings.TrimPrefix(path+" "+c.Commands[i].Name, " "), visit)
	}
}

// quote is text in quotes that no shell looks into.
func quote(text string) string {
	return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'"
}

// brief is a help text that fits beside a name: its first sentence, in one line.
func brief(help string) string {
	help = strings.Join(strings.Fields(help), " ")
	if end := strings.Index(help, ". "); end > 0 {
		help = help[:end]
	}
	return strings.TrimSuffix(help, ".")
}
