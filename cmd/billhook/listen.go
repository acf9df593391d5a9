package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/billhook/billhook/client"
	"github.com/billhook/billhook/internal/listen"
)

type listenCmd struct {
	remoteFlags
	ForwardTo string        `required:"" placeholder:"URL" help:"Where the events go: http://localhost:3000/hook, or localhost:3000/hook."`
	Events    []string      `placeholder:"TYPE" help:"Only events of these types: order.paid, order.*; with commas between. Default: all."`
	Webhook   string        `placeholder:"ID" help:"Listen as this webhook: its secret signs, its headers are sent, its event types and its filter choose. Default: a secret signs that is shown at the start."`
	Since     moment        `placeholder:"TIME" help:"Begin with what was accepted then: 10m for that long ago, or 2026-03-01T10:30:00Z. Default: with what comes."`
	After     string        `placeholder:"CURSOR" help:"Go on behind this cursor, which listen tells at its end."`
	Timeout   time.Duration `default:"30s" help:"How long the receiver may take."`
	Insist    bool          `help:"Send again what the receiver does not accept with 2xx. What it does not answer, or with 429, 502, 503 or 504, is sent again in any case."`
	Tries     int           `placeholder:"N" help:"Leave an event out when it was sent so many times. Default: as often as it takes; the others wait."`
}

// Validate says what cannot be meant.
func (cmd *listenCmd) Validate() error {
	switch _, err := localURL(cmd.ForwardTo); {
	case err != nil:
		return fmt.Errorf("--forward-to=%s: give a URL, like http://localhost:3000/hook", cmd.ForwardTo)
	case cmd.Timeout < 100*time.Millisecond || cmd.Timeout > time.Hour:
		return fmt.Errorf("--timeout=%v: give a time from 100ms to 1h", cmd.Timeout)
	case cmd.Tries < 0:
		return fmt.Errorf("--tries=%d: give a number above 0", cmd.Tries)
	case cmd.After != "" && !cmd.Since.IsZero():
		return errors.New("--after and --since cannot both be given: each says where to begin")
	}
	return nil
}

func (cmd *listenCmd) Run(ctx context.Context) error {
	to, err := localURL(cmd.ForwardTo)
	if err != nil {
		return err
	}
	c, err := cmd.client()
	if err != nil {
		return err
	}
	show := &listenShow{cmd: cmd, out: os.Stdout, told: os.Stderr, paint: painterFor(os.Stdout)}
	cursor, err := listen.Run(ctx, listen.Config{
		Client: c, To: to, Timeout: cmd.Timeout, Insist: cmd.Insist, Tries: cmd.Tries, Tell: show,
		Stream: client.StreamOptions{Types: cmd.Events, WebhookID: cmd.Webhook, After: cmd.After, Since: cmd.Since.Time},
	})
	if cursor != "" {
		fmt.Fprintf(os.Stderr, "\nStopped after %d events. To go on where it stopped, give --after %s\n", show.done, cursor)
	}
	return err
}

// localURL reads an address as developers write it.
func localURL(text string) (*url.URL, error) {
	if !strings.Contains(text, "://") {
		text = "http://" + text
	}
	u, err := url.Parse(text)
	if err == nil && (u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" || strings.HasSuffix(u.Host, ":") || u.Opaque != "") {
		err = errors.New("no web address")
	}
	return u, err
}

// maxAnswer is how many characters are shown of what a receiver answered: the beginning,
// which tells most. --json has all that was read.
const maxAnswer = 160

// listenShow prints what happens: results on stdout, all else on stderr.
type listenShow struct {
	cmd   *listenCmd
	out   io.Writer
	told  io.Writer
	paint painter

	start sync.Once
	// secret is the one that was shown.
	secret string
	lost   bool
	done   int
}

// Connected says at the start what the receiver has to know, and later that it goes on.
func (s *listenShow) Connected(start client.StreamStart) {
	s.start.Do(func() {
		fmt.Fprintf(s.told, "Listening to the store %s at %s, and forwarding to %s\n", plain(start.StoreID), s.cmd.URL, s.cmd.ForwardTo)
		if start.WebhookID != nil {
			fmt.Fprintf(s.told, "As the webhook %s: its own secret verifies.\n", plain(*start.WebhookID))
		}
	})
	if start.Secret != nil && *start.Secret != s.secret {
		if s.secret != "" {
			fmt.Fprintln(s.told, "The secret is another now:")
		}
		s.secret = *start.Secret
		fmt.Fprintf(s.told, "For the receiver (profile %s):  export WEBHOOK_SECRET=%s\n", plain(start.Profile), plain(s.secret))
	}
	if s.lost {
		fmt.Fprintln(s.told, "Connected again.")
	}
	s.lost = false
}

// Lost says so once, until it is connected again.
func (s *listenShow) Lost(why error, wait time.Duration) {
	if errors.Is(why, listen.ErrOld) || s.lost {
		return // which costs nothing, or is known
	}
	s.lost = true
	fmt.Fprintf(s.told, "Not connected: %s. It is tried again; nothing is lost meanwhile.\n", plain(why.Error()))
	if hint := remoteHint(why); hint != "" && !errors.Is(why, listen.ErrEnded) {
		fmt.Fprintf(s.told, "  hint: %s\n", hint)
	}
}

// listenJSON is a result for scripts.
type listenJSON struct {
	Event     string    `json:"event"`
	ID        string    `json:"id"`
	Type      string    `json:"type"`
	CreatedAt time.Time `json:"createdAt"`
	Outcome   string    `json:"outcome"`
	Try       int       `json:"try,omitempty"`
	Status    *int      `json:"statusCode"`
	Ms        int64     `json:"durationMs"`
	Size      int       `json:"size"`
	Response  string    `json:"response,omitempty"`
	Error     string    `json:"error,omitempty"`
}

var outcomes = map[listen.Outcome]string{listen.Done: "done", listen.Again: "again", listen.Skipped: "skipped", listen.Gone: "gone"}

// Sent prints a line.
func (s *listenShow) Sent(r listen.Result) {
	if r.Outcome != listen.Again {
		s.done++
	}
	if s.cmd.JSON {
		line := listenJSON{Event: "sent", ID: r.ID, Type: r.Type, CreatedAt: r.CreatedAt, Outcome: outcomes[r.Outcome], Try: r.Try, Ms: r.Answer.Took.Milliseconds(), Size: r.Answer.Size}
		if r.Answer.Status != 0 {
			line.Status = &r.Answer.Status
		}
		if !r.Answer.OK() {
			line.Response = string(r.Answer.Start)
		}
		if r.Answer.Err != nil {
			line.Error = r.Answer.Err.Error()
		}
		if err := printJSON(s.out, line); err != nil {
			fmt.Fprintf(s.told, "cannot print: %v\n", err)
		}
		return
	}
	fmt.Fprintln(s.out, s.line(&r))
}

func (s *listenShow) line(r *listen.Result) string {
	what := fmt.Sprintf("%s  %s  %s  ", time.Now().Format("15:04:05.000"), plain(r.Type), plain(r.ID))
	if r.Outcome == listen.Gone {
		return what + s.paint.text(yellow, "left out: its data is no longer kept")
	}
	a := &r.Answer
	answer := fmt.Sprintf("%d  %d ms  %d bytes", a.Status, a.Took.Milliseconds(), a.Size)
	if a.Err != nil {
		answer = plain(a.Err.Error())
	}
	color := green
	if !a.OK() {
		color = red
		if text := clipped(plain(strings.TrimSpace(string(a.Start))), maxAnswer); text != "" {
			answer += "  " + text
		}
	}
	what += s.paint.text(color, answer)
	switch r.Outcome {
	case listen.Again:
		what += fmt.Sprintf("  (sent again in %.1f s; the others wait)", r.Wait.Seconds())
	case listen.Skipped:
		what += fmt.Sprintf("  (left out after %d tries)", r.Try)
	}
	return what
}
