package main

import (
	"context"
	"fmt"
	"os"
	"strconv"

	"github.com/billhook/billhook/client"
	"github.com/billhook/billhook/internal/listen"
)

type tailCmd struct {
	remoteFlags
	Webhook string `placeholder:"ID" help:"Only deliveries to this webhook."`
	Type    string `placeholder:"TYPE" help:"Only those of this type of events."`
	Status  string `enum:",pending,held,delivered,dead,cancelled,skipped" default:"" help:"Only changes to pending, held, delivered, dead, cancelled or skipped."`
}

func (cmd *tailCmd) Run(ctx context.Context) error {
	c, err := cmd.client()
	if err != nil {
		return err
	}
	paint := painterFor(os.Stdout)
	if !cmd.JSON {
		fmt.Fprintf(os.Stderr, "Deliveries at %s, as they change; Ctrl-C ends it.\n", cmd.URL)
	}
	tail := listen.Tail{
		Client: c,
		Filter: client.DeliveryFilter{WebhookID: cmd.Webhook, Event: cmd.Type},
		Changed: func(d *client.Delivery, a *client.Attempt) {
			switch {
			case cmd.Status != "" && cmd.Status != string(d.Status):
			case cmd.JSON:
				if err := printJSON(os.Stdout, d); err != nil {
					fmt.Fprintf(os.Stderr, "cannot print: %v\n", err)
				}
			default:
				fmt.Fprintln(os.Stdout, changeLine(d, a, paint))
			}
		},
		Lost: func(why error) {
			fmt.Fprintf(os.Stderr, "Not connected: %s. It is tried again.\n", plain(why.Error()))
		},
		Missed: func(why string) { fmt.Fprintf(os.Stderr, "Not all is shown: %s.\n", why) },
	}
	return tail.Run(ctx)
}

// changeLine is a delivery after an attempt, or after what was none.
func changeLine(d *client.Delivery, a *client.Attempt, paint painter) string {
	at, answer := d.CreatedAt, ""
	if a != nil {
		at, answer = a.StartedAt, "  attempt "+strconv.Itoa(a.Number)+": "+code(a.StatusCode)
		if a.DurationMs > 0 {
			answer += fmt.Sprintf("  %.0f ms", a.DurationMs)
		}
	}
	status, color := string(d.Status), yellow
	switch d.Status {
	case "delivered":
		color = green
	case "dead":
		color = red
	}
	line := fmt.Sprintf("%s  %s  %s  %s  %s%s", at.Local().Format("15:04:05.000"), plain(d.ID), plain(d.WebhookID), plain(d.Event), paint.text(color, status), answer)
	if d.Reason != "" {
		line += "  " + plain(d.Reason)
	}
	if d.Status == "pending" && a != nil && d.NextAttemptAt != nil {
		line += "  (next attempt at " + d.NextAttemptAt.Local().Format("15:04:05") + ")"
	}
	return line
}
