package sim

import "github.com/billhook/billhook"

// A flaw is something broken on purpose, to see that the simulation finds it.
// What is nil or false is whole.
type flaw struct {
	// config breaks the engine, store the model.
	config func(*billhook.Config)
	store  func(*Shared)
	// write makes of a batch what is really written of it.
	write func(*billhook.Batch) *billhook.Batch
	// answer changes what the engine is told of a batch that was written, and
	// commit what it is told of how that went.
	answer func(*billhook.Batch)
	commit func(error) error
	// seen changes what a node is told of others, pending and event what it reads.
	seen    func(*billhook.Change)
	pending func([]billhook.Pending) []billhook.Pending
	event   func(*billhook.Event)
	over    func([]billhook.Delivery) []billhook.Delivery
	// held: every node believes in its lease for ever.
	held bool
	// keeps: a transaction that is rolled back is committed.
	keeps bool
}

// whole is the flaw that is none.
var whole = flaw{
	config:  func(*billhook.Config) {},
	store:   func(*Shared) {},
	write:   func(b *billhook.Batch) *billhook.Batch { return b },
	answer:  func(*billhook.Batch) {},
	commit:  func(err error) error { return err },
	seen:    func(*billhook.Change) {},
	pending: func(rows []billhook.Pending) []billhook.Pending { return rows },
	event:   func(*billhook.Event) {},
	over:    func(rows []billhook.Delivery) []billhook.Delivery { return rows },
}
