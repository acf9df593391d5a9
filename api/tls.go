package api

import "github.com/billhook/billhook"

// tlsJSON is a webhook's own TLS as it is shown. The key never is.
type tlsJSON struct {
	CACertificates    string `json:"caCertificates,omitempty"`
	ClientCertificate string `json:"clientCertificate,omitempty"`
	ClientKey         string `json:"clientKey,omitempty"`
}

func showTLS(t *billhook.WebhookTLS) *tlsJSON {
	if t == nil {
		return nil
	}
	shown := &tlsJSON{CACertificates: t.CACertificates, ClientCertificate: t.ClientCertificate}
	if t.ClientCertificate != "" {
		shown.ClientKey = billhook.HeaderKept
	}
	return shown
}

func (rd *reader) tls() (*billhook.WebhookTLS, error) {
	t := &billhook.WebhookTLS{}
	err := rd.object([]string{"caCertificates", "clientCertificate", "clientKey"}, func(name string) error {
		text, err := optional(rd, rd.string)
		switch name {
		case "caCertificates":
			t.CACertificates = text
		case "clientCertificate":
			t.ClientCertificate = text
		case "clientKey":
			t.ClientKey.Value = text
		}
		return err
	})
	return t, err
}

// egress reads where a store's webhooks may lead.
func (rd *reader) egress() (*billhook.StoreEgress, error) {
	e := &billhook.StoreEgress{}
	err := rd.object([]string{"only", "deny", "ports"}, func(name string) (err error) {
		switch name {
		case "only":
			e.Only, err = optional(rd, rd.strings)
		case "deny":
			e.Deny, err = optional(rd, rd.strings)
		case "ports":
			e.Ports, err = optional(rd, rd.ports)
		}
		return err
	})
	return e, err
}

func (rd *reader) ports() ([]uint16, error) {
	ports := []uint16{}
	err := rd.array(func() error {
		n, err := rd.integer()
		if err == nil && (n < 1 || n > 65535) {
			err = rd.refuse("must be a port from 1 to 65535")
		}
		ports = append(ports, uint16(n)) // #nosec G115 -- refused where it is none
		return err
	})
	return ports, err
}
