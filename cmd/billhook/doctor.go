package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/billhook/billhook"
	"github.com/billhook/billhook/internal/doctor"
	"github.com/billhook/billhook/postgres"
)

// doctorCmd looks from outside, and where it is told of a database from inside.
type doctorCmd struct {
	remoteFlags
	Data          string   `env:"BILLHOOK_DATA" placeholder:"DIR" help:"Folder of the service's database file, on its machine: more is looked at then."`
	DatabaseURL   string   `env:"BILLHOOK_DATABASE_URL" placeholder:"postgres://…" help:"PostgreSQL that keeps its data in place of a file."`
	SecretKeyFile string   `env:"BILLHOOK_SECRET_KEY_FILE" placeholder:"FILE" help:"Keys that seal its secrets. Default: those in the data folder, or in BILLHOOK_SECRET_KEYS."`
	PublicURL     string   `env:"BILLHOOK_PUBLIC_URL" placeholder:"URL" help:"As the service has it."`
	PortalOrigin  []string `env:"BILLHOOK_PORTAL_ORIGIN" placeholder:"ORIGIN" help:"As the service has them."`
	EgressProxy   string   `env:"BILLHOOK_EGRESS_PROXY" placeholder:"http://…|socks5://…" help:"As the service has it."`
	Webhook       string   `placeholder:"ID" help:"Look closely at this webhook."`
}

// Help is printed below the flags.
func (doctorCmd) Help() string {
	return "Run it on the service's machine, as its user and with its environment, and it looks at all that there is. " +
		"Ends with 1 where a check fails; warnings alone end with 0. It changes nothing."
}

func (cmd *doctorCmd) Run(ctx context.Context) error {
	d := doctor.Doctor{
		URL: cmd.URL, DevKey: devKey, Version: version, Webhook: cmd.Webhook,
		PublicURL: cmd.PublicURL, PortalOrigins: cmd.PortalOrigin, Proxy: cmd.EgressProxy, Inside: cmd.inside(),
	}
	// Without a key there is much to look at still.
	if cmd.APIKey != "" || isThisMachine(cmd.URL) {
		c, err := cmd.client()
		if err != nil {
			return err
		}
		d.Client = c
	}
	var failed error
	healthy := d.Run(ctx, func(f doctor.Finding) {
		if failed == nil {
			failed = cmd.print(os.Stdout, &f)
		}
	})
	switch {
	case failed != nil:
		return failed
	case ctx.Err() != nil:
		return errors.New("interrupted: not all was looked at")
	case !healthy:
		return &exitError{code: 1}
	}
	return nil
}

func (cmd *doctorCmd) print(w io.Writer, f *doctor.Finding) error {
	if cmd.JSON {
		return printJSON(w, f)
	}
	line := fmt.Sprintf("%-4s  %s: %s", f.Level, f.Check, plain(f.Message))
	if f.Advice != "" {
		line += " -> " + plain(f.Advice)
	}
	_, err := fmt.Fprintln(w, line)
	return err
}

// inside is nil where no database is named.
func (cmd *doctorCmd) inside() *doctor.Inside {
	if cmd.Data == "" && cmd.DatabaseURL == "" {
		return nil
	}
	flags := databaseFlags{Data: cmd.Data, DatabaseURL: cmd.DatabaseURL}
	target := migrateTarget{flags}
	in := &doctor.Inside{
		Open:       func(ctx context.Context) (doctor.Database, error) { return flags.openView(ctx) },
		Migrations: target.migrations, KeyFile: cmd.SecretKeyFile,
	}
	fromEnv := os.Getenv(sealKeysEnv)
	if cmd.DatabaseURL != "" {
		in.Condition = func(ctx context.Context) (postgres.Condition, error) { return postgres.Inspect(ctx, cmd.DatabaseURL) }
	} else {
		in.Folder, in.DatabaseFile = cmd.Data, flags.file()
		if in.KeyFile == "" && fromEnv == "" {
			in.KeyFile = filepath.Join(cmd.Data, sealKeysFile)
		}
	}
	switch {
	case in.KeyFile != "":
		in.Keys = func() (*billhook.Keyring, error) { return billhook.NewKeyring(keyFile(in.KeyFile).load) }
	case fromEnv != "":
		in.Keys = func() (*billhook.Keyring, error) {
			return billhook.NewKeyring(func() ([]billhook.SealKey, error) { return envKeys(fromEnv) })
		}
	}
	return in
}
