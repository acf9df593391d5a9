package api

import (
	"github.com/billhook/billhook"
)

type heldLimitsJSON struct {
	MaxCount      int `json:"maxCount"`
	MaxAgeSeconds int `json:"maxAgeSeconds"`
}

type releaseJSON struct {
	Action string `json:"action"`
	// RatePerSecond is null for no bound.
	RatePerSecond *float64 `json:"ratePerSecond"`
	StartedAt     instant  `json:"startedAt"`
}

// showHeld says what becomes of events while the webhook is not active.
func (shown *webhookJSON) showHeld(w *billhook.Webhook) {
	if w.WhenInactive != "" {
		shown.WhenInactive = &w.WhenInactive
	}
	count, age := w.HeldBounds()
	shown.Held = heldLimitsJSON{count, int(age.Seconds())}
	if r := w.Release; r != nil {
		shown.HeldDeliveries = &releaseJSON{Action: r.Action, StartedAt: instant(r.Before)}
		if r.RatePerSecond > 0 {
			shown.HeldDeliveries.RatePerSecond = &r.RatePerSecond
		}
	}
}

func (rd *reader) whenInactive() (string, error) {
	s, err := rd.string()
	if err == nil && s != billhook.InactiveSkip && s != billhook.InactiveHold {
		err = rd.refuse("is neither %s nor %s", billhook.InactiveSkip, billhook.InactiveHold)
	}
	return s, err
}

// heldLimits reads what bounds what is held; what is left out is the default's.
func (rd *reader) heldLimits() (*billhook.HeldLimits, error) {
	var h billhook.HeldLimits
	return &h, rd.object([]string{"maxCount", "maxAgeSeconds"}, func(name string) (err error) {
		switch name {
		case "maxCount":
			h.MaxCount, err = rd.positive()
		case "maxAgeSeconds":
			h.MaxAgeSeconds, err = rd.positive()
		}
		return err
	})
}

func (rd *reader) positive() (int, error) {
	n, err := rd.int()
	if err == nil && n < 1 {
		err = rd.refuse("is not above 0")
	}
	return n, err
}

// release reads what is to become of what is held.
func (rd *reader) release() (*billhook.Release, error) {
	var r billhook.Release
	return &r, rd.object([]string{"action", "ratePerSecond"}, func(name string) (err error) {
		switch name {
		case "action":
			r.Action, err = rd.string()
		case "ratePerSecond":
			if r.RatePerSecond, err = optional(rd, rd.number); err == nil && r.RatePerSecond < 0 {
				err = rd.refuse("is below 0")
			}
		}
		return err
	})
}
