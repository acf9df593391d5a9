package completion

import (
	"fmt"
	"strings"
)

// A word is what may stand on the line, and its help.
type word struct{ text, help string }

// fill puts what a program has into the script of a shell that has case as POSIX has it.
// assign is how that shell puts words where its script looks for them.
func fill(script string, program *Command, assign func([]word) string) string {
	var children, flags, takes, values strings.Builder
	program.each("", func(path string, c *Command) {
		if next := c.next(); len(next) > 0 {
			fmt.Fprintf(&children, "\t(%s) %s ;;\n", quote(path), assign(next))
		} else if c.Files {
			fmt.Fprintf(&children, "\t(%s) files=yes ;;\n", quote(path))
		}
		var all []word
		for i := range c.Flags {
			f := &c.Flags[i]
			var patterns []string
			for _, name := range f.names() {
				all = append(all, word{name, f.Help})
				patterns = append(patterns, quote(path+"|"+name))
			}
			if !f.Value {
				continue
			}
			pattern := strings.Join(patterns, "|")
			fmt.Fprintf(&takes, "\t(%s) return 0 ;;\n", pattern)
			switch {
			case len(f.Values) > 0:
				fmt.Fprintf(&values, "\t(%s) %s ;;\n", pattern, assign(bare(f.Values)))
			case f.Files:
				fmt.Fprintf(&values, "\t(%s) files=yes ;;\n", pattern)
			}
		}
		fmt.Fprintf(&flags, "\t(%s) %s ;;\n", quote(path), assign(all))
	})
	return strings.NewReplacer("PROGRAM", program.Name, "CHILDREN\n", children.String(), "FLAGS\n", flags.String(),
		"TAKES\n", takes.String(), "VALUES\n", values.String()).Replace(script)
}

// next is what may follow a command: a value that is known, or another command.
func (c *Command) next() []word {
	all := bare(c.Values)
	for i := range c.Commands {
		all = append(all, word{c.Commands[i].Name, c.Commands[i].Help})
	}
	return all
}

// bare are words without help.
func bare(texts []string) (all []word) {
	for _, text := range texts {
		all = append(all, word{text: text})
	}
	return all
}

// functions are what the scripts for bash and zsh ask about the program.
const functions = `
# A command's flags that a value follows.
_PROGRAM_takes() {
	case "$1|$2" in
TAKES
	esac
	return 1
}

# What a command's flag may have for a value.
_PROGRAM_values() {
	case "$1|$2" in
VALUES
	esac
}

# What may follow a command.
_PROGRAM_children() {
	case "$1" in
CHILDREN
	esac
}

_PROGRAM_flags() {
	case "$1" in
FLAGS
	esac
}
`
