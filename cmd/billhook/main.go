// Command billhook is the whole service in one binary: serve runs it, copy moves
// its data, migrate looks after its schema, bench measures it. It is the one
// package that knows all the others; it puts them together and must not hold any
// logic of its own beyond flags and processes.
package main

import (
	"context"
	"errors"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"

	"github.com/billhook/billhook"
)

type cli struct {
	Serve serveCmd `cmd:"" help:"Run the service: API and delivery, on an embedded database." example:"billhook serve --dev"`

	Emit       emitCmd           `cmd:"" group:"remote" help:"Emit an event, or a file of them." example:"billhook emit order.paid --data '{\"orderId\": \"o_1\"}' --entity order:o_1"`
	Trigger    triggerCmd        `cmd:"" group:"remote" help:"Emit a realistic event from the catalogue, and tell what becomes of it." example:"billhook trigger order.paid --set data.total=4999"`
	Apply      applyCmd          `cmd:"" group:"remote" help:"Make webhooks, event types and stores what files say." example:"billhook apply -f webhooks.yaml"`
	Diff       diffCmd           `cmd:"" group:"remote" help:"Tell what apply would change." example:"billhook diff -f webhooks.yaml"`
	Webhooks   webhooksCmd       `cmd:"" group:"remote" help:"Look after the webhooks of a store."`
	Events     eventsCmd         `cmd:"" group:"remote" help:"See what happened in a store."`
	EventTypes eventTypesCmd     `cmd:"" group:"remote" help:"Look after the event types of a store."`
	Deliveries deliveriesCmd     `cmd:"" group:"remote" help:"See what became of events, and send them again."`
	Listen     listenCmd         `cmd:"" group:"remote" help:"Forward a store's events to an address of this machine, with the real signature." example:"billhook listen --forward-to localhost:3000/hook --events 'order.*'"`
	Tail       tailCmd           `cmd:"" group:"remote" help:"Show deliveries as they are made, and what becomes of them." example:"billhook tail --webhook wh_1 --status dead"`
	Replay     replayCmd         `cmd:"" group:"remote" help:"Send a webhook past events that it never had." example:"billhook replay wh_1 --since 2h --type 'order.*' --dry-run"`
	Recover    recoverCmd        `cmd:"" group:"remote" help:"Send a webhook again what it did not get." example:"billhook recover wh_1 --since 2026-03-01T10:30:00Z"`
	Recoveries recoveriesCmd     `cmd:"" group:"remote" help:"Look after what retry, replay and recover have started."`
	Stores     storesCmd         `cmd:"" group:"remote" help:"Look after the stores."`
	Erasures   erasuresCmd       `cmd:"" group:"remote" help:"Erase what events say of somebody."`
	Portal     portalSessionsCmd `cmd:"" name:"portal-sessions" group:"remote" help:"Let merchants into the portal of their store."`
	Keys       keysCmd           `cmd:"" group:"remote" help:"Look after API keys, and rotate the keys that seal secrets."`
	Audit      auditCmd          `cmd:"" group:"remote" help:"See, prove or export the audit log."`

	Bench   benchCmd   `cmd:"" help:"Measure this machine: Billhook beside a forwarder that keeps nothing." example:"billhook bench"`
	Copy    copyCmd    `cmd:"" help:"Move everything from one database to another, from a file to PostgreSQL say." example:"billhook copy --from sqlite:data --to postgres://billhook@db.example/billhook"`
	Ledger  ledgerCmd  `cmd:"" help:"Prove that every delivery is accounted for."`
	Migrate migrateCmd `cmd:"" help:"See or run the migrations of a database."`
	Verify  verifyCmd  `cmd:"" help:"Say whether a recorded delivery verifies and, if not, exactly why." example:"billhook verify --request recorded.http --secret-file secret --profile litestore"`
	Inspect inspectCmd `cmd:"" help:"Receive and show whatever arrives, and answer what you tell it to." example:"billhook inspect --status 503 --fail 1/3 --save recorded"`
	Profile profileCmd `cmd:"" help:"Bring a wire format along: make a profile of a recorded delivery, and compare."`
	Health  healthCmd  `cmd:"" help:"Say whether the service on this machine runs, for a container's check." example:"billhook health"`
	Doctor  doctorCmd  `cmd:"" help:"Check a deployment, and say what is wrong and what to do." example:"billhook doctor --data data"`
	Version versionCmd `cmd:"" help:"Print the version." example:"billhook version"`

	Completion completionCmd `cmd:"" help:"Print the script that completes commands in a shell." example:"billhook completion bash"`

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
	parser := kong.Must(&c,
		kong.Name("billhook"),
		kong.Description("A signed webhook sender for commerce platforms."),
		kong.ShortUsageOnError(),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, NoExpandSubcommands: true}),
		kong.BindTo(ctx, (*context.Context)(nil)),
		kong.Exit(exit),
		kong.Help(printHelp),
		kong.ExplicitGroups([]kong.Group{{Key: "remote", Title: "Talking to a Billhook that runs:"}}),
	)
	k, err := parser.Parse(os.Args[1:])
	if err != nil {
		parser.Stdout = parser.Stderr // results alone go to the standard output
		parser.FatalIfErrorf(err)
	}
	if err := k.Run(); err != nil {
		os.Exit(end(os.Stderr, err))
	}
}

// tell says what went wrong, and what to do about it.
func tell(w io.Writer, err error) {
	text := "billhook: " + err.Error()
	for _, line := range remoteDetails(err) {
		text += "\n  " + line
	}
	if hint := hintOf(err); hint != "" {
		text += "\n  hint: " + hint
	}
	_, _ = io.WriteString(w, plainLines(text)+"\n") // #nosec G705 -- a terminal, not a page
}

// hintOf says what to do about an error; "" where there is nothing to add.
func hintOf(err error) string {
	var hinted *billhook.Error
	if errors.As(err, &hinted) {
		return hinted.Hint
	}
	return remoteHint(err)
}
