package main

import (
	"fmt"

	"github.com/billhook/billhook"
)

// retentionFlags are a billhook.Retention: what holds for stores that do not tell
// themselves.
type retentionFlags struct {
	PayloadDays int `env:"BILLHOOK_RETENTION_PAYLOAD_DAYS" placeholder:"DAYS" help:"How long the data of events is kept, where a store does not tell. Default: for ever."`
	AttemptDays int `env:"BILLHOOK_RETENTION_ATTEMPT_DAYS" placeholder:"DAYS" help:"How long deliveries that are over are kept, with their attempts. Default: for ever."`
	AuditDays   int `env:"BILLHOOK_RETENTION_AUDIT_DAYS" placeholder:"DAYS" help:"How long the audit log is kept, the records of events with it: each for as long as its data and deliveries at least. Default: for ever."`
}

// check says which is none.
func (r retentionFlags) check() error {
	for _, flag := range []struct {
		name string
		days int
	}{{"payload", r.PayloadDays}, {"attempt", r.AttemptDays}, {"audit", r.AuditDays}} {
		if flag.days < 0 || flag.days > billhook.MaxRetentionDays {
			return fmt.Errorf("--retention-%s-days=%d: give a number of days from 1 to %d, or 0 for ever", flag.name, flag.days, billhook.MaxRetentionDays)
		}
	}
	return nil
}
