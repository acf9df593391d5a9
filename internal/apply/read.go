package apply

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// A Declaration is what files say of one store.
type Declaration struct {
	// Store is "" for the one that whoever asks is for.
	Store string
	at    Place // where it is first declared
	// store is nil where the store is only named, and must be there.
	store      *value
	eventTypes []*value
	webhooks   []*value
}

// Files says what to read.
type Files struct {
	// Paths are files and folders; "-" is Stdin. Of a folder all files are read whose
	// names end as below, in the order of their names, and none of folders in it.
	Paths []string
	Stdin io.Reader
	// Lookup finds a variable of the environment.
	Lookup func(name string) (string, bool)
	// Store is meant where a file names none.
	Store string
}

var (
	endings       = []string{".yaml", ".yml", ".json", ".js", ".mjs", ".cjs", ".ts"}
	scriptEndings = endings[3:]
)

// maxFile bounds a file, in bytes.
const maxFile = 16 << 20

// Read reads all files and puts together what they say of each store.
func (f *Files) Read() ([]*Declaration, error) {
	paths, err := f.expand()
	if err != nil {
		return nil, err
	}
	var all []*Declaration
	for _, path := range paths {
		documents, err := f.documents(path)
		if err != nil {
			return nil, err
		}
		for _, document := range documents {
			if all, err = f.declare(all, document); err != nil {
				return nil, err
			}
		}
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("%s declares nothing: it needs a webhook with url and events, say", strings.Join(f.Paths, ", "))
	}
	for _, d := range all {
		if d.Store == "" && len(all) > 1 {
			// Which one that is only the key knows: it may be one of the others.
			return nil, fmt.Errorf("%v: no store is named here, and others are elsewhere: name it, or give --store", d.at)
		}
		if err := d.checkTwice(); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// expand has the files of folders in place of these.
func (f *Files) expand() (paths []string, err error) {
	for _, path := range f.Paths {
		info, err := os.Stat(path)
		switch {
		case path == "-" || err == nil && !info.IsDir():
			paths = append(paths, path)
			continue
		case err != nil:
			return nil, err
		}
		entries, err := os.ReadDir(path)
		if err != nil {
			return nil, err
		}
		before := len(paths)
		for _, entry := range entries {
			if !entry.IsDir() && slices.Contains(endings, filepath.Ext(entry.Name())) {
				paths = append(paths, filepath.Join(path, entry.Name()))
			}
		}
		if len(paths) == before {
			return nil, fmt.Errorf("the folder %s has no file that ends with %s", path, strings.Join(endings, ", "))
		}
	}
	if len(paths) == 0 {
		return nil, errors.New("no file is named")
	}
	return paths, nil
}

func (f *Files) documents(path string) ([]*value, error) {
	var content []byte
	var err error
	s := &source{name: path, lookup: f.Lookup}
	if path == "-" {
		s.name = "stdin"
		content, err = io.ReadAll(io.LimitReader(f.Stdin, maxFile+1))
	} else {
		content, err = readBounded(path)
	}
	if err != nil {
		return nil, err
	}
	if len(content) > maxFile {
		return nil, fmt.Errorf("%s is larger than %d bytes", s.name, maxFile)
	}
	content = bytes.TrimPrefix(content, []byte("\ufeff"))
	if slices.Contains(scriptEndings, filepath.Ext(path)) || looksLikeScript.Match(content) {
		return s.readScript(content)
	}
	return s.readYAML(content)
}

func readBounded(path string) ([]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return io.ReadAll(io.LimitReader(file, maxFile+1))
}

// declare adds what a document says: of a webhook, of a list of them, or of a store.
func (f *Files) declare(all []*Declaration, document *value) ([]*Declaration, error) {
	switch {
	case document.kind == list:
		d := declarationOf(&all, f.Store, document.at)
		return all, d.addWebhooks(document.items)
	case document.kind != object:
		return nil, document.at.problem("is %s: a document is a webhook, a list of webhooks, or has the members store, eventTypes and webhooks", document.kind)
	case document.get("url") != nil || document.get("events") != nil:
		d := declarationOf(&all, f.Store, document.at)
		return all, d.addWebhooks([]*value{document})
	}
	if err := documentShape.check(document, "the document"); err != nil {
		return nil, err
	}
	id, store := f.Store, document.get("store")
	switch {
	case store == nil || store.kind == null:
		store = nil
	case store.kind == text:
		id, store = store.text, nil
	default:
		if id = store.textOf("id"); id == "" {
			return nil, store.at.problem("the store has no id")
		}
	}
	d := declarationOf(&all, id, document.at)
	if store != nil && d.store != nil {
		return nil, store.at.problem("the store %s is declared at %v too", id, d.store.at)
	}
	d.store = cmp.Or(store, d.store)
	if types := document.get("eventTypes"); types != nil {
		for _, t := range types.items {
			if t.kind != object || t.textOf("name") == "" {
				return nil, t.at.problem("the event type has no name")
			}
			d.eventTypes = append(d.eventTypes, t)
		}
	}
	if webhooks := document.get("webhooks"); webhooks != nil {
		return all, d.addWebhooks(webhooks.items)
	}
	return all, nil
}

// declarationOf finds what is declared of a store, and begins it if nothing is.
func declarationOf(all *[]*Declaration, id string, at Place) *Declaration {
	for _, d := range *all {
		if d.Store == id {
			return d
		}
	}
	d := &Declaration{Store: id, at: at}
	*all = append(*all, d)
	return d
}

func (d *Declaration) addWebhooks(webhooks []*value) error {
	for _, w := range webhooks {
		if w.kind != object {
			return w.at.problem("is %s: a webhook is an object with url and events", w.kind)
		}
		if err := webhookShape.check(w, "the webhook"); err != nil {
			return err
		}
		for _, needed := range []string{"url", "events"} {
			if v := w.get(needed); v == nil || v.kind == null {
				return w.at.problem("the webhook has no %s", needed)
			}
		}
		if a, b := w.get("isActive"), w.get("active"); a != nil && b != nil {
			return b.at.problem("the webhook has isActive and active, which are the same: leave one out")
		}
		d.webhooks = append(d.webhooks, w)
	}
	return nil
}

// checkTwice refuses what is declared twice: the two would undo each other at every
// apply.
func (d *Declaration) checkTwice() error {
	seen := map[string]Place{}
	once := func(v *value, what, member string) error {
		key := what + v.textOf(member)
		if before, ok := seen[key]; ok {
			return v.at.problem("the %s %q of the store %s is declared at %v too", what, v.shownOf(member), d.Store, before)
		}
		seen[key] = v.at
		return nil
	}
	for _, t := range d.eventTypes {
		if err := once(t, "event type", "name"); err != nil {
			return err
		}
	}
	for _, w := range d.webhooks {
		what, member := "webhook without id and name to", "url"
		switch {
		case w.textOf("id") != "":
			what, member = "webhook with the id", "id"
		case w.textOf("name") != "":
			what, member = "webhook with the name", "name"
		}
		if err := once(w, what, member); err != nil {
			return err
		}
	}
	return nil
}
