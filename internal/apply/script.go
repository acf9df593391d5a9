package apply

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// Configuration in documents is written as JavaScript objects as often as not. What
// is read here are literals alone, nothing is ever run: each object or array that
// stands by itself, is given a name by const, let or var, or is exported, becomes a
// document. A value that is another's name, or that would have to be worked out, is
// refused.

// looksLikeScript is how a script begins whatever its file is called.
var looksLikeScript = regexp.MustCompile(`^\s*(//|/\*|(export|const|let|var|module\.exports)\b)`)

// declaration is what may stand before a literal.
var declaration = regexp.MustCompile(`^[\s;]*(((export\s+)?(const|let|var)\s+[\w$]+(\s*:\s*[\w.<>\[\]]+)?|module\.exports(\.[\w$]+)?)\s*=|export\s+default)?\s*$`)

// A script is JavaScript that is being turned into JSON, line for line.
type script struct {
	source *source
	in     []byte
	pos    int
	line   int
	out    bytes.Buffer
}

// readScript reads the literals of a script.
func (s *source) readScript(content []byte) (documents []*value, err error) {
	sc := &script{source: s, in: content, line: 1}
	for {
		before, begins := sc.between()
		if !declaration.MatchString(before) && strings.Trim(before, "; \t\r\n") != "" {
			return nil, sc.problem("%q is not understood: a script may hold objects and arrays, each with const NAME = before it or not", firstLine(before))
		}
		if !begins {
			return documents, nil
		}
		first := sc.line
		if err := sc.literal(); err != nil {
			return nil, err
		}
		part := *s
		part.before += first - 1
		found, err := part.readYAML(sc.out.Bytes())
		s.values = part.values
		if err != nil {
			return nil, err
		}
		documents = append(documents, found...)
	}
}

func firstLine(text string) string {
	text, _, _ = strings.Cut(strings.TrimSpace(text), "\n")
	return strings.TrimSpace(text)
}

func (sc *script) problem(format string, args ...any) error {
	return sc.source.at(sc.line).problem("%s", fmt.Sprintf(format, args...))
}

// between reads up to the next literal, and reports whether there is one.
func (sc *script) between() (before string, begins bool) {
	var text strings.Builder
	for sc.pos < len(sc.in) {
		if sc.comment() {
			continue
		}
		c := sc.in[sc.pos]
		// A type such as Hook[] ends with brackets that begin nothing.
		if c == '{' || c == '[' && !bytes.HasPrefix(sc.in[sc.pos:], []byte("[]")) {
			return text.String(), true
		}
		text.WriteByte(c)
		sc.next()
	}
	return text.String(), false
}

func (sc *script) next() {
	if sc.in[sc.pos] == '\n' {
		sc.line++
	}
	sc.pos++
}

// comment passes over one, but for its lines.
func (sc *script) comment() bool {
	rest := sc.in[sc.pos:]
	end := -1
	switch {
	case bytes.HasPrefix(rest, []byte("//")):
		end = bytes.IndexByte(rest, '\n')
	case bytes.HasPrefix(rest, []byte("/*")):
		if end = bytes.Index(rest, []byte("*/")); end >= 0 {
			end += 2
		}
	default:
		return false
	}
	if end < 0 {
		end = len(rest)
	}
	lines := bytes.Count(rest[:end], []byte("\n"))
	sc.out.WriteString(strings.Repeat("\n", lines))
	sc.line, sc.pos = sc.line+lines, sc.pos+end
	return true
}

// word is a name, a number or a path of names.
var word = regexp.MustCompile(`^-?[\w$][\w$.]*([eE][+-]?\d+)?!?`)

// literal writes the next literal as JSON, with its lines, and without what only
// scripts have: comments, names without quotes, other quotes, a comma at the end.
func (sc *script) literal() error {
	sc.out.Reset()
	first := sc.line
	for depth := 0; sc.pos < len(sc.in); {
		if sc.comment() {
			continue
		}
		switch c := sc.in[sc.pos]; {
		case c == '"' || c == '\'' || c == '`':
			if err := sc.quoted(c); err != nil {
				return err
			}
			continue
		case c == '{' || c == '[':
			depth++
		case c == '}' || c == ']':
			depth--
		case c == ',' || c == ':' || c == ' ' || c == '\n' || c == '\t' || c == '\r':
		default:
			if err := sc.word(); err != nil {
				return err
			}
			continue
		}
		switch c := sc.in[sc.pos]; c {
		case '\t', '\r':
			sc.out.WriteByte(' ')
		case ':':
			sc.out.WriteString(": ") // YAML wants it where a quote is before it
		default:
			sc.out.WriteByte(c)
		}
		sc.next()
		if depth == 0 {
			return nil
		}
	}
	return sc.source.at(first).problem("what begins here has no end: a } or ] is missing")
}

// word writes a member's name, a number, or one of the words that are values.
func (sc *script) word() error {
	found := string(word.Find(sc.in[sc.pos:]))
	if found == "" {
		return sc.problem("%q is not understood here: only values can be read, nothing is worked out", string(sc.in[sc.pos]))
	}
	sc.pos += len(found)
	rest := bytes.TrimLeft(sc.in[sc.pos:], " \t\r\n")
	name, inEnvironment := strings.CutPrefix(strings.TrimSuffix(found, "!"), "process.env.")
	switch {
	case bytes.HasPrefix(rest, []byte(":")):
		sc.out.Write(appendText(nil, found))
	case found == "true" || found == "false" || found == "null":
		sc.out.WriteString(found)
	case found == "undefined":
		sc.out.WriteString("null")
	case inEnvironment:
		sc.out.Write(appendText(nil, "${"+name+"}"))
	default:
		digits := strings.ReplaceAll(found, "_", "")
		if !jsonNumber.MatchString(digits) {
			return sc.problem("%s is the name of something else, which is not looked for: write its value, or process.env.NAME for what the environment says", found)
		}
		sc.out.WriteString(digits)
	}
	return nil
}

// quoted writes a string in JSON's quotes.
func (sc *script) quoted(quote byte) error {
	end := sc.pos + 1
	for end < len(sc.in) && sc.in[end] != quote && (sc.in[end] != '\n' || quote == '`') {
		if sc.in[end] == '\\' {
			end++
		}
		end++
	}
	if end >= len(sc.in) || sc.in[end] != quote {
		return sc.problem("a %c is missing at the end of the text", quote)
	}
	said, err := unescape(string(sc.in[sc.pos+1 : end]))
	if err != nil {
		return sc.problem("%v", err)
	}
	sc.out.Write(appendText(nil, said))
	lines := bytes.Count(sc.in[sc.pos:end], []byte("\n"))
	sc.out.WriteString(strings.Repeat("\n", lines))
	sc.line, sc.pos = sc.line+lines, end+1
	return nil
}

// unescape reads a string's escapes.
func unescape(s string) (string, error) {
	var out strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] != '\\' {
			out.WriteByte(s[i])
			continue
		}
		i++
		if i == len(s) {
			return "", fmt.Errorf("the text ends with half an escape")
		}
		switch c := s[i]; c {
		case '\\', '"', '\'', '`', '/', '$':
			if c == '$' && strings.HasPrefix(s[i+1:], "{") {
				out.WriteByte('$') // it is no variable, which $${ says
			}
			out.WriteByte(c)
		case 'b', 'f', 'n', 'r', 't':
			var one string
			_ = json.Unmarshal([]byte(`"\`+string(c)+`"`), &one) // these five are JSON's too
			out.WriteString(one)
		case 'x', 'u':
			digits := map[byte]int{'x': 2, 'u': 4}[c]
			if i+digits >= len(s) {
				return "", fmt.Errorf("the text ends with half an escape")
			}
			code, err := strconv.ParseUint(s[i+1:i+1+digits], 16, 32)
			if err != nil || code >= 0xD800 && code < 0xE000 {
				return "", fmt.Errorf(`the escape \%s is not understood: write the character itself`, s[i:i+1+digits])
			}
			out.WriteRune(rune(code))
			i += digits
		default:
			return "", fmt.Errorf(`the escape \%c is not understood`, c)
		}
	}
	return out.String(), nil
}
