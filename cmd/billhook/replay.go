package main

import (
	"context"

	"github.com/billhook/billhook/client"
)

// replayCmd sends a webhook past events that it never had.
type replayCmd struct {
	followFlags
	Webhook string   `arg:"" help:"The webhook's id."`
	Since   moment   `required:"" placeholder:"TIME" help:"Events from this time on: 2026-03-01T10:30:00Z, 2026-03-01, or how long ago, such as 2h or 7d."`
	Until   moment   `placeholder:"TIME" help:"Events before this time, or up to this day and with it. Default: now."`
	Type    []string `placeholder:"TYPE" help:"Only these event types, or patterns such as 'order.*'; with commas, or several times."`
}

func (cmd *replayCmd) Run(ctx context.Context) error {
	r := client.WebhookReplay{
		Since: cmd.Since.Time, Until: orNil(cmd.Until.end()), Types: cmd.Type, RatePerSecond: cmd.Rate, IdempotencyKey: cmd.Key,
	}
	return cmd.follow(ctx, recoveryCalls{
		count: func(ctx context.Context, c *client.Client) (*client.RecoveryCount, error) {
			return c.Webhooks.CountReplay(ctx, cmd.Webhook, r)
		},
		start: func(ctx context.Context, c *client.Client) (*client.Recovery, error) {
			return c.Webhooks.Replay(ctx, cmd.Webhook, r)
		},
	})
}
