package billhook

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// What went wrong with a delivery is said in the sentences of sentences.go; which one is
// decided here and in reasonerror.go. They are for merchants: they say what happened and,
// where that is known, what to do. They never tell of this machine's surroundings: no
// address of its own, of its proxy or of its name server.

// answered says what an answer other than a 2xx means, which came at the given time.
func answered(resp *http.Response, retryAfter time.Duration, at time.Time) string {
	code := resp.StatusCode
	until := ""
	if retryAfter > 0 {
		until = clock(at.Add(retryAfter), at)
	}
	switch {
	case code == http.StatusSwitchingProtocols:
		return say("answered.upgrade")
	case code == http.StatusGone:
		return say("answered.gone")
	case code == http.StatusTooManyRequests && until != "":
		return say("answered.busyUntil", until)
	case code == http.StatusTooManyRequests:
		return say("answered.busy")
	}
	status := strings.TrimSpace(strconv.Itoa(code) + " " + http.StatusText(code))
	text := say("answered.other", status)
	if code/100 == 3 {
		text = redirected(resp)
	} else if hint := "status." + strconv.Itoa(code); isSaid(hint) {
		text = say("answered.hint", status, say(hint))
	}
	if until != "" {
		text = say("leftAlone", text, until)
	}
	return text
}

func redirected(resp *http.Response) string {
	if to := clip(resp.Header.Get("Location"), 200); to != "" {
		return say("answered.redirectTo", resp.StatusCode, to)
	}
	return say("answered.redirect", resp.StatusCode)
}

// notRetried says why an attempt that failed was the last one.
func notRetried(a *Attempt) string { return say("notRetried", a.Error, a.StatusCode) }

// outOfAttempts says so, after so many since somebody last retried by hand.
func outOfAttempts(d *Pending, a *Attempt, made int) string {
	if made <= 1 {
		return say("onlyAttempt", a.Error)
	}
	return say("last", tried(d, a, made), a.Error)
}

// tooOld says that the next attempt would be when the delivery is older than allowed.
func tooOld(d *Pending, a *Attempt, made int, maxAge time.Duration) string {
	return say("noMore", tried(d, a, made), span(maxAge), a.Error)
}

// waitedTooLong says that a delivery was not sent at all when its turn came.
func waitedTooLong(d *Pending, maxAge time.Duration, now time.Time) string {
	return say("tooOld", span(now.Sub(d.since())), span(maxAge))
}

// waits says of a delivery with a reason, or "", that it waits for the breaker.
func waits(reason string, until, now time.Time) string {
	if reason == "" {
		return say("waits", clock(until, now))
	}
	return say("waits.after", reason, clock(until, now))
}

// tried is such as "6 attempts in 31 h".
func tried(d *Pending, a *Attempt, made int) string {
	took := span(a.StartedAt.Add(a.Duration).Sub(d.since()))
	switch {
	case d.AttemptsBefore > 0 && made == 1:
		return say("tried.oneByHand")
	case d.AttemptsBefore > 0:
		return say("tried.manyByHand", made)
	case made == 1:
		return say("tried.one", took)
	}
	return say("tried.many", made, took)
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
