package main

import (
	"context"
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/billhook/billhook/client"
)

type storesActivityCmd struct {
	remoteFlags
	rangeFlags
	Step      time.Duration `placeholder:"TIME" help:"How long a step is: 5m, or a multiple of it. Default: the shortest of which there are about a hundred."`
	AllStores bool          `help:"Of all stores together, in place of the store."`
}

// Help is printed below the flags.
func (storesActivityCmd) Help() string {
	return "Of the last hour, where no --since is given. It is a statistic; `billhook webhooks ledger` is exact."
}

// Validate says what no step can be.
func (cmd *storesActivityCmd) Validate() error {
	if cmd.Step < 0 || cmd.Step%(5*time.Minute) != 0 {
		return fmt.Errorf("--step=%v: give 5m or a multiple of it, such as 1h", cmd.Step)
	}
	return nil
}

func (cmd *storesActivityCmd) Run(ctx context.Context) error {
	f := client.ActivityFilter{From: cmd.Since.Time, To: cmd.Until.end(), StepSeconds: int(cmd.Step / time.Second), AllStores: cmd.AllStores}
	return ask(ctx, &cmd.remoteFlags, func(ctx context.Context, c *client.Client) (*client.Activity, error) {
		return c.Activity(ctx, f)
	}, showActivity)
}

// showActivity prints a row for each step, and all of them together last.
func showActivity(w io.Writer, a *client.Activity) error {
	var rows [][]string
	for i := range a.Data {
		rows = append(rows, activityRow(clockOf(a.Data[i].At), &a.Data[i].ActivityTotal))
	}
	rows = append(rows, activityRow("in all", &a.Total))
	return printTable(w, []string{"FROM", "DELIVERED", "FAILED", "DEAD", "WAITING", "P50", "P95"}, rows)
}

func activityRow(from string, t *client.ActivityTotal) []string {
	ms := func(n *int64) string {
		if n == nil {
			return "-"
		}
		return fmt.Sprintf("%d ms", *n)
	}
	row := []string{from}
	for _, n := range []int64{t.Delivered, t.Failed, t.Dead, t.Waiting} {
		row = append(row, strconv.FormatInt(n, 10))
	}
	return append(row, ms(t.P50Ms), ms(t.P95Ms))
}
