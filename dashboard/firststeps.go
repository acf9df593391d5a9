package dashboard

import (
	"cmp"
	"slices"
	"time"

	"github.com/billhook/billhook"
)

// A step is one thing to do before there is something to see.
type step struct {
	// Name is what its strings are labelled with.
	Name string
	// URL is where it is done; "" where the viewer may not.
	URL  string
	Done bool
}

// firstSteps are what is to be done where nothing was ever delivered, as far as is
// known; nil where something was.
func (p *page) firstSteps(q billhook.ActivityQuery) ([]step, error) {
	q.Until = time.Now()
	q.Since, q.Step = q.Until.Add(-billhook.ActivityKept), 24*time.Hour
	activity, err := p.client.Activity(p.Context(), q)
	if err != nil || !isIdle(activity.Total) {
		return nil, err
	}
	store := p.store.ID
	var steps []step
	if store == "" {
		stores, err := p.client.Stores(p.Context(), "", 2)
		if err != nil {
			return nil, err
		}
		own := slices.IndexFunc(stores, func(s billhook.Store) bool { return s.ID != billhook.DefaultStore })
		store = billhook.DefaultStore
		if own >= 0 {
			store = stores[own].ID
		}
		steps = append(steps, p.step("store", own >= 0, billhook.PermissionStoresManage, p.Root("stores")+"#new"))
	}
	keys, err := p.client.Keys(p.Context(), store, "", 1)
	if err != nil {
		return nil, err
	}
	webhooks, err := p.client.List(p.Context(), store, "", 1)
	if err != nil {
		return nil, err
	}
	steps = append(steps,
		p.step("key", len(keys) > 0, billhook.PermissionKeysManage, p.Root("stores", store, "keys")+"#new"),
		p.step("webhook", len(webhooks) > 0, billhook.PermissionWebhooksManage, p.Root("stores", store, "webhooks")),
	)
	test := step{Name: "test"} // it can be sent to a webhook alone
	if len(webhooks) > 0 {
		test = p.step("test", false, billhook.PermissionWebhooksManage, p.Root("stores", store, "webhooks", webhooks[0].ID))
	}
	return append(steps, test), nil
}

func (p *page) step(name string, done bool, permission, url string) step {
	if !p.May(permission) {
		url = ""
	}
	return step{Name: name, URL: url, Done: done}
}

// most are those with the most waiting, at most n.
func most(backlogs []billhook.LaneBacklog, n int) []billhook.LaneBacklog {
	slices.SortStableFunc(backlogs, func(a, b billhook.LaneBacklog) int { return cmp.Compare(b.Count, a.Count) })
	return backlogs[:min(len(backlogs), n)]
}
