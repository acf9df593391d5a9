package completion

import "strings"

// bash writes for bash from 3.2 on, which macOS has: no associative arrays, and nothing
// of the package bash-completion.
func bash(program *Command) string {
	return fill(bashScript, program, func(words []word) string {
		var texts []string
		for _, w := range words {
			texts = append(texts, w.text)
		}
		return "words=" + quote(strings.Join(texts, " "))
	})
}

const bashScript = `# Completion of PROGRAM for bash. In ~/.bashrc:
#   source <(PROGRAM completion bash)
` + functions + `
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
