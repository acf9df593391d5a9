package completion

import (
	"fmt"
	"strings"
)

// bash writes for bash from 3.2 on, which macOS has: no associative arrays, and nothing
// of the package bash-completion.
func bash(program *Command) string {
	var children, flags, takes, values strings.Builder
	program.each("", func(path string, c *Command) {
		if names := childNames(c); len(names) > 0 {
			fmt.Fprintf(&children, "\t%s) words=%s ;;\n", quote(path), quote(strings.Join(names, " ")))
		} else if c.Files {
			fmt.Fprintf(&children, "\t%s) files=yes ;;\n", quote(path))
		}
		var names []string
		for i := range c.Flags {
			f := &c.Flags[i]
			names = append(names, f.names()...)
			if !f.Value {
				continue
			}
			patterns := quote(path + "|" + f.names()[0])
			for _, name := range f.names()[1:] {
				patterns += "|" + quote(path+"|"+name)
			}
			fmt.Fprintf(&takes, "\t%s) return 0 ;;\n", patterns)
			switch {
			case len(f.Values) > 0:
				fmt.Fprintf(&values, "\t%s) words=%s ;;\n", patterns, quote(strings.Join(f.Values, " ")))
			case f.Files:
				fmt.Fprintf(&values, "\t%s) files=yes ;;\n", patterns)
			}
		}
		fmt.Fprintf(&flags, "\t%s) words=%s ;;\n", quote(path), quote(strings.Join(names, " ")))
	})
	return strings.NewReplacer("PROGRAM", program.Name, "CHILDREN\n", children.String(), "FLAGS\n", flags.String(),
		"TAKES\n", takes.String(), "VALUES\n", values.String()).Replace(bashScript)
}

// childNames are what may follow a command: others, or a value that is known.
func childNames(c *Command) []string {
	names := append([]string(nil), c.Values...)
	for i := range c.Commands {
		names = append(names, c.Commands[i].Name)
	}
	return names
}

const bashScript = `# Completion of PROGRAM for bash. In ~/.bashrc:
#   source <(PROGRAM completion bash)

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

_PROGRAM() {
	local current="${COMP_WORDS[COMP_CWORD]}" command='' flag='' words='' files='' word i
	COMPREPLY=()
	for ((i = 1; i < COMP_CWORD; i++)); do
		word="${COMP_WORDS[i]}"
		if [[ $word == '=' ]]; then
			continue # bash takes --flag=value apart
		elif [[ -n $flag ]]; then
			flag=''
		elif [[ $word == -* ]]; then
			_PROGRAM_takes "$command" "$word" && flag="$word"
		else
			words=''
			_PROGRAM_children "$command"
			if [[ " $words " == *" $word "* ]]; then
				command="${command:+$command }$word"
			fi
		fi
	done
	words='' files=''
	[[ $current == '=' ]] && current=''
	if [[ -n $flag ]]; then
		_PROGRAM_values "$command" "$flag"
	elif [[ $current == -* ]]; then
		_PROGRAM_flags "$command"
	else
		_PROGRAM_children "$command"
	fi
	if [[ -n $files ]]; then
		local IFS=$'\n'
		COMPREPLY=($(compgen -f -- "$current"))
		compopt -o filenames 2>/dev/null # which bash 3.2 has not
	elif [[ -n $words ]]; then
		COMPREPLY=($(compgen -W "$words" -- "$current"))
	fi
	return 0
}

complete -F _PROGRAM PROGRAM
`
