package client

import (
	"context"
	"net/http"
	"time"
)

// PortalSessions let a merchant into the portal of their store.
type PortalSessions struct{ c *Client }

// A NewPortalSession says what may be done in a session, and by whom.
type NewPortalSession struct {
	// Capabilities are read, and as wanted manage and replay.
	Capabilities []string `json:"capabilities"`
	// ExpiresIn is how many seconds it lasts. Default: 3600.
	ExpiresIn int `json:"expiresIn,omitempty"`
	// Actor is who the audit log names. Default: the session itself.
	Actor *Reference `json:"actor,omitempty"`
	// Language is that of the pages, like de. Default: what the browser asks for.
	Language string `json:"language,omitempty"`
	// Theme is light or dark. Default: what the viewer's system has.
	Theme string `json:"theme,omitempty"`
}

// A PortalSession is what a merchant's page needs.
type PortalSession struct {
	// ID names it in the audit log.
	ID string `json:"id"`
	// Token is for <billhook-portal>.
	Token string `json:"token"`
	// URL opens the portal as a page of its own.
	URL       string    `json:"url"`
	ExpiresAt time.Time `json:"expiresAt"`
}

// Create makes a session of the store.
func (p PortalSessions) Create(ctx context.Context, n NewPortalSession) (*PortalSession, error) {
	return change[PortalSession](ctx, p.c, http.MethodPost, n, "portal-sessions")
}
