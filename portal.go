package billhook

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/billhook/billhook/profile"
)

// Capabilities of a portal session.
const (
	PortalRead   = "read"   // see webhooks, events, deliveries and attempts; every session has it
	PortalManage = "manage" // register, change and delete webhooks, see and rotate their secrets, test them
	PortalReplay = "replay" // send deliveries once more, one or many
)

// PortalCapabilities are all that there are.
func PortalCapabilities() []string { return []string{PortalRead, PortalManage, PortalReplay} }

// PortalPermissions are what a capability permits; none for one that there is not.
func PortalPermissions(capability string) []string {
	switch capability {
	case PortalRead:
		return []string{PermissionWebhooksRead, PermissionDeliveriesRead}
	case PortalManage:
		return []string{PermissionWebhooksManage}
	case PortalReplay:
		return []string{PermissionDeliveriesRetry}
	}
	return nil
}

const (
	defaultPortalLife = time.Hour
	maxPortalLife     = 24 * time.Hour
	portalPurpose     = "portal sessions"
)

// A PortalRequest is what a platform says of a session that it hands to a merchant.
type PortalRequest struct {
	// StoreID defaults to DefaultStore.
	StoreID string
	// Capabilities are PortalRead and what else the merchant may do.
	Capabilities []string
	// ExpiresIn is how long the session lasts, from a second to 24 h, and not longer
	// than the key. Default: 1 h.
	ExpiresIn time.Duration
	// Actor is who the audit log names for what is done in the session: the platform's
	// user. The types of Billhook's own actors are refused. Default: the session.
	Actor Reference
	// Language is that of the pages (BCP 47). Default: what the browser asks for.
	Language string
	// Theme is "light" or "dark". Default: what the viewer's system has.
	Theme string
	// KeyID is the API key that asks, and KeyStoreID its store, "" for one that is for
	// all: the session ends with it, and can do no more than it. Default: none, for a
	// process that asks for itself.
	KeyStoreID, KeyID string
}

// A PortalSession lets a merchant use the pages of one store. It is in its token, and
// nowhere else.
type PortalSession struct {
	StoreID string
	// ID names it in the audit log.
	ID           string
	Capabilities []string
	// Permissions are those of the capabilities that its API key still has.
	Permissions []string
	Actor       Reference
	Language    string
	Theme       string
	// ExpiresAt is from when on it is refused.
	ExpiresAt time.Time
}

// portalClaims are what the token says.
type portalClaims struct {
	ID           string    `json:"id"`
	StoreID      string    `json:"store"`
	Capabilities []string  `json:"can"`
	ActorType    string    `json:"actorType"`
	ActorID      string    `json:"actor"`
	Language     string    `json:"language,omitempty"`
	Theme        string    `json:"theme,omitempty"`
	KeyStoreID   string    `json:"keyStore,omitempty"`
	KeyID        string    `json:"key,omitempty"`
	ExpiresAt    time.Time `json:"expires"`
}

// CreatePortalSession makes a session, and the token that stands for it. The token is
// handed out only after it is on record that it was made; a crash between the two
// leaves an entry of a session that nobody has.
func (c *Client) CreatePortalSession(ctx context.Context, r PortalRequest) (PortalSession, string, error) {
	at := now()
	r.StoreID = orDefaultStore(r.StoreID)
	if err := checkPortal(&r); err != nil {
		return PortalSession{}, "", err
	}
	if _, _, err := c.registry.store(r.StoreID); err != nil {
		return PortalSession{}, "", err
	}
	claims := portalClaims{
		ID: newID(profile.IDFormat{Prefix: "pts_", Style: profile.StyleULIDLower}, at), StoreID: r.StoreID, Capabilities: r.Capabilities,
		ActorType: r.Actor.Type, ActorID: r.Actor.ID, Language: r.Language, Theme: r.Theme,
		KeyStoreID: r.KeyStoreID, KeyID: r.KeyID, ExpiresAt: at.Add(r.ExpiresIn),
	}
	if r.Actor == (Reference{}) {
		claims.ActorType, claims.ActorID = entityPortalSession, claims.ID
	}
	if r.KeyID != "" {
		key, ok := c.portalKey(r.KeyStoreID, r.KeyID)
		switch {
		case !ok:
			return PortalSession{}, "", invalid("/keyId", "is no API key that may be used")
		case key.StoreID != "" && key.StoreID != r.StoreID:
			return PortalSession{}, "", invalid("/storeId", "is not the store that the API key is for")
		}
		if err := checkPortalKey(&key, r.Capabilities); err != nil {
			return PortalSession{}, "", err
		}
		if !key.ExpiresAt.IsZero() && key.ExpiresAt.Before(claims.ExpiresAt) {
			claims.ExpiresAt = key.ExpiresAt
		}
	}
	made := claims.session()
	done := newAudit(ctx, r.StoreID, AuditPortalCreate, Reference{entityPortalSession, made.ID})
	done.New = auditPortal(&made)
	if err := c.record(ctx, done); err != nil {
		return PortalSession{}, "", err
	}
	text, err := json.Marshal(claims)
	if err != nil {
		panic(err) // strings and a time
	}
	return made, c.SignToken(portalPurpose, text), nil
}

// PortalSession finds the session of a token, or says with CodeSessionEnded why there is
// none: it is not ours, or has expired, or its API key is revoked or has expired, or its
// store is deleted. It is asked at every request, since all of these may come true.
func (c *Client) PortalSession(token string) (PortalSession, error) {
	ended := func(message string) (PortalSession, error) {
		return PortalSession{}, &Error{Code: CodeSessionEnded, Message: message, Hint: "open it again from where you came, and you get a new one"}
	}
	var claims portalClaims
	text, ok := c.ReadToken(portalPurpose, token)
	if !ok || json.Unmarshal(text, &claims) != nil {
		return ended("this is no portal session of this Billhook")
	}
	if !now().Before(claims.ExpiresAt) {
		return ended("the portal session has expired")
	}
	if _, _, err := c.registry.store(claims.StoreID); err != nil {
		return ended("the store of the portal session is deleted")
	}
	found := claims.session()
	if claims.KeyID == "" {
		return found, nil
	}
	key, ok := c.portalKey(claims.KeyStoreID, claims.KeyID)
	if !ok {
		return ended("the API key that made the portal session is revoked or has expired")
	}
	found.Permissions = slices.DeleteFunc(found.Permissions, func(p string) bool { return !Permits(key.Permissions, p) })
	return found, nil
}

// portalKey finds an API key that may be used: one that is kept, or one that Config
// knows.
func (c *Client) portalKey(storeID, id string) (APIKey, bool) {
	k, ok := c.keys.find(storeID, id)
	if !ok && storeID == "" && c.config.OutsideKey != nil {
		k, ok = c.config.OutsideKey(id)
	}
	return k, ok && k.StoreID == storeID && k.usable(time.Now())
}

func (claims *portalClaims) session() PortalSession {
	s := PortalSession{
		StoreID: claims.StoreID, ID: claims.ID, Capabilities: slices.Clone(claims.Capabilities),
		Actor: Reference{claims.ActorType, claims.ActorID}, Language: claims.Language, Theme: claims.Theme, ExpiresAt: claims.ExpiresAt,
	}
	for _, capability := range s.Capabilities {
		s.Permissions = append(s.Permissions, PortalPermissions(capability)...)
	}
	return s
}

// checkPortal says what is wrong with the members of a request, and fills in defaults.
func checkPortal(r *PortalRequest) error {
	for i, capability := range r.Capabilities {
		switch pointer := fmt.Sprintf("/capabilities/%d", i); {
		case PortalPermissions(capability) == nil:
			return invalid(pointer, "is %q, and there are %s", capability, strings.Join(PortalCapabilities(), ", "))
		case slices.Contains(r.Capabilities[:i], capability):
			return invalid(pointer, "is there twice")
		}
	}
	if !slices.Contains(r.Capabilities, PortalRead) {
		return &Error{Code: CodeInvalid, Pointer: "/capabilities", Message: "lacks " + PortalRead + ", and without it there is nothing to see", Hint: `use ["read"], and add "manage" and "replay" as you like`}
	}
	switch {
	case r.ExpiresIn == 0:
		r.ExpiresIn = defaultPortalLife
	case r.ExpiresIn < time.Second || r.ExpiresIn > maxPortalLife:
		return invalid("/expiresIn", "must be from 1 second to %v hours", maxPortalLife.Hours())
	}
	if err := checkReference(r.Actor, "/actor"); err != nil {
		return err
	}
	// Nobody hands out a session in which the audit log would name another key, or
	// Billhook itself.
	if slices.Contains([]string{entityKey, entityPortalSession, billhookItself.Type}, r.Actor.Type) {
		return invalid("/actor/type", "is %q, which actors of Billhook's own have; name your user by a type of yours", r.Actor.Type)
	}
	if len(r.Language) > maxLanguage || strings.ContainsFunc(r.Language, func(c rune) bool {
		return (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '-'
	}) {
		return invalid("/language", `is no language tag like "de"`)
	}
	if r.Theme != "" && r.Theme != "light" && r.Theme != "dark" {
		return invalid("/theme", `must be "light" or "dark"`)
	}
	return nil
}

// maxLanguage is the longest language tag that RFC 5646 wants read, in bytes.
const maxLanguage = 35

// checkPortalKey keeps a key from handing on what it may not do itself.
func checkPortalKey(k *APIKey, capabilities []string) error {
	for i, capability := range capabilities {
		for _, p := range PortalPermissions(capability) {
			if !Permits(k.Permissions, p) {
				return invalid(fmt.Sprintf("/capabilities/%d", i), "needs the permission %s, which the API key lacks", p)
			}
		}
	}
	return nil
}
