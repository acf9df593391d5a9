package billhook

import (
	"slices"
	"testing"
	"time"
)

// hour is a time of one day.
func hour(h int) time.Time { return time.Date(2026, 3, 1, h, 0, 0, 0, time.UTC) }

// TestRecoveryMeans: what each kind looks for, at the edges of its window.
func TestRecoveryMeans(t *testing.T) {
	retry := RecoveryPlan{Kind: RecoveryRetry, DeliveryStatus: StatusDead, From: hour(10), To: hour(13)}
	recover := RecoveryPlan{Kind: RecoveryRecover, WebhookID: "wh", From: hour(10), To: hour(13)}
	typed := retry
	typed.Types = []string{"order.*"}
	open := RecoveryPlan{Kind: RecoveryRetry, DeliveryStatus: StatusDelivered}
	for _, tt := range []struct {
		name           string
		plan           RecoveryPlan
		status         Status
		created, ended int
		want           bool
	}{
		{"retry", retry, StatusDead, 11, 12, true},
		{"made when it begins", retry, StatusDead, 10, 11, true},
		{"made before it begins", retry, StatusDead, 9, 11, false},
		{"made when it ends", retry, StatusDead, 13, 14, false},
		{"over after it ends", retry, StatusDead, 12, 19, true},
		{"over before it was asked for", retry, StatusDead, 12, 19, true},
		{"over when it was asked for", retry, StatusDead, 12, 20, false},
		{"cancelled", retry, StatusCancelled, 11, 12, false},
		{"of its type", typed, StatusDead, 11, 12, true},
		{"without bounds", open, StatusDelivered, 0, 1, true},
		{"not without bounds", open, StatusDead, 0, 1, false},
		{"recover", recover, StatusDead, 11, 12, true},
		{"recover what was cancelled", recover, StatusCancelled, 11, 12, true},
		{"recover what was delivered", recover, StatusDelivered, 11, 12, false},
		{"made before, over in it", recover, StatusDead, 8, 10, true},
		{"made before, over before", recover, StatusDead, 8, 9, false},
		{"made in it, over after", recover, StatusDead, 12, 15, true},
		{"made after", recover, StatusDead, 13, 15, false},
	} {
		r := Recovery{RecoveryPlan: tt.plan, CreatedAt: hour(20)}
		d := Delivery{EventType: "order.paid", Status: tt.status, CreatedAt: hour(tt.created), FinishedAt: hour(tt.ended)}
		if got := r.means(&d); got != tt.want {
			t.Errorf("%s: %v, want %v", tt.name, got, tt.want)
		}
	}
	r := Recovery{RecoveryPlan: typed, CreatedAt: hour(20)}
	if r.means(&Delivery{EventType: "user.created", Status: StatusDead, CreatedAt: hour(11), FinishedAt: hour(12)}) {
		t.Error("another type is meant")
	}
}

// TestRecoveryPick: a page is looked through in its order, and no further than may
// be taken.
func TestRecoveryPick(t *testing.T) {
	dead := func(id, webhookID string) Delivery {
		return Delivery{ID: id, WebhookID: webhookID, Status: StatusDead, CreatedAt: hour(1), FinishedAt: hour(2)}
	}
	fine := dead("c", "here")
	fine.Status = StatusDelivered
	page := []Delivery{dead("a", "gone"), dead("b", "here"), fine, dead("d", "off"), dead("e", "here"), dead("f", "new"), dead("g", "here")}
	where := map[string]reach{"gone": deleted, "off": inactive, "new": unheard, "here": reachable, "busy": full}
	to := func(id string) reach { return where[id] }
	for _, tt := range []struct {
		name         string
		page         []Delivery
		quota, found int
		taken, after string
	}{
		{"up to what is not known", page, 9, 4, "be", "e"},
		{"up to the quota", page, 1, 3, "b", "d"},
		{"without what is not known", slices.Concat(page[:5], page[6:]), 9, 5, "beg", "g"},
		{"up to a lane that is full", []Delivery{dead("a", "here"), dead("b", "busy"), dead("c", "here")}, 9, 1, "a", "a"},
		{"nothing", nil, 9, 0, "", ""},
	} {
		r := Recovery{RecoveryPlan: RecoveryPlan{Kind: RecoveryRetry, DeliveryStatus: StatusDead, RatePerSecond: 10}, CreatedAt: hour(20)}
		taken := ""
		for _, p := range r.pick(tt.page, tt.quota, func(*Delivery) bool { return true }, to) {
			taken += p.ID
		}
		if taken != tt.taken || r.Found != tt.found || r.After.ID != tt.after || r.Left.Deleted+r.Left.Inactive != tt.found-len(tt.taken) {
			t.Errorf("%s: took %q of %d up to %q, left %+v", tt.name, taken, r.Found, r.After.ID, r.Left)
		}
	}
}

// TestRecoveryRate: deliveries are due one after the other, and no more of them are
// made pending ahead of their time than the lead has room for.
func TestRecoveryRate(t *testing.T) {
	for _, tt := range []struct{ rate, quota int }{{1, 2}, {100, 101}, {10_000, recoveryStep}} {
		r := Recovery{RecoveryPlan: RecoveryPlan{RatePerSecond: tt.rate}}
		now := hour(1)
		if got := r.quota(now); got != tt.quota {
			t.Errorf("at %d a second %d are taken at first, want %d", tt.rate, got, tt.quota)
		}
		last, n, first := time.Time{}, 0, now
		for range 50 {
			if at := r.nextStepAt(now); at.After(now) {
				now = at
			}
			all := make([]Pending, r.quota(now))
			r.spread(all, now)
			for i := range all {
				if all[i].DueAt.Before(now) || !all[i].DueAt.After(last) || all[i].DueAt.After(now.Add(recoveryLead)) {
					t.Fatalf("at %d a second, %v after the first: due at %v, after %v", tt.rate, now.Sub(first), all[i].DueAt, last)
				}
				last = all[i].DueAt
			}
			n += len(all)
		}
		if took := last.Sub(first); took != time.Duration(n-1)*time.Second/time.Duration(tt.rate) {
			t.Errorf("%d at %d a second took %v", n, tt.rate, took)
		}
	}
}
