package bench

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"
)

// A Place is where a Billhook under test keeps its data: a folder, or a
// database on a server. One of the two is set.
type Place struct {
	Folder string
	URL    string
}

// flags are those that make serve keep its data there.
func (p Place) flags() []string {
	if p.URL != "" {
		return []string{"--database-url", p.URL}
	}
	return []string{"--data", p.Folder}
}

// A Shared is a server on which every Billhook under test has a database, and
// several nodes the same.
type Shared struct {
	// About is the server's kind and version, and what else its figures hang
	// on.
	About string
	// Create makes an empty database and returns its URL.
	Create func(ctx context.Context) (url string, err error)
	// Drop removes a database that Create made, whoever is still connected.
	Drop func(ctx context.Context, url string) error
	// Settle leaves a database that was just filled as it is once its server
	// has tidied up. Default: nothing, so that the server may tidy up while
	// others are measured.
	Settle func(ctx context.Context, url string) error
	// ServerPID is the server's process, whose children work for it. Default:
	// 0, for one on another machine; its CPU is not measured then.
	ServerPID int
}

// newPlace makes an empty place.
func (b *bench) newPlace(ctx context.Context, name string) (Place, error) {
	if b.shared == nil {
		folder, err := b.newFolder(name)
		return Place{Folder: folder}, err
	}
	url, err := b.shared.Create(ctx)
	if err != nil {
		return Place{}, fmt.Errorf("create database: %w", err)
	}
	b.databases[url] = true
	return Place{URL: url}, nil
}

// dropLimit bounds the removal of a database. It has time of its own, because
// an interrupted benchmark cleans up too.
const dropLimit = time.Minute

// discard removes a place that nobody uses any more. What cannot be removed now
// is tried again when the benchmark ends, and told then.
func (b *bench) discard(p Place) error {
	if p.URL == "" {
		return os.RemoveAll(p.Folder)
	}
	ctx, cancel := context.WithTimeout(context.Background(), dropLimit)
	defer cancel()
	if err := b.shared.Drop(ctx, p.URL); err != nil {
		return fmt.Errorf("drop database: %w", err)
	}
	delete(b.databases, p.URL)
	return nil
}

// discardAll removes what is left.
func (b *bench) discardAll() error {
	var errs []error
	for url := range b.databases {
		errs = append(errs, b.discard(Place{URL: url}))
	}
	return errors.Join(append(errs, os.RemoveAll(b.folder))...)
}

// newFolder makes an empty folder.
func (b *bench) newFolder(name string) (string, error) {
	folder, err := os.MkdirTemp(b.folder, name+"-")
	if err != nil {
		return "", fmt.Errorf("make data folder: %w", err)
	}
	return folder, nil
}
