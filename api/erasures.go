package api

import (
	"net/http"
	"net/url"

	"github.com/billhook/billhook"
)

type erasureJSON struct {
	ID     string        `json:"id"`
	Entity referenceJSON `json:"entity"`
	// Status is "running" or "finished".
	Status     string  `json:"status"`
	Events     int     `json:"events"`
	CreatedAt  instant `json:"createdAt"`
	FinishedAt instant `json:"finishedAt"`
}

func showErasure(e *billhook.Erasure) erasureJSON {
	status := "running"
	if !e.FinishedAt.IsZero() {
		status = "finished"
	}
	return erasureJSON{e.ID, referenceJSON(e.Entity), status, e.Events, instant(e.CreatedAt), instant(e.FinishedAt)}
}

func (c *call) createErasure() error {
	text, err := c.body(c.cfg.MaxBody)
	if err != nil {
		return err
	}
	var entity billhook.Reference
	err = readBody(text, func(rd *reader) error {
		told := false
		err := rd.object([]string{"entity"}, func(string) (err error) {
			told = true
			entity, err = rd.reference()
			return err
		})
		if err == nil && !told {
			err = rd.missing("entity")
		}
		return err
	})
	if err != nil {
		return err
	}
	e, err := c.client.Erase(c.r.Context(), c.storeID, entity)
	if err != nil {
		return err
	}
	c.w.Header().Set("Location", "/api/erasures/"+url.PathEscape(e.ID))
	return c.answer(http.StatusAccepted, showErasure(&e))
}

func (c *call) listErasures() error {
	q := c.query("limit", "cursor")
	f := billhook.ErasureFilter{StoreID: c.storeID, Before: q.after(erasureCursor)}
	limit := q.limit()
	if q.err != nil {
		return q.err
	}
	f.Limit = limit + 1
	all, err := c.client.Erasures(c.r.Context(), f)
	if err != nil {
		return err
	}
	return c.answer(http.StatusOK, newPage(all, limit, showErasure, func(e *billhook.Erasure) string {
		return idCursor(erasureCursor, e.ID)
	}))
}

func (c *call) getErasure() error {
	e, err := c.client.Erasure(c.r.Context(), c.storeID, c.r.PathValue("id"))
	if err != nil {
		return err
	}
	return c.answer(http.StatusOK, showErasure(&e))
}

// retention reads a store's.
func (rd *reader) retention() (*billhook.Retention, error) {
	r := &billhook.Retention{}
	return r, rd.object([]string{"payloadDays", "attemptDays", "auditDays"}, func(name string) error {
		days := map[string]*int{"payloadDays": &r.PayloadDays, "attemptDays": &r.AttemptDays, "auditDays": &r.AuditDays}[name]
		n, err := optional(rd, rd.integer)
		if err == nil && (n < 0 || n > billhook.MaxRetentionDays) {
			err = rd.refuse("is %d: it must be from 0 to %d days", n, billhook.MaxRetentionDays)
		}
		*days = int(n)
		return err
	})
}
