package explain

import (
	"slices"

	"github.com/billhook/billhook/profile"
)

// orders bounds how many orders of an object's members are tried.
const orders = 10_000

// otherOrder looks for another order of the members of what the envelope holds.
func (look *search) otherOrder() *match {
	if len(look.q.Request.Body) > large {
		return nil
	}
	tree, err := parseTree(look.q.Request.Body)
	if err != nil || tree.kind != '{' {
		return nil
	}
	b := &bodies{was: look.q.Request.Body}
	for _, outer := range append([]*node{tree}, outerOrders(tree, look.q.profiles())...) {
		variants, ok := permutations(outer, 1)
		if !ok {
			continue
		}
		for _, variant := range variants {
			text, err := profile.Canonical((&dialect{}).print(variant), profile.Options{MaxDepth: maxTreeDepth})
			if err != nil {
				break
			}
			for _, key := range look.right() {
				if look.hashed += len(text) + 200; look.hashed > look.q.effort {
					return nil
				}
				stamp, id := look.stamps[0], look.ids[0]
				if m := look.compare(look.mac(key.bytes, text, string(stamp.bytes), string(id.bytes)), key, reading{}, stamp, id); m != nil && m.whole {
					f := b.reprinted(reading{bytes: b.was}, text)
					f.Code = CodeMembersMoved
					m.faults = append(m.faults, f)
					return m
				}
			}
		}
	}
	return nil
}

// permutations are all orders of the members of the objects in a value, but for the
// outermost levels, whose order the envelope gives; false where they are too many.
func permutations(n *node, keep int) (all []*node, ok bool) {
	if n.kind != '{' && n.kind != '[' || len(n.members) == 0 {
		return []*node{n}, true
	}
	inner := []*node{{kind: n.kind, names: n.names}}
	for _, m := range n.members {
		below, ok := permutations(m, keep-1)
		if !ok || len(inner)*len(below) > orders {
			return nil, false
		}
		var next []*node
		for _, done := range inner {
			for _, variant := range below {
				next = append(next, &node{kind: n.kind, names: n.names, members: append(slices.Clone(done.members), variant)})
			}
		}
		inner = next
	}
	if n.kind == '[' || keep > 0 {
		return inner, true
	}
	count := 1
	for i := range n.members {
		if count *= i + 1; count*len(inner) > orders {
			return nil, false
		}
	}
	for _, variant := range inner {
		permute(len(n.members), func(order []int) { all = append(all, variant.permuted(order)) })
	}
	return all, true
}

// permute calls f with each order of n things.
func permute(n int, f func(order []int)) {
	order := make([]int, n)
	for i := range order {
		order[i] = i
	}
	var from func(i int)
	from = func(i int) {
		if i == n {
			f(order)
			return
		}
		for j := i; j < n; j++ {
			order[i], order[j] = order[j], order[i]
			from(i + 1)
			order[i], order[j] = order[j], order[i]
		}
	}
	from(0)
}
