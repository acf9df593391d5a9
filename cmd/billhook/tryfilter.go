package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/billhook/billhook/client"
)

type webhooksTryFilterCmd struct {
	remoteFlags
	Filter  string   `arg:"" optional:"" help:"The filter, such as 'data.total > 100'. With --webhook, by default the webhook's own."`
	Webhook string   `placeholder:"ID" help:"Try it on the event types that this webhook wants."`
	Events  []string `placeholder:"TYPE" help:"Try it on events of these types, or patterns such as 'order.*'; with commas, or several times. Default: all."`
	Since   moment   `placeholder:"TIME" help:"Only on events from this time on: 2026-03-01T10:30:00Z, 2026-03-01, or how long ago, such as 2h or 7d."`
	Last    int      `placeholder:"N" help:"On how many of the latest events. Default: 100."`
}

// Validate says what it is that is tried, and on what.
func (cmd *webhooksTryFilterCmd) Validate() error {
	switch {
	case cmd.Filter == "" && cmd.Webhook == "":
		return errors.New("give a filter, such as 'data.total > 100', or --webhook for the one that it has")
	case cmd.Webhook != "" && len(cmd.Events) > 0:
		return errors.New("--webhook and --events cannot both be given: each says which events it is tried on")
	case cmd.Last < 0:
		return fmt.Errorf("--last=%d: give a number above 0", cmd.Last)
	}
	return nil
}

func (cmd *webhooksTryFilterCmd) Run(ctx context.Context) error {
	return ask(ctx, &cmd.remoteFlags, func(ctx context.Context, c *client.Client) (*client.FilterResult, error) {
		if cmd.Webhook != "" {
			return c.Webhooks.TryFilterOf(ctx, cmd.Webhook, client.WebhookFilterTrial{Filter: cmd.Filter, Since: orNil(cmd.Since.Time), Limit: cmd.Last})
		}
		return c.Webhooks.TryFilter(ctx, client.FilterTrial{Filter: cmd.Filter, Events: cmd.Events, Since: orNil(cmd.Since.Time), Limit: cmd.Last})
	}, showFilterResult)
}

// showFilterResult prints the numbers, and the first few events of each kind.
func showFilterResult(w io.Writer, r *client.FilterResult) error {
	older := ""
	if r.More {
		older = ", and there are older ones: --last looks at more"
	}
	if _, err := fmt.Fprintf(w, "%d of %d events pass, %d cannot be judged%s\n", r.Matched, r.Looked, r.Failed, older); err != nil {
		return err
	}
	var rows [][]string
	row := func(comes string, e *client.FilteredEvent, why string) {
		rows = append(rows, []string{comes, e.ID, e.Type, clockOf(e.CreatedAt), why})
	}
	for i := range r.Matches {
		row("passes", &r.Matches[i], "")
	}
	for i := range r.Others {
		row("left out", &r.Others[i], "")
	}
	for i := range r.Failures {
		row("fails", &r.Failures[i].FilteredEvent, r.Failures[i].Message)
	}
	if len(rows) == 0 {
		return nil
	}
	return printTable(w, []string{"FILTER", "ID", "TYPE", "CREATED", "WHY"}, rows)
}
