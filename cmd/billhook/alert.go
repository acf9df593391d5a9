package main

import (
	"errors"
	"fmt"
	"log/slog"

	"github.com/billhook/billhook/notify"
)

// alertFlags say whom alerts are sent to.
type alertFlags struct {
	SMTP     string   `name:"smtp" env:"BILLHOOK_ALERT_SMTP" placeholder:"smtp://…" help:"Mail server for alerts, like smtp://user:password@host:587 (smtps:// for TLS from the beginning); others see a password among the flags, not in the variable."`
	MailFrom string   `env:"BILLHOOK_ALERT_MAIL_FROM" placeholder:"ADDRESS" help:"Address that alerts are mailed from."`
	MailTo   []string `env:"BILLHOOK_ALERT_MAIL_TO" placeholder:"ADDRESS" help:"Address that alerts are mailed to; may be given more than once."`
	Slack    string   `env:"BILLHOOK_ALERT_SLACK" placeholder:"https://…" help:"URL that alerts are posted to as Slack's incoming webhooks take them; it is a secret too."`
}

// notifier sends alerts as the flags say; with none of them it has nobody to send
// to.
func (f *alertFlags) notifier(logger *slog.Logger) (*notify.Notifier, error) {
	var channels []notify.Channel
	switch {
	case f.SMTP != "":
		m, err := notify.NewMail(f.SMTP, f.MailFrom, f.MailTo)
		if err != nil {
			return nil, fmt.Errorf("--alert-smtp: %w", err)
		}
		channels = append(channels, m)
	case f.MailFrom != "" || len(f.MailTo) > 0:
		return nil, errors.New("--alert-mail-from and --alert-mail-to need a mail server: give --alert-smtp too")
	}
	if f.Slack != "" {
		s, err := notify.NewSlack(f.Slack)
		if err != nil {
			return nil, fmt.Errorf("--alert-slack: %w", err)
		}
		channels = append(channels, s)
	}
	return notify.New(logger, channels...), nil
}
