package billhook

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"time"
)

// SystemStore is the store whose webhooks are told of Billhook's own events: an
// operator who wants them makes it and registers there. Nothing is told of the
// webhooks of this store itself.
const SystemStore = "billhook"

// What alerts are about. They are the event types of SystemStore.
const (
	AlertWebhookFailing     = "webhook.failing"     // it is on the way to its deactivation
	AlertWebhookDeactivated = "webhook.deactivated" // Billhook made it inactive
	AlertWebhookRecovered   = "webhook.recovered"   // it takes deliveries again
	AlertDeliveryDead       = "delivery.dead"       // a delivery is out of attempts
	AlertBacklogHigh        = "backlog.high"        // this node is behind with what is due
	AlertBacklogRecovered   = "backlog.recovered"   // it is no more
)

// An Alert is what an operator may want to be told. In JSON, members without a
// value are left out.
type Alert struct {
	Type string    `json:"type"`
	At   time.Time `json:"at"`
	// StoreID and WebhookID say whose it is; empty for what is all stores'.
	StoreID     string `json:"storeId,omitempty"`
	WebhookID   string `json:"webhookId,omitempty"`
	WebhookName string `json:"webhookName,omitempty"`
	// Since is when it began.
	Since time.Time `json:"since,omitzero"`
	// Percent is how far the webhook is on the way to its deactivation, which is at
	// DeactivatesAt.
	Percent       int       `json:"percent,omitempty"`
	DeactivatesAt time.Time `json:"deactivatesAt,omitzero"`
	// DeliveryID is the last one that it is about.
	DeliveryID string `json:"deliveryId,omitempty"`
	// Count is how often it has happened, where this tells of several.
	Count int `json:"count,omitempty"`
	// OverdueSeconds is how late the node is.
	OverdueSeconds int64 `json:"overdueSeconds,omitempty"`
	// Reason says in words why.
	Reason string `json:"reason,omitempty"`
}

const (
	// alertQuiet is how long an incident is left alone after it was told: what
	// repeats is counted, and told as one.
	alertQuiet = 10 * time.Minute
	// maxIncidents bounds those that are open; what more there is counts as one.
	maxIncidents = 10_000
	// alertRetry is how long after a failure an alert's event is tried again.
	alertRetry = 10 * time.Second
)

// An incident is what keeps happening to one webhook, or to the node.
type incident struct {
	kind    string
	lane    Lane
	percent int
}

// alerts groups what is raised: the first of an incident is told at once, the
// others as one when it was quiet for a while.
type alerts struct {
	mu    sync.Mutex
	open  map[incident]*openIncident
	ready []Alert
	woken chan struct{}
}

type openIncident struct {
	until time.Time
	more  int
	last  Alert
}

func newAlerts() *alerts {
	return &alerts{open: map[incident]*openIncident{}, woken: make(chan struct{}, 1)}
}

// raise takes an alert in. It neither waits nor calls back, so it may be called
// with any lock held.
func (a *alerts) raise(al Alert) {
	if al.StoreID == SystemStore {
		return // its own webhooks' troubles would be told to themselves
	}
	al.At = now()
	a.mu.Lock()
	defer a.mu.Unlock()
	key := incident{al.Type, Lane{al.StoreID, al.WebhookID}, al.Percent}
	if len(a.open) >= maxIncidents && a.open[key] == nil {
		key = incident{kind: al.Type}
	}
	if found := a.open[key]; found != nil {
		found.more++
		found.last = al
		return
	}
	a.open[key] = &openIncident{until: al.At.Add(alertQuiet)}
	a.ready = append(a.ready, al)
	select {
	case a.woken <- struct{}{}:
	default: // it is about to look
	}
}

// take removes what is to be told now, and says when there may be more.
func (a *alerts) take(at time.Time) (ready []Alert, next time.Time) {
	a.mu.Lock()
	defer a.mu.Unlock()
	ready, a.ready = a.ready, nil
	for key, found := range a.open {
		switch {
		case found.until.After(at):
		case found.more == 0:
			delete(a.open, key)
			continue
		default:
			found.last.Count = found.more
			ready = append(ready, found.last)
			found.more, found.until = 0, at.Add(alertQuiet)
		}
		if next.IsZero() || found.until.Before(next) {
			next = found.until
		}
	}
	return ready, next
}

// putBack takes alerts in again that could not be told.
func (a *alerts) putBack(all []Alert) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.ready = append(all, a.ready...)
}

// tellAlerts tells what is raised until ctx ends: to Config.OnAlert, and as events of
// the SystemStore where there is one.
func (c *Client) tellAlerts(ctx context.Context) {
	var backlog backlogWatch
	look := time.NewTicker(backlogEvery) // of its own: what is raised all the time must not put it off
	defer look.Stop()
	timer := time.NewTimer(backlogEvery)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-c.alerts.woken:
		case <-timer.C:
		case <-look.C:
			if al, ok := backlog.look(c.scheduler.stats().Overdue, now()); ok {
				c.alerts.raise(al)
			}
		}
		ready, next := c.alerts.take(time.Now())
		wait := backlogEvery
		if !next.IsZero() {
			wait = min(wait, max(time.Until(next), 0))
		}
		if failed := c.tell(ctx, ready); len(failed) > 0 {
			c.alerts.putBack(failed)
			wait = min(wait, alertRetry)
		}
		timer.Reset(wait)
	}
}

// tell tells alerts and returns those whose events the database did not take.
func (c *Client) tell(ctx context.Context, all []Alert) (failed []Alert) {
	for i, al := range all {
		if al.WebhookName == "" && al.WebhookID != "" {
			if e := c.registry.endpoint(Lane{al.StoreID, al.WebhookID}); e != nil {
				al.WebhookName = e.webhook.Name
			}
		}
		err := c.emitAlert(ctx, al)
		if ErrorCode(err) == CodeUnavailable || ctx.Err() != nil {
			return all[i:]
		}
		if err != nil {
			c.config.Logger.Error("cannot emit an alert", "type", al.Type, "err", err)
		}
		c.config.OnAlert(al)
	}
	return nil
}

func (c *Client) emitAlert(ctx context.Context, al Alert) error {
	if _, _, err := c.registry.store(SystemStore); err != nil {
		return nil // nobody asked for them
	}
	data, err := json.Marshal(al)
	if err != nil {
		return err
	}
	e := Emission{StoreID: SystemStore, Type: al.Type, Data: data, OccurredAt: al.At, Actor: billhookItself}
	if al.WebhookID != "" {
		e.Entity = Reference{Type: entityWebhook, ID: al.WebhookID}
	}
	if al.Percent > 0 {
		// Each node sees it: one of them tells. Since is what is noted of the webhook.
		e.IdempotencyKey = fmt.Sprintf("%s %s %s %d %d", al.Type, al.StoreID, al.WebhookID, al.Since.Unix(), al.Percent)
	}
	_, err = c.Emit(ctx, e)
	if ErrorCode(err) == CodeKeyReused {
		return nil // told by another node, in its own words
	}
	return err
}

// raiseDead raises that a delivery is out of attempts.
func (c *Client) raiseDead(o *Outcome) {
	c.alerts.raise(Alert{
		Type: AlertDeliveryDead, StoreID: o.Delivery.StoreID, WebhookID: o.Delivery.WebhookID, DeliveryID: o.Delivery.ID,
		Since: o.Delivery.CreatedAt, Reason: o.Reason,
	})
}
