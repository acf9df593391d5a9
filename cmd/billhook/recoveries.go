package main

import (
	"context"
	"fmt"
	"iter"

	"github.com/billhook/billhook/client"
)

// recoveriesCmd looks after what retry, recover and replay have started.
type recoveriesCmd struct {
	List   recoveriesListCmd   `cmd:"" help:"List recoveries, newest first." example:"billhook recoveries list --status running"`
	Get    recoveriesGetCmd    `cmd:"" help:"Show a recovery and what became of its deliveries." example:"billhook recoveries get rcv_1"`
	Cancel recoveriesCancelCmd `cmd:"" help:"End a recovery; what it has queued stays so." example:"billhook recoveries cancel rcv_1"`
}

type recoveriesListCmd struct {
	remoteFlags
	listFlags
	Status string `enum:",running,done,cancelled,failed" default:"" help:"Only those that are running, done, cancelled or failed."`
}

func (cmd *recoveriesListCmd) Run(ctx context.Context) error {
	return list(ctx, &cmd.remoteFlags, cmd.listFlags, func(ctx context.Context, c *client.Client) iter.Seq2[client.Recovery, error] {
		return c.Recoveries.All(ctx, client.RecoveryStatus(cmd.Status), cmd.paging())
	},
		column[client.Recovery]{"ID", func(r *client.Recovery) string { return r.ID }},
		column[client.Recovery]{"KIND", func(r *client.Recovery) string { return r.Kind }},
		column[client.Recovery]{"WEBHOOK", func(r *client.Recovery) string { return orNone(r.WebhookID) }},
		column[client.Recovery]{"STATUS", func(r *client.Recovery) string { return string(r.Status) }},
		column[client.Recovery]{"FOUND", func(r *client.Recovery) string { return fmt.Sprint(r.Found) }},
		column[client.Recovery]{"QUEUED", func(r *client.Recovery) string { return fmt.Sprint(r.Queued) }},
		column[client.Recovery]{"STARTED", func(r *client.Recovery) string { return clockOf(r.StartedAt) }},
	)
}

type recoveriesGetCmd struct {
	remoteFlags
	ID string `arg:"" name:"recovery" help:"The recovery's id."`
}

func (cmd *recoveriesGetCmd) Run(ctx context.Context) error {
	return ask(ctx, &cmd.remoteFlags, func(ctx context.Context, c *client.Client) (*client.Recovery, error) {
		return c.Recoveries.Get(ctx, cmd.ID)
	}, showRecovery)
}

type recoveriesCancelCmd struct {
	remoteFlags
	ID string `arg:"" name:"recovery" help:"The recovery's id."`
}

func (cmd *recoveriesCancelCmd) Run(ctx context.Context) error {
	return ask(ctx, &cmd.remoteFlags, func(ctx context.Context, c *client.Client) (*client.Recovery, error) {
		return c.Recoveries.Cancel(ctx, cmd.ID)
	}, showRecovery)
}
