// Package doctor looks at a deployment, from outside through its API and, where it is
// let in, at its database and files, and says what is wrong and what to do. It changes
// nothing but a file that it makes and removes to see whether that can be done.
//
// Each check tells one finding at least: also where it could not look, and why.
//
// It must not know how commands are called, nor where their settings come from.
package doctor

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"time"

	"github.com/billhook/billhook"
	"github.com/billhook/billhook/client"
	"github.com/billhook/billhook/postgres"
)

// A Level is how bad a finding is.
type Level string

// The levels. Fail is what has to be seen to now: deliveries fail or will be lost, or
// somebody may do what they must not.
const (
	OK   Level = "ok"
	Warn Level = "warn"
	Fail Level = "FAIL"
	// Skip: it could not be looked at.
	Skip Level = "skip"
)

// A Finding is what a check has found.
type Finding struct {
	Check   string `json:"check"`
	Level   Level  `json:"level"`
	Message string `json:"message"`
	// Advice says what to do; "" where there is nothing.
	Advice string `json:"advice,omitempty"`
}

// A Doctor has what it takes to look. What is zero is not looked at.
type Doctor struct {
	// URL is the service's.
	URL string
	// Client calls its API.
	Client *client.Client
	// DevKey is the key that is known to all, which no service that others can reach
	// may accept.
	DevKey string
	// HTTP sends what is asked without a key. Default: one with Go's own transport.
	HTTP *http.Client
	// Version is what looks.
	Version string
	// Webhook is one to look at closely.
	Webhook string
	// PublicURL and PortalOrigins are as the service is told them.
	PublicURL     string
	PortalOrigins []string
	// Proxy is what the service sends through.
	Proxy string
	// Resolver finds addresses. Default: Go's.
	Resolver Resolver

	// Inside is what is looked at beside the API.
	Inside *Inside

	// Growth is from how many bytes on a database should have an end. Default: 1 GiB.
	Growth int64
	// Budget bounds how long the audit log and the ledger are read. Default: 10 s each.
	Budget time.Duration

	told  func(Finding)
	state outside
}

// Resolver is net.Resolver, or what stands in for it.
type Resolver interface {
	LookupNetIP(ctx context.Context, network, host string) ([]netip.Addr, error)
}

// Inside is a service's database, and where it is a file its folder.
type Inside struct {
	// Folder is where the database file and the keys are; "" with PostgreSQL.
	Folder, DatabaseFile string
	// Open opens the database to be read.
	Open func(ctx context.Context) (Database, error)
	// Migrations lists those that are known, and those that the database has had.
	Migrations func(ctx context.Context) ([]postgres.Migration, error)
	// Condition is of the server; nil for a file.
	Condition func(ctx context.Context) (postgres.Condition, error)
	// KeyFile holds the keys that seal secrets; "" where they come from elsewhere.
	KeyFile string
	// Keys has them; nil for none.
	Keys func() (*billhook.Keyring, error)
}

// Database is one that is only read.
type Database interface {
	billhook.AuditLog
	billhook.Accounts
	Configuration(ctx context.Context) (billhook.Configuration, error)
	Close() error
}

// Run makes all checks, and tells each finding as it is made. It reports whether none
// is a Fail.
func (d *Doctor) Run(ctx context.Context, told func(Finding)) bool {
	healthy := true
	d.told = func(f Finding) {
		healthy = healthy && f.Level != Fail
		told(f)
	}
	if d.HTTP == nil {
		d.HTTP = &http.Client{Timeout: 10 * time.Second}
	}
	if d.Resolver == nil {
		d.Resolver = net.DefaultResolver
	}
	if d.Growth == 0 {
		d.Growth = 1 << 30
	}
	if d.Budget == 0 {
		d.Budget = 10 * time.Second
	}
	if d.URL != "" {
		d.checkOutside(ctx)
	}
	d.checkURLs()
	d.checkEgress(ctx)
	if d.Inside != nil {
		d.checkInside(ctx)
	} else {
		d.skip("database", "not looked at: give --data or --database-url where the service runs")
	}
	return healthy
}

func (d *Doctor) ok(check, format string, args ...any) {
	d.told(Finding{check, OK, fmt.Sprintf(format, args...), ""})
}

func (d *Doctor) skip(check, format string, args ...any) {
	d.told(Finding{check, Skip, fmt.Sprintf(format, args...), ""})
}

func (d *Doctor) warn(check, advice, format string, args ...any) {
	d.told(Finding{check, Warn, fmt.Sprintf(format, args...), advice})
}

func (d *Doctor) fail(check, advice, format string, args ...any) {
	d.told(Finding{check, Fail, fmt.Sprintf(format, args...), advice})
}

// isHere reports whether a URL leads to this machine alone.
func isHere(text string) bool {
	u, err := url.Parse(text)
	if err != nil {
		return false
	}
	ip, err := netip.ParseAddr(u.Hostname())
	return u.Hostname() == "localhost" || err == nil && ip.IsLoopback()
}

// mayNot reports whether the key lacks the permission for what was asked.
func mayNot(err error) bool {
	var e *client.Error
	return errors.As(err, &e) && e.Status == http.StatusForbidden
}

// ago is a time that has passed, for a reader.
func ago(d time.Duration) string {
	switch {
	case d < 0:
		return "just now"
	case d < time.Minute:
		return d.Round(time.Second).String()
	case d < 48*time.Hour:
		return d.Round(time.Minute).String()
	}
	return fmt.Sprintf("%d days", d/(24*time.Hour))
}

// size is a number of bytes, for a reader.
func size(bytes int64) string {
	for _, unit := range []struct {
		name  string
		bytes int64
	}{{"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10}} {
		if bytes >= unit.bytes {
			return fmt.Sprintf("%.1f %s", float64(bytes)/float64(unit.bytes), unit.name)
		}
	}
	return fmt.Sprintf("%d bytes", bytes)
}
