package doctor

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/billhook/billhook"
	"github.com/billhook/billhook/client"
)

// probes are requests that tell whether a key has a permission and do nothing: what
// would change something is malformed, or about something that cannot be there, and is
// refused for that once the permission is looked at.
var probes = []struct {
	permission, method, path string
	body                     any
}{
	{billhook.PermissionWebhooksRead, http.MethodGet, "/api/webhooks?limit=1", nil},
	{billhook.PermissionWebhooksManage, http.MethodPost, "/api/webhooks", struct{}{}},
	{billhook.PermissionEventsEmit, http.MethodPost, "/api/events", struct{}{}},
	{billhook.PermissionDeliveriesRead, http.MethodGet, "/api/deliveries?limit=1", nil},
	{billhook.PermissionDeliveriesRetry, http.MethodGet, "/api/recoveries?limit=1", nil},
	{billhook.PermissionAuditRead, http.MethodGet, "/api/audit?limit=1", nil},
	{billhook.PermissionStoresManage, http.MethodPost, "/api/event-types", struct{}{}},
	{billhook.PermissionKeysManage, http.MethodGet, "/api/keys?limit=1", nil},
}

// checkKey reports whether the key is one.
func (d *Doctor) checkKey(ctx context.Context) bool {
	const check = "key"
	if d.Client == nil {
		d.skip(check, "there is none: set BILLHOOK_API_KEY and more is looked at")
		return false
	}
	var may, mayNotDo []string
	for _, p := range probes {
		err := d.Client.Do(ctx, p.method, p.path, p.body, nil)
		var e *client.Error
		switch {
		case err != nil && !errors.As(err, &e):
			d.fail(check, "look at the service's log", "cannot be tried: %v", err)
			return false
		case e != nil && e.Status == http.StatusUnauthorized:
			d.fail(check, "set BILLHOOK_API_KEY to a key of this service", "the service does not know it: revoked, expired, or another service's")
			return false
		case e != nil && e.Status == http.StatusForbidden:
			mayNotDo = append(mayNotDo, p.permission)
		case e != nil && e.Status == http.StatusNotFound:
			d.fail(check, "give a --store that there is", "it is valid, and cannot be used for the store: %s", e.Detail)
			return false
		case e != nil && e.Status != http.StatusBadRequest && e.Status != http.StatusUnprocessableEntity:
			d.fail(check, "look at the service's log", "cannot be tried: %v", e)
			return false
		default: // let in, or refused for what the probe lacks
			may = append(may, p.permission)
			d.state.may[p.permission] = true
		}
	}
	if len(mayNotDo) == 0 {
		d.ok(check, "valid, with all permissions")
	} else {
		d.ok(check, "valid, with %s; without %s", strings.Join(may, ", "), strings.Join(mayNotDo, ", "))
	}
	return true
}

// checkRoot tells whether the key for everything is used day by day.
func (d *Doctor) checkRoot(ctx context.Context) {
	const check = "root key"
	if d.state.dev {
		d.skip(check, "not looked at in development mode")
		return
	}
	var page client.Page[client.AuditEntry]
	err := d.Client.Do(ctx, http.MethodGet, "/api/audit?actorId=root&limit=1", nil, &page)
	switch {
	case mayNot(err):
		d.skip(check, "the key lacks audit:read")
	case err != nil:
		d.skip(check, "the audit log cannot be read: %v", err)
	case len(page.Data) == 0:
		d.ok(check, "not used in this store")
	default:
		last := page.Data[0]
		passed := time.Since(last.Timestamp)
		message := fmt.Sprintf("last used %s ago, for %s", ago(passed), last.Event)
		if passed < 7*24*time.Hour {
			d.warn(check, "make keys with the permissions that are needed (POST /api/keys), and put the root key away", "%s", message)
		} else {
			d.ok(check, "%s", message)
		}
	}
}
