package api

import "github.com/billhook/billhook"

// A scope says which store a route is about, and so which keys may take it.
type scope int

const (
	// inStore is about what a store has: the key's store, or for a key that is
	// for all, the one that x-store-id names.
	inStore scope = iota
	// aStore is about the store in the path; a key of one store may name that
	// one alone.
	aStore
	// allStores is for keys that are for all stores.
	allStores
	// open needs no key.
	open
)

// store settles which store a request is about, or why it may not be: keyStore
// is the key's, named what x-store-id has, pathID the id in the path. What it
// answers to a key of one store does not depend on which others there are.
func (s scope) store(keyStore string, named []string, pathID string) (string, error) {
	if len(named) > 1 {
		return "", &parameterError{Name: "x-store-id", Message: "is given more than once"}
	}
	header := ""
	if len(named) == 1 {
		header = named[0]
	}
	switch {
	case keyStore != "" && header != "" && header != keyStore:
		return "", forbidden("the key is for another store than x-store-id names")
	case keyStore != "" && s == allStores:
		return "", forbidden("the key is for one store")
	case keyStore != "" && s == aStore && pathID != keyStore:
		return "", forbidden("the key is for another store")
	case s == aStore:
		return pathID, nil
	case keyStore != "":
		return keyStore, nil
	case header != "":
		return header, nil
	}
	return billhook.DefaultStore, nil
}
