package api

import (
	"time"

	"github.com/billhook/billhook"
)

var (
	registrationMembers = []string{
		"url", "events", "secret", "name", "description", "isActive", "active", "retryPolicy", "headers", "id",
		"overlapSignature", "ed25519", "limits", "deactivateAfterSeconds", "filter", "eventVersions", "order", "coalesce", "batch",
		"whenInactive", "held", "tls", "traceContext",
	}
	webhookChangeMembers = []string{
		"url", "events", "name", "description", "isActive", "active", "retryPolicy", "headers",
		"overlapSignature", "ed25519", "limits", "deactivateAfterSeconds", "filter", "eventVersions", "order", "coalesce", "batch",
		"whenInactive", "held", "tls", "traceContext", "heldDeliveries",
	}
)

// An activity is isActive and its other name, active, of 004_….
type activity struct{ isActive, active *bool }

func (a *activity) value() (*bool, error) {
	switch {
	case a.active == nil:
		return a.isActive, nil
	case a.isActive != nil && *a.isActive != *a.active:
		return nil, &billhook.Error{Code: billhook.CodeInvalid, Pointer: "/active", Message: "says otherwise than isActive"}
	}
	return a.active, nil
}

// readRegistration reads the body of POST /api/webhooks.
func (c *call) readRegistration(text []byte) (billhook.Registration, error) {
	r := billhook.Registration{StoreID: c.storeID}
	var active activity
	var policy *policyText
	err := readBody(text, func(rd *reader) error {
		return rd.object(registrationMembers, func(name string) (err error) {
			switch name {
			case "id":
				r.ID, err = optional(rd, rd.string)
			case "url":
				r.URL, err = rd.string()
			case "events":
				r.Events, err = rd.strings()
			case "secret":
				r.Secret, err = rd.secret()
			case "name":
				r.Name, err = optional(rd, rd.string)
			case "description":
				r.Description, err = optional(rd, rd.string)
			case "isActive":
				active.isActive, err = optional(rd, rd.boolPointer)
			case "active":
				active.active, err = optional(rd, rd.boolPointer)
			case "retryPolicy":
				policy, err = optional(rd, rd.retryPolicy)
			case "headers":
				r.Headers, err = optional(rd, rd.texts)
			case "overlapSignature":
				r.OverlapSignature, err = optional(rd, rd.overlapSignature)
			case "ed25519":
				r.Ed25519, err = optional(rd, rd.bool)
			case "limits":
				r.Limits, err = optional(rd, rd.limits)
			case "deactivateAfterSeconds":
				r.DeactivateAfterSeconds, err = optional(rd, rd.integerPointer)
			case "filter":
				r.Filter, err = optional(rd, rd.string)
			case "eventVersions":
				r.EventVersions, err = optional(rd, rd.versions)
			case "order":
				r.Order, err = optional(rd, rd.string)
			case "coalesce":
				r.Coalesce, err = optional(rd, rd.coalesce)
			case "batch":
				r.Batch, err = optional(rd, rd.batching)
			case "whenInactive":
				r.WhenInactive, err = optional(rd, rd.whenInactive)
			case "held":
				r.Held, err = optional(rd, rd.heldLimits)
			case "tls":
				r.TLS, err = optional(rd, rd.tls)
			case "traceContext":
				r.TraceContext, err = optional(rd, rd.bool)
			}
			return err
		})
	})
	if err != nil {
		return r, err
	}
	if r.RetryPolicy, err = c.webhookPolicy(policy); err != nil {
		return r, err
	}
	isActive, err := active.value()
	r.Inactive = isActive != nil && !*isActive
	return r, err
}

// readWebhookChange reads the body of PATCH /api/webhooks/{id}: what is absent
// stays, and null empties what can be empty.
func (c *call) readWebhookChange(text []byte) (billhook.WebhookChange, error) {
	var change billhook.WebhookChange
	var active activity
	var policy **policyText
	err := readBody(text, func(rd *reader) error {
		return rd.object(webhookChangeMembers, func(name string) (err error) {
			switch name {
			case "url":
				change.URL, err = pointerTo(rd.string())
			case "events":
				change.Events, err = pointerTo(rd.strings())
			case "name":
				change.Name, err = pointerTo(optional(rd, rd.string))
			case "description":
				change.Description, err = pointerTo(optional(rd, rd.string))
			case "isActive":
				active.isActive, err = rd.boolPointer()
			case "active":
				active.active, err = rd.boolPointer()
			case "retryPolicy":
				policy, err = pointerTo(optional(rd, rd.retryPolicy))
			case "headers":
				change.Headers, err = pointerTo(optional(rd, rd.texts))
			case "overlapSignature":
				change.OverlapSignature, err = pointerTo(optional(rd, rd.overlapSignature))
			case "ed25519":
				change.Ed25519, err = pointerTo(rd.bool())
			case "limits":
				change.Limits, err = pointerTo(optional(rd, rd.limits))
			case "deactivateAfterSeconds":
				change.DeactivateAfterSeconds, err = pointerTo(optional(rd, rd.integerPointer))
			case "filter":
				change.Filter, err = pointerTo(optional(rd, rd.string))
			case "eventVersions":
				change.EventVersions, err = pointerTo(optional(rd, rd.versions))
			case "order":
				change.Order, err = pointerTo(optional(rd, rd.string))
			case "coalesce":
				change.Coalesce, err = pointerTo(optional(rd, rd.coalesce))
			case "batch":
				change.Batch, err = pointerTo(optional(rd, rd.batching))
			case "whenInactive":
				change.WhenInactive, err = pointerTo(optional(rd, rd.whenInactive))
			case "held":
				change.Held, err = pointerTo(optional(rd, rd.heldLimits))
			case "heldDeliveries":
				change.HeldDeliveries, err = rd.release()
			case "tls":
				change.TLS, err = pointerTo(optional(rd, rd.tls))
			case "traceContext":
				change.TraceContext, err = pointerTo(rd.bool())
			}
			return err
		})
	})
	if err != nil {
		return change, err
	}
	if policy != nil {
		if change.RetryPolicy, err = pointerTo(c.webhookPolicy(*policy)); err != nil {
			return change, err
		}
	}
	change.IsActive, err = active.value()
	return change, err
}

func (rd *reader) int() (int, error) {
	n, err := rd.integer()
	return int(n), err
}

func (rd *reader) boolPointer() (*bool, error) { return pointerTo(rd.bool()) }

// milliseconds reads a duration of at most a year either way: far beyond what
// any member allows, and far from where it would overflow.
func (rd *reader) milliseconds() (time.Duration, error) {
	const year = 365 * 24 * int64(time.Hour/time.Millisecond)
	n, err := rd.integer()
	if err == nil && (n < -year || n > year) {
		err = rd.refuse("is too long")
	}
	return time.Duration(n) * time.Millisecond, err
}

// overlapSignature reads which secret signs while a rotation overlaps.
func (rd *reader) overlapSignature() (string, error) {
	s, err := rd.string()
	if err == nil && s != billhook.SignOld && s != billhook.SignNew {
		err = rd.refuse("is neither %s nor %s", billhook.SignOld, billhook.SignNew)
	}
	return s, err
}

// versions reads which version of an event type is meant, by name.
func (rd *reader) versions() (map[string]int, error) {
	return membersOf(rd, rd.version)
}

// coalesce reads what only the newest is to be sent of.
func (rd *reader) coalesce() (c billhook.Coalesce, err error) {
	err = rd.object([]string{"latest"}, func(string) (err error) {
		c.Latest, err = optional(rd, rd.strings)
		return err
	})
	return c, err
}

// secret reads a secret that the caller brings; null asks for a new one.
func (rd *reader) secret() (string, error) {
	if rd.isNull() {
		return "", nil
	}
	s, err := rd.string()
	if err == nil && s == "" {
		err = rd.refuse("is empty; leave it out for a new one")
	}
	return s, err
}

func pointerTo[T any](v T, err error) (*T, error) {
	if err != nil {
		return nil, err
	}
	return &v, nil
}
