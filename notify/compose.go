package notify

import (
	"fmt"
	"strings"
	"time"

	"github.com/billhook/billhook"
)

// listed is how many alerts of a type a message lists.
const listed = 10

// types are in the order in which an operator wants to read of them.
var types = []struct{ name, one, many string }{
	{billhook.AlertBacklogHigh, "node is late", "nodes are late"},
	{billhook.AlertWebhookDeactivated, "webhook was deactivated", "webhooks were deactivated"},
	{billhook.AlertWebhookFailing, "webhook is failing", "webhooks are failing"},
	{billhook.AlertDeliveryDead, "webhook has dead deliveries", "webhooks have dead deliveries"},
	{billhook.AlertBacklogRecovered, "node is no longer late", "nodes are no longer late"},
	{billhook.AlertWebhookRecovered, "webhook has recovered", "webhooks have recovered"},
}

// Compose makes one message of alerts, and of how many more there are.
func Compose(alerts []billhook.Alert, beyond int) Message {
	var subjects []string
	var text strings.Builder
	for _, t := range types {
		var of []billhook.Alert
		for _, a := range alerts {
			if a.Type == t.name {
				of = append(of, a)
			}
		}
		if len(of) == 0 {
			continue
		}
		what := t.many
		if len(of) == 1 {
			what = t.one
		}
		subjects = append(subjects, fmt.Sprintf("%d %s", len(of), what))
		fmt.Fprintf(&text, "%d %s\n", len(of), what)
		for _, a := range of[:min(len(of), listed)] {
			fmt.Fprintf(&text, "- %s\n", line(a))
		}
		if more := len(of) - listed; more > 0 {
			fmt.Fprintf(&text, "- and %d more\n", more)
		}
		text.WriteByte('\n')
	}
	if beyond > 0 {
		fmt.Fprintf(&text, "%d further alerts are not in this message.\n", beyond)
	}
	return Message{Subject: "Billhook: " + strings.Join(subjects, ", "), Text: strings.TrimSpace(text.String()) + "\n"}
}

// line tells of one alert.
func line(a billhook.Alert) string {
	var parts []string
	if a.WebhookID != "" {
		name := a.WebhookID
		if a.WebhookName != "" {
			name = fmt.Sprintf("%s (%s)", a.WebhookName, a.WebhookID)
		}
		parts = append(parts, fmt.Sprintf("%s of store %s", name, a.StoreID))
	}
	if a.OverdueSeconds > 0 {
		parts = append(parts, fmt.Sprintf("%v late", time.Duration(a.OverdueSeconds)*time.Second))
	}
	if a.Count > 0 {
		parts = append(parts, fmt.Sprintf("%d times since", a.Count))
	}
	if a.Percent > 0 {
		parts = append(parts, fmt.Sprintf("failing since %s, inactive at %s", stamp(a.Since), stamp(a.DeactivatesAt)))
	}
	if a.Reason != "" {
		parts = append(parts, a.Reason)
	}
	return oneLine(strings.Join(parts, ": "))
}

func stamp(at time.Time) string { return at.UTC().Format("2006-01-02 15:04 UTC") }

// oneLine is text without what could begin a line or a mark of its own: a
// receiver's answer may be in it.
func oneLine(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r < ' ' || r == 0x7f:
			return ' '
		case r == '<' || r == '>': // of Slack's own marks, <!channel> say
			return '\''
		}
		return r
	}, s)
}
