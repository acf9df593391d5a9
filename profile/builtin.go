package profile

import (
	"embed"
	"fmt"
	"sync"
)

//go:embed profiles/*.json
var builtinFiles embed.FS

// builtin holds the profiles that come with the package, by name, and their
// names in order. They are parsed when first asked for; a test keeps them
// valid, so that a broken one is a mistake in this program.
var builtin = sync.OnceValue(func() (all struct {
	names    []string
	profiles map[string]*Profile
}) {
	all.profiles = map[string]*Profile{}
	entries, err := builtinFiles.ReadDir("profiles") // sorted by name
	if err != nil {
		panic(err)
	}
	for _, entry := range entries {
		text, err := builtinFiles.ReadFile("profiles/" + entry.Name())
		if err != nil {
			panic(err)
		}
		p, err := Parse(text)
		if err != nil {
			panic(fmt.Sprintf("profile %s: %v", entry.Name(), err))
		}
		all.names = append(all.names, p.Name)
		all.profiles[p.Name] = p
	}
	return all
})

// Named returns the profile of that name among those that come with the
// package. It must not be changed.
func Named(name string) (*Profile, bool) {
	p, ok := builtin().profiles[name]
	return p, ok
}

// Names returns the names of the profiles that come with the package, sorted.
func Names() []string {
	return append([]string(nil), builtin().names...)
}
