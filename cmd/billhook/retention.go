package main

import "github.com/billhook/billhook"

// retentionFlags are a billhook.Retention: what holds for stores that do not tell
// themselves.
type retentionFlags struct {
	PayloadDays int `env:"BILLHOOK_RETENTION_PAYLOAD_DAYS" placeholder:"DAYS" help:"How long the data of events is kept, where a store does not tell. Default: for ever."`
	AttemptDays int `env:"BILLHOOK_RETENTION_ATTEMPT_DAYS" placeholder:"DAYS" help:"How long deliveries that are over are kept, with their attempts. Default: for ever."`
	AuditDays   int `env:"BILLHOOK_RETENTION_AUDIT_DAYS" placeholder:"DAYS" help:"How long the audit log is kept, the records of events with it; not shorter than the two above. Default: for ever."`
}

func (r retentionFlags) ok() bool {
	for _, days := range []int{r.PayloadDays, r.AttemptDays, r.AuditDays} {
		if days < 0 || days > billhook.MaxRetentionDays {
			return false
		}
	}
	return true
}
