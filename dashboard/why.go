package dashboard

import "github.com/billhook/billhook"

// A cause is why a delivery has not arrived: the strings why.cause.… say what it is,
// and why.todo.… what to do.
type cause string

const (
	causeNone       cause = ""
	causeErased     cause = "erased"     // there is nothing to send any more
	causeDeleted    cause = "deleted"    // its webhook is
	causeCancelled  cause = "cancelled"  // for another reason
	causeSkipped    cause = "skipped"    // it was not to be sent after all
	causeHeld       cause = "held"       // its webhook is not active
	causeWaiting    cause = "waiting"    // it has not been tried yet
	causeTooOld     cause = "tooOld"     // when its turn came
	causeDenied     cause = "denied"     // 401, 403
	causeNoSuch     cause = "noSuch"     // 404, 405
	causeGone       cause = "gone"       // 410
	causeTooLarge   cause = "tooLarge"   // 413
	causeTooMany    cause = "tooMany"    // 429
	causeRejected   cause = "rejected"   // another 4xx
	causeFailed     cause = "failed"     // 500, and others that are no 2xx
	causeOverloaded cause = "overloaded" // 502, 503, 504
	causeRedirect   cause = "redirect"
	causeTimeout    cause = "timeout"
	causeResolve    cause = "resolve"
	causeConnect    cause = "connect"
	causeTLS        cause = "tls"
	causeRefused    cause = "refused"
	causeProtocol   cause = "protocol"
	causeUnknown    cause = "unknown" // a newer node has written it
)

// whyNot finds the cause for which a delivery has not arrived, by its last attempt, nil
// for none.
func whyNot(d *billhook.Delivery, last *billhook.Attempt, webhookDeleted bool) cause {
	switch d.Status {
	case billhook.StatusDelivered:
		return causeNone
	case billhook.StatusHeld:
		return causeHeld
	case billhook.StatusSkipped:
		return causeSkipped
	case billhook.StatusCancelled:
		switch {
		case !d.ErasedAt.IsZero():
			return causeErased
		case webhookDeleted:
			return causeDeleted
		}
		return causeCancelled
	}
	if last == nil {
		if d.Status == billhook.StatusPending {
			return causeWaiting
		}
		return causeUnknown
	}
	return whyFailed(last)
}

// whyFailed finds the cause for which an attempt failed.
func whyFailed(a *billhook.Attempt) cause {
	switch a.Failure {
	case billhook.FailureStatus:
		return whyAnswered(a.StatusCode)
	case billhook.FailureRedirect:
		return causeRedirect
	case billhook.FailureTimeout:
		return causeTimeout
	case billhook.FailureResolve:
		return causeResolve
	case billhook.FailureConnect:
		return causeConnect
	case billhook.FailureTLS:
		return causeTLS
	case billhook.FailureRefused:
		return causeRefused
	case billhook.FailureProtocol:
		return causeProtocol
	case billhook.FailureExpired:
		return causeTooOld
	case billhook.FailureNone: // it was delivered, and somebody wants it again
		return causeWaiting
	}
	return causeUnknown
}

func whyAnswered(code int) cause {
	switch {
	case code == 401 || code == 403 || code == 407:
		return causeDenied
	case code == 404 || code == 405:
		return causeNoSuch
	case code == 410:
		return causeGone
	case code == 413:
		return causeTooLarge
	case code == 429:
		return causeTooMany
	case 400 <= code && code < 500:
		return causeRejected
	case code == 502 || code == 503 || code == 504:
		return causeOverloaded
	}
	return causeFailed
}
