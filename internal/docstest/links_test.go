package docstest

import (
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
)

// brokenLinks names the links of the pages that lead nowhere. Those to other hosts are not
// followed: tests speak to this machine alone.
func brokenLinks(root string, pages []*page) []string {
	known := map[string]*page{}
	for _, p := range pages {
		known[p.path] = p
	}
	var broken []string
	for _, p := range pages {
		for _, l := range p.links {
			if strings.Contains(l.target, ":") || strings.HasPrefix(l.target, "/") {
				continue
			}
			file, anchor, _ := strings.Cut(l.target, "#")
			to := p.path
			if file != "" {
				to = path.Join(path.Dir(p.path), file)
			}
			if _, err := os.Stat(filepath.Join(root, filepath.FromSlash(to))); err != nil || !fs.ValidPath(to) {
				broken = append(broken, fmt.Sprintf("%s:%d: there is no %s", p.path, l.line, to))
				continue
			}
			if anchor != "" && (known[to] == nil || !known[to].anchors[anchor]) {
				broken = append(broken, fmt.Sprintf("%s:%d: %s has no heading #%s", p.path, l.line, to, anchor))
			}
		}
	}
	return broken
}
