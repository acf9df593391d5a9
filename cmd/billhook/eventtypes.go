package main

import (
	"context"
	"fmt"
	"io"
	"iter"
	"net/url"

	"github.com/billhook/billhook/client"
)

// eventTypesCmd looks after a store's catalogue.
type eventTypesCmd struct {
	List   eventTypesListCmd   `cmd:"" help:"List the event types that the store knows." example:"billhook event-types list"`
	Get    eventTypesGetCmd    `cmd:"" help:"Show an event type with an example and its schema." example:"billhook event-types get order.paid"`
	Put    eventTypesPutCmd    `cmd:"" help:"Make an event type what is given." example:"billhook event-types put cart.emptied --schema @cart.json"`
	Delete eventTypesDeleteCmd `cmd:"" help:"Take away what the store has said of an event type." example:"billhook event-types delete cart.emptied"`
}

type eventTypesListCmd struct {
	remoteFlags
	listFlags
}

func (cmd *eventTypesListCmd) Run(ctx context.Context) error {
	return list(ctx, &cmd.remoteFlags, cmd.listFlags, func(ctx context.Context, c *client.Client) iter.Seq2[client.EventType, error] {
		return c.EventTypes.All(ctx, cmd.paging())
	},
		column[client.EventType]{"NAME", func(e *client.EventType) string { return e.Name }},
		column[client.EventType]{"SOURCE", func(e *client.EventType) string { return e.Source }},
		column[client.EventType]{"VERSION", func(e *client.EventType) string { return orNone(e.Version) }},
		column[client.EventType]{"DESCRIPTION", func(e *client.EventType) string { return e.Description }},
	)
}

// eventTypeArg names the event type that a command is about.
type eventTypeArg struct {
	remoteFlags
	Name string `arg:"" name:"type" help:"The event type's name."`
}

type eventTypesGetCmd struct{ eventTypeArg }

func (cmd *eventTypesGetCmd) Run(ctx context.Context) error {
	return ask(ctx, &cmd.remoteFlags, func(ctx context.Context, c *client.Client) (*client.EventType, error) {
		return c.EventTypes.Get(ctx, cmd.Name)
	}, showEventType)
}

func showEventType(w io.Writer, e *client.EventType) error {
	entity, example := "", ""
	if e.Entity != nil {
		entity = fmt.Sprintf("%s, its id at %s", e.Entity.Type, e.Entity.ID)
	}
	if len(e.Examples) > 0 {
		example = string(e.Examples[0])
	}
	return printFields(w,
		field{"name", e.Name}, field{"description", e.Description}, field{"entity", entity}, field{"source", e.Source},
		field{"example", example}, field{"version", orNone(e.Version)}, field{"schema", asJSON(e.Schema)}, field{"updated", clock(e.UpdatedAt)})
}

type eventTypesPutCmd struct {
	eventTypeArg
	Description string `help:"What such an event tells."`
	Schema      input  `placeholder:"JSON" help:"The JSON Schema of its data: JSON, @FILE, or - for the standard input."`
	Force       bool   `help:"Take the schema even if it breaks emitters or receivers."`
	bodyFlag
}

func (cmd *eventTypesPutCmd) Run(ctx context.Context) error {
	b, err := cmd.members()
	if err != nil {
		return err
	}
	b.text("description", cmd.Description)
	if cmd.Schema != "" {
		if b["schema"], err = cmd.Schema.json("--schema"); err != nil {
			return err
		}
	}
	if cmd.Force {
		b["force"] = true
	}
	return ask(ctx, &cmd.remoteFlags, func(ctx context.Context, c *client.Client) (*client.EventType, error) {
		e := new(client.EventType)
		return e, c.Do(ctx, "PUT", "/api/event-types/"+url.PathEscape(cmd.Name), b, e)
	}, showEventType)
}

type eventTypesDeleteCmd struct{ eventTypeArg }

func (cmd *eventTypesDeleteCmd) Run(ctx context.Context) error {
	c, err := cmd.client()
	if err != nil {
		return err
	}
	return c.EventTypes.Delete(ctx, cmd.Name)
}
