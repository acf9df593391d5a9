package sim

import (
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/billhook/billhook"
)

// flaws break the store or the engine in ways that a mistake could; each is found
// by a promise that it breaks.
var flaws = []struct {
	name, found string
	broken      func(*flaw)
}{
	{"outcomes are not fenced", "has an attempt recorded, whose it is not", func(f *flaw) {
		f.store = func(s *Shared) { s.unfenced = true }
	}},
	{"the ledger misses something", "the ledger has", func(f *flaw) {
		f.store = func(s *Shared) { s.miscounts = true }
	}},
	{"what is skipped for an inactive webhook is not counted", "the ledger has", func(f *flaw) {
		f.write = func(b *billhook.Batch) *billhook.Batch {
			less := *b
			less.Emits = slices.Clone(b.Emits)
			for i, em := range less.Emits {
				if len(em.Skipped) > 0 {
					without := *em
					without.Skipped = nil
					less.Emits[i] = &without
				}
			}
			return &less
		}
	}},
	{"a committed emit is lost", "was written and is not on record", func(f *flaw) {
		f.write = func(b *billhook.Batch) *billhook.Batch {
			return without(b, func(em *billhook.Emit) bool { return number(em.Event.Data)%23 == 0 }, nil)
		}
	}},
	{"an outcome is dropped", "is on record as pending", func(f *flaw) {
		f.write = func(b *billhook.Batch) *billhook.Batch {
			return without(b, nil, func(o *billhook.Outcome) bool { return strings.HasPrefix(o.Delivery.ID, "e0007") })
		}
	}},
	{"a claim misses its last row", "still waits", func(f *flaw) {
		f.answer = func(b *billhook.Batch) {
			for _, c := range b.Claims {
				if n := len(c.Deliveries); n > 0 {
					c.Deliveries = c.Deliveries[:n-1]
				}
			}
		}
	}},
	{"a lease is held for ever", "sends without holding its lease", func(f *flaw) { f.held = true }},
	{"a failed commit is taken for a good one", "is accepted and not on disk", func(f *flaw) {
		f.commit = func(err error) error {
			if err == errWrite {
				return nil
			}
			return err
		}
	}},
	{"what is refused is written", "was refused, and is on disk", func(f *flaw) {
		var commits atomic.Int32
		f.commit = func(err error) error {
			if commits.Add(1)%10 == 0 {
				return errWrite
			}
			return err
		}
	}},
	{"a rollback commits", "is on record, and nobody wrote it", func(f *flaw) { f.keeps = true }},
	{"nobody hears of what nobody owns", "still waits", func(f *flaw) {
		f.seen = func(c *billhook.Change) { c.Unowned = false }
	}},
	{"nobody hears of others' changes", "knows other webhooks", func(f *flaw) {
		f.seen = func(c *billhook.Change) { c.Configuration = false }
	}},
	{"a lane's last row is not read", "still waits", func(f *flaw) {
		f.pending = func(rows []billhook.Pending) []billhook.Pending { return rows[:max(len(rows)-1, 0)] }
	}},
	{"retries come early", "before it is due", func(f *flaw) {
		f.pending = func(rows []billhook.Pending) []billhook.Pending {
			for i := range max(len(rows)-1, 0) { // the last says from where to read on
				rows[i].DueAt = rows[i].DueAt.Add(-time.Minute)
			}
			return rows
		}
	}},
	{"an event is read with another time", "is sent with another body", func(f *flaw) {
		f.event = func(e *billhook.Event) { e.CreatedAt = e.CreatedAt.Add(time.Second) }
	}},
	{"a lane takes one more", "are under way at once", func(f *flaw) {
		f.config = func(c *billhook.Config) { c.WebhookConcurrency++ }
	}},
	{"nobody hears of changes for long", "has not heard of what it has been", func(f *flaw) {
		f.seen = func(c *billhook.Change) { c.Configuration = false }
	}},
	{"an answer is taken for another", "says that it was answered 500", func(f *flaw) {
		f.answer = func(b *billhook.Batch) {
			for _, o := range b.Outcomes {
				if o.Attempt.StatusCode == 502 {
					o.Attempt.StatusCode = 500
				}
			}
		}
	}},
	{"a recovery misses the first of what it reads", "was asked for, and is still", func(f *flaw) {
		f.over = func(rows []billhook.Delivery) []billhook.Delivery { return rows[min(len(rows), 1):] }
	}},
	{"steps of a recovery are not fenced", "follows step", func(f *flaw) {
		f.store = func(s *Shared) { s.unstepped = true }
	}},
	{"an acknowledged delivery is tried again", "is a success: false", func(f *flaw) {
		f.answer = func(b *billhook.Batch) {
			for _, o := range b.Outcomes {
				if o.Attempt.StatusCode == 202 {
					o.Attempt.Failure = billhook.FailureStatus
				}
			}
		}
	}},
	{"nothing that is held back is released", "still waits", func(f *flaw) {
		f.store = func(s *Shared) { s.forgetful = true }
	}},
	{"what is held back is sent", "sends what nobody owns", func(f *flaw) {
		f.answer = func(b *billhook.Batch) {
			for _, em := range b.Emits {
				for i := range em.Deliveries {
					em.Deliveries[i].Behind = false
				}
			}
		}
	}},
	{"an order is not kept", "is sent before", func(f *flaw) {
		f.store = func(s *Shared) { s.disorderly = true }
	}},
	{"numbers leave a gap", "comes next", func(f *flaw) {
		f.store = func(s *Shared) { s.sequences[entity{"default", billhook.Reference{Type: "item", ID: "b"}}] = 1 }
	}},
	{"what is new is skipped", "nothing newer waits", func(f *flaw) {
		f.store = func(s *Shared) { s.overeager = true }
	}},
	{"a delivery is dead before all its attempts", "is dead after", func(f *flaw) {
		f.answer = func(b *billhook.Batch) {
			for _, o := range b.Outcomes {
				if o.Status == billhook.StatusPending && o.Attempt.Number > 1 {
					o.Status = billhook.StatusDead
				}
			}
		}
	}},
}

// TestFlaws sees each flaw found.
func TestFlaws(t *testing.T) {
	const seeds = 600 // most are found by the first few
	for _, test := range flaws {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			for seed := range uint64(seeds) {
				report := Run(t, Plan{Seed: seed + 1, broken: test.broken})
				if slices.ContainsFunc(report.Failures, func(failure string) bool { return strings.Contains(failure, test.found) }) {
					t.Logf("found by seed %d", seed+1)
					return
				}
			}
			t.Errorf("not found by %d seeds", seeds)
		})
	}
}

// flawOf is what the flaw breaks that BILLHOOK_SIM_FLAW names; nil for none.
func flawOf(t *testing.T) func(*flaw) {
	t.Helper()
	name := os.Getenv("BILLHOOK_SIM_FLAW")
	for _, f := range flaws {
		if f.name == name {
			return f.broken
		}
	}
	if name != "" {
		t.Fatalf("there is no flaw %q", name)
	}
	return nil
}

// without is the batch less some of its emits and outcomes.
func without(b *billhook.Batch, emits func(*billhook.Emit) bool, outcomes func(*billhook.Outcome) bool) *billhook.Batch {
	less := *b
	if emits != nil {
		less.Emits = slices.DeleteFunc(slices.Clone(b.Emits), emits)
	}
	if outcomes != nil {
		less.Outcomes = slices.DeleteFunc(slices.Clone(b.Outcomes), outcomes)
	}
	return &less
}
