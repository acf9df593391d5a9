package api

import (
	"net/http"
	"net/url"

	"github.com/billhook/billhook"
)

type storeJSON struct {
	ID        string              `json:"id"`
	Name      string              `json:"name"`
	Profile   string              `json:"profile"`
	Retention *billhook.Retention `json:"retention"`
	CreatedAt instant             `json:"createdAt"`
	UpdatedAt instant             `json:"updatedAt"`
}

func showStore(s *billhook.Store) storeJSON {
	return storeJSON{s.ID, s.Name, s.Profile, s.Retention, instant(s.CreatedAt), instant(s.UpdatedAt)}
}

func (c *call) createStore() error {
	text, err := c.body(c.cfg.MaxBody)
	if err != nil {
		return err
	}
	var s billhook.Store
	err = readBody(text, func(rd *reader) error {
		err := rd.object([]string{"id", "name", "profile", "retention"}, func(name string) (err error) {
			switch name {
			case "id":
				s.ID, err = rd.string()
			case "name":
				s.Name, err = optional(rd, rd.string)
			case "profile":
				s.Profile, err = optional(rd, rd.string)
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
	err = readBody(text, func(rd *reader) error {
		return rd.object([]string{"name", "profile", "retention"}, func(name string) (err error) {
			switch name {
			case "name":
				change.Name, err = pointerTo(rd.string())
			case "profile":
				change.Profile, err = pointerTo(rd.string())
			case "retention":
				change.Retention, err = pointerTo(optional(rd, rd.retention))
			}
			return err
		})
	})
	if err != nil {
		return err
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
