package completion

import (
	"fmt"
	"strings"
)

// fish writes for fish from 3.0 on.
func fish(program *Command) string {
	var takes, all strings.Builder
	program.each("", func(path string, c *Command) {
		at := fmt.Sprintf("complete -c %s -n %s", program.Name, fishQuote("__"+program.Name+"_at "+fishQuote(path)))
		for _, value := range c.Values {
			fmt.Fprintf(&all, "%s -a %s\n", at, fishQuote(value))
		}
		for i := range c.Commands {
			fmt.Fprintf(&all, "%s -a %s -d %s\n", at, fishQuote(c.Commands[i].Name), fishQuote(brief(c.Commands[i].Help)))
		}
		if c.Files {
			fmt.Fprintf(&all, "%s -F\n", at)
		}
		for i := range c.Flags {
			f := &c.Flags[i]
			fmt.Fprintf(&all, "%s -l %s", at, f.Name)
			if f.Short != 0 {
				fmt.Fprintf(&all, " -s %c", f.Short)
			}
			fmt.Fprintf(&all, " -d %s", fishQuote(brief(f.Help)))
			switch {
			case len(f.Values) > 0:
				fmt.Fprintf(&all, " -x -a %s", fishQuote(strings.Join(f.Values, " ")))
			case f.Files:
				all.WriteString(" -r -F")
			case f.Value:
				all.WriteString(" -x")
			}
			all.WriteByte('\n')
			if f.Value {
				for _, name := range f.names() {
					fmt.Fprintf(&takes, "\t\tcase %s\n\t\t\treturn 0\n", fishQuote(path+"|"+name))
				}
			}
		}
	})
	var nodes strings.Builder
	program.each("", func(path string, _ *Command) {
		if path != "" {
			fmt.Fprintf(&nodes, " %s", fishQuote(path))
		}
	})
	return strings.NewReplacer("PROGRAM", program.Name, "TAKES\n", takes.String(), "NODES", nodes.String(), "ALL\n", all.String()).Replace(fishScript)
}

// fishQuote is text in quotes: within them fish knows \\ and \' alone.
func fishQuote(text string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, "'", `\'`).Replace(text) + "'"
}

const fishScript = `# Completion of PROGRAM for fish:
#   PROGRAM completion fish > ~/.config/fish/completions/PROGRAM.fish

# A command's flags that a value follows.
function __PROGRAM_takes
	switch "$argv[1]|$argv[2]"
TAKES
	end
	return 1
end

# Whether the line has come to a command.
function __PROGRAM_at
	set -l commandNODES
	set -l at ''
	set -l flag ''
	for word in (commandline -opc)[2..-1]
		if test -n "$flag"
			set flag ''
		else if string match -q -- '-*' $word
			if __PROGRAM_takes "$at" $word
				set flag $word
			end
		else
			set -l next (string trim -- "$at $word")
			if contains -- $next $command
				set at $next
			end
		end
	end
	test "$at" = "$argv[1]"
end

complete -c PROGRAM -f
ALL
`
