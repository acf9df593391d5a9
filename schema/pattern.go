package schema

import (
	"fmt"
	"regexp"
	"regexp/syntax"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

const (
	maxPattern = 1000
	// maxProgram bounds what a pattern compiles to: matching takes as many steps for
	// each character. a{1000} is 1000 long.
	maxProgram = 2000
)

// A pattern is a regular expression in Go's syntax (RE2), which is matched in time
// linear in the text and in the size of its program.
type pattern struct {
	*regexp.Regexp
	size int
}

func compilePattern(text string) (jsonschema.Regexp, error) {
	if len(text) > maxPattern {
		return nil, fmt.Errorf("is longer than %d bytes", maxPattern)
	}
	parsed, err := syntax.Parse(text, syntax.Perl)
	if err != nil {
		return nil, err
	}
	program, err := syntax.Compile(parsed.Simplify())
	if err != nil {
		return nil, err
	}
	if len(program.Inst) > maxProgram {
		return nil, fmt.Errorf("repeats too much")
	}
	compiled, err := regexp.Compile(text)
	if err != nil {
		return nil, err
	}
	return &pattern{compiled, len(program.Inst)}, nil
}

// steps is what matching a text costs, in checks of a value.
func (p *pattern) steps(text string) int { return 4 + len(text)*p.size/32 }
