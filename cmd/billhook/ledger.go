package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/billhook/billhook"
)

// ledgerCmd reads the database beside the service that uses it.
type ledgerCmd struct {
	Verify ledgerVerifyCmd `cmd:"" help:"Compare the ledger of each webhook with the deliveries that there are." example:"billhook ledger verify --data data"`
}

type ledgerVerifyCmd struct {
	databaseFlags
	Store string        `placeholder:"ID" help:"Only this store. Default: all, the deleted too."`
	Rest  time.Duration `default:"5ms" help:"Pause after every two thousand deliveries, which others have the database in."`
}

// Run prints a line for each store, and one for each day that does not agree.
func (cmd *ledgerVerifyCmd) Run(ctx context.Context) (err error) {
	v, err := cmd.openView(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, v.Close()) }()
	all, err := v.Configuration(ctx)
	if err != nil {
		return err
	}
	webhooks := map[string][]string{}
	for _, h := range all.Webhooks {
		webhooks[h.StoreID] = append(webhooks[h.StoreID], h.ID)
	}
	wrong, found := 0, false
	for _, s := range all.Stores {
		if cmd.Store != "" && cmd.Store != s.ID {
			continue
		}
		found = true
		check, err := billhook.CheckLedger(ctx, v, s.ID, webhooks[s.ID], cmd.Rest)
		if err != nil {
			return fmt.Errorf("store %s: %w", s.ID, err)
		}
		wrong += len(check.Differences)
		fmt.Fprintf(os.Stdout, "store %s: %d deliveries read, %d days agree, %d do not, %d changed meanwhile\n",
			s.ID, check.Deliveries, check.Days-len(check.Differences), len(check.Differences), check.Moving)
		for _, d := range check.Differences {
			fmt.Fprintf(os.Stdout, "  %v\n", d)
		}
	}
	switch {
	case !found && cmd.Store != "":
		return fmt.Errorf("there is no store %q", cmd.Store)
	case wrong > 0:
		return fmt.Errorf("the ledger does not agree with the deliveries on %d days of webhooks", wrong)
	}
	return nil
}
