package main

import (
	"context"
	"errors"
	"io"
	"iter"
	"strconv"

	"github.com/billhook/billhook/client"
)

// erasuresCmd takes away what payloads say of an entity.
type erasuresCmd struct {
	List   erasuresListCmd   `cmd:"" help:"List erasures, newest first." example:"billhook erasures list"`
	Get    erasuresGetCmd    `cmd:"" help:"Show an erasure and how far it has come." example:"billhook erasures get era_1"`
	Create erasuresCreateCmd `cmd:"" help:"Erase the data of all events about an entity, for good." example:"billhook erasures create customer:c_1 --yes"`
}

type erasuresListCmd struct {
	remoteFlags
	listFlags
}

func (cmd *erasuresListCmd) Run(ctx context.Context) error {
	return list(ctx, &cmd.remoteFlags, cmd.listFlags, func(ctx context.Context, c *client.Client) iter.Seq2[client.Erasure, error] {
		return c.Erasures.All(ctx, cmd.paging())
	},
		column[client.Erasure]{"ID", func(e *client.Erasure) string { return e.ID }},
		column[client.Erasure]{"ENTITY", func(e *client.Erasure) string { return reference(&e.Entity) }},
		column[client.Erasure]{"STATUS", func(e *client.Erasure) string { return e.Status }},
		column[client.Erasure]{"EVENTS", func(e *client.Erasure) string { return strconv.Itoa(e.Events) }},
		column[client.Erasure]{"CREATED", func(e *client.Erasure) string { return clockOf(e.CreatedAt) }},
	)
}

type erasuresGetCmd struct {
	remoteFlags
	ID string `arg:"" name:"erasure" help:"The erasure's id."`
}

func (cmd *erasuresGetCmd) Run(ctx context.Context) error {
	return ask(ctx, &cmd.remoteFlags, func(ctx context.Context, c *client.Client) (*client.Erasure, error) {
		return c.Erasures.Get(ctx, cmd.ID)
	}, showErasure)
}

func showErasure(w io.Writer, e *client.Erasure) error {
	return printFields(w,
		field{"id", e.ID}, field{"entity", reference(&e.Entity)}, field{"status", e.Status}, field{"events", strconv.Itoa(e.Events)},
		field{"created", clockOf(e.CreatedAt)}, field{"finished", clock(e.FinishedAt)})
}

type erasuresCreateCmd struct {
	remoteFlags
	Entity subject `arg:"" placeholder:"TYPE:ID" help:"Whose data goes, as type and id, such as customer:c_1."`
	Yes    bool    `help:"Say that it is meant: nothing brings the data back."`
}

// Validate wants it said twice.
func (cmd *erasuresCreateCmd) Validate() error {
	if !cmd.Yes {
		return errors.New("this takes away the data of all events about the entity, and nothing brings it back: give --yes")
	}
	return nil
}

func (cmd *erasuresCreateCmd) Run(ctx context.Context) error {
	return ask(ctx, &cmd.remoteFlags, func(ctx context.Context, c *client.Client) (*client.Erasure, error) {
		return c.Erasures.Create(ctx, client.Reference(cmd.Entity))
	}, showErasure)
}
