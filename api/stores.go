package api

import (
	"cmp"
	"net/http"
	"net/url"

	"github.com/billhook/billhook"
	"github.com/billhook/billhook/profile"
)

type storeJSON struct {
	ID      string `json:"id"`
	Name    string `json:"name"`
	Profile string `json:"profile"`
	// RetryPolicy is null where the profile's is followed.
	RetryPolicy *profile.RetryPolicy `json:"retryPolicy"`
	Limits      limitsJSON           `json:"limits"`
	// DeactivateAfterSeconds is null for never.
	DeactivateAfterSeconds *int64 `json:"deactivateAfterSeconds"`
	// Validation is off, warn or enforce.
	Validation string `json:"validation"`
	// Egress is null where nothing is narrowed.
	Egress    *billhook.StoreEgress `json:"egress"`
	Retention *billhook.Retention   `json:"retention"`
	CreatedAt instant               `json:"createdAt"`
	UpdatedAt instant               `json:"updatedAt"`
}

func showStore(s *billhook.Store) storeJSON {
	return storeJSON{
		ID: s.ID, Name: s.Name, Profile: s.Profile, RetryPolicy: s.RetryPolicy,
		Limits: showLimits(s.Limits), DeactivateAfterSeconds: s.DeactivateAfterSeconds,
		Validation: cmp.Or(s.Validation, billhook.ValidationOff), Egress: s.Egress, Retention: s.Retention,
		CreatedAt: instant(s.CreatedAt), UpdatedAt: instant(s.UpdatedAt),
	}
}

func (c *call) createStore() error {
	text, err := c.body(c.cfg.MaxBody)
	if err != nil {
		return err
	}
	var s billhook.Store
	var policy *policyText
	err = readBody(text, func(rd *reader) error {
		err := rd.object([]string{"id", "name", "profile", "retryPolicy", "limits", "deactivateAfterSeconds", "validation", "egress", "retention"}, func(name string) (err error) {
			switch name {
			case "id":
				s.ID, err = rd.string()
			case "name":
				s.Name, err = optional(rd, rd.string)
			case "profile":
				s.Profile, err = optional(rd, rd.string)
			case "retryPolicy":
				policy, err = optional(rd, rd.retryPolicy)
			case "limits":
				s.Limits, err = optional(rd, rd.limits)
			case "deactivateAfterSeconds":
				s.DeactivateAfterSeconds, err = optional(rd, rd.integerPointer)
			case "validation":
				s.Validation, err = optional(rd, rd.string)
			case "egress":
				s.Egress, err = optional(rd, rd.egress)
			case "retention":
				s.Retention, err = optional(rd, rd.retention)
			}
			return err
		})
		if err == nil && s.ID == "" {
			err = rd.missing("id")
		}
		return err
	})
	if err != nil {
		return err
	}
	if s.RetryPolicy, err = c.storePolicy(c.r.Context(), policy, "", s.Profile); err != nil {
		return err
	}
	if s, err = c.client.CreateStore(c.r.Context(), s); err != nil {
		return err
	}
	return c.created("/api/stores/"+url.PathEscape(s.ID), showStore(&s))
}

func (c *call) listStores() error {
	q := c.query("limit", "cursor")
	limit, after := q.limit(), q.after(storeCursor)
	if q.err != nil {
		return q.err
	}
	stores, err := c.client.Stores(c.r.Context(), after, limit+1)
	if err != nil {
		return err
	}
	return c.answer(http.StatusOK, newPage(stores, limit, showStore, func(s *billhook.Store) string {
		return idCursor(storeCursor, s.ID)
	}))
}

func (c *call) getStore() error {
	s, err := c.client.Store(c.r.Context(), c.storeID)
	if err != nil {
		return err
	}
	return c.answer(http.StatusOK, showStore(&s))
}

func (c *call) updateStore() error {
	text, err := c.body(c.cfg.MaxBody)
	if err != nil {
		return err
	}
	var change billhook.StoreChange
	var policy **policyText
	err = readBody(text, func(rd *reader) error {
		return rd.object([]string{"name", "profile", "retryPolicy", "limits", "deactivateAfterSeconds", "validation", "egress", "retention"}, func(name string) (err error) {
			switch name {
			case "name":
				change.Name, err = pointerTo(rd.string())
			case "profile":
				change.Profile, err = pointerTo(rd.string())
			case "retryPolicy":
				policy, err = pointerTo(optional(rd, rd.retryPolicy))
			case "limits":
				change.Limits, err = pointerTo(optional(rd, rd.limits))
			case "deactivateAfterSeconds":
				change.DeactivateAfterSeconds, err = pointerTo(optional(rd, rd.integerPointer))
			case "validation":
				change.Validation, err = pointerTo(rd.string())
			case "egress":
				change.Egress, err = pointerTo(optional(rd, rd.egress))
			case "retention":
				change.Retention, err = pointerTo(optional(rd, rd.retention))
			}
			return err
		})
	})
	if err != nil {
		return err
	}
	if policy != nil {
		profileName := ""
		if change.Profile != nil {
			profileName = *change.Profile
		}
		if change.RetryPolicy, err = pointerTo(c.storePolicy(c.r.Context(), *policy, c.storeID, profileName)); err != nil {
			return err
		}
	}
	if change.Egress != nil && c.key.StoreID != "" {
		// A limit that who is limited could lift would be none.
		return forbidden("the key is for one store, and egress is set by those that are for all")
	}
	s, err := c.client.UpdateStore(c.r.Context(), c.storeID, change)
	if err != nil {
		return err
	}
	return c.answer(http.StatusOK, showStore(&s))
}

func (c *call) deleteStore() error {
	if err := c.client.DeleteStore(c.r.Context(), c.r.PathValue("id")); err != nil {
		return err
	}
	return c.noContent()
}
