package main

import (
	"context"
	"errors"
	"io"
	"iter"
	"net/url"

	"github.com/billhook/billhook/client"
)

// storesCmd looks after the tenants.
type storesCmd struct {
	List     storesListCmd     `cmd:"" help:"List stores." example:"billhook stores list --all"`
	Get      storesGetCmd      `cmd:"" help:"Show a store." example:"billhook stores get default"`
	Create   storesCreateCmd   `cmd:"" help:"Make a store." example:"billhook stores create shop-7 --name 'Shop 7' --profile litestore"`
	Update   storesUpdateCmd   `cmd:"" help:"Change a store." example:"billhook stores update shop-7 --retry-policy three-days"`
	Activity storesActivityCmd `cmd:"" help:"Tell what has happened in a store over time." example:"billhook stores activity --store shop-7 --since 24h"`
	Delete   storesDeleteCmd   `cmd:"" help:"Delete a store with all that is in it." example:"billhook stores delete shop-7 --yes"`
}

type storesListCmd struct {
	remoteFlags
	listFlags
}

func (cmd *storesListCmd) Run(ctx context.Context) error {
	return list(ctx, &cmd.remoteFlags, cmd.listFlags, func(ctx context.Context, c *client.Client) iter.Seq2[client.Store, error] {
		return c.Stores.All(ctx, cmd.paging())
	},
		column[client.Store]{"ID", func(s *client.Store) string { return s.ID }},
		column[client.Store]{"NAME", func(s *client.Store) string { return s.Name }},
		column[client.Store]{"PROFILE", func(s *client.Store) string { return s.Profile }},
		column[client.Store]{"VALIDATION", func(s *client.Store) string { return s.Validation }},
		column[client.Store]{"CREATED", func(s *client.Store) string { return clockOf(s.CreatedAt) }},
	)
}

type storesGetCmd struct {
	remoteFlags
	ID string `arg:"" help:"The store's id."`
}

func (cmd *storesGetCmd) Run(ctx context.Context) error {
	return ask(ctx, &cmd.remoteFlags, func(ctx context.Context, c *client.Client) (*client.Store, error) {
		return c.Stores.Get(ctx, cmd.ID)
	}, showStore)
}

func showStore(w io.Writer, s *client.Store) error {
	return printFields(w,
		field{"id", s.ID}, field{"name", s.Name}, field{"profile", s.Profile},
		field{"retry policy", asJSON(s.RetryPolicy)}, field{"limits", limitsText(s.Limits)},
		field{"deactivate after", seconds(s.DeactivateAfterSeconds)}, field{"validation", s.Validation},
		field{"egress", asJSON(s.Egress)}, field{"retention", asJSON(s.Retention)},
		field{"created", clockOf(s.CreatedAt)}, field{"updated", clockOf(s.UpdatedAt)})
}

// storeMembers are what of a store has a flag.
type storeMembers struct {
	Name        string `help:"What people call it."`
	Profile     string `help:"The wire profile of its deliveries."`
	RetryPolicy string `placeholder:"POLICY" help:"seconds, five, three-days, or a JSON object."`
	Validation  string `enum:",off,warn,enforce" default:"" help:"What comes of data that is not as its schema wants it: off, warn or enforce."`
	bodyFlag
}

func (m *storeMembers) members() (body, error) {
	b, err := m.bodyFlag.members()
	if err != nil {
		return nil, err
	}
	b.text("name", m.Name)
	b.text("profile", m.Profile)
	b.text("validation", m.Validation)
	return b, b.retryPolicy(m.RetryPolicy)
}

type storesCreateCmd struct {
	remoteFlags
	ID string `arg:"" help:"The store's id."`
	storeMembers
}

func (cmd *storesCreateCmd) Run(ctx context.Context) error {
	b, err := cmd.members()
	if err != nil {
		return err
	}
	b["id"] = cmd.ID
	return ask(ctx, &cmd.remoteFlags, func(ctx context.Context, c *client.Client) (*client.Store, error) {
		s := new(client.Store)
		return s, c.Do(ctx, "POST", "/api/stores", b, s)
	}, showStore)
}

type storesUpdateCmd struct {
	remoteFlags
	ID string `arg:"" help:"The store's id."`
	storeMembers
}

func (cmd *storesUpdateCmd) Run(ctx context.Context) error {
	b, err := cmd.members()
	if err != nil {
		return err
	}
	return ask(ctx, &cmd.remoteFlags, func(ctx context.Context, c *client.Client) (*client.Store, error) {
		s := new(client.Store)
		return s, c.Do(ctx, "PATCH", "/api/stores/"+url.PathEscape(cmd.ID), b, s)
	}, showStore)
}

type storesDeleteCmd struct {
	remoteFlags
	ID  string `arg:"" help:"The store's id."`
	Yes bool   `help:"Say that it is meant: nothing brings a store back."`
}

// Validate wants it said twice.
func (cmd *storesDeleteCmd) Validate() error {
	if !cmd.Yes {
		return errors.New("this ends the store's webhooks and what waits for them, and its id is never free again: give --yes")
	}
	return nil
}

func (cmd *storesDeleteCmd) Run(ctx context.Context) error {
	c, err := cmd.client()
	if err != nil {
		return err
	}
	return c.Stores.Delete(ctx, cmd.ID)
}
