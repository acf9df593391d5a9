// Package notify brings alerts to people: by mail (SMTP), and to URLs that take what
// Slack's incoming webhooks take, which Mattermost, Rocket.Chat and Discord (with /slack
// after its URL) do too.
//
// It knows billhook.Alert and how people are told. It must not know what raises an
// alert, the API, or a database. What it cannot send after some tries it logs and
// lets go of: the events of billhook.SystemStore are what is durable.
package notify

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/billhook/billhook"
)

// A Message is what a person gets to read.
type Message struct {
	Subject, Text string
}

// A Channel is a way to people.
type Channel interface {
	Send(ctx context.Context, m Message) error
}

const (
	// gather is how long alerts wait for company: what breaks, breaks together.
	gather = 30 * time.Second
	// apart is the least time between two messages.
	apart = 5 * time.Minute
	// maxGathered bounds the alerts that wait for a message; more are only counted.
	maxGathered = 10_000
	// tries is how often a message is sent that a channel does not take, each time
	// retryAfter later, and sendLimit how long each may take.
	tries      = 5
	retryAfter = time.Minute
	sendLimit  = 30 * time.Second
)

// A Notifier makes few messages of many alerts.
type Notifier struct {
	channels []Channel
	logger   *slog.Logger
	woken    chan struct{}

	mu     sync.Mutex
	alerts []billhook.Alert
	beyond int
}

// New returns a Notifier that sends each message by all channels.
func New(logger *slog.Logger, channels ...Channel) *Notifier {
	return &Notifier{channels: channels, logger: logger, woken: make(chan struct{}, 1)}
}

// Add takes an alert in; it does not wait. It is for billhook.Config.OnAlert.
func (n *Notifier) Add(a billhook.Alert) {
	n.mu.Lock()
	if len(n.alerts) < maxGathered {
		n.alerts = append(n.alerts, a)
	} else {
		n.beyond++
	}
	n.mu.Unlock()
	select {
	case n.woken <- struct{}{}:
	default:
	}
}

// Run sends messages until ctx ends.
func (n *Notifier) Run(ctx context.Context) {
	for {
		select {
		case <-n.woken:
		case <-ctx.Done():
			return
		}
		if !pause(ctx, gather) {
			return
		}
		n.mu.Lock()
		alerts, beyond := n.alerts, n.beyond
		n.alerts, n.beyond = nil, 0
		n.mu.Unlock()
		if len(alerts) == 0 {
			continue
		}
		began := time.Now()
		n.send(ctx, Compose(alerts, beyond))
		if !pause(ctx, apart-time.Since(began)) {
			return
		}
	}
}

// send sends a message by all channels at once, so that none waits for another.
func (n *Notifier) send(ctx context.Context, m Message) {
	var all sync.WaitGroup
	for _, c := range n.channels {
		all.Go(func() { n.sendBy(ctx, c, m) })
	}
	all.Wait()
}

func (n *Notifier) sendBy(ctx context.Context, c Channel, m Message) {
	for try := 1; ; try++ {
		limited, cancel := context.WithTimeout(ctx, sendLimit)
		err := c.Send(limited, m)
		cancel()
		switch {
		case err == nil || ctx.Err() != nil:
			return
		case try == tries:
			n.logger.Error("cannot send alerts to people; they are not sent any more", "subject", m.Subject, "err", err)
			return
		}
		n.logger.Warn("cannot send alerts to people; trying again", "subject", m.Subject, "err", err)
		if !pause(ctx, retryAfter) {
			return
		}
	}
}

// pause waits, and reports whether ctx lasts.
func pause(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}
