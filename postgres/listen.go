package postgres

import (
	"context"
	"encoding/json"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/billhook/billhook"
)

const listenAll = "LISTEN " + channelUnowned + "; LISTEN " + channelChanges + "; LISTEN " + channelAsked + "; LISTEN " + channelLanes

const (
	// silence is after how long a connection on which nothing came is tried.
	silence     = 15 * time.Second
	listenLimit = 5 * time.Second
	// againFirst and againAtMost are how long a connection that was lost stays
	// away before the next try.
	againFirst, againAtMost = 100 * time.Millisecond, 5 * time.Second
)

// listen tells what other nodes do, at once.
func (d *Database) listen(ctx context.Context, tell func(billhook.Change)) {
	o := outage{logger: d.options.Logger, what: "cannot listen to the other nodes"}
	again := againFirst
	for ctx.Err() == nil {
		on, err := d.startListening(ctx)
		if err == nil {
			again = againFirst
			o.note(ctx, nil)
			// What was told meanwhile was not heard.
			tell(billhook.Change{Configuration: true, Unowned: true, Asked: true, Anywhere: true})
			err = d.hear(ctx, on, tell)
			hangUp(on)
		}
		o.note(ctx, err)
		pause(ctx, again)
		again = min(2*again, againAtMost)
	}
}

func (d *Database) startListening(ctx context.Context) (*pgx.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, listenLimit)
	defer cancel()
	return dial(ctx, d.config, allSettings+listenAll)
}

// hear returns when the connection fails or ctx ends.
func (d *Database) hear(ctx context.Context, on *pgx.Conn, tell func(billhook.Change)) error {
	for {
		quiet, cancel := context.WithTimeout(ctx, silence)
		n, err := on.WaitForNotification(quiet)
		cancel()
		switch {
		case err == nil:
			tell(d.understand(n))
		case ctx.Err() != nil:
			return ctx.Err()
		case pgconn.Timeout(err) && !on.IsClosed():
			if err := ping(ctx, on); err != nil {
				return err
			}
		default:
			return err
		}
	}
}

func ping(ctx context.Context, on *pgx.Conn) error {
	ctx, cancel := context.WithTimeout(ctx, listenLimit)
	defer cancel()
	return on.Ping(ctx)
}

// understand is what a notification means. Our own commits have nothing to tell
// us but that we left something to nobody.
func (d *Database) understand(n *pgconn.Notification) (c billhook.Change) {
	ours := uint32(d.pid.Load()) == n.PID
	switch n.Channel {
	case channelUnowned:
		c.Unowned = true
	case channelChanges:
		c.Configuration = !ours
	case channelAsked:
		c.Asked = true
	case channelLanes:
		var m message
		if err := json.Unmarshal([]byte(n.Payload), &m); err == nil && !ours {
			c.Lanes = []billhook.Lane{{StoreID: m.Store, WebhookID: m.Webhook}}
		}
	}
	return c
}
