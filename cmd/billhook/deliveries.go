package main

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"iter"
	"strconv"
	"strings"

	"github.com/billhook/billhook/client"
)

// deliveriesCmd tells what became of events.
type deliveriesCmd struct {
	List  deliveriesListCmd  `cmd:"" help:"List deliveries, newest first." example:"billhook deliveries list --status dead --since 24h"`
	Get   deliveriesGetCmd   `cmd:"" help:"Show a delivery with each attempt and its answer." example:"billhook deliveries get dlv_1"`
	Retry deliveriesRetryCmd `cmd:"" help:"Send a delivery again, or all that are meant." example:"billhook deliveries retry --status dead --since 24h --dry-run"`
}

type deliveriesListCmd struct {
	remoteFlags
	listFlags
	rangeFlags
	Webhook string `placeholder:"ID" help:"Only those of this webhook."`
	EventID string `placeholder:"ID" help:"Only those of this event."`
	Event   string `placeholder:"TYPE" help:"Only those of this type of events."`
	Status  string `enum:",pending,held,delivered,dead,cancelled,skipped" default:"" help:"Only those that are pending, held, delivered, dead, cancelled or skipped."`
	Search  string `placeholder:"TEXT" help:"Only those that an id names, such as an order's, or whose reason or payload has the text."`
}

func (cmd *deliveriesListCmd) Run(ctx context.Context) error {
	return list(ctx, &cmd.remoteFlags, cmd.listFlags, func(ctx context.Context, c *client.Client) iter.Seq2[client.Delivery, error] {
		return c.Deliveries.All(ctx, client.DeliveryFilter{
			WebhookID: cmd.Webhook, EventID: cmd.EventID, Event: cmd.Event, Status: client.DeliveryStatus(cmd.Status), Search: cmd.Search,
			From: cmd.Since.Time, To: cmd.Until.end(), Paging: cmd.paging(),
		})
	},
		column[client.Delivery]{"ID", func(d *client.Delivery) string { return d.ID }},
		column[client.Delivery]{"EVENT", func(d *client.Delivery) string { return d.Event }},
		column[client.Delivery]{"STATUS", func(d *client.Delivery) string { return string(d.Status) }},
		column[client.Delivery]{"CODE", func(d *client.Delivery) string { return code(d.StatusCode) }},
		column[client.Delivery]{"ATTEMPTS", func(d *client.Delivery) string { return strconv.Itoa(d.Attempts) }},
		column[client.Delivery]{"CREATED", func(d *client.Delivery) string { return clockOf(d.CreatedAt) }},
		column[client.Delivery]{"REASON", func(d *client.Delivery) string { return d.Reason }},
	)
}

type deliveriesGetCmd struct {
	remoteFlags
	ID string `arg:"" name:"delivery" help:"The delivery's id."`
}

func (cmd *deliveriesGetCmd) Run(ctx context.Context) error {
	return ask(ctx, &cmd.remoteFlags, func(ctx context.Context, c *client.Client) (*client.DeliveryWithAttempts, error) {
		return c.Deliveries.Get(ctx, cmd.ID)
	}, showDelivery)
}

// showDelivery prints a delivery, and below it what was tried.
func showDelivery(w io.Writer, d *client.DeliveryWithAttempts) error {
	if err := showDeliveryAlone(w, &d.Delivery); err != nil {
		return err
	}
	for _, a := range d.AttemptLog {
		if _, err := fmt.Fprintln(w); err != nil {
			return err
		}
		outcome := code(a.StatusCode)
		if !a.Success {
			outcome = strings.TrimPrefix(outcome+" "+a.Failure, "- ")
		}
		err := printFields(w,
			field{"attempt", fmt.Sprintf("%d at %s, %.0f ms", a.Number, clockOf(a.StartedAt), a.DurationMs)},
			field{"to", a.URL}, field{"outcome", outcome}, field{"error", a.Error}, field{"batch", asJSON(a.Batch)},
			field{"answer", answerText(&a)})
		if err != nil {
			return err
		}
	}
	return nil
}

func showDeliveryAlone(w io.Writer, d *client.Delivery) error {
	return printFields(w,
		field{"id", d.ID}, field{"event", d.Event + " " + d.EventID}, field{"webhook", d.WebhookID},
		field{"status", string(d.Status)}, field{"reason", d.Reason}, field{"attempts", strconv.Itoa(d.Attempts)},
		field{"created", clockOf(d.CreatedAt)}, field{"next attempt", clock(d.NextAttemptAt)}, field{"finished", clock(d.FinishedAt)},
		field{"payload", string(d.Payload)}, field{"erased", clock(d.ErasedAt)})
}

// answerText is the beginning of an answer's body, as far as it is text.
func answerText(a *client.Attempt) string {
	if a.ResponseBodyEncoding == "base64" {
		if body, err := base64.StdEncoding.DecodeString(a.ResponseBody); err == nil {
			return string(body) // which is printed without what a terminal would obey
		}
	}
	return a.ResponseBody
}

type deliveriesRetryCmd struct {
	followFlags
	ID string `arg:"" name:"delivery" optional:"" help:"The delivery's id; without one, all that the flags mean."`
	rangeFlags
	Webhook string `placeholder:"ID" help:"Only those of this webhook."`
	Event   string `placeholder:"TYPE" help:"Only those of this type of events, or of a pattern such as order.*"`
	Status  string `enum:",dead,cancelled,skipped,delivered" default:"" help:"Those that are dead, cancelled, skipped or, for one webhook, delivered. Default: dead."`
}

// Validate says whether it is one that is meant, or all of a kind: nobody sends all dead
// deliveries again by leaving something out.
func (cmd *deliveriesRetryCmd) Validate() error {
	filtered := cmd.Webhook != "" || cmd.Event != "" || cmd.Status != "" || !cmd.Since.IsZero() || !cmd.Until.IsZero()
	switch {
	case cmd.ID != "" && (filtered || cmd.DryRun):
		return errors.New("give a delivery's id, or flags that say which deliveries are meant, not both")
	case cmd.ID == "" && !filtered:
		return errors.New("which deliveries? Give one's id, or flags such as --status dead; --dry-run counts what they mean")
	}
	return nil
}

func (cmd *deliveriesRetryCmd) Run(ctx context.Context) error {
	if cmd.ID != "" {
		return ask(ctx, &cmd.remoteFlags, func(ctx context.Context, c *client.Client) (*client.Delivery, error) {
			return c.Deliveries.Retry(ctx, cmd.ID)
		}, showDeliveryAlone)
	}
	r := client.DeliveriesRetry{
		Status: cmd.Status, WebhookID: cmd.Webhook, Event: cmd.Event,
		From: orNil(cmd.Since.Time), To: orNil(cmd.Until.end()), RatePerSecond: cmd.Rate, IdempotencyKey: cmd.Key,
	}
	return cmd.follow(ctx, recoveryCalls{
		count: func(ctx context.Context, c *client.Client) (*client.RecoveryCount, error) {
			return c.Deliveries.CountRetry(ctx, r)
		},
		start: func(ctx context.Context, c *client.Client) (*client.Recovery, error) {
			return c.Deliveries.RetryMany(ctx, r)
		},
	})
}
