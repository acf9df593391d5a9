package doctor

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"syscall"
	"time"

	"github.com/billhook/billhook/client"
)

// outside is what the checks from outside have found, for one another.
type outside struct {
	// may is what the key may do, by permission.
	may map[string]bool
	// hosts are those of webhooks.
	hosts map[string]bool
	// retained says that every store tells how long it keeps things; unknown where the
	// stores cannot be read.
	retained, unknown bool
	dev               bool
}

func (d *Doctor) checkOutside(ctx context.Context) {
	d.state = outside{may: map[string]bool{}, hosts: map[string]bool{}, unknown: true}
	if !d.reach(ctx) {
		return
	}
	d.checkReady(ctx)
	d.checkDev(ctx)
	if !d.checkKey(ctx) {
		return
	}
	d.checkRoot(ctx)
	d.checkStores(ctx)
	d.checkWebhooks(ctx)
	if d.Webhook != "" {
		d.checkWebhook(ctx)
	}
	d.checkMetrics(ctx)
}

// ask makes a request without a key, or with one.
func (d *Doctor) ask(ctx context.Context, path, key string) (*http.Response, []byte, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, strings.TrimRight(d.URL, "/")+path, nil)
	if err != nil {
		return nil, nil, err
	}
	if key != "" {
		r.Header.Set("X-Api-Key", key)
	}
	resp, err := d.HTTP.Do(r) // #nosec G704 -- the operator names the service
	if err != nil {
		return nil, nil, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	return resp, body, err
}

// reach asks whether anybody is there, and looks at the answer from all sides.
func (d *Doctor) reach(ctx context.Context) bool {
	const check = "reachable"
	asked := time.Now()
	resp, body, err := d.ask(ctx, "/healthz", "")
	took := time.Since(asked)
	if err != nil {
		d.fail(check, adviceFor(err), "%s does not answer: %v", d.URL, plainError(err))
		return false
	}
	var health client.Health
	if resp.StatusCode != http.StatusOK || json.Unmarshal(body, &health) != nil || health.Status != "ok" {
		d.fail(check, "give the URL of Billhook itself, and let what stands before it pass /healthz on",
			"%s answers, and not as Billhook does: %s to /healthz", d.URL, resp.Status)
		return false
	}
	d.ok(check, "%s answers within %v", d.URL, took.Round(time.Millisecond))
	if health.Version != d.Version {
		d.warn("version", "use the command of the version that serves, or upgrade it", "the service is %s, and this command %s", health.Version, d.Version)
	} else {
		d.ok("version", "%s, as this command", health.Version)
	}
	d.checkTLS(resp.TLS)
	d.checkClock(resp.Header.Get("Date"), asked.Add(took/2))
	return true
}

// plainError leaves out what is told already.
func plainError(err error) error {
	var e *url.Error
	if errors.As(err, &e) {
		return e.Err
	}
	return err
}

func adviceFor(err error) string {
	var dns *net.DNSError
	var cert *tls.CertificateVerificationError
	var record tls.RecordHeaderError
	switch {
	case errors.As(err, &cert):
		var expired x509.CertificateInvalidError
		if errors.As(err, &expired) && expired.Reason == x509.Expired {
			return "renew the certificate: nobody who checks it can reach the service"
		}
		return "give the service a certificate for this name, of an authority that callers trust"
	case errors.As(err, &record) || strings.Contains(err.Error(), "server gave HTTP response to HTTPS client"):
		return "there is no TLS at this port: put a proxy with a certificate before Billhook, or give the URL with http://"
	case errors.As(err, &dns):
		return "look at the name, and at its DNS"
	case errors.Is(err, syscall.ECONNREFUSED):
		return "nothing listens there: start it with `billhook serve`, or give its --url"
	case errors.Is(err, context.DeadlineExceeded):
		return "a firewall may drop what is sent there, or the service hang: look at its log"
	}
	return "give the service's --url, and look at its log"
}

// checkTLS looks at how the connection is protected.
func (d *Doctor) checkTLS(state *tls.ConnectionState) {
	const check = "tls"
	switch {
	case state == nil && isHere(d.URL):
		d.ok(check, "not needed between programs of one machine")
	case state == nil:
		d.warn(check, "put a proxy with a certificate before Billhook, and give the URL with https://", "API keys and secrets travel unencrypted to %s", d.URL)
	default:
		ends := state.PeerCertificates[0].NotAfter
		left := time.Until(ends)
		switch advice := "renew it, and see why that did not happen by itself"; {
		case left < 3*24*time.Hour:
			d.fail(check, advice, "the certificate ends in %s, on %s", ago(left), ends.Format(time.DateOnly))
		case left < 14*24*time.Hour:
			d.warn(check, advice, "the certificate ends in %s, on %s", ago(left), ends.Format(time.DateOnly))
		default:
			d.ok(check, "the certificate holds for %s more", ago(left))
		}
	}
}

// checkClock compares the service's clock with this one. Receivers refuse signatures
// that are five minutes off.
func (d *Doctor) checkClock(date string, here time.Time) {
	const check = "clock"
	there, err := http.ParseTime(date)
	if err != nil {
		d.skip(check, "the answer has no Date that can be read")
		return
	}
	// A Date is cut off to the second.
	apart := max(there.Sub(here), here.Sub(there)-time.Second, 0)
	d.clocks(check, "the service's", apart)
}

func (d *Doctor) clocks(check, whose string, apart time.Duration) {
	const advice = "have NTP run on both machines: a signature that is minutes off is refused by receivers"
	switch {
	case apart > time.Minute:
		d.fail(check, advice, "%s clock and this machine's are %s apart", whose, ago(apart))
	case apart > 5*time.Second:
		d.warn(check, advice, "%s clock and this machine's are %s apart", whose, ago(apart))
	default:
		d.ok(check, "%s clock and this machine's agree", whose)
	}
}

func (d *Doctor) checkReady(ctx context.Context) {
	const check = "ready"
	resp, body, err := d.ask(ctx, "/readyz", "")
	switch {
	case err != nil:
		d.fail(check, "look at the service's log", "/readyz does not answer: %v", plainError(err))
	case resp.StatusCode == http.StatusOK:
		d.ok(check, "an event can be stored")
	default:
		var e client.Error
		_ = json.Unmarshal(body, &e) // what is there is told
		why := strings.TrimSpace(e.Title + ": " + e.Detail)
		d.fail(check, "look at the disk or the database, and at the service's log: no event is accepted meanwhile", "/readyz answers %d: %s", resp.StatusCode, why)
	}
}

// checkDev tries the key that is known to all.
func (d *Doctor) checkDev(ctx context.Context) {
	const check = "development mode"
	if d.DevKey == "" {
		return
	}
	resp, _, err := d.ask(ctx, "/api/stores?limit=1", d.DevKey)
	switch {
	case err != nil:
		d.skip(check, "cannot tell: %v", plainError(err))
	case resp.StatusCode == http.StatusUnauthorized:
		d.ok(check, "off: the well-known key is refused")
	case resp.StatusCode != http.StatusOK:
		d.skip(check, "cannot tell: to the well-known key it answers %s", resp.Status)
	case isHere(d.URL):
		d.state.dev = true
		d.warn(check, "start it without --dev before it serves anybody", "on: the service accepts a key that is known to all, and sends to private networks")
	default:
		d.state.dev = true
		d.fail(check, "stop it now, and start it without --dev", "%s accepts a key that is known to all: whoever reaches it may do everything", d.URL)
	}
}
