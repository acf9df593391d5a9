package billhook

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// The words for what went wrong with a delivery are all in this file and in
// reasonerror.go. They are for merchants: they say what happened and, where that is
// known, what to do. They never tell of this machine's surroundings: no address of
// its own, of its proxy or of its name server.

// answered says what an answer other than a 2xx means, which came at the given time.
func answered(resp *http.Response, retryAfter time.Duration, at time.Time) string {
	code := resp.StatusCode
	until := ""
	if retryAfter > 0 {
		until = clock(at.Add(retryAfter), at)
	}
	switch {
	case code == http.StatusSwitchingProtocols:
		return "your shop answered 101 and wants to change the protocol; answer with a 2xx"
	case code == http.StatusGone:
		return "your shop answered 410 Gone, which says that it wants no more deliveries; activate the webhook again when it does"
	case code == http.StatusTooManyRequests && until != "":
		return "your shop asks for fewer requests (429) until " + until
	case code == http.StatusTooManyRequests:
		return "your shop asks for fewer requests (429)"
	}
	text := "your shop answered " + strings.TrimSpace(strconv.Itoa(code)+" "+http.StatusText(code))
	if code/100 == 3 {
		text = redirected(resp)
	} else if hint := hints[code]; hint != "" {
		text += ": " + hint
	}
	if until != "" {
		text += "; it asks to be left alone until " + until
	}
	return text
}

func redirected(resp *http.Response) string {
	if to := clip(resp.Header.Get("Location"), 200); to != "" {
		return fmt.Sprintf("your shop answered %d to %s: redirects are not followed; register the new address", resp.StatusCode, to)
	}
	return fmt.Sprintf("your shop answered %d: redirects are not followed; answer with a 2xx", resp.StatusCode)
}

// hints say what stands behind a status, or what to do about it.
var hints = map[int]string{
	http.StatusBadRequest:            "it does not understand the delivery; its log should say why",
	http.StatusUnauthorized:          "it does not let the delivery in; check that it has the webhook's secret, and that no login stands before this address",
	http.StatusForbidden:             "it does not let the delivery in; check that it has the webhook's secret, and that no firewall or login stands before this address",
	http.StatusNotFound:              "nothing takes deliveries at this address; register the right one",
	http.StatusMethodNotAllowed:      "what is at this address takes no POST; register the right one",
	http.StatusRequestTimeout:        "it gave up waiting for the request",
	http.StatusRequestEntityTooLarge: "the delivery is larger than it takes; raise the limit of your web server",
	http.StatusUnsupportedMediaType:  "it takes no application/json",
	http.StatusUnprocessableEntity:   "it does not accept what is in the delivery; its log should say why",
	http.StatusInternalServerError:   "it failed over the delivery; its log should say why",
	http.StatusBadGateway:            "what stands before your shop gets no proper answer from it",
	http.StatusServiceUnavailable:    "it is overloaded, or closed for maintenance",
	http.StatusGatewayTimeout:        "what stands before your shop gets no answer from it in time",
}

// notRetried says why an attempt that failed was the last one.
func notRetried(a *Attempt) string {
	return a.Error + " (not tried again: the retry policy does not do that after a " + strconv.Itoa(a.StatusCode) + ")"
}

// outOfAttempts says so, after so many since somebody last retried by hand.
func outOfAttempts(d *Pending, a *Attempt, made int) string {
	if made <= 1 {
		return a.Error + " (it was the only attempt that the retry policy allows)"
	}
	return tried(d, a, made) + ", the last: " + a.Error
}

// tooOld says that the next attempt would be when the delivery is older than allowed.
func tooOld(d *Pending, a *Attempt, made int, maxAge time.Duration) string {
	return fmt.Sprintf("%s, and no more, since the retry policy tries for %s (maxAge); the last: %s", tried(d, a, made), span(maxAge), a.Error)
}

// waitedTooLong says that a delivery was not sent at all when its turn came.
func waitedTooLong(d *Pending, maxAge time.Duration, now time.Time) string {
	return fmt.Sprintf("not sent: it had waited for %s when its turn came, and the retry policy tries for %s (maxAge)", span(now.Sub(d.since())), span(maxAge))
}

// tried is such as "6 attempts in 31 h".
func tried(d *Pending, a *Attempt, made int) string {
	attempts := fmt.Sprintf("%d attempts", made)
	if made == 1 {
		attempts = "1 attempt"
	}
	if d.AttemptsBefore > 0 {
		return attempts + " since it was retried by hand"
	}
	return attempts + " in " + span(a.StartedAt.Add(a.Duration).Sub(d.since()))
}

// span is a duration as people say it: with one unit, and never more than it is but
// by rounding.
func span(d time.Duration) string {
	d = max(d, 0)
	switch {
	case d < time.Second:
		return fmt.Sprintf("%d ms", d.Milliseconds())
	case d < 10*time.Second:
		return strings.TrimSuffix(fmt.Sprintf("%.1f", d.Seconds()), ".0") + " s"
	case d < 2*time.Minute:
		return fmt.Sprintf("%.0f s", d.Seconds())
	case d < 3*time.Hour:
		return fmt.Sprintf("%.0f min", d.Minutes())
	case d < 72*time.Hour:
		return fmt.Sprintf("%.0f h", d.Hours())
	}
	return fmt.Sprintf("%.0f days", d.Hours()/24)
}

// clock is a time near now as people say it. It is never before the time itself.
func clock(t, now time.Time) string {
	t, now = t.UTC(), now.UTC()
	unit, layout := time.Minute, "15:04 MST"
	if t.Sub(now) < 10*time.Minute {
		unit, layout = time.Second, "15:04:05 MST"
	}
	if rounded := t.Truncate(unit); rounded.Before(t) {
		t = rounded.Add(unit)
	}
	if t.YearDay() != now.YearDay() || t.Year() != now.Year() {
		layout = "2 Jan 2006 " + layout
	}
	return t.Format(layout)
}

// clip shortens what a stranger sent, and keeps it printable.
func clip(s string, n int) string {
	s = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, "�"))
	if len(s) <= n {
		return s
	}
	return strings.ToValidUTF8(s[:n], "") + "…"
}
