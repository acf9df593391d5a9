package api

import (
	"context"
	_ "embed"
	"net/http"
	"time"
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
