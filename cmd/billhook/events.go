package main

import (
	"context"
	"io"
	"iter"
	"strconv"

	"github.com/billhook/billhook/client"
)

// eventsCmd shows what happened in a store.
type eventsCmd struct {
	List eventsListCmd `cmd:"" help:"List events, newest first." example:"billhook events list --type order.paid --since 2h"`
	Get  eventsGetCmd  `cmd:"" help:"Show an event." example:"billhook events get evt_1"`
}

type eventsListCmd struct {
	remoteFlags
	listFlags
	rangeFlags
	Type   string  `placeholder:"TYPE" help:"Only events of this type."`
	Entity subject `placeholder:"TYPE:ID" help:"Only events about this entity, such as order:o_1."`
}

func (cmd *eventsListCmd) Run(ctx context.Context) error {
	return list(ctx, &cmd.remoteFlags, cmd.listFlags, func(ctx context.Context, c *client.Client) iter.Seq2[client.Event, error] {
		return c.Events.All(ctx, client.EventFilter{
			Type: cmd.Type, EntityType: cmd.Entity.Type, EntityID: cmd.Entity.ID,
			From: cmd.Since.Time, To: cmd.Until.end(), Paging: cmd.paging(),
		})
	},
		column[client.Event]{"ID", func(e *client.Event) string { return e.ID }},
		column[client.Event]{"TYPE", func(e *client.Event) string { return e.Type }},
		column[client.Event]{"ENTITY", func(e *client.Event) string { return reference(e.Entity) }},
		column[client.Event]{"DELIVERIES", func(e *client.Event) string { return strconv.Itoa(e.Deliveries) }},
		column[client.Event]{"CREATED", func(e *client.Event) string { return clockOf(e.CreatedAt) }},
		column[client.Event]{"DATA", func(e *client.Event) string { return string(e.Data) }},
	)
}

type eventsGetCmd struct {
	remoteFlags
	ID string `arg:"" name:"event" help:"The event's id."`
}

func (cmd *eventsGetCmd) Run(ctx context.Context) error {
	return ask(ctx, &cmd.remoteFlags, func(ctx context.Context, c *client.Client) (*client.Event, error) {
		return c.Events.Get(ctx, cmd.ID)
	}, func(w io.Writer, e *client.Event) error {
		sequence := ""
		if e.Sequence != nil {
			sequence = strconv.FormatInt(*e.Sequence, 10)
		}
		return printFields(w,
			field{"id", e.ID}, field{"type", e.Type}, field{"entity", reference(e.Entity)}, field{"sequence", sequence}, field{"actor", reference(e.Actor)},
			field{"occurred", clockOf(e.OccurredAt)}, field{"created", clockOf(e.CreatedAt)}, field{"deliveries", strconv.Itoa(e.Deliveries)},
			field{"idempotency key", e.IdempotencyKey}, field{"data", string(e.Data)}, field{"erased", clock(e.ErasedAt)})
	})
}
