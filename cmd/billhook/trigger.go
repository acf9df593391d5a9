package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/billhook/billhook/client"
	"github.com/billhook/billhook/internal/trigger"
)

type triggerCmd struct {
	remoteFlags
	Type    string        `arg:"" optional:"" help:"The event type. Without one, the types of the store are listed."`
	Set     []string      `sep:"none" placeholder:"PATH=VALUE" help:"Put a value into the event, like data.total=4999 or data.items[0].name=Tea: a number, true, false and null are these, all else is text. May be given more than once."`
	SetJSON []string      `name:"set-json" sep:"none" placeholder:"PATH=JSON" help:"The same with JSON: data.tags='[\"a\"]', data.code='\"42\"'."`
	Data    input         `placeholder:"JSON" help:"The event's data in place of the example: JSON, @FILE, or - for the standard input."`
	Webhook string        `placeholder:"ID" help:"Send the type's example to this webhook alone, whatever it subscribes to."`
	Count   int           `default:"1" help:"How many events, each about an entity of its own."`
	Wait    time.Duration `default:"10s" help:"How long to wait for the deliveries; 0 not at all."`
}

// Help is printed below the flags.
func (triggerCmd) Help() string {
	return "Ends with 0 where every delivery has arrived within --wait, and with 1 where one has not."
}

// maxTriggered bounds how many events one command emits: `billhook bench` makes load.
const maxTriggered = 1000

// Validate is called by kong.
func (cmd *triggerCmd) Validate() error {
	switch {
	case cmd.Count < 1 || cmd.Count > maxTriggered:
		return fmt.Errorf("--count=%d: give a number from 1 to %d", cmd.Count, maxTriggered)
	case cmd.Webhook != "" && (cmd.Data != "" || len(cmd.Set)+len(cmd.SetJSON) > 0):
		return errors.New("--webhook sends the example as the catalogue has it: leave --set, --set-json and --data out, or --webhook")
	}
	return nil
}

func (cmd *triggerCmd) Run(ctx context.Context) error {
	c, err := cmd.client()
	if err != nil {
		return err
	}
	if cmd.Type == "" {
		return cmd.list(ctx, c)
	}
	changes, err := cmd.changes()
	if err != nil {
		return err
	}
	data, err := cmd.data()
	if err != nil {
		return err
	}
	t, err := c.EventTypes.Get(ctx, cmd.Type)
	if client.IsCode(err, "not_found") && data != nil {
		t, err = &client.EventType{Name: cmd.Type}, nil // an open catalogue takes any
	}
	if err != nil {
		if client.IsCode(err, "not_found") {
			err = fmt.Errorf("%w: `billhook trigger` lists those that there are; one of no example needs --data", err)
		}
		return err
	}
	arrived := true
	for range cmd.Count {
		var sent []string
		if cmd.Webhook != "" {
			sent, err = cmd.test(ctx, c)
		} else {
			sent, err = cmd.emit(ctx, c, t, data, changes)
		}
		if err != nil {
			return err
		}
		all, err := cmd.follow(ctx, c, sent)
		if err != nil {
			return err
		}
		arrived = arrived && all
	}
	if !arrived {
		return &exitError{code: 1}
	}
	return nil
}

// list prints the types of the store.
func (cmd *triggerCmd) list(ctx context.Context, c *client.Client) error {
	var rows [][]string
	var failed error
	if cmd.JSON {
		ctx = client.WithAnswers(ctx, func(text json.RawMessage) { failed = errors.Join(failed, printJSON(os.Stdout, text)) })
	}
	for t, err := range c.EventTypes.All(ctx, client.Paging{Limit: 100}) {
		if err = errors.Join(err, failed); err != nil {
			return err
		}
		rows = append(rows, []string{t.Name, strconv.Itoa(len(t.Examples)), t.Source, t.Description})
	}
	if cmd.JSON {
		return failed
	}
	return printTable(os.Stdout, []string{"TYPE", "EXAMPLES", "FROM", "DESCRIPTION"}, rows)
}

func (cmd *triggerCmd) changes() (changes []trigger.Change, err error) {
	for _, text := range cmd.Set {
		path, value, ok := strings.Cut(text, "=")
		if !ok {
			return nil, fmt.Errorf("--set=%s: give it as PATH=VALUE, like data.total=4999", text)
		}
		changes = append(changes, trigger.Change{Path: path, Value: trigger.Value(value)})
	}
	for _, text := range cmd.SetJSON {
		path, value, ok := strings.Cut(text, "=")
		if !ok {
			return nil, fmt.Errorf("--set-json=%s: give it as PATH=JSON, like data.tags='[\"a\"]'", text)
		}
		changes = append(changes, trigger.Change{Path: path, Value: json.RawMessage(value)})
	}
	return changes, nil
}

func (cmd *triggerCmd) data() (json.RawMessage, error) {
	if cmd.Data == "" {
		return nil, nil
	}
	return cmd.Data.json("--data")
}

// emit emits an event and returns its deliveries.
func (cmd *triggerCmd) emit(ctx context.Context, c *client.Client, t *client.EventType, data json.RawMessage, changes []trigger.Change) ([]string, error) {
	event, err := trigger.Event(t, data, changes)
	if err != nil {
		return nil, err
	}
	var answer json.RawMessage
	if err := c.Do(ctx, http.MethodPost, "/api/events", event, &answer); err != nil {
		return nil, err
	}
	var e client.Emitted
	if err := json.Unmarshal(answer, &e); err != nil {
		return nil, err
	}
	if cmd.JSON {
		if err := printJSON(os.Stdout, answer); err != nil {
			return nil, err
		}
	} else {
		fmt.Printf("%s %s: %s\n", e.Type, e.ID, deliveriesFor(e.Deliveries))
	}
	if e.Deliveries == 0 || cmd.Wait <= 0 {
		return nil, nil
	}
	var sent []string
	for d, err := range c.Deliveries.All(ctx, client.DeliveryFilter{EventID: e.ID, Paging: client.Paging{Limit: 100}}) {
		if err != nil {
			return nil, err
		}
		sent = append(sent, d.ID)
	}
	return sent, nil
}

func deliveriesFor(n int) string {
	switch n {
	case 0:
		return "accepted; no webhook of the store wants it"
	case 1:
		return "accepted, for 1 webhook"
	}
	return fmt.Sprintf("accepted, for %d webhooks", n)
}

// test has the example sent to one webhook.
func (cmd *triggerCmd) test(ctx context.Context, c *client.Client) ([]string, error) {
	var answer json.RawMessage
	err := c.Do(ctx, http.MethodPost, "/api/webhooks/"+url.PathEscape(cmd.Webhook)+"/test", client.WebhookTest{Type: cmd.Type}, &answer)
	var d client.Delivery
	if err == nil {
		err = json.Unmarshal(answer, &d)
	}
	if err != nil {
		return nil, err
	}
	if cmd.JSON {
		if err := printJSON(os.Stdout, answer); err != nil {
			return nil, err
		}
	} else {
		fmt.Printf("%s %s: accepted, for the webhook %s\n", d.Event, d.EventID, d.WebhookID)
	}
	if cmd.Wait <= 0 {
		return nil, nil
	}
	return []string{d.ID}, nil
}

// follow waits for deliveries and prints what has become of each, in the order of
// their ends. It reports whether all have arrived.
func (cmd *triggerCmd) follow(ctx context.Context, c *client.Client, ids []string) (bool, error) {
	arrived := true
	deadline := time.Now().Add(cmd.Wait)
	for pause := 20 * time.Millisecond; len(ids) > 0; pause = min(2*pause, 500*time.Millisecond) {
		late := !time.Now().Before(deadline)
		var left []string
		for _, id := range ids {
			var text json.RawMessage
			if err := c.Do(ctx, http.MethodGet, "/api/deliveries/"+url.PathEscape(id), nil, &text); err != nil {
				return false, err
			}
			var d client.DeliveryWithAttempts
			if err := json.Unmarshal(text, &d); err != nil {
				return false, err
			}
			next := d.NextAttemptAt // after which nobody will be waiting any more, perhaps
			if d.Status == client.DeliveryPending && !late && (d.Attempts == 0 || next == nil || next.Before(deadline)) {
				left = append(left, id)
				continue
			}
			arrived = arrived && d.Status == client.DeliveryDelivered
			if err := cmd.show(&d, text); err != nil {
				return false, err
			}
		}
		if ids = left; len(ids) == 0 {
			break
		}
		select {
		case <-ctx.Done():
			return false, errors.New("interrupted: the deliveries go on; `billhook deliveries list` shows what comes of them")
		case <-time.After(pause):
		}
	}
	return arrived, nil
}

func (cmd *triggerCmd) show(d *client.DeliveryWithAttempts, text json.RawMessage) error {
	if cmd.JSON {
		return printJSON(os.Stdout, text)
	}
	_, err := fmt.Println(becameOf(d, time.Now()))
	return err
}

// becameOf says what a delivery has come to, and of one that is not over when it goes on
// and how that is seen: nobody waits for it here.
func becameOf(d *client.DeliveryWithAttempts, now time.Time) string {
	line := fmt.Sprintf("  %s: %s", plain(d.WebhookID), d.Status)
	switch tried := len(d.AttemptLog); {
	case d.Status == client.DeliveryDelivered && tried > 0:
		last := &d.AttemptLog[tried-1]
		if last.StatusCode != nil {
			line += fmt.Sprintf(", %d %s", *last.StatusCode, http.StatusText(*last.StatusCode))
		}
		line += fmt.Sprintf(" in %.0f ms", last.DurationMs)
		if d.Attempts > 1 {
			line += fmt.Sprintf(", at attempt %d", d.Attempts)
		}
		return line
	case d.Attempts == 1:
		line += " after 1 attempt"
	case d.Attempts > 1:
		line += fmt.Sprintf(" after %d attempts", d.Attempts)
	case d.Status == client.DeliveryPending:
		line += ", not tried yet"
	}
	if d.Reason != "" {
		line += ": " + plain(d.Reason)
	}
	if d.Status != client.DeliveryPending {
		return line
	}
	line += "\n    "
	if at := d.NextAttemptAt; at != nil && at.After(now) {
		line += fmt.Sprintf("the next attempt is at %s, in %s; ", at.Local().Format("15:04:05"), shortly(int(at.Sub(now).Round(time.Second).Seconds())))
	}
	return line + fmt.Sprintf("`billhook deliveries get %s` shows what comes of it", d.ID)
}
