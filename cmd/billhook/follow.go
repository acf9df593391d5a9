package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/billhook/billhook/client"
)

// followFlags are of commands that send many deliveries again.
type followFlags struct {
	remoteFlags
	Rate   int           `placeholder:"N" help:"How many become due in a second. Default: 100."`
	DryRun bool          `help:"Only count what would be sent."`
	Wait   time.Duration `default:"1h" help:"How long to wait for the end; 0s only starts it. It goes on by itself all the same."`
	Key    string        `placeholder:"TEXT" help:"An idempotency key: a second start with it is none. Default: a new one."`
}

// recoveryCalls are how a recovery is counted, and how it is started.
type recoveryCalls struct {
	count func(context.Context, *client.Client) (*client.RecoveryCount, error)
	start func(context.Context, *client.Client) (*client.Recovery, error)
}

// follow counts, or starts and watches until it is over.
func (cmd *followFlags) follow(ctx context.Context, calls recoveryCalls) error {
	if cmd.DryRun {
		return ask(ctx, &cmd.remoteFlags, calls.count, showCount)
	}
	var end *client.Recovery
	err := ask(ctx, &cmd.remoteFlags, func(ctx context.Context, c *client.Client) (*client.Recovery, error) {
		started, err := calls.start(ctx, c)
		if err != nil || cmd.Wait <= 0 {
			return started, err
		}
		// What it will find tells how far it is; without that there is a line all the same.
		count, _ := calls.count(client.WithAnswers(ctx, func(json.RawMessage) {}), c)
		end, err = watch(ctx, c, started, count, cmd.Wait)
		return end, err
	}, showRecovery)
	switch {
	case err != nil:
		return err
	case end == nil: // only started
		return nil
	case end.Status == client.RecoveryFailed || end.Status == client.RecoveryCancelled:
		return fmt.Errorf("recovery %s is %s", end.ID, end.Status)
	case end.Outcome != nil && end.Outcome.Dead > 0:
		return fmt.Errorf("%d of the deliveries are out of attempts once more: `billhook deliveries list --status dead` tells why", end.Outcome.Dead)
	}
	return nil
}

const (
	// watchEvery is how often a recovery is read.
	watchEvery = 500 * time.Millisecond
	// watchQuiet is after how long without a change what waits is left to itself: its next
	// attempts may be hours away.
	watchQuiet = 15 * time.Second
)

// watch reads a recovery until it is over and nothing of it waits, or nothing changes any
// more, or the time is over. It shows on the standard error how far it is.
func watch(ctx context.Context, c *client.Client, r *client.Recovery, count *client.RecoveryCount, wait time.Duration) (*client.Recovery, error) {
	line := newLiveLine(os.Stderr)
	defer line.end()
	began := time.Now()
	changed, last := began, ""
	for {
		now := time.Now()
		if text := recoveryLine(r, count); text != last {
			changed, last = now, text
		}
		over := r.Status != client.RecoveryRunning && (r.Outcome == nil || r.Outcome.Waiting == 0 || now.Sub(changed) >= watchQuiet)
		if over || now.Sub(began) >= wait {
			if line.shown > 0 {
				line.print(last)
			}
			return r, nil
		}
		if line.due(now) {
			line.print(last)
		}
		if err := sleep(ctx, watchEvery); err != nil {
			return nil, interrupted{r.ID, err}
		}
		next, err := c.Recoveries.Get(ctx, r.ID)
		if err != nil {
			return nil, fmt.Errorf("recovery %s goes on by itself: %w", r.ID, err)
		}
		r = next
	}
}

// An interrupted command leaves a recovery that goes on.
type interrupted struct {
	recovery string
	err      error
}

func (e interrupted) Error() string {
	return fmt.Sprintf("interrupted: recovery %s goes on by itself; `billhook recoveries get %s` shows it, and `recoveries cancel` ends it", e.recovery, e.recovery)
}
func (e interrupted) Unwrap() error { return e.err }

// barWidth is how many characters a bar has.
const barWidth = 24

// recoveryLine is how far a recovery is, on a line without its end.
func recoveryLine(r *client.Recovery, count *client.RecoveryCount) string {
	text := fmt.Sprintf("%d found, %d queued", r.Found, r.Queued)
	done := 0
	if o := r.Outcome; o != nil {
		done = o.Delivered + o.Dead + o.Other
		text += fmt.Sprintf(", %d delivered, %d dead, %d waiting", o.Delivered, o.Dead, o.Waiting)
	}
	total := r.Queued
	if r.Status == client.RecoveryRunning { // not all are found yet
		if count == nil || count.AtLeast {
			return "[" + strings.Repeat(".", barWidth) + "]       " + text
		}
		total = max(total, count.Found)
	}
	share := 1.0
	if total > 0 {
		share = min(1, float64(done)/float64(total))
	}
	full := int(share * barWidth)
	return fmt.Sprintf("[%s%s] %3.0f %% %s", strings.Repeat("#", full), strings.Repeat(".", barWidth-full), 100*share, text)
}

func showCount(w io.Writer, n *client.RecoveryCount) error {
	atLeast := ""
	if n.AtLeast {
		atLeast = "at least "
	}
	return printFields(w, field{"would be sent", fmt.Sprintf("%s%d", atLeast, n.Found)}, field{"left out", leftText(n.Left)})
}

// leftText tells what is left as it is, and why.
func leftText(l client.RecoveryLeft) string {
	var parts []string
	for _, p := range []struct {
		n   int
		why string
	}{
		{l.Deleted, "of deleted webhooks"}, {l.Inactive, "of webhooks that are not active"},
		{l.Forgotten, "of which too little is kept"}, {l.Changed, "that somebody else has dealt with"},
	} {
		if p.n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", p.n, p.why))
		}
	}
	return strings.Join(parts, ", ")
}

func showRecovery(w io.Writer, r *client.Recovery) error {
	outcome := ""
	if o := r.Outcome; o != nil {
		outcome = fmt.Sprintf("%d delivered, %d dead, %d waiting, %d other", o.Delivered, o.Dead, o.Waiting, o.Other)
	}
	return printFields(w,
		field{"id", r.ID}, field{"kind", r.Kind}, field{"webhook", orNone(r.WebhookID)}, field{"status", string(r.Status)}, field{"error", r.Error},
		field{"of status", orNone(r.Filter.Status)}, field{"types", strings.Join(r.Filter.Types, " ")},
		field{"from", clock(r.Filter.From)}, field{"to", clock(r.Filter.To)}, field{"rate", fmt.Sprintf("%d a second", r.RatePerSecond)},
		field{"found", fmt.Sprint(r.Found)}, field{"queued", fmt.Sprint(r.Queued)}, field{"left out", leftText(r.Left)}, field{"outcome", outcome},
		field{"started", clockOf(r.StartedAt)}, field{"updated", clockOf(r.UpdatedAt)})
}
