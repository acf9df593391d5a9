package main

import (
	"context"
	"fmt"
	"io"
	"iter"
	"strings"

	"github.com/billhook/billhook/client"
)

type keysListCmd struct {
	remoteFlags
	listFlags
	AllStores bool `help:"Those that are of all stores, in place of the store's."`
}

func (cmd *keysListCmd) Run(ctx context.Context) error {
	return list(ctx, &cmd.remoteFlags, cmd.listFlags, func(ctx context.Context, c *client.Client) iter.Seq2[client.APIKey, error] {
		return c.Keys.All(ctx, client.KeyFilter{AllStores: cmd.AllStores, Paging: cmd.paging()})
	},
		column[client.APIKey]{"ID", func(k *client.APIKey) string { return k.ID }},
		column[client.APIKey]{"NAME", func(k *client.APIKey) string { return k.Name }},
		column[client.APIKey]{"BEGINS WITH", func(k *client.APIKey) string { return k.Prefix }},
		column[client.APIKey]{"PERMISSIONS", func(k *client.APIKey) string { return strings.Join(k.Permissions, " ") }},
		column[client.APIKey]{"EXPIRES", func(k *client.APIKey) string { return clock(k.ExpiresAt) }},
	)
}

type keysGetCmd struct {
	remoteFlags
	ID string `arg:"" name:"key" help:"The API key's id, not the key itself."`
}

func (cmd *keysGetCmd) Run(ctx context.Context) error {
	return ask(ctx, &cmd.remoteFlags, func(ctx context.Context, c *client.Client) (*client.APIKey, error) {
		return c.Keys.Get(ctx, cmd.ID)
	}, showAPIKey)
}

func showAPIKey(w io.Writer, k *client.APIKey) error {
	store := "all"
	if k.StoreID != nil {
		store = *k.StoreID
	}
	return printFields(w,
		field{"id", k.ID}, field{"name", k.Name}, field{"begins with", k.Prefix}, field{"permissions", strings.Join(k.Permissions, " ")},
		field{"store", store}, field{"created", clockOf(k.CreatedAt)}, field{"expires", clock(k.ExpiresAt)})
}

type keysCreateCmd struct {
	remoteFlags
	Name       string   `arg:"" help:"What the key is for."`
	Permission []string `required:"" placeholder:"PERMISSION" help:"What it may do: webhooks:manage, webhooks:read, events:emit, deliveries:read, deliveries:retry, audit:read, stores:manage, keys:manage or '*'; with commas, or several times."`
	Expires    later    `placeholder:"TIME" help:"From when on it is refused, such as 2027-01-01, or in how long, such as 90d. Default: when your own key is, if it is."`
	AllStores  bool     `help:"For all stores."`
}

func (cmd *keysCreateCmd) Run(ctx context.Context) error {
	n := client.NewAPIKey{Name: cmd.Name, Permissions: cmd.Permission, ExpiresAt: orNil(cmd.Expires.Time), AllStores: cmd.AllStores}
	return ask(ctx, &cmd.remoteFlags, func(ctx context.Context, c *client.Client) (*client.APIKeyWithSecret, error) {
		return c.Keys.Create(ctx, n)
	}, func(w io.Writer, k *client.APIKeyWithSecret) error {
		if err := showAPIKey(w, &k.APIKey); err != nil {
			return err
		}
		_, err := fmt.Fprintf(w, "\nkey  %s\n     shown this once: keep it\n", plain(k.Key))
		return err
	})
}

type keysRevokeCmd struct {
	remoteFlags
	ID string `arg:"" name:"key" help:"The API key's id, not the key itself."`
}

func (cmd *keysRevokeCmd) Run(ctx context.Context) error {
	c, err := cmd.client()
	if err != nil {
		return err
	}
	return c.Keys.Revoke(ctx, cmd.ID)
}
