package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/billhook/billhook/client"
)

// emitCmd emits an event, or a file of them.
type emitCmd struct {
	remoteFlags
	Type      string  `arg:"" optional:"" help:"The event type; with --batch that of lines that have none."`
	Data      input   `placeholder:"JSON" help:"What the event says: JSON, @FILE, or - for the standard input."`
	ID        string  `placeholder:"ID" help:"An id of your own. Default: a new one."`
	Entity    subject `placeholder:"TYPE:ID" help:"What it is about, such as order:o_1. Default: what the catalogue says."`
	Actor     subject `placeholder:"TYPE:ID" help:"Who caused it, such as user:u_1."`
	Occurred  moment  `placeholder:"TIME" help:"When it happened, or how long ago. Default: now."`
	DeliverAt later   `placeholder:"TIME" help:"When to deliver it, or in how long, such as 10m. Default: at once."`
	Version   int     `placeholder:"N" help:"The version of its type. Default: the current one."`
	Key       string  `placeholder:"TEXT" help:"An idempotency key: emitted again with it, it is the same event. With --batch, line 7 has KEY:7, and the command can be run again."`
	Batch     string  `placeholder:"FILE" help:"A file of events, or - for the standard input: on each line a JSON object as the API takes it."`
}

// Validate says which flags lack or do not go together.
func (cmd *emitCmd) Validate() error {
	switch {
	case cmd.Batch != "" && (cmd.Data != "" || cmd.ID != "" || cmd.Entity.Type != "" || cmd.Actor.Type != "" || cmd.Version != 0 || !cmd.Occurred.IsZero() || !cmd.DeliverAt.IsZero()):
		return errors.New("--batch: the lines say what is emitted: leave the other flags out, or put them into the lines")
	case cmd.Batch != "":
		return nil
	case cmd.Type == "":
		return errors.New("give an event type, such as order.paid, or --batch FILE")
	case cmd.Data == "":
		return errors.New("give --data, such as --data '{\"orderId\": \"o_1\"}', --data @FILE, or --data - for the standard input")
	}
	return nil
}

func (cmd *emitCmd) Run(ctx context.Context) error {
	if cmd.Batch != "" {
		return cmd.emitBatch(ctx)
	}
	data, err := cmd.Data.json("--data")
	if err != nil {
		return err
	}
	n := client.NewEvent{
		Type: cmd.Type, Data: data, ID: cmd.ID, Entity: cmd.Entity.orNil(), Actor: cmd.Actor.orNil(),
		OccurredAt: orNil(cmd.Occurred.Time), DeliverAt: orNil(cmd.DeliverAt.Time), Version: cmd.Version, IdempotencyKey: cmd.Key,
	}
	return ask(ctx, &cmd.remoteFlags, func(ctx context.Context, c *client.Client) (*client.Emitted, error) {
		return c.Events.Emit(ctx, n)
	}, func(w io.Writer, e *client.Emitted) error {
		return printFields(w, field{"id", e.ID}, field{"type", e.Type}, field{"created", e.CreatedAt.UTC().Format(time.RFC3339)},
			field{"deliveries", fmt.Sprint(e.Deliveries)})
	})
}
