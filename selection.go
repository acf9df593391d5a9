package billhook

import (
	"slices"
	"sync"
)

// A Skipped is a webhook that subscribes to an event's type and does not get the
// event, and why.
type Skipped struct {
	WebhookID string
	Reason    string
}

// A lazyFilter is compiled when it is needed first.
type lazyFilter struct {
	once     sync.Once
	filter   Filter
	err      error
	failures tally
}

func (f *lazyFilter) compile(expression string, by Filters) (Filter, error) {
	f.once.Do(func() {
		if by == nil {
			f.err = errNoFilters()
			return
		}
		f.filter, f.err = by.Compile(expression)
	})
	return f.filter, f.err
}

func (f *lazyFilter) matches(expression string, by Filters, p *Payload) (bool, error) {
	filter, err := f.compile(expression, by)
	switch {
	case err != nil:
		return false, err
	case p.Spent >= filterBudget:
		return false, errFilterBudget
	}
	return filter.Matches(p)
}

// cost is what the filter may cost; nothing where it cannot be used.
func (f *lazyFilter) cost(expression string, by Filters) int {
	filter, err := f.compile(expression, by)
	if err != nil {
		return 0
	}
	return filter.Cost()
}

// recipients are the webhooks that get an event, and those that subscribe to its type
// and do not. It refuses the event where its type's schema and its store do.
func (c *Client) recipients(s *Store, v vocabulary, e *Event, version int) ([]*endpoint, []Skipped, error) {
	t, subscribed := v.own.live(e.Type), c.registry.matching(s.ID, e.Type)
	if t == nil && !slices.ContainsFunc(subscribed, (*endpoint).selective) {
		return subscribed, nil, nil // nearly always
	}
	p := &Payload{Event: e, Version: version}
	if err := c.validate(s, t, p); err != nil {
		return nil, nil, err
	}
	reasons := make([]string, len(subscribed))
	for _, i := range c.cheapestFirst(subscribed) {
		reasons[i] = c.skips(subscribed[i], t, p)
	}
	var skipped []Skipped
	chosen := make([]*endpoint, 0, len(subscribed))
	for i, to := range subscribed {
		if reasons[i] != "" {
			skipped = append(skipped, Skipped{to.webhook.ID, reasons[i]})
			continue
		}
		chosen = append(chosen, to)
	}
	return chosen, skipped, nil
}

// skips is the reason why a webhook does not get an event of a type that it wants;
// "" where it does.
func (c *Client) skips(e *endpoint, t *eventType, p *Payload) string {
	if t != nil && !takesVersion(&t.EventTypeDefinition, e.webhook.EventVersions[t.Name], p.Version) {
		return SkipVersion
	}
	if e.webhook.Filter == "" {
		return ""
	}
	matches, err := e.filter.matches(e.webhook.Filter, c.config.Filters, p)
	switch {
	case err != nil:
		if e.filter.failures.note(Detail{Message: err.Error()}, p.Event.CreatedAt) {
			// The reason is for the webhook's owner: it may quote the data.
			c.config.Logger.Warn("a webhook's filter has no value for an event, which it does not get", "store", e.webhook.StoreID, "webhook", e.webhook.ID, "type", p.Event.Type)
		}
		return SkipFilterFailed
	case !matches:
		return SkipFiltered
	}
	return ""
}

// takesVersion reports whether a webhook pinned to a version of a type, 0 for none,
// gets events of a version: those that it can read. One that is not pinned follows
// the current version through breaking changes.
func takesVersion(d *EventTypeDefinition, pinned, version int) bool {
	if pinned == 0 {
		return d.generation(version) == d.generation(d.Version())
	}
	return version >= pinned && d.generation(version) == d.generation(pinned)
}

// selective reports whether not every event of a type that the webhook wants is for
// it.
func (e *endpoint) selective() bool {
	return e.webhook.Filter != "" || len(e.webhook.EventVersions) > 0
}

// validate holds an event's data against its type's schema, as its store wants it.
func (c *Client) validate(s *Store, t *eventType, p *Payload) error {
	if t == nil || s.Validation == "" || s.Validation == ValidationOff || p.Version == 0 {
		return nil
	}
	version := &t.Versions[p.Version-1]
	if version.Schema == "" {
		return nil
	}
	schema, err := t.schemas[p.Version-1].get(version.Schema, c.config.Schemas)
	var wrong []Detail
	switch {
	case err != nil && s.Validation == ValidationEnforce:
		return &Error{Code: CodeUnavailable, Message: "the schema of the event type " + quote(t.Name) + " cannot be used here; nothing was accepted", Hint: "see the log", Err: err}
	case err != nil:
		wrong = []Detail{{Message: "the schema cannot be used here: " + err.Error()}}
	default:
		value, err := p.Value()
		if err != nil {
			return err
		}
		wrong = schema.Check(value)
	}
	if len(wrong) == 0 {
		return nil
	}
	tell := t.failures.note(wrong[0], p.Event.CreatedAt)
	if s.Validation == ValidationEnforce {
		return mismatch(t.Name, p.Version, wrong)
	}
	if tell {
		// What the schema wants may be told; the data is for no log.
		c.config.Logger.Warn("an event's data is not as its schema wants it, and was accepted", "store", s.ID, "type", t.Name, "version", p.Version, "pointer", clip("/data"+wrong[0].Pointer, 200))
	}
	return nil
}
