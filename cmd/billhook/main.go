// Command billhook is the whole service in one binary: serve runs it, copy moves
// its data, migrate looks after its schema, bench measures it. It is the one
// package that knows all the others; it puts them together and must not hold any
// logic of its own beyond flags and processes.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"

	"github.com/billhook/billhook"
)

type cli struct {
	Serve   serveCmd   `cmd:"" help:"Run the service: API and delivery, on an embedded database."`
	Bench   benchCmd   `cmd:"" help:"Measure this machine: Billhook beside a forwarder that keeps nothing."`
	Copy    copyCmd    `cmd:"" help:"Move everything from one database to another, from a file to PostgreSQL say."`
	Audit   auditCmd   `cmd:"" help:"Prove or export the audit log."`
	Ledger  ledgerCmd  `cmd:"" help:"Prove that every delivery is accounted for."`
	Migrate migrateCmd `cmd:"" help:"See or run the migrations of a database."`
	Keys    keysCmd    `cmd:"" help:"Rotate the keys that seal secrets."`
	Verify  verifyCmd  `cmd:"" help:"Say whether a recorded delivery verifies and, if not, exactly why." example:"billhook verify --request recorded.http --secret-file secret --profile litestore"`
	Inspect inspectCmd `cmd:"" help:"Receive and show whatever arrives, and answer what you tell it to." example:"billhook inspect --status 503 --fail 1/3 --save recorded"`
	Profile profileCmd `cmd:"" help:"Bring a wire format along: make a profile of a recorded delivery, and compare."`
	Version versionCmd `cmd:"" help:"Print the version."`

	ShowVersion versionFlag `name:"version" help:"Print the version."`

	BenchReceiver  benchReceiverCmd  `cmd:"" hidden:""`
	BenchLoad      benchLoadCmd      `cmd:"" hidden:""`
	BenchReference benchReferenceCmd `cmd:"" hidden:""`
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // a second signal ends the process at once
	var c cli
	k := kong.Parse(&c,
		kong.Name("billhook"),
		kong.Description("A signed webhook sender for commerce platforms."),
		kong.UsageOnError(),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true}),
		kong.BindTo(ctx, (*context.Context)(nil)),
	)
	if err := k.Run(); err != nil {
		fmt.Fprintf(os.Stderr, "billhook: %v\n", err)
		var hinted *billhook.Error
		if errors.As(err, &hinted) && hinted.Hint != "" {
			fmt.Fprintf(os.Stderr, "  hint: %s\n", hinted.Hint)
		}
		os.Exit(1)
	}
}
