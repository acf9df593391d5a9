package apply

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
)

// A current is an object as the API has it.
type current map[string]any

func (c current) text(name string) string {
	s, _ := c[name].(string)
	return s
}

// A match is a declared webhook and the one that it stands for; nil for none yet.
type match struct {
	declared *value
	current  current
	by       string // id, name or url
}

// matchWebhooks finds for each declared webhook the one that it stands for: by its
// id where it has one; else by its name; else, of those that no other declaration
// stands for, by its URL, which is how a webhook is given another name. One that was
// made for another group is not found so: that group's files would give it its name back.
func matchWebhooks(group string, declared []*value, there []current) ([]match, error) {
	all := make([]match, len(declared))
	taken := map[string]Place{}
	take := func(i int, by string, found []current) error {
		d := declared[i]
		switch len(found) {
		case 0:
			return nil
		case 1:
		default:
			ids := make([]string, len(found))
			for i, c := range found {
				ids[i] = c.text("id")
			}
			return d.at.problem("the store has %d webhooks with this %s, %s: give the id of the one that is meant", len(found), by, strings.Join(ids, ", "))
		}
		id := found[0].text("id")
		if other, ok := taken[id]; ok {
			return d.at.problem("by its %s this is the webhook %s, which the one at %v stands for: give one of them an id, or another name", by, id, other)
		}
		taken[id] = d.at
		all[i].current, all[i].by = found[0], by
		return nil
	}
	for i, d := range declared {
		all[i].declared = d
		if id := d.textOf("id"); id != "" {
			if err := take(i, "id", having(there, "id", id)); err != nil {
				return nil, err
			}
		}
	}
	for i, d := range declared {
		if name := d.textOf("name"); name != "" && d.textOf("id") == "" {
			if err := take(i, "name", having(there, "name", name)); err != nil {
				return nil, err
			}
		}
	}
	for i, d := range declared {
		if all[i].current != nil || d.textOf("id") != "" {
			continue
		}
		left := slices.DeleteFunc(having(there, "url", d.textOf("url")), func(c current) bool {
			id := c.text("id")
			_, ok := taken[id]
			return ok || strings.HasPrefix(id, madeByApply) && !strings.HasPrefix(id, madePrefix(group))
		})
		if err := take(i, "url", left); err != nil {
			return nil, err
		}
	}
	return all, nil
}

func having(there []current, name, text string) (found []current) {
	for _, c := range there {
		if c.text(name) == text {
			found = append(found, c)
		}
	}
	return found
}

// madeByApply begins the ids of all webhooks that apply has made.
const madeByApply = "apply."

// madePrefix begins the ids of those that it has made for a group: they are all that it
// may take away again, wherever it runs, and no file has to be kept to know them by.
func madePrefix(group string) string { return madeByApply + group + "." }

// newID is the id of a webhook that is to be made. It follows from what is declared,
// so that two applies at once cannot make it twice: one of them finds the id taken.
func newID(group, store string, declared *value, isTaken func(id string) bool) string {
	key := declared.textOf("name")
	if key == "" {
		key = declared.textOf("url")
	}
	for n := 0; ; n++ { // taken is the id of one that has another name by now
		sum := sha256.Sum256(fmt.Appendf(nil, "%s\x00%s\x00%d", store, key, n))
		id := madePrefix(group) + hex.EncodeToString(sum[:10])
		if !isTaken(id) {
			return id
		}
	}
}
