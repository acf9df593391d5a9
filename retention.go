package billhook

import (
	"fmt"
	"time"
)

// A Retention says how many days something is kept after its event was accepted:
// 1 to MaxRetentionDays; 0 leaves it to the deployment, and there means for ever.
type Retention struct {
	// PayloadDays are for the data of events. What is left of one then is its record.
	PayloadDays int `json:"payloadDays,omitzero"`
	// AttemptDays are for deliveries that are over, together with their attempts.
	AttemptDays int `json:"attemptDays,omitzero"`
	// AuditDays are for the audit log, which the records of events are a part of. A
	// record is kept for as long as its payload and its deliveries at least.
	AuditDays int `json:"auditDays,omitzero"`
}

// MaxRetentionDays are a hundred years: for ever.
const MaxRetentionDays = 36_500

const day = 24 * time.Hour

// check says what is wrong with it, with the pointer of where it stands.
func (r *Retention) check(pointer string) error {
	for _, member := range []struct {
		name string
		days int
	}{{"payloadDays", r.PayloadDays}, {"attemptDays", r.AttemptDays}, {"auditDays", r.AuditDays}} {
		if member.days < 0 || member.days > MaxRetentionDays {
			e := invalid(pointer+"/"+member.name, "is %d: it must be from 0 to %d days", member.days, MaxRetentionDays)
			e.Hint = fmt.Sprintf("leave it out for the deployment's default, or give %d for ever", MaxRetentionDays)
			return e
		}
	}
	return nil
}

// or takes what is not told from another.
func (r *Retention) or(other Retention) Retention {
	if r == nil {
		return other
	}
	all := *r
	for _, member := range []struct{ days, other *int }{
		{&all.PayloadDays, &other.PayloadDays}, {&all.AttemptDays, &other.AttemptDays}, {&all.AuditDays, &other.AuditDays},
	} {
		if *member.days == 0 {
			*member.days = *member.other
		}
	}
	return all
}

// A Horizon is the time before which something is kept no longer; what is zero is
// kept for ever.
type Horizon struct {
	// Attempts is for deliveries that are over and their attempts, Payloads for the
	// data of events, Records for events and entries of the audit log.
	Attempts, Payloads, Records time.Time
}

// IsZero reports whether all is kept for ever.
func (h Horizon) IsZero() bool { return h == Horizon{} }

// earlier is what both keep together.
func (h Horizon) earlier(other Horizon) Horizon {
	return Horizon{earlier(h.Attempts, other.Attempts), earlier(h.Payloads, other.Payloads), earlier(h.Records, other.Records)}
}

// earlier is the earlier time; zero, which is for ever, is before all.
func earlier(a, b time.Time) time.Time {
	if a.IsZero() || b.IsZero() {
		return time.Time{}
	}
	if a.Before(b) {
		return a
	}
	return b
}

// horizon is what it comes to at a time. Records go by whole days in UTC, so that
// the audit log has one entry a day about it, and never before what they tell of.
func (r Retention) horizon(now time.Time) (h Horizon) {
	before := func(days int) time.Time {
		if days == 0 || days >= MaxRetentionDays {
			return time.Time{}
		}
		return now.Add(-time.Duration(days) * day)
	}
	h.Attempts, h.Payloads = before(r.AttemptDays), before(r.PayloadDays)
	h.Records = earlier(before(r.AuditDays), earlier(h.Attempts, h.Payloads))
	if !h.Records.IsZero() {
		h.Records = h.Records.Truncate(day)
	}
	return h
}

// horizonOf is a store's, or that of AllStores.
func (c *Client) horizonOf(storeID string, now time.Time) Horizon {
	s, _ := c.registry.stored(storeID)
	return s.Retention.or(c.config.Retention).horizon(now)
}

// keeps is the Horizon after which something is there for a while: an hour early, since
// nodes do not have the very same time. What is kept for ever is after zero.
func (h Horizon) keeps() Horizon {
	for _, t := range []*time.Time{&h.Attempts, &h.Payloads, &h.Records} {
		if !t.IsZero() {
			*t = t.Add(time.Hour)
		}
	}
	return h
}

// payloadKept says why a delivery cannot be made again, if its payload is gone or
// about to go.
func (c *Client) payloadKept(d *Delivery) error {
	if len(d.Payload) > 0 && d.CreatedAt.After(c.horizonOf(d.StoreID, now()).keeps().Payloads) {
		return nil
	}
	return &Error{Code: CodeConflict, Message: say("request.payload"), Hint: "emit the event anew, under another id"}
}
