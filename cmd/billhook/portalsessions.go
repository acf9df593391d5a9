package main

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/billhook/billhook/client"
)

// portalSessionsCmd lets merchants into the portal of their store.
type portalSessionsCmd struct {
	Create portalSessionsCreateCmd `cmd:"" help:"Let a merchant into the portal of the store; a link is printed that opens it." example:"billhook portal-sessions create --store shop-7 --capability read,manage --expires-in 15m"`
}

type portalSessionsCreateCmd struct {
	remoteFlags
	Capability []string      `default:"read" placeholder:"CAPABILITY" help:"What may be done: read, and with it manage and replay; with commas, or several times. Default: read."`
	ExpiresIn  time.Duration `default:"1h" placeholder:"TIME" help:"How long it lasts. Default: 1h."`
	Actor      subject       `placeholder:"TYPE:ID" help:"Who the audit log names, such as user:u_1. Default: the session itself."`
	Language   string        `placeholder:"TAG" help:"The language of the pages, such as de. Default: what the browser asks for."`
	Theme      string        `enum:",light,dark" default:"" help:"light or dark. Default: what the viewer's system has."`
}

// Validate says what no time can be; how long is too long the service says.
func (cmd *portalSessionsCreateCmd) Validate() error {
	if cmd.ExpiresIn < time.Second {
		return fmt.Errorf("--expires-in=%v: give a time from a second on, such as 15m", cmd.ExpiresIn)
	}
	return nil
}

func (cmd *portalSessionsCreateCmd) Run(ctx context.Context) error {
	n := client.NewPortalSession{
		Capabilities: cmd.Capability, ExpiresIn: int(cmd.ExpiresIn / time.Second),
		Actor: cmd.Actor.orNil(), Language: cmd.Language, Theme: cmd.Theme,
	}
	return ask(ctx, &cmd.remoteFlags, func(ctx context.Context, c *client.Client) (*client.PortalSession, error) {
		return c.PortalSessions.Create(ctx, n)
	}, func(w io.Writer, s *client.PortalSession) error {
		return printFields(w, field{"id", s.ID}, field{"expires", clockOf(s.ExpiresAt)}, field{"token", s.Token}, field{"url", s.URL})
	})
}
