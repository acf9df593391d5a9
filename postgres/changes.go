package postgres

import (
	"slices"
	"sync"

	"github.com/billhook/billhook"
)

// changes are what Watch has to tell: however much comes together while the one
// who is told is busy, it is one change.
type changes struct {
	some chan struct{} // has something in it while there is something to take

	mu     sync.Mutex
	change billhook.Change
}

func (c *changes) tell(change billhook.Change) {
	c.mu.Lock()
	c.change.Configuration = c.change.Configuration || change.Configuration
	c.change.Unowned = c.change.Unowned || change.Unowned
	c.change.Asked = c.change.Asked || change.Asked
	c.change.Lost = c.change.Lost || change.Lost
	c.change.Anywhere = c.change.Anywhere || change.Anywhere
	for _, lane := range change.Lanes {
		if !slices.Contains(c.change.Lanes, lane) {
			c.change.Lanes = append(c.change.Lanes, lane)
		}
	}
	c.mu.Unlock()
	select {
	case c.some <- struct{}{}:
	default:
	}
}

func (c *changes) take() billhook.Change {
	c.mu.Lock()
	defer c.mu.Unlock()
	change := c.change
	c.change = billhook.Change{}
	return change
}
