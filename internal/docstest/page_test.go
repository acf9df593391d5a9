package docstest

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// A page is a Markdown file.
type page struct {
	path   string // from the module's root, with slashes
	blocks []block
	links  []link
	// anchors are the names of its headings, as GitHub makes them.
	anchors map[string]bool
}

// A block is one that is fenced, or with language "stop" a comment that says so.
type block struct {
	line     int
	language string
	text     string
}

type link struct {
	line   int
	target string
}

var (
	fence     = regexp.MustCompile("^( *)(```+|~~~+) *([^`]*)$")
	heading   = regexp.MustCompile(`^#{1,6} +(.*?)(?: +#+)?$`)
	linked    = regexp.MustCompile(`\]\(([^()\s]+)(?: "[^"]*")?\)|(?:src|href)="([^"]+)"`)
	stopping  = regexp.MustCompile(`^ *<!-- *stop *-->`)
	codeSpan  = regexp.MustCompile("`[^`]*`")
	linkLabel = regexp.MustCompile(`!?\[([^\]]*)\]\([^)]*\)`)
)

func readPage(root, path string) (*page, error) {
	text, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(path)))
	if err != nil {
		return nil, err
	}
	return parsePage(path, string(text))
}

func parsePage(path, text string) (*page, error) {
	p := &page{path: path, anchors: map[string]bool{}}
	lines := strings.Split(text, "\n")
	for i := 0; i < len(lines); i++ {
		if open := fence.FindStringSubmatch(lines[i]); open != nil {
			b := block{line: i + 1, language: firstWord(open[3])}
			body := []string{}
			for i++; ; i++ {
				if i == len(lines) {
					return nil, fmt.Errorf("%s:%d: the block has no end", path, b.line)
				}
				if strings.TrimSpace(lines[i]) == open[2] {
					break
				}
				body = append(body, strings.TrimPrefix(lines[i], open[1]))
			}
			b.text = strings.Join(body, "\n") + "\n"
			p.blocks = append(p.blocks, b)
			continue
		}
		if stopping.MatchString(lines[i]) {
			p.blocks = append(p.blocks, block{line: i + 1, language: "stop"})
		}
		if h := heading.FindStringSubmatch(lines[i]); h != nil {
			p.anchors[p.unused(slug(h[1]))] = true
		}
		for _, found := range linked.FindAllStringSubmatch(codeSpan.ReplaceAllString(lines[i], ""), -1) {
			p.links = append(p.links, link{i + 1, found[1] + found[2]})
		}
	}
	return p, nil
}

func firstWord(s string) string {
	word, _, _ := strings.Cut(strings.TrimSpace(s), " ")
	return word
}

// unused is a heading's name, with a number where the page has it already.
func (p *page) unused(name string) string {
	for n, tried := 0, name; ; n++ {
		if n > 0 {
			tried = fmt.Sprintf("%s-%d", name, n)
		}
		if !p.anchors[tried] {
			return tried
		}
	}
}

// slug is what GitHub makes of a heading: lower case, spaces to hyphens, punctuation away.
func slug(title string) string {
	title = strings.ToLower(linkLabel.ReplaceAllString(title, "$1"))
	return strings.Map(func(r rune) rune {
		switch {
		case r == ' ':
			return '-'
		case r == '-' || r == '_' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r > 127 && r != '…' && r != '–' && r != '—' && r != '’' && r != '“' && r != '”':
			return r
		}
		return -1
	}, title)
}

// fileName is the name that a block's first line gives it, as a comment.
var fileName = regexp.MustCompile(`^(?://|#) ([\w./-]+\.\w+)\n`)

func (b block) file() string {
	if found := fileName.FindStringSubmatch(b.text); found != nil {
		return found[1]
	}
	return ""
}
