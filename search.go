package billhook

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"github.com/billhook/billhook/profile"
)

const (
	// A page that no index serves is looked for from the newest on, some rows at a time:
	// from leastLook to mostLook, together lookRows at the most and as long as it does
	// not take longer than lookTime.
	leastLook, mostLook = 500, 5000
	lookRows            = 20_000
	lookTime            = 50 * time.Millisecond
	// namedEvents is how many events of an entity that is searched for are looked up.
	namedEvents = 25
	// idSlack is how far a delivery's id may be from the time that it was made, as
	// clocks of nodes may be.
	idSlack = 10 * time.Minute
)

// A DeliveryPage is a part of a list of deliveries.
type DeliveryPage struct {
	// Deliveries are newest first, after those that DeliveryFilter.Search names, which
	// are on the first page alone.
	Deliveries []Delivery
	// Next continues the list, as DeliveryFilter.Before; empty at its end.
	Next string
	// SearchedTo is how far back it was looked where that was enough for now: there may
	// be more from Next on, though the page is not full. Zero where it is full, or all
	// was looked at.
	SearchedTo time.Time
}

// FindDeliveries answers a page of deliveries soon, however many there are: where next
// to none fit the filter it stops after a while, and says how far it has looked.
func (c *Client) FindDeliveries(ctx context.Context, f DeliveryFilter) (DeliveryPage, error) {
	if err := c.checkDeliveryFilter(&f); err != nil {
		return DeliveryPage{}, err
	}
	return listOne(ctx, &c.turns, f.StoreID, f, listHint, c.find)
}

// Deliveries lists deliveries as FindDeliveries does, and looks on until it has as many
// as the filter asks for, or all. It fails with CodeTooSlow where that takes too long.
func (c *Client) Deliveries(ctx context.Context, f DeliveryFilter) ([]Delivery, error) {
	if err := c.checkDeliveryFilter(&f); err != nil {
		return nil, err
	}
	return list(ctx, &c.turns, f.StoreID, f, listHint, func(ctx context.Context, f DeliveryFilter) (all []Delivery, err error) {
		bytes := 0
		for {
			page, err := c.find(ctx, f)
			if err != nil {
				return nil, err
			}
			all = append(all, page.Deliveries...)
			f.Before, f.Limit = page.Next, f.Limit-len(page.Deliveries)
			for i := range page.Deliveries {
				bytes += len(page.Deliveries[i].Payload)
			}
			if page.Next == "" || f.Limit <= 0 || f.MaxBytes > 0 && bytes > f.MaxBytes {
				return all, nil
			}
		}
	})
}

func (c *Client) checkDeliveryFilter(f *DeliveryFilter) error {
	f.StoreID = orDefaultStore(f.StoreID)
	if _, _, err := c.registry.store(f.StoreID); err != nil {
		return err
	}
	switch f.Status {
	case "", StatusPending, StatusHeld, StatusDelivered, StatusDead, StatusCancelled, StatusSkipped:
	default:
		return invalid("/status", "%s is none of pending, held, delivered, dead, cancelled, skipped", quote(string(f.Status)))
	}
	if (f.Entity.Type == "") != (f.Entity.ID == "") {
		return invalid("/entity", "needs both type and id")
	}
	if len(f.Search) > maxSearch {
		return invalid("/search", "is longer than %d bytes", maxSearch)
	}
	return nil
}

// maxSearch bounds what is searched for, in bytes.
const maxSearch = 256

// find answers a page.
func (c *Client) find(ctx context.Context, f DeliveryFilter) (page DeliveryPage, err error) {
	if !c.splitPending(&f) || f.Limit <= 0 {
		return page, nil
	}
	named, err := c.named(ctx, f)
	if err != nil {
		return page, err
	}
	if f.Before == "" {
		page.Deliveries = named
	}
	if err := c.boundIDs(ctx, &f); err != nil {
		return page, err
	}
	began := time.Now()
	for step, looked := leastLook, 0; ; step = min(2*step, mostLook) {
		before := time.Now()
		edge := DeliveryEdge{}
		if f.walks() {
			if edge, err = c.db.Edge(ctx, f, step); err != nil {
				return page, err
			}
		}
		full, err := c.findTo(ctx, f, edge, named, &page)
		switch {
		case err != nil || full:
			return page, err
		case edge.ID == "":
			return c.shown(page), nil
		}
		f.Before = edge.ID
		if looked += step; looked >= lookRows || time.Since(began)+2*time.Since(before) > lookTime {
			page.Next, page.SearchedTo = edge.ID, edge.CreatedAt
			return c.shown(page), nil
		}
	}
}

// findTo adds to the page what the filter selects down to the edge, and reports whether
// the page is full.
func (c *Client) findTo(ctx context.Context, f DeliveryFilter, edge DeliveryEdge, named []Delivery, page *DeliveryPage) (full bool, err error) {
	left := f.Limit - len(page.Deliveries)
	f.NotBefore = max(f.NotBefore, edge.ID)
	f.Limit = max(left, 0) + len(named) + 1
	found, err := c.db.Deliveries(ctx, f)
	if err != nil {
		return false, err
	}
	bytes, last := 0, ""
	for i := range page.Deliveries {
		bytes += len(page.Deliveries[i].Payload)
	}
	for i := range found {
		d := &found[i]
		if slices.ContainsFunc(named, func(n Delivery) bool { return n.ID == d.ID }) {
			continue
		}
		if left <= 0 || f.MaxBytes > 0 && bytes > f.MaxBytes {
			page.Next = cmp.Or(last, f.Before, d.ID+afterIDs) // what is named may have filled it
			*page = c.shown(*page)
			return true, nil
		}
		page.Deliveries, last = append(page.Deliveries, *d), d.ID
		left--
		bytes += len(d.Payload)
	}
	if f.MaxBytes > 0 && bytes > f.MaxBytes && last != "" { // the database has stopped there
		page.Next = last
		*page = c.shown(*page)
		return true, nil
	}
	return false, nil
}

// afterIDs sorts after all that an id can have.
const afterIDs = "~"

// shown gives the page's deliveries the status that they have for people.
func (c *Client) shown(page DeliveryPage) DeliveryPage {
	for i := range page.Deliveries {
		c.show(&page.Deliveries[i])
	}
	return page
}

// walks reports whether an index leads to more than what the filter selects.
func (f *DeliveryFilter) walks() bool {
	return !f.led() && (f.EventType != "" || f.Search != "" || f.Among != nil || f.Status == StatusDelivered || !f.From.IsZero() || !f.To.IsZero())
}

// led reports whether an index leads from events to what the filter selects.
func (f *DeliveryFilter) led() bool { return f.EventID != "" || f.Entity != Reference{} }

// named are the deliveries that the text names: one with that id, or those of an event
// or of events about an entity. Indexes lead to them at once.
func (c *Client) named(ctx context.Context, f DeliveryFilter) (found []Delivery, err error) {
	if f.Search == "" {
		return nil, nil
	}
	events, err := c.db.EventsAbout(ctx, f.StoreID, f.Search, namedEvents)
	if err != nil {
		return nil, err
	}
	d, err := c.db.Delivery(ctx, f.StoreID, f.Search)
	switch {
	case err == nil && f.selects(&d):
		found = append(found, d)
	case err != nil && !errors.Is(err, ErrNotFound):
		return nil, err
	}
	of := f
	of.Search, of.Before = "", ""
	for _, id := range append(events, f.Search) {
		if f.EventID != "" && f.EventID != id {
			continue
		}
		of.EventID, of.Limit = id, f.Limit
		some, err := c.db.Deliveries(ctx, of)
		if err != nil {
			return nil, err
		}
		found = append(found, some...)
	}
	slices.SortFunc(found, func(a, b Delivery) int { return cmp.Compare(b.ID, a.ID) })
	found = slices.CompactFunc(found, func(a, b Delivery) bool { return a.ID == b.ID })
	found = found[:min(len(found), f.Limit)]
	bytes := 0
	for i := range found { // what is left out here is come upon later
		if bytes += len(found[i].Payload); f.MaxBytes > 0 && bytes > f.MaxBytes && i > 0 {
			return found[:i], nil
		}
	}
	return found, nil
}

// selects reports whether the filter selects a delivery of its store, whatever it
// searches for.
func (f *DeliveryFilter) selects(d *Delivery) bool {
	is := func(want, value string) bool { return want == "" || want == value }
	return is(f.WebhookID, d.WebhookID) && is(f.EventID, d.EventID) && is(f.EventType, d.EventType) && is(string(f.Status), string(d.Status)) &&
		(f.Entity == Reference{} || f.Entity == d.Entity) && (f.Among == nil || slices.Contains(f.Among, d.WebhookID)) &&
		(f.From.IsZero() || !d.CreatedAt.Before(f.From)) && (f.To.IsZero() || d.CreatedAt.Before(f.To))
}

// boundIDs makes the filter's times bounds of ids, where all ids of the store begin with
// the time that they were made: an index leads there then. They are so if the first and
// the last are, since what has another prefix, or other letters, comes before or after.
func (c *Client) boundIDs(ctx context.Context, f *DeliveryFilter) error {
	if f.led() || f.From.IsZero() && f.To.IsZero() {
		return nil
	}
	_, p, err := c.registry.store(f.StoreID)
	if err != nil {
		return err
	}
	first, err := c.db.Counted(ctx, f.StoreID, "", 1)
	if err != nil {
		return err
	}
	last, err := c.db.Deliveries(ctx, DeliveryFilter{StoreID: f.StoreID, Limit: 1})
	if err != nil || len(first) == 0 || len(last) == 0 {
		return err
	}
	format := p.IDs.Delivery
	for _, id := range []string{first[0].ID, last[0].ID} {
		if _, ok := format.Time(id); !ok {
			return nil
		}
	}
	if !f.From.IsZero() {
		f.NotBefore = max(f.NotBefore, firstID(format, f.From.Add(-idSlack)))
	}
	if !f.To.IsZero() {
		before := firstID(format, f.To.Add(idSlack))
		f.Before = min(cmp.Or(f.Before, before), before)
	}
	return nil
}

// firstID is the least that an id can be that is made at that time.
func firstID(format profile.IDFormat, at time.Time) string { return format.New(at, [10]byte{}) }
