package api

import (
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/billhook/billhook"
)

type portalSessionJSON struct {
	// ID names the session in the audit log.
	ID string `json:"id"`
	// Token is for <billhook-portal>, and URL opens the portal as a page of its own.
	Token     string  `json:"token"`
	URL       string  `json:"url"`
	ExpiresAt instant `json:"expiresAt"`
}

func (c *call) createPortalSession() error {
	text, err := c.body(c.cfg.MaxBody)
	if err != nil {
		return err
	}
	r, err := readPortalRequest(text)
	if err != nil {
		return err
	}
	if c.key.ID == "" {
		return &billhook.Error{Code: codeForbidden, Message: "portal sessions end with their API key, and this one has no id by which that could be seen", Hint: "make one with POST /api/keys, and use that"}
	}
	if err := c.key.mayHandOn(r.Capabilities); err != nil {
		return err
	}
	r.StoreID, r.KeyStoreID, r.KeyID = c.storeID, c.key.StoreID, c.key.ID
	made, token, err := c.client.CreatePortalSession(c.r.Context(), r)
	if err != nil {
		return err
	}
	return c.answer(http.StatusCreated, portalSessionJSON{made.ID, token, c.publicURL() + portalPath + "#" + token, instant(made.ExpiresAt)})
}

func readPortalRequest(text []byte) (r billhook.PortalRequest, err error) {
	err = readBody(text, func(rd *reader) error {
		return rd.object([]string{"capabilities", "expiresIn", "actor", "language", "theme"}, func(name string) (err error) {
			switch name {
			case "capabilities":
				r.Capabilities, err = rd.strings()
			case "expiresIn":
				r.ExpiresIn, err = optional(rd, rd.seconds)
			case "actor":
				r.Actor, err = optional(rd, rd.reference)
			case "language":
				r.Language, err = optional(rd, rd.string)
			case "theme":
				r.Theme, err = optional(rd, rd.string)
			}
			return err
		})
	})
	return r, err
}

// maxPortalSeconds is a day, the longest that a portal session lasts.
const maxPortalSeconds = 24 * 60 * 60

func (rd *reader) seconds() (time.Duration, error) {
	n, err := rd.integer()
	if err == nil && (n < 1 || n > maxPortalSeconds) {
		err = rd.refuse("must be from 1 to %d, in seconds", maxPortalSeconds)
	}
	return time.Duration(n) * time.Second, err
}

// mayHandOn keeps a key from giving what it may not do itself.
func (k *Key) mayHandOn(capabilities []string) error {
	for i, capability := range capabilities {
		for _, p := range billhook.PortalPermissions(capability) {
			if !k.may(p) {
				return &billhook.Error{Code: codeForbidden, Pointer: fmt.Sprintf("/capabilities/%d", i), Message: "the key lacks the permission " + p + ", and cannot give it"}
			}
		}
	}
	return nil
}

// portalPath is the dashboard's page that takes a token from behind the #, which no
// browser sends to anybody.
const portalPath = "/portal"

// publicURL is where the caller's browsers find this service.
func (c *call) publicURL() string {
	if c.cfg.PublicURL != "" {
		return strings.TrimRight(c.cfg.PublicURL, "/")
	}
	// Whoever sends a wrong one sends it to themselves: they have the API key.
	proto, _, _ := strings.Cut(c.r.Header.Get("X-Forwarded-Proto"), ",")
	if c.r.TLS != nil || strings.EqualFold(strings.TrimSpace(proto), "https") {
		return "https://" + c.r.Host
	}
	return "http://" + c.r.Host
}
