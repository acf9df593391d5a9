package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/billhook/billhook/client"
)

// webhooksCmd looks after the endpoints of a store.
type webhooksCmd struct {
	List         webhooksListCmd      `cmd:"" help:"List webhooks." example:"billhook webhooks list"`
	Get          webhooksGetCmd       `cmd:"" help:"Show a webhook." example:"billhook webhooks get wh_1"`
	Create       webhooksCreateCmd    `cmd:"" help:"Register a webhook; its secret is printed." example:"billhook webhooks create https://shop.example/hook --events 'order.*'"`
	Update       webhooksUpdateCmd    `cmd:"" help:"Change a webhook." example:"billhook webhooks update wh_1 --no-active"`
	Delete       webhooksDeleteCmd    `cmd:"" help:"Delete a webhook; what waits for it is cancelled." example:"billhook webhooks delete wh_1"`
	Test         webhooksTestCmd      `cmd:"" help:"Send a webhook an example event, and show what it answers." example:"billhook webhooks test wh_1 --type order.paid"`
	Secret       webhooksSecretCmd    `cmd:"" help:"Reveal what signs a webhook's deliveries." example:"billhook webhooks secret wh_1"`
	RotateSecret webhooksRotateCmd    `cmd:"" help:"Give a webhook a new secret, beside which the old one signs for a while." example:"billhook webhooks rotate-secret wh_1 --grace 24h"`
	Health       webhooksHealthCmd    `cmd:"" help:"Tell what a webhook's receiver has shown of itself." example:"billhook webhooks health wh_1"`
	TryFilter    webhooksTryFilterCmd `cmd:"" help:"Try a filter on past events; nothing is changed or sent." example:"billhook webhooks try-filter 'data.total > 100' --events 'order.*' --since 7d"`
	Ledger       webhooksLedgerCmd    `cmd:"" help:"Account for a webhook's deliveries, day by day." example:"billhook webhooks ledger wh_1 --since 7d"`
}

type webhooksListCmd struct {
	remoteFlags
	listFlags
}

func (cmd *webhooksListCmd) Run(ctx context.Context) error {
	return list(ctx, &cmd.remoteFlags, cmd.listFlags, func(ctx context.Context, c *client.Client) iter.Seq2[client.Webhook, error] {
		return c.Webhooks.All(ctx, cmd.paging())
	},
		column[client.Webhook]{"ID", func(h *client.Webhook) string { return h.ID }},
		column[client.Webhook]{"ACTIVE", func(h *client.Webhook) string { return yes(h.IsActive) }},
		column[client.Webhook]{"URL", func(h *client.Webhook) string { return h.URL }},
		column[client.Webhook]{"EVENTS", func(h *client.Webhook) string { return strings.Join(h.Events, " ") }},
		column[client.Webhook]{"NAME", func(h *client.Webhook) string { return h.Name }},
	)
}

// webhookArg names the webhook that a command is about.
type webhookArg struct {
	remoteFlags
	ID string `arg:"" name:"webhook" help:"The webhook's id."`
}

type webhooksGetCmd struct{ webhookArg }

func (cmd *webhooksGetCmd) Run(ctx context.Context) error {
	return ask(ctx, &cmd.remoteFlags, func(ctx context.Context, c *client.Client) (*client.Webhook, error) {
		return c.Webhooks.Get(ctx, cmd.ID)
	}, showWebhook)
}

func showWebhook(w io.Writer, h *client.Webhook) error {
	coalesce := ""
	if len(h.Coalesce.Latest) > 0 {
		coalesce = strings.Join(h.Coalesce.Latest, " ")
	}
	return printFields(w,
		field{"id", h.ID}, field{"store", h.StoreID}, field{"url", h.URL}, field{"events", strings.Join(h.Events, " ")},
		field{"name", h.Name}, field{"description", h.Description},
		field{"active", yes(h.IsActive)}, field{"inactive since", orNone(h.InactiveReason)},
		field{"filter", orNone(h.Filter)}, field{"retry policy", asJSON(h.RetryPolicy)}, field{"limits", limitsText(h.Limits)},
		field{"headers", asJSON(h.Headers)}, field{"order", h.Order}, field{"only the newest", coalesce}, field{"batch", asJSON(h.Batch)},
		field{"when inactive", orNone(h.WhenInactive)}, field{"held now", asJSON(h.HeldDeliveries)},
		field{"deactivate after", seconds(h.DeactivateAfterSeconds)},
		field{"event versions", asJSON(h.EventVersions)}, field{"public key", orNone(h.PublicKey)}, field{"tls", asJSON(h.TLS)},
		field{"created", clockOf(h.CreatedAt)}, field{"updated", clockOf(h.UpdatedAt)})
}

// seconds are a time that may not be given.
func seconds(n *int) string {
	switch {
	case n == nil:
		return ""
	case *n == 0:
		return "never"
	}
	return shortly(*n)
}

// shortly is a time in seconds, without the zeros at its end: 24h, and not 24h0m0s.
func shortly(n int) string {
	text := (time.Duration(n) * time.Second).String()
	if whole, ok := strings.CutSuffix(text, "m0s"); ok {
		text = whole + "m"
	}
	if whole, ok := strings.CutSuffix(text, "h0m"); ok {
		text = whole + "h"
	}
	return text
}

// webhookMembers are what of a webhook has a flag.
type webhookMembers struct {
	Events      []string `placeholder:"TYPE" help:"Event types, order.* for all that begin so, or '*' for all; with commas, or several times."`
	Name        string   `help:"What people call it."`
	Description string   `help:"What it is for."`
	Active      *bool    `negatable:"" help:"Whether it gets events."`
	Filter      string   `placeholder:"CEL" help:"Only events of which this is true, such as 'data.total > 100'."`
	RetryPolicy string   `placeholder:"POLICY" help:"seconds, five, three-days, or a JSON object."`
	Header      []string `sep:"none" placeholder:"LINE" help:"A header of every delivery, 'Name: value'; several times for more."`
	bodyFlag
}

func (m *webhookMembers) members() (body, error) {
	b, err := m.bodyFlag.members()
	if err != nil {
		return nil, err
	}
	if len(m.Events) > 0 {
		b["events"] = m.Events
	}
	if m.Active != nil {
		b["isActive"] = *m.Active
	}
	b.text("name", m.Name)
	b.text("description", m.Description)
	b.text("filter", m.Filter)
	return b, errors.Join(b.headers(m.Header), b.retryPolicy(m.RetryPolicy))
}

type webhooksCreateCmd struct {
	remoteFlags
	URL    string `arg:"" name:"url" help:"Where its deliveries go."`
	NewID  string `name:"id" placeholder:"ID" help:"An id of your own. Default: a new one."`
	Secret input  `placeholder:"SECRET" help:"A secret of your own; as @FILE, or - for the standard input, no list of processes shows it. Default: a new one."`
	webhookMembers
}

func (cmd *webhooksCreateCmd) Run(ctx context.Context) error {
	b, err := cmd.members()
	if err != nil {
		return err
	}
	secret, err := cmd.Secret.text("--secret")
	if err != nil {
		return err
	}
	b["url"] = cmd.URL
	b.text("id", cmd.NewID)
	b.text("secret", secret)
	return ask(ctx, &cmd.remoteFlags, func(ctx context.Context, c *client.Client) (*client.WebhookWithSecret, error) {
		h := new(client.WebhookWithSecret)
		return h, c.Do(ctx, "POST", "/api/webhooks", b, h)
	}, showNewSecret)
}

// showNewSecret prints the secret last, where it is found.
func showNewSecret(w io.Writer, h *client.WebhookWithSecret) error {
	if err := showWebhook(w, &h.Webhook); err != nil {
		return err
	}
	_, err := fmt.Fprintf(w, "\nsecret  %s\n", plain(h.Secret))
	return err
}

type webhooksUpdateCmd struct {
	webhookArg
	Address string `name:"to" placeholder:"URL" help:"Where its deliveries go from now on."`
	webhookMembers
}

func (cmd *webhooksUpdateCmd) Run(ctx context.Context) error {
	b, err := cmd.members()
	if err != nil {
		return err
	}
	b.text("url", cmd.Address)
	return ask(ctx, &cmd.remoteFlags, func(ctx context.Context, c *client.Client) (*client.Webhook, error) {
		h := new(client.Webhook)
		return h, c.Do(ctx, "PATCH", "/api/webhooks/"+url.PathEscape(cmd.ID), b, h)
	}, showWebhook)
}

type webhooksDeleteCmd struct{ webhookArg }

func (cmd *webhooksDeleteCmd) Run(ctx context.Context) error {
	c, err := cmd.client()
	if err != nil {
		return err
	}
	return c.Webhooks.Delete(ctx, cmd.ID)
}

type webhooksTestCmd struct {
	webhookArg
	Type string        `placeholder:"TYPE" help:"The event type. Default: the first that the webhook wants."`
	Wait time.Duration `default:"30s" help:"How long to wait for the answer."`
}

func (cmd *webhooksTestCmd) Run(ctx context.Context) error {
	var sent *client.DeliveryWithAttempts
	err := ask(ctx, &cmd.remoteFlags, func(ctx context.Context, c *client.Client) (*client.DeliveryWithAttempts, error) {
		d, err := c.Webhooks.Test(ctx, cmd.ID, cmd.Type)
		if err != nil {
			return nil, err
		}
		sent, err = firstAnswer(ctx, c, d.ID, cmd.Wait)
		return sent, err
	}, showDelivery)
	switch {
	case err != nil:
		return err
	case sent.Status == client.DeliveryDelivered:
		return nil
	case sent.Attempts == 0 && sent.Status == client.DeliveryPending:
		return fmt.Errorf("test: no answer within %v: `billhook deliveries get %s` shows it later", cmd.Wait, sent.ID)
	}
	return errors.New("test: it was not delivered, as is told above")
}

// firstAnswer reads a delivery until it was tried once, or is over, or the time is.
func firstAnswer(ctx context.Context, c *client.Client, id string, wait time.Duration) (*client.DeliveryWithAttempts, error) {
	end := time.Now().Add(wait)
	for {
		d, err := c.Deliveries.Get(ctx, id)
		if err != nil || d.Attempts > 0 || d.Status != client.DeliveryPending || !time.Now().Before(end) {
			return d, err
		}
		if err := sleep(ctx, 100*time.Millisecond); err != nil {
			return nil, err
		}
	}
}

func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-timer.C:
		return nil
	}
}

type webhooksSecretCmd struct{ webhookArg }

func (cmd *webhooksSecretCmd) Run(ctx context.Context) error {
	return ask(ctx, &cmd.remoteFlags, func(ctx context.Context, c *client.Client) (*client.Secrets, error) {
		return c.Webhooks.Secrets(ctx, cmd.ID)
	}, func(w io.Writer, s *client.Secrets) error {
		fields := []field{{"secret", s.Secret}}
		for _, old := range s.Previous {
			fields = append(fields, field{"until " + clockOf(old.ExpiresAt), old.Secret})
		}
		for name, value := range s.Headers {
			fields = append(fields, field{"header " + name, value})
		}
		slices.SortStableFunc(fields[1+len(s.Previous):], func(a, b field) int { return strings.Compare(a.name, b.name) })
		return printFields(w, fields...)
	})
}

type webhooksRotateCmd struct {
	webhookArg
	Secret input          `placeholder:"SECRET" help:"A secret of your own; as @FILE, or - for the standard input, no list of processes shows it. Default: a new one."`
	Grace  *time.Duration `placeholder:"24h" help:"How long the old secret signs too. Default: 24h."`
}

func (cmd *webhooksRotateCmd) Run(ctx context.Context) error {
	secret, err := cmd.Secret.text("--secret")
	if err != nil {
		return err
	}
	r := client.Rotation{Secret: secret}
	if cmd.Grace != nil {
		r.GracePeriodSeconds = new(int(cmd.Grace.Seconds()))
	}
	return ask(ctx, &cmd.remoteFlags, func(ctx context.Context, c *client.Client) (*client.WebhookWithSecret, error) {
		return c.Webhooks.RotateSecret(ctx, cmd.ID, r)
	}, showNewSecret)
}

type webhooksHealthCmd struct{ webhookArg }

func (cmd *webhooksHealthCmd) Run(ctx context.Context) error {
	return ask(ctx, &cmd.remoteFlags, func(ctx context.Context, c *client.Client) (*client.WebhookHealth, error) {
		return c.Webhooks.Health(ctx, cmd.ID)
	}, showHealth)
}

func showHealth(w io.Writer, h *client.WebhookHealth) error {
	err := printFields(w,
		field{"state", h.State}, field{"since", clock(h.Since)}, field{"reason", h.Reason},
		field{"next probe", clock(h.NextProbeAt)}, field{"throttled until", clock(h.ThrottledUntil)},
		field{"failing since", clock(h.FailingSince)}, field{"failures in a row", strconv.Itoa(h.ConsecutiveFailures)},
		field{"deactivates", clock(h.DeactivatesAt)}, field{"last success", clock(h.LastSuccessAt)},
		field{"last failure", clock(h.LastFailureAt)}, field{"last error", orNone(h.LastError)},
		field{"under way", fmt.Sprintf("%d of %d, at most %d", h.InFlight, h.Concurrency, h.MaxConcurrency)})
	if err != nil {
		return err
	}
	fmt.Fprintln(w)
	rows := make([][]string, len(h.Windows))
	for i, window := range h.Windows {
		rate := "-"
		if window.SuccessRate != nil {
			rate = fmt.Sprintf("%.1f %%", *window.SuccessRate*100)
		}
		rows[i] = []string{shortly(window.Seconds), strconv.FormatInt(window.Attempts, 10), rate, milliseconds(window.P50Ms), milliseconds(window.P95Ms)}
	}
	return printTable(w, []string{"LAST", "ATTEMPTS", "TAKEN", "P50", "P95"}, rows)
}

func milliseconds(ms *float64) string {
	if ms == nil {
		return "-"
	}
	return fmt.Sprintf("%.0f ms", *ms)
}

type webhooksLedgerCmd struct {
	webhookArg
	rangeFlags
}

func (cmd *webhooksLedgerCmd) Run(ctx context.Context) error {
	return ask(ctx, &cmd.remoteFlags, func(ctx context.Context, c *client.Client) (*client.Ledger, error) {
		return c.Webhooks.Ledger(ctx, cmd.ID, cmd.Since.Time, cmd.Until.end())
	}, func(w io.Writer, l *client.Ledger) error {
		var rows [][]string
		for _, d := range l.Data {
			row := []string{d.Day}
			for _, n := range []int64{d.Matched, d.Delivered, d.Pending, d.Held, d.Dead, d.Cancelled} {
				row = append(row, strconv.FormatInt(n, 10))
			}
			rows = append(rows, append(row, asJSON(d.Skipped)))
		}
		if l.Since != nil {
			fmt.Fprintf(os.Stderr, "what was emitted before %s is not in the account\n", *l.Since)
		}
		return printTable(w, []string{"DAY", "MATCHED", "DELIVERED", "PENDING", "HELD", "DEAD", "CANCELLED", "SKIPPED"}, rows)
	})
}
