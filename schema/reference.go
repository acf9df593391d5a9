package schema

import (
	"slices"
	"strconv"
	"strings"
)

// refers reports whether a schema is a reference and says nothing besides.
func (c *comparison) refers(schema any) (string, bool) {
	members, _ := schema.(map[string]any)
	ref, ok := members["$ref"].(string)
	if !ok {
		return "", false
	}
	for name := range members {
		if name != "$ref" && !slices.Contains(annotations, name) {
			return "", true // which follow does not
		}
	}
	return ref, true
}

// follow finds what a reference leads to, in the schema itself.
func (c *comparison) follow(root, schema any, refers bool, ref string) (any, bool) {
	if !refers {
		return schema, true
	}
	path, ok := strings.CutPrefix(ref, "#")
	if !ok || path != "" && path[0] != '/' || strings.Contains(path, "%") || hasID(root) {
		return nil, false
	}
	at := root
	for _, name := range strings.Split(path, "/")[1:] {
		name = strings.NewReplacer("~1", "/", "~0", "~").Replace(name)
		switch node := at.(type) {
		case map[string]any:
			at, ok = node[name]
		case []any:
			i, err := strconv.Atoi(name)
			if ok = err == nil && i >= 0 && i < len(node); ok {
				at = node[i]
			}
		default:
			ok = false
		}
		if !ok {
			return nil, false
		}
	}
	return at, true
}

// hasID reports whether some part of a schema has a name of its own, by which others
// may refer to it.
func hasID(node any) bool {
	switch node := node.(type) {
	case map[string]any:
		if _, ok := node["$id"].(string); ok {
			return true
		}
		for _, one := range node {
			if hasID(one) {
				return true
			}
		}
	case []any:
		return slices.ContainsFunc(node, hasID)
	}
	return false
}

func mentions(node any, name string) bool {
	switch node := node.(type) {
	case map[string]any:
		if _, ok := node[name]; ok {
			return true
		}
		for _, one := range node {
			if mentions(one, name) {
				return true
			}
		}
	case []any:
		return slices.ContainsFunc(node, func(one any) bool { return mentions(one, name) })
	}
	return false
}
