package completion

import (
	"fmt"
	"strings"
)

// zsh writes for zsh from 5.0 on.
func zsh(program *Command) string {
	var children, flags, takes, values strings.Builder
	program.each("", func(path string, c *Command) {
		if described := describedChildren(c); len(described) > 0 {
			fmt.Fprintf(&children, "\t(%s) words_of=(%s) ;;\n", quote(path), strings.Join(described, " "))
		} else if c.Files {
			fmt.Fprintf(&children, "\t(%s) files=yes ;;\n", quote(path))
		}
		var all []string
		for i := range c.Flags {
			f := &c.Flags[i]
			var patterns []string
			for _, name := range f.names() {
				all = append(all, describe(name, f.Help))
				patterns = append(patterns, quote(path+"|"+name))
			}
			if !f.Value {
				continue
			}
			pattern := strings.Join(patterns, "|")
			fmt.Fprintf(&takes, "\t(%s) return 0 ;;\n", pattern)
			switch {
			case len(f.Values) > 0:
				var quoted []string
				for _, value := range f.Values {
					quoted = append(quoted, describe(value, ""))
				}
				fmt.Fprintf(&values, "\t(%s) words_of=(%s) ;;\n", pattern, strings.Join(quoted, " "))
			case f.Files:
				fmt.Fprintf(&values, "\t(%s) files=yes ;;\n", pattern)
			}
		}
		fmt.Fprintf(&flags, "\t(%s) words_of=(%s) ;;\n", quote(path), strings.Join(all, " "))
	})
	return strings.NewReplacer("PROGRAM", program.Name, "CHILDREN\n", children.String(), "FLAGS\n", flags.String(),
		"TAKES\n", takes.String(), "VALUES\n", values.String()).Replace(zshScript)
}

func describedChildren(c *Command) (described []string) {
	for _, value := range c.Values {
		described = append(described, describe(value, ""))
	}
	for i := range c.Commands {
		described = append(described, describe(c.Commands[i].Name, c.Commands[i].Help))
	}
	return described
}

// describe is a word and its help as _describe takes them.
func describe(word, help string) string {
	text := strings.ReplaceAll(word, ":", `\:`)
	if help = brief(help); help != "" {
		text += ":" + help
	}
	return quote(text)
}

const zshScript = `#compdef PROGRAM
# Completion of PROGRAM for zsh. In a folder of $fpath, as _PROGRAM:
#   PROGRAM completion zsh > "${fpath[1]}/_PROGRAM"

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
	local command='' flag='' files='' word i
	local -a words_of
	for ((i = 2; i < CURRENT; i++)); do
		word="${words[i]}"
		if [[ -n $flag ]]; then
			flag=''
		elif [[ $word == -* ]]; then
			_PROGRAM_takes "$command" "$word" && flag="$word"
		else
			words_of=()
			_PROGRAM_children "$command"
			if (( ${words_of[(I)$word(|:*)]} )); then
				command="${command:+$command }$word"
			fi
		fi
	done
	words_of=() files=''
	if [[ -z $flag && $PREFIX == --*=* ]]; then
		flag="${PREFIX%%=*}"
		compset -P '*='
	fi
	if [[ -n $flag ]]; then
		_PROGRAM_values "$command" "$flag"
	elif [[ $PREFIX == -* ]]; then
		_PROGRAM_flags "$command"
	else
		_PROGRAM_children "$command"
	fi
	if [[ -n $files ]]; then
		_files
	elif (( $#words_of )); then
		_describe PROGRAM words_of
	fi
}

if [[ $funcstack[1] == _PROGRAM ]]; then
	_PROGRAM "$@"
else
	compdef _PROGRAM PROGRAM
fi
`
