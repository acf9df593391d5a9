package billhook

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
)

const (
	// filterBudget bounds what all filters of a store may cost for one event, in units
	// of Filter.Cost: half a second, some 500 looks through long lists, or 50 filters
	// that go to their own bound.
	filterBudget = 50 * MaxFilterCost
	// fewFilters cannot use it up, in whatever order.
	fewFilters = filterBudget / MaxFilterCost
)

// errFilterBudget is why a filter has no value for an event for which the filters
// before it have used the budget up. Its webhook does not get the event, which the
// ledger counts and a replay brings back: there each filter has an event to itself. To
// refuse the event instead would let who registers webhooks stop what the platform
// emits, for all other webhooks too.
var errFilterBudget = errors.New("the store's filters have cost too much together for this event")

// checkFilterBudget says whether the filters of the store's webhooks could cost too much
// together with that of w, which is new.
func (c *Client) checkFilterBudget(before, w *Webhook, filter Filter) error {
	sum := filter.Cost()
	for _, id := range c.registry.everyWebhook(w.StoreID) {
		e := c.registry.endpoint(Lane{w.StoreID, id})
		switch {
		case e == nil || e.webhook.Filter == "":
		case id != w.ID:
			sum += e.filter.cost(e.webhook.Filter, c.config.Filters)
		case before.Filter != "" && filter.Cost() <= e.filter.cost(e.webhook.Filter, c.config.Filters):
			return nil // less than there was is always welcome
		}
	}
	if sum <= filterBudget {
		return nil
	}
	return &Error{
		Code: CodeInvalid, Pointer: "/filter",
		Message: fmt.Sprintf("could take too long together with the filters of the store's other webhooks: they would cost %d of at most %d for an event, and this one %d of that", sum, filterBudget, filter.Cost()),
		Hint:    "look through fewer lists and texts in it, or in those of other webhooks; docs/CATALOGUE.md says what costs how much",
	}
}

// cheapestFirst are the webhooks in the order in which their filters are to be asked:
// where there may be no budget left for some, for those that take the most of it.
func (c *Client) cheapestFirst(subscribed []*endpoint) []int {
	order := make([]int, len(subscribed))
	costs := make([]int, len(subscribed))
	filters := 0
	for i, e := range subscribed {
		order[i] = i
		if e.webhook.Filter != "" {
			filters++
			costs[i] = e.filter.cost(e.webhook.Filter, c.config.Filters)
		}
	}
	if filters > fewFilters {
		slices.SortStableFunc(order, func(i, j int) int { return cmp.Compare(costs[i], costs[j]) })
	}
	return order
}
