package dashboard

import (
	"slices"
	"time"

	"github.com/billhook/billhook"
)

// overviewPage is what templates/pages/overview.html shows, of a store or of all.
type overviewPage struct {
	*page
	// Range is "hour", "day" or "week".
	Range string
	// Ranges lead to each; their texts are such names.
	Ranges []link
	// Total and Points, the earliest first, are of that range.
	Total  billhook.ActivityPoint
	Points []billhook.ActivityPoint
	// Troubles are the webhooks that fail, and MoreTroubles: there are others.
	Troubles     []troubled
	MoreTroubles bool
	// Backlog is what waits longest of a store.
	Backlog []waitsFor
	// Steps lead through a fresh installation; nil for one that is in use.
	Steps []step
}

// troubled is a webhook that fails, and its store where there are many.
type troubled struct {
	billhook.Trouble
	StoreName string
	// URL is the webhook's page.
	URL string
}

// waitsFor is a webhook that deliveries wait for.
type waitsFor struct {
	billhook.LaneBacklog
	Webhook billhook.Webhook
}

// spans are what can be looked at: how long, in which steps.
var spans = []struct {
	name       string
	long, step time.Duration
}{
	{"hour", time.Hour, 5 * time.Minute},
	{"day", 24 * time.Hour, 15 * time.Minute},
	{"week", 7 * 24 * time.Hour, 2 * time.Hour},
}

const (
	troublesShown = 10
	backlogShown  = 5
)

func (p *page) overviewOfAll() error { return p.overview(billhook.ActivityQuery{AllStores: true}) }

func (p *page) overviewOfStore() error {
	return p.overview(billhook.ActivityQuery{StoreID: p.store.ID})
}

func (p *page) overview(q billhook.ActivityQuery) error {
	shown := overviewPage{page: p, Range: p.span()}
	for _, s := range spans {
		if s.name == shown.Range {
			q.Until = time.Now()
			q.Since, q.Step = q.Until.Add(-s.long), s.step
		}
		shown.Ranges = append(shown.Ranges, link{Text: s.name, URL: p.Here("range", s.name), Current: s.name == shown.Range})
	}
	activity, err := p.client.Activity(p.Context(), q)
	if err != nil {
		return err
	}
	shown.Total, shown.Points = activity.Total, activity.Points
	// It is looked every five minutes how many wait; now is known.
	last := &shown.Points[len(shown.Points)-1]
	last.Waiting = max(last.Waiting, shown.Total.Waiting)
	if err := shown.readWebhooks(); err != nil {
		return err
	}
	if isIdle(shown.Total) && shown.Troubles == nil {
		if shown.Steps, err = p.firstSteps(q); err != nil {
			return err
		}
	}
	return p.render("overview", shown)
}

// span is which one the viewer wants.
func (p *page) span() string {
	for _, s := range spans {
		if p.r.URL.Query().Get("range") == s.name {
			return s.name
		}
	}
	return spans[0].name
}

func isIdle(total billhook.ActivityPoint) bool {
	return total.Delivered+total.Failed+total.Dead+total.Waiting == 0
}

// readWebhooks finds those that fail and those that deliveries wait for.
func (o *overviewPage) readWebhooks() error {
	if !o.May(billhook.PermissionWebhooksRead) {
		return nil
	}
	list, err := o.client.Troubles(o.Context(), o.store.ID, troublesShown+1)
	if err != nil {
		return err
	}
	o.MoreTroubles = len(list) > troublesShown
	for _, t := range list[:min(len(list), troublesShown)] {
		one := troubled{Trouble: t, URL: o.Root("stores", t.Webhook.StoreID, "webhooks", t.Webhook.ID)}
		if o.store.ID == "" {
			s, err := o.client.Store(o.Context(), t.Webhook.StoreID)
			if err != nil {
				continue // deleted meanwhile
			}
			one.StoreName = s.Name
		}
		o.Troubles = append(o.Troubles, one)
	}
	if o.store.ID == "" {
		return nil
	}
	backlogs, err := o.client.Backlogs(o.Context(), o.store.ID)
	if err != nil {
		return err
	}
	for _, b := range most(backlogs, backlogShown) {
		if w, err := o.client.Get(o.Context(), b.StoreID, b.WebhookID); err == nil { // else deleted meanwhile
			o.Backlog = append(o.Backlog, waitsFor{b, w})
		}
	}
	return nil
}

// Within is the span of the filter of deliveries that is nearest to the one shown, and
// no shorter: what is given up now may have been made before.
func (o overviewPage) Within() string {
	if o.Range == "hour" {
		return "24h"
	}
	return "30d"
}

// Newest are the points, the newest first.
func (o overviewPage) Newest() []billhook.ActivityPoint {
	newest := slices.Clone(o.Points)
	slices.Reverse(newest)
	return newest
}

// FirstOpen is the first step that is not done.
func (o overviewPage) FirstOpen() string {
	for _, s := range o.Steps {
		if !s.Done {
			return s.Name
		}
	}
	return ""
}
