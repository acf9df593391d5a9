package main

import (
	"context"
	"iter"

	"github.com/billhook/billhook/client"
)

// auditListCmd reads the log of a service; verify and export read a database.
type auditListCmd struct {
	remoteFlags
	listFlags
	rangeFlags
	Entity    subject `placeholder:"TYPE:ID" help:"Only what was done with this, such as webhook:wh_1."`
	Event     string  `placeholder:"NAME" help:"Only this, such as webhooks.update, or an event type."`
	Actor     string  `placeholder:"ID" help:"Only what this one did."`
	AllStores bool    `help:"What was done for all stores, in place of the store's."`
}

func (cmd *auditListCmd) Run(ctx context.Context) error {
	f := client.AuditFilter{
		AllStores: cmd.AllStores, Event: cmd.Event, ActorID: cmd.Actor,
		From: cmd.Since.Time, To: cmd.Until.end(), Paging: cmd.paging(),
	}
	return list(ctx, &cmd.remoteFlags, cmd.listFlags, func(ctx context.Context, c *client.Client) iter.Seq2[client.AuditEntry, error] {
		if of := cmd.Entity.orNil(); of != nil {
			return c.Audit.Of(ctx, *of, f)
		}
		return c.Audit.All(ctx, f)
	},
		column[client.AuditEntry]{"TIME", func(e *client.AuditEntry) string { return clockOf(e.Timestamp) }},
		column[client.AuditEntry]{"EVENT", func(e *client.AuditEntry) string { return e.Event }},
		column[client.AuditEntry]{"ENTITY", func(e *client.AuditEntry) string { return pair(e.EntityType, e.EntityID) }},
		column[client.AuditEntry]{"ACTOR", func(e *client.AuditEntry) string { return pair(e.ActorType, e.ActorID) }},
		column[client.AuditEntry]{"ID", func(e *client.AuditEntry) string { return e.ID }},
	)
}

func pair(kind, id *string) string {
	if kind == nil || id == nil {
		return ""
	}
	return *kind + ":" + *id
}
