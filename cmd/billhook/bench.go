package main

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"time"

	"github.com/billhook/billhook"
	"github.com/billhook/billhook/internal/bench"
	"github.com/billhook/billhook/sqlite"
)

type benchCmd struct {
	Scenario    []string      `help:"What to measure: throughput, steady, fanout, isolation, backlog, history. Default: all."`
	Runs        int           `default:"3" help:"How often each system is measured, in turns; figures are medians."`
	Duration    time.Duration `default:"10s" help:"How long each load lasts."`
	Connections int           `default:"512" help:"Keep-alive connections that emit."`
	BacklogRows int           `default:"1000000" help:"Deliveries that wait in the scenario backlog."`
	HistoryRows int           `default:"5000000" help:"Deliveries that are over in the scenario history."`
	Folder      string        `type:"existingdir" help:"Where the data folders are made. Default: the system's temporary folder."`
	JSON        bool          `name:"json" help:"Print JSON instead of a table."`
}

func (cmd *benchCmd) Run(ctx context.Context) error {
	report, err := bench.Run(ctx, bench.Options{
		Scenarios: cmd.Scenario, Runs: cmd.Runs, Duration: cmd.Duration, Connections: cmd.Connections,
		BacklogRows: cmd.BacklogRows, HistoryRows: cmd.HistoryRows, Folder: cmd.Folder,
		OpenDatabase: func(data string) (billhook.Database, error) {
			return sqlite.Open(filepath.Join(data, databaseFile), sqlite.Options{})
		},
		Progress: os.Stderr,
	})
	if len(report.Scenarios) > 0 { // what was measured is told, also when a scenario failed
		err = errors.Join(err, cmd.print(&report))
	}
	return err
}

func (cmd *benchCmd) print(report *bench.Report) error {
	if !cmd.JSON {
		return report.WriteTable(os.Stdout)
	}
	out := json.NewEncoder(os.Stdout)
	out.SetIndent("", "  ")
	return out.Encode(report)
}

// The commands below are the processes that bench starts.

type benchReceiverCmd struct {
	Args []string `arg:"" optional:"" passthrough:""`
}

func (cmd *benchReceiverCmd) Run(ctx context.Context) error {
	return bench.Receiver(ctx, cmd.Args, os.Stdout)
}

type benchLoadCmd struct {
	Args []string `arg:"" optional:"" passthrough:""`
}

func (cmd *benchLoadCmd) Run(ctx context.Context) error { return bench.Load(ctx, cmd.Args, os.Stdout) }

type benchReferenceCmd struct {
	Args []string `arg:"" optional:"" passthrough:""`
}

func (cmd *benchReferenceCmd) Run(ctx context.Context) error {
	return bench.Reference(ctx, cmd.Args, os.Stdout)
}
