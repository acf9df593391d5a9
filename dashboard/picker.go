package dashboard

import (
	"cmp"
	"slices"
	"strings"

	"github.com/billhook/billhook"
)

// A picker is a choice of event types: those of the store's catalogue in groups by
// what their names begin with, and others by name.
type picker struct {
	All    bool // "*" is chosen
	Groups []pickerGroup
	// Other are the chosen that are in no group.
	Other string
	// Count is how many types there are in the groups.
	Count int
}

// A pickerGroup are the types that begin alike.
type pickerGroup struct {
	// Pattern chooses all of the group, "order.*"; "" for types that begin like no
	// other.
	Pattern string
	Chosen  bool
	Types   []pickerType
}

// rank is 0 for a group that something is chosen of, else 1.
func (g *pickerGroup) rank() int {
	if g.Chosen || slices.ContainsFunc(g.Types, func(t pickerType) bool { return t.Chosen }) {
		return 0
	}
	return 1
}

type pickerType struct {
	billhook.EventType
	Chosen bool
}

// newPicker is a picker of the store's catalogue, with these chosen.
func (p *page) newPicker(chosen []string) (picker, error) {
	types, err := p.catalogue()
	if err != nil {
		return picker{}, err
	}
	made := picker{All: slices.Contains(chosen, "*"), Count: len(types)}
	known := map[string]bool{"*": true}
	var alone pickerGroup
	for i := range types {
		t := pickerType{types[i], slices.Contains(chosen, types[i].Name)}
		known[t.Name] = true
		prefix, _, ok := strings.Cut(t.Name, ".")
		if !ok {
			alone.Types = append(alone.Types, t)
			continue
		}
		pattern := prefix + ".*"
		if n := len(made.Groups); n == 0 || made.Groups[n-1].Pattern != pattern {
			made.Groups = append(made.Groups, pickerGroup{Pattern: pattern, Chosen: slices.Contains(chosen, pattern)})
			known[pattern] = true
		}
		last := &made.Groups[len(made.Groups)-1]
		last.Types = append(last.Types, t)
	}
	if len(alone.Types) > 0 {
		made.Groups = append(made.Groups, alone)
	}
	// What is chosen is in sight.
	slices.SortStableFunc(made.Groups, func(a, b pickerGroup) int { return cmp.Compare(a.rank(), b.rank()) })
	var other []string
	for _, name := range chosen {
		if !known[name] {
			other = append(other, name)
		}
	}
	made.Other = strings.Join(other, ", ")
	return made, nil
}

// catalogue is all of the store's event types, by name, and none for who may not see
// them.
func (p *page) catalogue() ([]billhook.EventType, error) {
	if !p.May(billhook.PermissionWebhooksRead) {
		return nil, nil
	}
	const some = 500
	var all []billhook.EventType
	for after := ""; ; {
		types, err := p.client.EventTypes(p.Context(), p.store.ID, after, some)
		if err != nil {
			return nil, err
		}
		all = append(all, types...)
		if len(types) < some {
			return all, nil
		}
		after = types[len(types)-1].Name
	}
}
