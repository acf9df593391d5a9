package api

import (
	"context"
	_ "embed"
	"net/http"
	"time"

	"github.com/billhook/billhook"
)

// readyWithin is how long a readiness check may wait for the database.
const readyWithin = 5 * time.Second

//go:embed openapi.json
var openAPI []byte

func (c *call) getOpenAPI() error {
	c.send(http.StatusOK, headerJSON, openAPI)
	return nil
}

// getHealth answers as long as the process does.
func (c *call) getHealth() error {
	return c.answer(http.StatusOK, struct {
		Status  string `json:"status"`
		Version string `json:"version"`
	}{"ok", c.cfg.Version})
}

// getMetrics answers with the service's metrics.
func (c *call) getMetrics() error {
	if c.cfg.Metrics == nil {
		return &billhook.Error{Code: billhook.CodeNotFound, Message: "this service has no metrics"}
	}
	c.answered, c.status = true, http.StatusOK
	c.cfg.Metrics.ServeHTTP(c.w, c.r)
	return nil
}

// getReadiness answers 200 while emits can be stored.
func (c *call) getReadiness() error {
	ctx, cancel := context.WithTimeout(c.r.Context(), readyWithin)
	defer cancel()
	if err := c.client.Ready(ctx); err != nil {
		return err
	}
	return c.answer(http.StatusOK, struct {
		Status string `json:"status"`
	}{"ready"})
}
