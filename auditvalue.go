package billhook

import (
	"cmp"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/billhook/billhook/profile"
)

// What the audit log has of a store, a webhook, an API key and a delivery. Secrets and the
// values of headers are masked; that one is another than before is all that is
// told of it.
type (
	storeValue struct {
		Name    string `json:"name"`
		Profile string `json:"profile"`
		StoreSettings
	}
	webhookValue struct {
		URL         string               `json:"url"`
		Events      []string             `json:"events"`
		Name        string               `json:"name"`
		Description string               `json:"description"`
		IsActive    bool                 `json:"isActive"`
		RetryPolicy *profile.RetryPolicy `json:"retryPolicy"`
		Headers     map[string]string    `json:"headers"`
		Secrets     string               `json:"secrets"`

		OverlapSignature string `json:"overlapSignature"`
		Ed25519          bool   `json:"ed25519"`
		WebhookSettings
		TLS *tlsValue `json:"tls,omitempty"` // in place of that of the settings
	}
	tlsValue struct {
		CACertificates    string `json:"caCertificates"`
		ClientCertificate string `json:"clientCertificate"`
		ClientKey         string `json:"clientKey"`
	}
	keyValue struct {
		Name        string     `json:"name"`
		Prefix      string     `json:"prefix"`
		Permissions []string   `json:"permissions"`
		AllStores   bool       `json:"allStores"`
		ExpiresAt   *time.Time `json:"expiresAt"`
	}
	portalValue struct {
		Capabilities []string       `json:"capabilities"`
		Actor        referenceValue `json:"actor"`
		ExpiresAt    time.Time      `json:"expiresAt"`
	}
	deliveryValue struct {
		WebhookID string `json:"webhookId"`
		EventID   string `json:"eventId"`
		Status    Status `json:"status"`
	}
	eventTypeValue struct {
		Description string          `json:"description"`
		Entity      *profile.Entity `json:"entity"`
		Examples    []string        `json:"examples"`
		Versions    []versionValue  `json:"versions"`
	}
	// A schema is told by its hash alone: it may be long, and is kept for good.
	versionValue struct {
		Number   int    `json:"number"`
		Breaking bool   `json:"breaking"`
		Schema   string `json:"schemaSha256"`
	}
	testValue struct {
		EventID    string `json:"eventId"`
		Event      string `json:"event"`
		DeliveryID string `json:"deliveryId"`
	}
)

const masked, maskedChanged = "***", "*** (changed)"

func auditValue(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		panic(err) // strings and numbers: there is nothing that can fail
	}
	return string(text)
}

// auditStore is a store as it was or is; "" for none.
func auditStore(s *Store) string {
	if s == nil || !s.DeletedAt.IsZero() {
		return ""
	}
	return auditValue(storeValue{s.Name, s.Profile, s.StoreSettings})
}

// auditKey is an API key; "" for one that is revoked.
func auditKey(k *APIKey) string {
	if k == nil || !k.RevokedAt.IsZero() {
		return ""
	}
	v := keyValue{k.Name, k.Prefix, k.Permissions, k.StoreID == "", nil}
	if !k.ExpiresAt.IsZero() {
		v.ExpiresAt = &k.ExpiresAt
	}
	return auditValue(v)
}

// auditPortal is a portal session, without its token.
func auditPortal(s *PortalSession) string {
	return auditValue(portalValue{s.Capabilities, referenceValue(s.Actor), s.ExpiresAt})
}

// auditEventType is an event type as it was or is; "" for none.
func auditEventType(t *EventType) string {
	if t == nil {
		return ""
	}
	v := eventTypeValue{Description: t.Description, Examples: t.Examples}
	if t.Entity != (profile.Entity{}) {
		v.Entity = &t.Entity
	}
	for _, one := range t.Versions {
		shown := versionValue{Number: one.Number, Breaking: one.Breaking}
		if one.Schema != "" {
			shown.Schema = fmt.Sprintf("%x", sha256.Sum256([]byte(one.Schema)))
		}
		v.Versions = append(v.Versions, shown)
	}
	return auditValue(v)
}

// auditWebhook is a webhook after a change, or with nil before it as it was; ""
// for none.
func auditWebhook(w, before *Webhook) string {
	if w == nil || !w.DeletedAt.IsZero() {
		return ""
	}
	v := webhookValue{
		URL: w.URL, Events: w.Events, Name: w.Name, Description: w.Description, IsActive: w.IsActive,
		RetryPolicy: w.RetryPolicy, Headers: make(map[string]string, len(w.Headers)), Secrets: masked,
		OverlapSignature: cmp.Or(w.OverlapSignature, SignOld), Ed25519: len(w.KeyPairs) > 0,
		WebhookSettings: w.WebhookSettings,
	}
	for name, value := range w.Headers {
		v.Headers[name] = masked
		if before == nil {
			continue
		}
		if was, had := before.Headers[name]; had && was != value {
			v.Headers[name] = maskedChanged
		}
	}
	if before != nil && !slices.EqualFunc(w.Secrets, before.Secrets, Secret.same) {
		v.Secrets = maskedChanged
	}
	if w.TLS != nil {
		v.TLS = auditTLS(w.TLS, before)
	}
	return auditValue(v)
}

func auditTLS(t *WebhookTLS, before *Webhook) *tlsValue {
	v := &tlsValue{CACertificates: t.CACertificates, ClientCertificate: t.ClientCertificate}
	if t.ClientCertificate == "" {
		return v
	}
	v.ClientKey = masked
	if before != nil && before.TLS != nil && before.TLS.ClientCertificate != "" && !before.TLS.ClientKey.same(t.ClientKey) {
		v.ClientKey = maskedChanged
	}
	return v
}

func (s Secret) same(t Secret) bool { return s.Value == t.Value && s.ExpiresAt.Equal(t.ExpiresAt) }
