package billhook

import (
	"time"
)

const (
	// notedAfter is how long a webhook has failed when that is written down, for
	// other nodes and the next start; most that fail do so for less.
	notedAfter = 5 * time.Minute
	// DeactivateAfter must be 0 or in these bounds.
	minDeactivateAfter = 10 * time.Minute
	maxDeactivateAfter = 365 * 24 * time.Hour
)

// What Billhook notes of a webhook by itself, besides AuditWebhookDeactivate.
const (
	AuditWebhookFail    = "webhooks.fail"    // it has failed for a while
	AuditWebhookRecover = "webhooks.recover" // it does so no more
)

// failingStages are how far on the way to a webhook's deactivation that is told, in
// percent.
var failingStages = [...]int{50, 70, 90}

// deactivateAfter is how long the webhook may fail before it is made inactive; 0
// for as long as it likes.
func (e *endpoint) deactivateAfter() time.Duration {
	seconds := e.webhook.DeactivateAfterSeconds
	if seconds == nil {
		seconds = e.tenancy.settings.Load().DeactivateAfterSeconds
	}
	if seconds == nil {
		return 0
	}
	return time.Duration(*seconds) * time.Second
}

// failingSince is when the webhook began to fail as far as anybody knows; zero
// where it has not.
func (e *endpoint) failingSince() time.Time {
	since, noted := e.record.breaker.failingSince, e.webhook.FailingSince
	if since.IsZero() || !noted.IsZero() && noted.Before(since) {
		return noted
	}
	return since
}

// mind sees to what an attempt means for how long a webhook has failed. It wants
// the scheduler's lock.
func (c *Client) mind(key Lane, e *endpoint, succeeded bool, at time.Time) {
	r, noted := e.record, e.webhook.FailingSince
	if succeeded {
		if !noted.IsZero() {
			c.note(key, r, AuditWebhookRecover, func(w *Webhook) bool {
				if w.FailingSince.IsZero() {
					return false
				}
				w.FailingSince = time.Time{}
				return true
			}, Alert{Type: AlertWebhookRecovered, Since: noted})
		}
		return
	}
	c.registry.suspects.add(key)
	since := e.failingSince()
	failed, limit := at.Sub(since), e.deactivateAfter()
	// It is told once it is noted: then all nodes have the same moment for it.
	news := failingNews(since, failed, limit)
	if !noted.IsZero() && news.Percent > r.told {
		r.told = news.Percent
		news.StoreID, news.WebhookID, news.Since, news.Reason = key.StoreID, key.WebhookID, noted, r.lastError
		c.alerts.raise(news)
	}
	switch {
	case limit > 0 && failed >= limit && !noted.IsZero():
		reason := say("failures", failed.Round(time.Second), r.lastError)
		c.note(key, r, AuditWebhookDeactivate, func(w *Webhook) bool {
			if !w.IsActive || w.FailingSince.IsZero() {
				return false
			}
			w.deactivate(reason)
			return true
		}, Alert{Type: AlertWebhookDeactivated, Since: since, Reason: reason})
	case noted.IsZero() && failed >= notedAfter:
		news.Since, news.Reason = since.UTC().Round(0), r.lastError
		c.note(key, r, AuditWebhookFail, func(w *Webhook) bool {
			if !w.FailingSince.IsZero() {
				return false
			}
			w.FailingSince = news.Since
			return true
		}, news)
	}
}

// failingNews is what is told of a webhook that has failed for so long; of no type
// where it is not, or not yet, on the way to its deactivation.
func failingNews(since time.Time, failed, limit time.Duration) (news Alert) {
	if limit <= 0 {
		return Alert{}
	}
	percent := int(min(failed, limit) * 100 / limit)
	for _, stage := range failingStages {
		if percent >= stage {
			news = Alert{Type: AlertWebhookFailing, Percent: stage, DeactivatesAt: since.Add(limit)}
		}
	}
	return news
}

// note writes a change that Billhook makes of a webhook by itself, of the name in the
// audit log, and tells the news once that is on disk. Where another node has come
// first, or the database does not take it, the next attempt sees to it again. It
// wants the scheduler's lock.
func (c *Client) note(key Lane, r *record, done string, change func(*Webhook) bool, news Alert) {
	if r.noting {
		return
	}
	r.noting = true
	var noted *revision
	c.committer.submit(write{
		parts: 1,
		add: func(b *Batch) {
			if e := c.registry.endpoint(key); e != nil {
				noted = c.revise(e, done, change, news)
			}
			noted.add(b)
		},
		handOver: func() {
			switch {
			case c.revised(noted):
				c.outdate()
			case noted != nil && !noted.write.Refused:
				r.told = max(r.told, news.Percent)
			}
		},
		after: func(error) {
			c.scheduler.mu.Lock()
			defer c.scheduler.mu.Unlock()
			r.noting = false
		},
	})
}
