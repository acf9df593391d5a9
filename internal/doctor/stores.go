package doctor

import (
	"bufio"
	"cmp"
	"context"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/billhook/billhook/client"
)

// checkStores finds out whether the stores say how long they keep things.
func (d *Doctor) checkStores(ctx context.Context) {
	all, without := 0, 0
	for s, err := range d.Client.Stores.All(ctx, client.Paging{Limit: 100}) {
		if err != nil {
			return // told of where the database's size is known
		}
		all++
		if s.Retention == nil || s.Retention.PayloadDays == nil && s.Retention.AttemptDays == nil {
			without++
		}
	}
	d.state.unknown, d.state.retained = all == 0, without == 0
}

const (
	// lookedAt bounds how many webhooks are asked for their health.
	lookedAt = 200
	// namedAtMost bounds how many are named.
	namedAtMost = 5
)

// checkWebhooks looks for webhooks that get nothing.
func (d *Doctor) checkWebhooks(ctx context.Context) {
	const check = "webhooks"
	if !d.state.may["webhooks:read"] {
		d.skip(check, "the key lacks webhooks:read")
		return
	}
	var stopped, failing []string
	var unread error
	count, active, asked := 0, 0, 0
	for w, err := range d.Client.Webhooks.All(ctx, client.Paging{Limit: 100}) {
		if err != nil {
			d.skip(check, "they cannot be listed: %v", err)
			return
		}
		if u, err := url.Parse(w.URL); err == nil {
			d.state.hosts[u.Hostname()] = true
		}
		count++
		if why := stoppedOf(&w); why != "" {
			stopped = append(stopped, nameOf(&w)+" ("+why+")")
		}
		if !w.IsActive {
			continue
		}
		if active++; active > lookedAt {
			continue
		}
		h, err := d.Client.Webhooks.Health(ctx, w.ID)
		switch {
		case client.IsCode(err, "not_found"): // deleted meanwhile
			active--
		case err != nil:
			unread = err
		default:
			asked++
			if why := failingOf(h); why != "" {
				failing = append(failing, nameOf(&w)+" ("+why+")")
			}
		}
	}
	if len(stopped) > 0 {
		d.warn("deactivated webhooks", "see to the receiver, then activate it: PATCH /api/webhooks/{id} with isActive true",
			"Billhook has made %d inactive: %s", len(stopped), some(stopped))
	} else {
		d.ok("deactivated webhooks", "none of %d was made inactive by its receiver's failures", count)
	}
	const failed = "failing webhooks"
	switch {
	case len(failing) > 0:
		d.warn(failed, "`billhook doctor --webhook ID` looks at one; what waits is sent when it is back", "%d of %d active ones do not take deliveries: %s", len(failing), asked, some(failing))
	case asked > 0 || active == 0:
		d.ok(failed, "none of %d active ones", asked)
	}
	if asked < active {
		why := fmt.Sprintf("%d are looked at", lookedAt)
		if unread != nil {
			why = "the health of one cannot be read: " + unread.Error()
		}
		d.skip(failed, "%d active ones were not looked at: %s", active-asked, why)
	}
}

// stoppedOf says why Billhook has made a webhook inactive; "" where it has not.
func stoppedOf(w *client.Webhook) string {
	if w.InactiveReason == nil {
		return ""
	}
	return *w.InactiveReason
}

// nameOf is how a webhook is called.
func nameOf(w *client.Webhook) string {
	if w.Name != "" {
		return w.Name + " " + w.ID
	}
	return w.ID
}

// failingOf says why nothing arrives at a webhook; "" where it does.
func failingOf(h *client.WebhookHealth) string {
	switch {
	case h.State != "closed":
		return cmp.Or(h.Reason, "deliveries wait")
	case h.FailingSince != nil && h.ConsecutiveFailures >= 3:
		why := "failing for " + ago(time.Since(*h.FailingSince))
		if h.LastError != nil {
			why += ", " + *h.LastError
		}
		return why
	}
	return ""
}

func some(names []string) string {
	if len(names) > namedAtMost {
		return strings.Join(names[:namedAtMost], "; ") + "; and " + strconv.Itoa(len(names)-namedAtMost) + " more"
	}
	return strings.Join(names, "; ")
}

// checkWebhook looks at one closely.
func (d *Doctor) checkWebhook(ctx context.Context) {
	check := "webhook " + d.Webhook
	w, err := d.Client.Webhooks.Get(ctx, d.Webhook)
	if mayNot(err) {
		d.skip(check, "the key lacks webhooks:read")
		return
	}
	if err != nil {
		d.fail(check, "`billhook webhooks list` names those that there are; --store says of which store", "%v", err)
		return
	}
	if u, err := url.Parse(w.URL); err == nil {
		d.state.hosts[u.Hostname()] = true
	}
	if w.IsActive {
		d.ok(check, "active, for %s", strings.Join(w.Events, ", "))
	} else if why := stoppedOf(w); why != "" {
		d.fail(check, "see to the receiver, then activate it", "Billhook has made it inactive: %s", why)
	} else {
		d.warn(check, "activate it: PATCH /api/webhooks/"+w.ID+" with isActive true", "somebody has made it inactive")
	}
	if h, err := d.Client.Webhooks.Health(ctx, w.ID); err != nil {
		d.skip(check, "its health cannot be read: %v", err)
	} else if why := failingOf(h); why != "" {
		d.fail(check, "see to the receiver", "its receiver does not take deliveries: %s", why)
	} else {
		d.ok(check, "its receiver takes deliveries, or was sent none lately")
	}
	d.checkLatest(ctx, check, w.ID)
}

// checkLatest looks at what became of the newest deliveries of a webhook.
func (d *Doctor) checkLatest(ctx context.Context, check, id string) {
	const looked = 20
	counts := map[client.DeliveryStatus]int{}
	n, why := 0, ""
	for one, err := range d.Client.Webhooks.Deliveries(ctx, id, client.DeliveryFilter{Paging: client.Paging{Limit: looked}}) {
		if err != nil {
			d.skip(check, "its deliveries cannot be read: %v", err)
			return
		}
		counts[one.Status]++
		if why == "" && (one.Status == client.DeliveryDead || one.Status == client.DeliveryPending && one.Attempts > 0) {
			why = one.Reason
		}
		if n++; n == looked {
			break
		}
	}
	switch {
	case n == 0:
		d.warn(check, "emit an event that it wants: `billhook trigger TYPE`; GET /api/webhooks/"+id+"/filter tells what it wants", "it has never had a delivery")
	case counts[client.DeliveryDead] > 0:
		d.fail(check, "see to the receiver, then `billhook recover`", "of its last %d deliveries %d are dead: %s", n, counts[client.DeliveryDead], why)
	case why != "":
		d.warn(check, "see to the receiver", "of its last %d deliveries %d arrived: %s", n, counts[client.DeliveryDelivered], why)
	case counts[client.DeliveryDelivered] == 0:
		var others []string
		for _, status := range slices.Sorted(maps.Keys(counts)) {
			others = append(others, fmt.Sprintf("%d are %s", counts[status], status))
		}
		d.warn(check, "GET /api/deliveries/{id} tells of one why", "none of its last %d deliveries has arrived: %s", n, strings.Join(others, ", "))
	default:
		d.ok(check, "of its last %d deliveries %d arrived", n, counts[client.DeliveryDelivered])
	}
}

// checkMetrics looks at what the node that answers measures of itself.
func (d *Doctor) checkMetrics(ctx context.Context) {
	text, err := d.Client.Metrics(ctx)
	if err != nil {
		why := err.Error()
		if mayNot(err) {
			why = "that wants a key with stores:manage for all stores"
		}
		for _, check := range []string{"backlog", "file descriptors"} {
			d.skip(check, "the metrics cannot be read: %s", why)
		}
		return
	}
	m := metricsOf(text)
	d.checkBacklog(m)
	d.checkFiles(m)
	if held, ok := m["billhook_node_lease_held"]; ok && held == 0 {
		d.fail("lease", "look at the node's log and at its way to the database", "the node that answers does not hold its lease: others take over what it delivers")
	}
}

func (d *Doctor) checkBacklog(m map[string]float64) {
	const check = "backlog"
	late, ok := m["billhook_overdue_seconds"]
	overdue := time.Duration(late * float64(time.Second))
	const advice = "look at billhook_requests_in_flight and the processor: the node cannot keep up, so add a node, or see what slows it"
	switch {
	case !ok:
		d.skip(check, "the service does not tell of it")
	case overdue > 10*time.Minute:
		d.fail(check, advice, "a delivery waits for %s although its webhook would take it", ago(overdue))
	case overdue > time.Minute:
		d.warn(check, advice, "a delivery waits for %s although its webhook would take it", ago(overdue))
	default:
		d.ok(check, "no delivery is late by more than %s", ago(overdue))
	}
}

// fewFiles is what a node is short of when many receivers hang at once.
const fewFiles = 4096

func (d *Doctor) checkFiles(m map[string]float64) {
	const check = "file descriptors"
	most, ok := m["process_max_fds"]
	open := m["process_open_fds"]
	switch {
	case !ok:
		d.skip(check, "the service does not tell of them on its system")
	case open > 0.8*most:
		d.fail(check, "raise the limit (LimitNOFILE= of systemd, ulimit -n) and start it again", "%.0f of %.0f are open: soon no connection can be made", open, most)
	case most < fewFiles:
		d.warn(check, "raise the limit (LimitNOFILE= of systemd, ulimit -n) to 65536 and start it again", "the service may have only %.0f, a connection each", most)
	default:
		d.ok(check, "%.0f of %.0f are open", open, most)
	}
}

// metricsOf reads Prometheus' text format, as far as metrics have no labels.
func metricsOf(text string) map[string]float64 {
	found := map[string]float64{}
	for lines := bufio.NewScanner(strings.NewReader(text)); lines.Scan(); {
		name, value, ok := strings.Cut(lines.Text(), " ")
		if f, err := strconv.ParseFloat(value, 64); ok && err == nil {
			found[name] = f
		}
	}
	return found
}
