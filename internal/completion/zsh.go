package completion

import "strings"

// zsh writes for zsh from 5.0 on.
func zsh(program *Command) string {
	return fill(zshScript, program, func(words []word) string {
		var described []string
		for _, w := range words {
			described = append(described, describe(w))
		}
		return "words_of=(" + strings.Join(described, " ") + ")"
	})
}

// describe is a word with its help as _describe takes them.
func describe(w word) string {
	text := strings.ReplaceAll(w.text, ":", `\:`)
	if help := brief(w.help); help != "" {
		text += ":" + help
	}
	return quote(text)
}

const zshScript = `#compdef PROGRAM
# Completion of PROGRAM for zsh. In a folder of $fpath, as _PROGRAM:
#   PROGRAM completion zsh > "${fpath[1]}/_PROGRAM"
` + functions + `
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
