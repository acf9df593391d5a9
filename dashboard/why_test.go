package dashboard

import (
	"testing"

	"github.com/billhook/billhook"
)

// TestWhyNot: each way not to arrive has its cause, and each cause its words.
func TestWhyNot(t *testing.T) {
	failed := func(f billhook.Failure, code int) *billhook.Attempt {
		return &billhook.Attempt{Failure: f, StatusCode: code}
	}
	answered := func(code int) *billhook.Attempt { return failed(billhook.FailureStatus, code) }
	for _, test := range []struct {
		status  billhook.Status
		last    *billhook.Attempt
		deleted bool
		want    cause
	}{
		{billhook.StatusDelivered, failed("", 200), false, causeNone},
		{billhook.StatusDelivered, failed("", 200), true, causeNone},
		{billhook.StatusHeld, nil, false, causeHeld},
		{billhook.StatusHeld, answered(500), false, causeHeld},
		{billhook.StatusSkipped, nil, false, causeSkipped},
		{billhook.StatusCancelled, nil, true, causeDeleted},
		{billhook.StatusCancelled, answered(500), true, causeDeleted},
		{billhook.StatusCancelled, nil, false, causeCancelled},
		{billhook.StatusPending, nil, false, causeWaiting},
		{billhook.StatusPending, failed("", 200), false, causeWaiting},
		{billhook.StatusPending, answered(500), false, causeFailed},
		{billhook.StatusDead, nil, false, causeUnknown},
		{billhook.StatusDead, failed("of a newer node", 0), false, causeUnknown},
		{billhook.StatusDead, answered(401), false, causeDenied},
		{billhook.StatusDead, answered(403), false, causeDenied},
		{billhook.StatusDead, answered(404), false, causeNoSuch},
		{billhook.StatusDead, answered(405), false, causeNoSuch},
		{billhook.StatusDead, answered(410), false, causeGone},
		{billhook.StatusDead, answered(413), false, causeTooLarge},
		{billhook.StatusDead, answered(422), false, causeRejected},
		{billhook.StatusDead, answered(429), false, causeTooMany},
		{billhook.StatusDead, answered(500), false, causeFailed},
		{billhook.StatusDead, answered(503), false, causeOverloaded},
		{billhook.StatusDead, answered(504), false, causeOverloaded},
		{billhook.StatusDead, answered(999), false, causeFailed},
		{billhook.StatusDead, failed(billhook.FailureRedirect, 302), false, causeRedirect},
		{billhook.StatusDead, failed(billhook.FailureTimeout, 0), false, causeTimeout},
		{billhook.StatusDead, failed(billhook.FailureResolve, 0), false, causeResolve},
		{billhook.StatusDead, failed(billhook.FailureConnect, 0), false, causeConnect},
		{billhook.StatusDead, failed(billhook.FailureTLS, 0), false, causeTLS},
		{billhook.StatusDead, failed(billhook.FailureRefused, 0), false, causeRefused},
		{billhook.StatusDead, failed(billhook.FailureProtocol, 0), false, causeProtocol},
		{billhook.StatusDead, failed(billhook.FailureExpired, 0), false, causeTooOld},
	} {
		got := whyNot(&billhook.Delivery{Status: test.status}, test.last, test.deleted)
		if got != test.want {
			t.Errorf("%s after %+v: %q, not %q", test.status, test.last, got, test.want)
		}
		for _, lang := range languages {
			for _, prefix := range []string{"why.cause.", "why.todo."} {
				if w := mustLoadWords(); got != causeNone && w[lang][prefix+string(got)] == "" {
					t.Errorf("%s has no %s%s", lang, prefix, got)
				}
			}
		}
	}
}
