package dashboard

import (
	"cmp"
	"slices"
	"strconv"
	"time"

	"github.com/billhook/billhook"
)

// webhooksPage is what templates/pages/webhooks.html shows.
type webhooksPage struct {
	*page
	List  []webhookRow
	Pager pager
}

// A webhookRow is a webhook of the list, and how it stands with its receiver.
type webhookRow struct {
	*page
	billhook.Webhook
	Health billhook.Health
	// Account says what waits; nil for who may not see that.
	Account *ledgerDay
}

// webhooks lists the store's webhooks, those first that somebody should look at.
func (p *page) webhooks() error {
	var all []webhookRow
	for after, more := "", true; more; {
		some, err := p.client.List(p.Context(), p.store.ID, after, pageSize)
		if err != nil {
			return err
		}
		for i := range some {
			row, err := p.rowOf(some[i])
			if billhook.ErrorCode(err) == billhook.CodeNotFound {
				continue // deleted meanwhile
			}
			if err != nil {
				return err
			}
			all = append(all, row)
			after = some[i].ID
		}
		more = len(some) == pageSize
	}
	slices.SortStableFunc(all, func(a, b webhookRow) int { return cmp.Compare(a.urgency(), b.urgency()) })
	// By place and not by id: the order is not that of ids, and changes with the
	// receivers. Whoever leafs through meanwhile may see one twice.
	from, _ := strconv.Atoi(p.cursor())
	all = all[min(max(from, 0), len(all)):]
	next := ""
	if len(all) > pageSize {
		all, next = all[:pageSize], strconv.Itoa(max(from, 0)+pageSize)
	}
	for i := range all {
		account, err := p.accountOf(all[i].ID)
		if err != nil {
			return err
		}
		all[i].Account = account
	}
	return p.render("webhooks", webhooksPage{page: p, List: all, Pager: p.pager(next)})
}

func (p *page) rowOf(w billhook.Webhook) (webhookRow, error) {
	h, err := p.client.Health(p.Context(), p.store.ID, w.ID)
	return webhookRow{page: p, Webhook: w, Health: h}, err
}

// accountOf sums up what waits for a webhook, nil for who may not see it.
func (p *page) accountOf(id string) (*ledgerDay, error) {
	if !p.May(billhook.PermissionDeliveriesRead) {
		return nil, nil
	}
	account, err := p.ledgerOf(id)
	if billhook.ErrorCode(err) == billhook.CodeNotFound {
		return &ledgerDay{}, nil // deleted meanwhile
	}
	if err != nil {
		return nil, err
	}
	return &account.Sum, nil
}

// urgency orders webhooks: those that fail, those that Billhook has made inactive,
// those that work, and those that somebody has switched off.
func (r webhookRow) urgency() int {
	switch {
	case r.IsActive && r.failing():
		return 0
	case r.InactiveReason != "":
		return 1
	case r.IsActive:
		return 2
	}
	return 3
}

func (r webhookRow) failing() bool { return !r.Health.FailingSince.IsZero() }

// State is the badge of a webhook.
func (r webhookRow) State() badge {
	switch {
	case !r.IsActive && r.InactiveReason != "":
		return badge{"failed", r.t("webhooks.deactivated")}
	case !r.IsActive:
		return badge{"paused", r.t("webhooks.inactive")}
	case r.failing():
		return badge{"failed", r.t("webhooks.failing")}
	case !r.Health.ThrottledUntil.IsZero():
		return badge{"waiting", r.t("webhooks.throttled")}
	}
	return badge{"ok", r.t("webhooks.active")}
}

// Title is what people call the webhook.
func (r webhookRow) Title() string { return cmp.Or(r.Name, r.URL, r.ID) }

// Day is the last day of attempts.
func (r webhookRow) Day() billhook.HealthWindow {
	var widest billhook.HealthWindow
	for _, w := range r.Health.Windows {
		if w.Span > widest.Span {
			widest = w
		}
	}
	return widest
}

// Rate is the share of attempts that succeeded, in percent, rounded down, so that
// 100 % is never said of what has failed once; "" where nothing was tried.
func (p *page) Rate(w billhook.HealthWindow) string {
	if w.Attempts == 0 {
		return ""
	}
	return inLanguage(p.language, float64(w.Successes*1000/w.Attempts)/10) + " %"
}

// LastWhile says which while before now a window is.
func (p *page) LastWhile(d time.Duration) string {
	switch d {
	case time.Minute:
		return p.t("webhooks.lastMinute")
	case time.Hour:
		return p.t("webhooks.lastHour")
	case 24 * time.Hour:
		return p.t("webhooks.lastDay")
	}
	return p.Span(d)
}

// Span says how long something took.
func (p *page) Span(d time.Duration) string { return p.words.duration(p.language, d) }
