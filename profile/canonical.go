package profile

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"unicode/utf8"
)

// DefaultMaxDepth is how deep arrays and objects may nest where Options does
// not say.
const DefaultMaxDepth = 64

// maxMaxDepth bounds Options.MaxDepth. The parser recurses, and each level of
// objects whose members have to be put in order copies what is inside it, so
// the cost of a hostile document is its size times its depth at most.
const maxMaxDepth = 10_000

// Options says what Canonical lets through.
type Options struct {
	// MaxDepth is how deep arrays and objects may nest, at most 10,000.
	// Default: 64.
	MaxDepth int
	// ExactNumbers refuses numbers that ECMAScript cannot hold exactly (2^53+1,
	// 1e400), for receivers that parse and print the body before they verify
	// it. Without it such numbers keep the digits that the source has.
	// Default: false.
	ExactNumbers bool
}

// Canonical brings a JSON text into the one form that survives a receiver who
// re-serialises it: the bytes that ECMAScript prints for
// JSON.stringify(JSON.parse(src)). That is: no white space; strings escaped as
// ECMA-262 QuoteJSONString does; numbers as Number::toString does; of
// duplicate keys the last value at the first one's place; keys that are array
// indices ("0" to "4294967294") first in ascending order, then all others in
// source order.
//
// A number whose decimal value ECMAScript would change is an error where
// opt.ExactNumbers is set, also in a member that a later duplicate overrides,
// and is otherwise carried as its source text.
//
// The error is a *JSONError. src is not changed and not kept.
func Canonical(src []byte, opt Options) ([]byte, error) {
	return AppendCanonical(make([]byte, 0, len(src)), src, opt)
}

// AppendCanonical is Canonical, appending to dst. On an error it returns nil.
func AppendCanonical(dst, src []byte, opt Options) ([]byte, error) {
	c := canonicalizer{src: src, out: dst, depth: opt.MaxDepth, exact: opt.ExactNumbers}
	if c.depth <= 0 {
		c.depth = DefaultMaxDepth
	}
	c.depth = min(c.depth, maxMaxDepth)

	c.space()
	if c.value() {
		c.space()
		if c.pos == len(c.src) {
			return c.out, nil
		}
		c.syntax("unexpected text after the value")
	}
	return nil, c.failure()
}

// canonicalizer reads src from pos and appends to out. Its methods return
// false once fail was called.
type canonicalizer struct {
	src   []byte
	pos   int
	out   []byte
	depth int // levels of nesting still allowed
	exact bool

	members []member // of all objects being read, the innermost last
	scratch []byte   // an object's members in their new order
	buckets []int32  // hash table of one large object's keys

	err  *JSONError
	path []string // tokens to the error, the innermost first
}

// member is where one member of an object lies in out.
type member struct {
	key, keyEnd     int // with its quotes
	value, valueEnd int
	index           int64 // the array index that the key is, or notIndex
}

func (c *canonicalizer) space() {
	for c.pos < len(c.src) {
		switch c.src[c.pos] {
		case ' ', '\n', '\t', '\r':
			c.pos++
		default:
			return
		}
	}
}

// peek returns the byte at pos, or 0 at the end: 0 starts nothing in JSON.
func (c *canonicalizer) peek() byte {
	if c.pos < len(c.src) {
		return c.src[c.pos]
	}
	return 0
}

func (c *canonicalizer) value() bool {
	switch b := c.peek(); b {
	case '{':
		return c.object()
	case '[':
		return c.array()
	case '"':
		return c.str()
	case 't':
		return c.literal("true")
	case 'f':
		return c.literal("false")
	case 'n':
		return c.literal("null")
	default:
		if b == '-' || isDigit(b) {
			return c.number()
		}
		return c.syntax("expected a value")
	}
}

func (c *canonicalizer) literal(word string) bool {
	end := c.pos + len(word)
	if end > len(c.src) || string(c.src[c.pos:end]) != word {
		return c.syntax("expected a value")
	}
	c.out = append(c.out, word...)
	c.pos = end
	return true
}

// enter goes one level down, onto the byte after the bracket.
func (c *canonicalizer) enter() bool {
	if c.depth == 0 {
		return c.fail(CodeTooDeep, c.pos, "arrays and objects nest too deep")
	}
	c.depth--
	c.out = append(c.out, c.src[c.pos])
	c.pos++
	c.space()
	return true
}

// leave goes one level up, writing the closing bracket.
func (c *canonicalizer) leave(bracket byte) bool {
	c.depth++
	c.out = append(c.out, bracket)
	c.pos++
	return true
}

func (c *canonicalizer) array() bool {
	if !c.enter() {
		return false
	}
	if c.peek() == ']' {
		return c.leave(']')
	}
	for i := 0; ; i++ {
		if !c.value() {
			return c.within(strconv.Itoa(i))
		}
		c.space()
		switch c.peek() {
		case ']':
			return c.leave(']')
		case ',':
			c.out = append(c.out, ',')
			c.pos++
			c.space()
		default:
			return c.syntax("expected a comma or the end of the array")
		}
	}
}

func (c *canonicalizer) object() bool {
	if !c.enter() {
		return false
	}
	if c.peek() == '}' {
		return c.leave('}')
	}
	if c.members == nil {
		c.members = make([]member, 0, fewMembers)
	}
	start, base, indices := len(c.out), len(c.members), false
	for {
		at := len(c.members)
		if !c.name() {
			return false
		}
		ok := c.value()
		m := &c.members[at]
		if !ok {
			return c.within(unquote(c.out[m.key:m.keyEnd]))
		}
		m.valueEnd = len(c.out)
		indices = indices || m.index != notIndex
		c.space()
		switch c.peek() {
		case '}':
			members := c.members[base:]
			if duplicates := c.merge(members); duplicates || indices {
				c.reorder(start, members)
			}
			c.members = c.members[:base]
			return c.leave('}')
		case ',':
			c.out = append(c.out, ',')
			c.pos++
			c.space()
		default:
			return c.syntax("expected a comma or the end of the object")
		}
	}
}

// name reads a member up to where its value begins, and pushes it.
func (c *canonicalizer) name() bool {
	if c.peek() != '"' {
		return c.syntax("expected a member name")
	}
	key := len(c.out)
	if !c.str() {
		return false
	}
	keyEnd := len(c.out)
	c.space()
	if c.peek() != ':' {
		return c.syntax("expected a colon")
	}
	c.pos++
	c.out = append(c.out, ':')
	c.space()
	c.members = append(c.members, member{
		key: key, keyEnd: keyEnd, value: keyEnd + 1, index: arrayIndex(c.out[key+1 : keyEnd-1]),
	})
	return true
}

// str copies a string, quotes included, changing its escapes to ECMAScript's.
func (c *canonicalizer) str() bool {
	src, out := c.src, c.out
	start := c.pos // the opening quote, copied with what follows it
	for i := start + 1; ; start = i {
		for i < len(src) && plain[src[i]] {
			i++
		}
		if i == len(src) {
			return c.fail(CodeInvalidJSON, i, "unterminated string")
		}
		switch b := src[i]; {
		case b == '"':
			c.out, c.pos = append(out, src[start:i+1]...), i+1
			return true
		case b == '\\':
			text, n := unescape(src[i:])
			if n == 0 {
				return c.fail(CodeInvalidJSON, i, "unknown escape in a string")
			}
			out = appendRune(append(out, src[start:i]...), text)
			i += n
		case b < ' ':
			return c.fail(CodeInvalidJSON, i, "control character in a string")
		default:
			r, n := utf8.DecodeRune(src[i:])
			if r == utf8.RuneError && n == 1 {
				return c.fail(CodeInvalidUTF8, i, "not UTF-8")
			}
			out = append(out, src[start:i+n]...)
			i += n
		}
	}
}

// number reads a number, as RFC 8259 has it.
func (c *canonicalizer) number() bool {
	n, end, ok := scanNumber(c.src, c.pos)
	if !ok {
		c.pos = end
		return c.syntax("malformed number")
	}
	text := c.src[c.pos:end]
	if out, exact := n.append(c.out, text); exact {
		c.out = out
	} else if c.exact {
		return c.fail(CodeInexactNumber, c.pos, fmt.Sprintf("a receiver's JavaScript cannot hold the number %s exactly; send it as a string", shorten(text)))
	} else {
		c.out = append(c.out, text...)
	}
	c.pos = end
	return true
}

// reorder writes the object's members anew from start on: array indices first,
// ascending, then the others as they stand. Overridden duplicates are gone.
func (c *canonicalizer) reorder(start int, members []member) {
	order := slices.DeleteFunc(members, func(m member) bool { return m.key == overridden })
	slices.SortStableFunc(order, func(a, b member) int {
		return cmp.Compare(uint64(a.index), uint64(b.index)) // notIndex is the largest
	})
	buf := c.scratch[:0]
	for i, m := range order {
		if i > 0 {
			buf = append(buf, ',')
		}
		buf = append(buf, c.out[m.key:m.keyEnd]...)
		buf = append(buf, ':')
		buf = append(buf, c.out[m.value:m.valueEnd]...)
	}
	c.out = append(c.out[:start], buf...)
	c.scratch = buf
}
