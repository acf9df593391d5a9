package explain

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"sort"
	"strconv"
	"strings"
	"unicode/utf16"
)

// A node is a JSON value whose members keep their order and whose numbers keep their
// digits, so that it can be printed as others print it.
type node struct {
	text    string // of a string, decoded; else the token as it stood
	kind    byte   // '{', '[', '"' or 0
	names   []string
	members []*node // of an object or array
}

// maxTreeDepth bounds the recursion of what strangers wrote.
const maxTreeDepth = 200

func parseTree(text []byte) (*node, error) {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	n, err := readTree(d, 0)
	if err != nil {
		return nil, err
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, errors.New("more than one value")
	}
	return n, nil
}

func readTree(d *json.Decoder, depth int) (*node, error) {
	token, err := d.Token()
	if err != nil {
		return nil, err
	}
	if depth > maxTreeDepth {
		return nil, errors.New("nests too deep")
	}
	switch v := token.(type) {
	case json.Delim:
		n := &node{kind: byte(v)}
		for d.More() {
			if v == '{' {
				name, err := d.Token()
				if err != nil {
					return nil, err
				}
				n.names = append(n.names, name.(string))
			}
			m, err := readTree(d, depth+1)
			if err != nil {
				return nil, err
			}
			n.members = append(n.members, m)
		}
		_, err = d.Token()
		return n, err
	case string:
		return &node{kind: '"', text: v}, nil
	case json.Number:
		return &node{text: v.String()}, nil
	case bool:
		return &node{text: strconv.FormatBool(v)}, nil
	default:
		return &node{text: "null"}, nil
	}
}

// A dialect is how a library prints JSON.
type dialect struct {
	name           string
	comma, colon   string // behind each
	indent         string // "" for one line
	slashes, ascii bool   // \/ and \u00e9
	html           bool   // \u003c
	sorted         bool   // members by name
}

// dialects are those of the languages that receivers and platforms are written in.
func dialects() []dialect {
	all := []dialect{{name: "without white space"}}
	for _, white := range []dialect{
		{name: "without white space"}, {name: "as Python's json.dumps", comma: " ", colon: " "},
		{name: "indented by 2", indent: "  ", colon: " "}, {name: "indented by 4", indent: "    ", colon: " "}, {name: "indented by tabs", indent: "\t", colon: " "},
	} {
		for i := range 16 {
			d := white
			d.slashes, d.ascii, d.html, d.sorted = i&1 != 0, i&2 != 0, i&4 != 0, i&8 != 0
			for _, on := range []struct {
				is   bool
				text string
			}{{d.slashes, "slashes escaped"}, {d.ascii, "letters beyond ASCII escaped"}, {d.html, "<, > and & escaped"}, {d.sorted, "members sorted by name"}} {
				if on.is {
					d.name += ", " + on.text
				}
			}
			all = append(all, d)
		}
	}
	return all
}

func (d *dialect) print(n *node) []byte { return d.append(nil, n, "\n") }

func (d *dialect) append(dst []byte, n *node, line string) []byte {
	switch n.kind {
	case '"':
		return d.appendText(dst, n.text)
	case '{', '[':
		last := byte(n.kind) + 2 // '}' and ']' come two behind
		dst = append(dst, n.kind)
		if len(n.members) == 0 {
			return append(dst, last)
		}
		inner := line + d.indent
		for place, i := range d.order(n) {
			if place > 0 {
				dst = append(append(dst, ','), d.comma...)
			}
			if d.indent != "" {
				dst = append(dst, inner...)
			}
			if n.kind == '{' {
				dst = append(append(d.appendText(dst, n.names[i]), ':'), d.colon...)
			}
			dst = d.append(dst, n.members[i], inner)
		}
		if d.indent != "" {
			dst = append(dst, line...)
		}
		return append(dst, last)
	default:
		return append(dst, n.text...)
	}
}

func (d *dialect) order(n *node) []int {
	order := make([]int, len(n.members))
	for i := range order {
		order[i] = i
	}
	if d.sorted && n.kind == '{' {
		sort.SliceStable(order, func(a, b int) bool { return n.names[order[a]] < n.names[order[b]] })
	}
	return order
}

func (d *dialect) appendText(dst []byte, s string) []byte {
	dst = append(dst, '"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			dst = append(dst, '\\', byte(r))
		case r == '/' && d.slashes:
			dst = append(dst, `\/`...)
		case r == '\n':
			dst = append(dst, `\n`...)
		case r == '\r':
			dst = append(dst, `\r`...)
		case r == '\t':
			dst = append(dst, `\t`...)
		case r == '\b':
			dst = append(dst, `\b`...)
		case r == '\f':
			dst = append(dst, `\f`...)
		case r < ' ', d.html && strings.ContainsRune("<>&\u2028\u2029", r), r >= 0x7f && d.ascii:
			if high, low := utf16.EncodeRune(r); r > 0xffff {
				dst = appendEscape(appendEscape(dst, high), low)
			} else {
				dst = appendEscape(dst, r)
			}
		default:
			dst = append(dst, string(r)...)
		}
	}
	return append(dst, '"')
}

func appendEscape(dst []byte, r rune) []byte {
	hex := strconv.FormatInt(int64(r), 16)
	return append(append(dst, `\u0000`[:6-len(hex)]...), hex...)
}

// moved puts members where a list of names has them; those that it has not stay behind,
// in their order.
func (n *node) moved(names []string) *node {
	if n.kind != '{' {
		return n
	}
	place := map[string]int{}
	for i, name := range names {
		place[name] = i - len(names)
	}
	order := make([]int, len(n.names))
	for i := range order {
		order[i] = i
	}
	sort.SliceStable(order, func(a, b int) bool { return place[n.names[order[a]]] < place[n.names[order[b]]] })
	return n.permuted(order)
}

// permuted is the object with its members in another order.
func (n *node) permuted(order []int) *node {
	out := &node{kind: n.kind}
	for _, i := range order {
		out.names, out.members = append(out.names, n.names[i]), append(out.members, n.members[i])
	}
	return out
}

// member is the one of that name, or nil.
func (n *node) member(name string) *node {
	for i, have := range n.names {
		if have == name {
			return n.members[i]
		}
	}
	return nil
}

// like puts the members of all objects in the order in which a model has them.
func (n *node) like(model *node) *node {
	if model == nil || n.kind != model.kind {
		return n
	}
	switch n.kind {
	case '{':
		out := n.moved(model.names)
		for i, name := range out.names {
			out.members[i] = out.members[i].like(model.member(name))
		}
		return out
	case '[':
		out := &node{kind: '['}
		for _, m := range n.members {
			if len(model.members) > 0 {
				m = m.like(model.members[0])
			}
			out.members = append(out.members, m)
		}
		return out
	}
	return n
}
