package main

import (
	"context"

	"github.com/billhook/billhook/client"
)

// recoverCmd sends a webhook again what it did not get.
type recoverCmd struct {
	followFlags
	Webhook string `arg:"" help:"The webhook's id."`
	Since   moment `required:"" placeholder:"TIME" help:"What came to an end from this time on: 2026-03-01T10:30:00Z, 2026-03-01, or how long ago, such as 2h or 7d."`
	Until   moment `placeholder:"TIME" help:"What was made before this time, or up to this day and with it. Default: now."`
}

func (cmd *recoverCmd) Run(ctx context.Context) error {
	r := client.WebhookRecover{Since: cmd.Since.Time, Until: orNil(cmd.Until.end()), RatePerSecond: cmd.Rate, IdempotencyKey: cmd.Key}
	return cmd.follow(ctx, recoveryCalls{
		count: func(ctx context.Context, c *client.Client) (*client.RecoveryCount, error) {
			return c.Webhooks.CountRecover(ctx, cmd.Webhook, r)
		},
		start: func(ctx context.Context, c *client.Client) (*client.Recovery, error) {
			return c.Webhooks.Recover(ctx, cmd.Webhook, r)
		},
	})
}
