package explain

import (
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/unicode/norm"

	"github.com/billhook/billhook/internal/recording"
	"github.com/billhook/billhook/profile"
)

// large is a body that fewer mistakes are tried with at once, in bytes.
const large = 64 << 10

// maxBody bounds a body that is unpacked.
const maxBody = 8 << 20

// bodies are the readings of a body.
type bodies struct {
	all []reading
	was []byte // what the request has
}

// has says whether a body is among the readings. They may be large: none is kept twice.
func (b *bodies) has(body []byte) bool {
	return slices.ContainsFunc(b.all, func(r reading) bool { return bytes.Equal(r.bytes, body) })
}

func (b *bodies) add(body []byte, label string, f *Fault) {
	if body == nil || b.has(body) {
		return
	}
	b.all = append(b.all, reading{bytes: body, label: label, fault: f})
}

// bodyReadings are what may have been signed where this body has come, it itself first.
func (q Question) bodyReadings(p *profile.Profile) []reading {
	r := q.Request
	b := &bodies{was: r.Body, all: []reading{{bytes: r.Body, label: "as it is"}}}
	b.lines(r)
	b.packed()
	b.characters()
	plain := len(b.all)
	if len(r.Body) > large {
		plain = 1
	}
	for i := range plain { // what is printed anew may have been unpacked or trimmed before
		b.printed(b.all[i], p)
	}
	return b.all
}

// lines undoes what editors, shells and platforms do to the ends of lines.
func (b *bodies) lines(r *recording.Request) {
	body := b.was
	if n, ok := r.ContentLength(); ok && n < len(body) {
		b.add(body[:n], "cut to its Content-Length", &Fault{CodeBodyLength,
			fmt.Sprintf("The body has %d bytes; what was signed is the first %d of them, as many as Content-Length says. Behind them there is %q.", len(body), n, short(body[n:])),
			"Save the body without what was added to it, or verify before anything is."})
	}
	newline := func(what string) *Fault {
		return &Fault{CodeBodyNewline, what, "Verify the bytes exactly as they came: echo, editors, and reading line by line change the ends of lines."}
	}
	bom := []byte("\ufeff")
	b.add(bytes.TrimPrefix(body, bom), "without a byte order mark", &Fault{CodeBodyBOM,
		"In front of the body there is a byte order mark (EF BB BF) that was not signed.", "Verify the bytes as they came, before an editor or a text reader puts a mark in front."})
	b.add(bytes.TrimRight(body, "\r\n"), "without line breaks at its end", newline("At the end of the body there is a line break that was not signed."))
	b.add(bytes.TrimSpace(bytes.TrimPrefix(body, bom)), "trimmed", newline("Around the body there is white space that was not signed."))
	for _, end := range []string{"\n", "\r\n"} {
		b.add(append(bytes.Clone(body), end...), "with a line break at its end", newline("The body lacks the line break at its end that was signed with it."))
	}
	b.add(bytes.ReplaceAll(body, []byte("\r\n"), []byte("\n")), "with LF for CR LF", newline("Its line breaks are CR LF, and were signed as LF."))
	b.add(bytes.ReplaceAll(bytes.ReplaceAll(body, []byte("\r\n"), []byte("\n")), []byte("\n"), []byte("\r\n")), "with CR LF for LF", newline("Its line breaks are LF, and were signed as CR LF."))
}

// packed takes off what bodies are put into.
func (b *bodies) packed() {
	body := bytes.TrimSpace(b.was)
	unpack := func(name string, r io.Reader, err error) {
		if err != nil {
			return
		}
		if out, err := io.ReadAll(io.LimitReader(r, maxBody)); err == nil {
			b.add(out, "unpacked", &Fault{CodeBodyCompressed, "The body is compressed (" + name + "); what was signed is what is inside.",
				"Have the server or proxy unpack it before you verify, or verify before it is packed."})
		}
	}
	gz, err := gzip.NewReader(bytes.NewReader(b.was))
	unpack("gzip", gz, err)
	z, err := zlib.NewReader(bytes.NewReader(b.was))
	unpack("deflate", z, err)
	wrapped := func(what, do string) *Fault { return &Fault{CodeBodyWrapped, what, do} }
	if raw, err := base64.StdEncoding.DecodeString(string(body)); err == nil && len(raw) > 0 {
		b.add(raw, "decoded from base64", wrapped("The body is in base64; what was signed is what it says.", "Decode it first: functions behind API gateways get it so, with isBase64Encoded."))
	}
	if len(body) > 0 && body[0] == '"' {
		var text string
		if json.Unmarshal(body, &text) == nil {
			b.add([]byte(text), "taken out of a JSON string", wrapped("The body is a JSON string that holds the body which was signed.", "Somebody has called JSON.stringify on a text: verify the text itself."))
		}
	}
	if text, err := url.QueryUnescape(string(body)); err == nil && bytes.ContainsRune(body, '%') {
		what := wrapped("The body is escaped as a form; what was signed is what it says.", "Read the raw body, before a form parser does.")
		b.add([]byte(text), "unescaped as a form", what)
		if _, value, ok := strings.Cut(text, "="); ok {
			b.add([]byte(value), "unescaped as a form's field", what)
		}
		b.add([]byte(strings.TrimSuffix(text, "=")), "unescaped as a form's name", what)
	}
}

// characters undoes reading bytes in an encoding that they are not of.
func (b *bodies) characters() {
	body := b.was
	do := "Take the body as bytes (Buffer, []byte, php://input, request.get_data()), and verify before it becomes text."
	for _, set := range []struct {
		name string
		m    *charmap.Charmap
	}{{"Latin-1", charmap.ISO8859_1}, {"Windows-1252", charmap.Windows1252}} {
		if utf8.Valid(body) {
			if raw, err := set.m.NewEncoder().Bytes(body); err == nil {
				b.add(raw, "written as "+set.name, &Fault{CodeBodyEncoding, "The body was read as " + set.name + " and written as UTF-8: letters beyond ASCII have become two or three (Ã© for é).", do})
			}
		} else if text, err := set.m.NewDecoder().Bytes(body); err == nil {
			b.add(text, "read as "+set.name, &Fault{CodeBodyEncoding, "The body is in " + set.name + ", and was signed in UTF-8.", do})
		}
	}
	if len(body) > 1 && (body[0] == 0xff && body[1] == 0xfe || body[0] == 0xfe && body[1] == 0xff || body[0] == 0 || body[1] == 0) {
		for _, order := range []unicode.Endianness{unicode.LittleEndian, unicode.BigEndian} {
			if text, err := unicode.UTF16(order, unicode.UseBOM).NewDecoder().Bytes(body); err == nil {
				b.add(text, "read as UTF-16", &Fault{CodeBodyEncoding, "The body is in UTF-16, and was signed in UTF-8.", do})
			}
		}
	}
	if utf8.Valid(body) {
		normal := &Fault{CodeBodyNormalized, "The body's letters are in another Unicode normal form than those that were signed.", do}
		b.add(norm.NFC.Bytes(body), "in NFC", normal)
		b.add(norm.NFD.Bytes(body), "in NFD", normal)
	}
}

// printed undoes parsing and printing: by the form in which Billhook sends, with the
// members where the profile has them, and by those in which others print.
func (b *bodies) printed(from reading, p *profile.Profile) {
	if len(from.bytes) == 0 || from.bytes[0] != '{' && from.bytes[0] != '[' && from.bytes[0] != ' ' && from.bytes[0] != '\n' {
		return
	}
	add := func(body []byte, label string) {
		if !b.has(body) {
			b.all = append(b.all, reading{bytes: body, label: label, fault: &Fault{}, describe: func() Fault { return b.reprinted(from, body) }})
		}
	}
	canonical, err := profile.Canonical(from.bytes, profile.Options{MaxDepth: maxTreeDepth})
	if err != nil {
		return
	}
	add(canonical, "in the form that ECMAScript prints")
	tree, err := parseTree(from.bytes)
	if err != nil {
		return
	}
	for _, model := range ordersOf(tree, p) {
		if again, err := profile.Canonical((&dialect{}).print(model), profile.Options{MaxDepth: maxTreeDepth}); err == nil {
			add(again, "with the members as the profile has them")
		}
	}
	for _, d := range dialects() {
		if len(b.was) > large && len(b.all) > 24 {
			return
		}
		add(d.print(tree), "printed "+d.name)
	}
}

// ordersOf puts the members of a delivery where the envelope has them, and those of its
// data where the catalogue's examples have them.
func ordersOf(tree *node, only *profile.Profile) (all []*node) {
	for _, name := range append(profile.Names(), "") {
		p, ok := profile.Named(name)
		if name == "" {
			p, ok = only, only != nil
		}
		if !ok || only != nil && p.Name != only.Name {
			continue
		}
		names := envelopeNames(p.Envelope)
		outer := tree.moved(names)
		all = append(all, outer)
		for i := range p.EventTypes {
			model, err := parseTree(p.AppendBody(nil, profile.Event{Type: p.EventTypes[i].Name, Data: p.EventTypes[i].Example}))
			if err == nil && sameType(tree, model) {
				all = append(all, tree.like(model))
			}
		}
	}
	return all
}

// outerOrders are those that envelopes with just these members have.
func outerOrders(tree *node, profiles []*profile.Profile) (all []*node) {
	have := slices.Sorted(slices.Values(tree.names))
	for _, p := range profiles {
		names := envelopeNames(p.Envelope)
		if slices.Equal(have, slices.Sorted(slices.Values(names))) && !slices.Equal(names, tree.names) {
			all = append(all, tree.moved(names))
		}
	}
	return all
}

// sameType says whether a body has somewhere at its top the type that the model has.
func sameType(tree, model *node) bool {
	for i, name := range model.names {
		if m := tree.member(name); m != nil && m.kind == '"' && m.text != "" && m.text == model.members[i].text {
			return true
		}
	}
	return false
}

func envelopeNames(members []profile.Member) (names []string) {
	for _, m := range members {
		names = append(names, m.Name)
	}
	return names
}

// reprinted says how a body differs from what was signed.
func (b *bodies) reprinted(from reading, signed []byte) Fault {
	f := Fault{CodeBodyReserialized, "The body was parsed and printed again: " + strings.Join(marks(from.bytes, signed), ", ") + ".",
		"Verify the raw bytes of the request, before anything parses them: express.raw(), file_get_contents('php://input'), request.get_data(), io.ReadAll."}
	if from.fault != nil {
		f.What += " And before: " + from.fault.What
	}
	if d, differ := recording.Differ(b.was, signed); differ {
		f.What += fmt.Sprintf(" The first difference: %s; it has %s, and %s was signed.", d, d.A, d.B)
	}
	return f
}

// marks are the traces that printing has left, by comparing both texts.
func marks(got, signed []byte) (all []string) {
	white := func(text []byte) int { // outside of strings
		n, inside := 0, false
		for i := 0; i < len(text); i++ {
			switch {
			case inside && text[i] == '\\':
				i++
			case text[i] == '"':
				inside = !inside
			case !inside && strings.IndexByte(" \t\r\n", text[i]) >= 0:
				n++
			}
		}
		return n
	}
	note := func(in bool, text string) {
		if in {
			all = append(all, text)
		}
	}
	more := func(text string) bool { return bytes.Count(got, []byte(text)) > bytes.Count(signed, []byte(text)) }
	less := func(text string) bool { return bytes.Count(got, []byte(text)) < bytes.Count(signed, []byte(text)) }
	note(white(got) > white(signed), "there is white space between the values")
	note(white(got) < white(signed), "white space between the values is gone")
	note(more(`\/`), `slashes are written as \/`)
	note(less(`\/`), `slashes are no longer written as \/`)
	html := more(`\u003c`) || more(`\u003e`) || more(`\u0026`) || more(`\u003C`) || more(`\u003E`)
	note(html, `<, > or & are written as \u003c, \u003e or \u0026`)
	note(!html && more(`\u`), `letters beyond ASCII are written as \u…`)
	note(less(`\u`), `\u… have become letters`)
	was, err := parseTree(got)
	if before, err2 := parseTree(signed); err == nil && err2 == nil {
		sortedPrint := dialect{sorted: true}
		plainPrint := dialect{}
		note(!bytes.Equal(plainPrint.print(was), plainPrint.print(before)) && bytes.Equal(sortedPrint.print(was), sortedPrint.print(before)), "its members are in another order")
		note(!bytes.Equal(sortedPrint.print(was), sortedPrint.print(before)), "numbers, names or repeated members are written otherwise")
	}
	if len(all) == 0 {
		all = []string{"its text differs"}
	}
	return all
}

func short(text []byte) string {
	if len(text) > 40 {
		return string(text[:40]) + "…"
	}
	return string(text)
}

func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
