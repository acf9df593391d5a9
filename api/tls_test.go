package api

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/billhook/billhook"
	"github.com/billhook/billhook/internal/tlstest"
)

// inJSON is a text as a JSON string.
func inJSON(t *testing.T, text string) string {
	t.Helper()
	quoted, err := json.Marshal(text)
	if err != nil {
		t.Fatal(err)
	}
	return string(quoted)
}

// TestWebhookTLS: authorities and certificate are shown, the key nowhere; a change
// replaces all, keeps the key for ***, and null does away with it.
func TestWebhookTLS(t *testing.T) {
	f := newFixture(t, billhook.Config{}, Config{})
	authority := tlstest.NewAuthority(t, "authority")
	client, next := authority.Issue("client"), authority.Issue("next")
	ca, cert, key := inJSON(t, authority.PEM), inJSON(t, client.PEM), inJSON(t, client.KeyPEM)
	body := func(tls string) string {
		return `{"url":"https://example.com/hook","events":["*"],"tls":` + tls + `}`
	}
	const hidden = "PRIVATE KEY"
	created := f.do(t, exchange{method: "POST", path: "/api/webhooks", status: 201,
		body: body(`{"caCertificates":` + ca + `,"clientCertificate":` + cert + `,"clientKey":` + key + `}`),
		has:  []string{`"caCertificates":` + ca, `"clientCertificate":` + cert, `"clientKey":"***"`}, lacks: []string{hidden}})
	id := created.text("id")
	path := "/api/webhooks/" + id
	wantKey := func(want string) {
		t.Helper()
		w, err := f.client.Get(t.Context(), "default", id)
		if err != nil || w.TLS == nil || w.TLS.ClientKey.Value != want {
			t.Errorf("the key is not what it should be: %v", err)
		}
	}
	wantKey(client.KeyPEM)
	f.run(t, []exchange{
		{name: "get", method: "GET", path: path, status: 200, has: []string{`"clientKey":"***"`}, lacks: []string{hidden}},
		{name: "list", method: "GET", path: "/api/webhooks", status: 200, has: []string{`"clientKey":"***"`}, lacks: []string{hidden}},
		{name: "reveal", method: "GET", path: path + "/secret", status: 200, lacks: []string{hidden}},
		{name: "rotate", method: "POST", path: path + "/rotate-secret", body: `{}`, status: 200, lacks: []string{hidden}},
		{name: "something else", method: "PATCH", path: path, body: `{"name":"n"}`, status: 200, has: []string{`"clientKey":"***"`}, lacks: []string{hidden}},
		{name: "the same key without authorities", method: "PATCH", path: path, body: `{"tls":{"clientCertificate":` + cert + `,"clientKey":"***"}}`, status: 200,
			has: []string{cert}, lacks: []string{hidden, ca}},
	})
	wantKey(client.KeyPEM)
	before := f.contents(t)
	f.run(t, []exchange{
		{name: "a certificate that the kept key does not fit", method: "PATCH", path: path, body: `{"tls":{"clientCertificate":` + inJSON(t, next.PEM) + `,"clientKey":"***"}}`, status: 422, has: []string{`"pointer":"/tls/clientKey"`, "does not fit"}},
		{name: "no key", method: "PATCH", path: path, body: `{"tls":{"clientCertificate":` + cert + `}}`, status: 422, has: []string{`"pointer":"/tls/clientKey"`, `***`}},
		{name: "nothing", method: "PATCH", path: path, body: `{"tls":{}}`, status: 422, has: []string{`"pointer":"/tls"`}},
		{name: "unknown member", method: "PATCH", path: path, body: `{"tls":{"verify":false}}`, status: 422, has: []string{`"pointer":"/tls/verify"`}},
		{name: "no object", method: "PATCH", path: path, body: `{"tls":"x"}`, status: 422, has: []string{`"pointer":"/tls"`}},
		{name: "no text", method: "PATCH", path: path, body: `{"tls":{"caCertificates":[]}}`, status: 422, has: []string{`"pointer":"/tls/caCertificates"`}},
		{name: "no authority", method: "POST", path: "/api/webhooks", body: body(`{"caCertificates":` + cert + `}`), status: 422, has: []string{`"pointer":"/tls/caCertificates"`}, lacks: []string{hidden}},
		{name: "nothing to keep", method: "POST", path: "/api/webhooks", body: body(`{"clientCertificate":` + cert + `,"clientKey":"***"}`), status: 422, has: []string{`"pointer":"/tls/clientKey"`}},
	})
	if after := f.contents(t); after != before {
		t.Errorf("a refused call left a trace:\n%s\nbefore:\n%s", after, before)
	}
	f.run(t, []exchange{
		{name: "another", method: "PATCH", path: path, body: `{"tls":{"clientCertificate":` + inJSON(t, next.PEM) + `,"clientKey":` + inJSON(t, next.KeyPEM) + `}}`, status: 200},
	})
	wantKey(next.KeyPEM)
	f.run(t, []exchange{
		{name: "audit", method: "GET", path: "/api/audit", status: 200, has: []string{`*** (changed)`}, lacks: []string{hidden}},
		{name: "none", method: "PATCH", path: path, body: `{"tls":null}`, status: 200, has: []string{`"tls":null`}},
		{name: "none from the start", method: "POST", path: "/v2/webhooks", body: body("null"), status: 201, has: []string{`"tls":null`}},
	})
}

// TestStoreEgress: where a store's webhooks may lead is the platform's to say. A key
// of the store sees it.
func TestStoreEgress(t *testing.T) {
	f := newFixture(t, billhook.Config{}, Config{})
	own := f.do(t, exchange{method: "POST", path: "/api/keys", body: `{"name":"k","permissions":["*"]}`, status: 201}).text("key")
	merchant := map[string]string{"X-Api-Key": own}
	const limits = `{"only":["*.partner.example","203.0.113.0/24"],"deny":["evil.partner.example"],"ports":[443,8443]}`
	hook := func(url string) string { return `{"url":"` + url + `","events":["*"]}` }
	f.run(t, []exchange{
		{name: "none", method: "GET", path: "/api/stores/default", status: 200, has: []string{`"egress":null`}},
		{name: "set", method: "PATCH", path: "/api/stores/default", body: `{"egress":` + limits + `}`, status: 200, has: []string{`"egress":` + limits}},
		{name: "seen by a key of the store", method: "GET", path: "/api/stores/default", header: merchant, status: 200, has: []string{`"egress":` + limits}},
		{name: "not changed by one", method: "PATCH", path: "/api/stores/default", header: merchant, body: `{"egress":null}`, status: 403, has: []string{"those that are for all"}},
		{name: "not narrowed by one", method: "PATCH", path: "/api/stores/default", header: merchant, body: `{"name":"n","egress":{"ports":[443]}}`, status: 403},
		{name: "the rest it may", method: "PATCH", path: "/api/stores/default", header: merchant, body: `{"name":"mine"}`, status: 200, has: []string{`"egress":` + limits}},
		{name: "elsewhere", method: "POST", path: "/api/webhooks", body: hook("https://93.184.216.34/"), status: 422, has: []string{`"code":"url_refused"`, "the store lets webhooks go to certain hosts"}},
		{name: "denied", method: "POST", path: "/api/webhooks", body: hook("https://evil.partner.example/"), status: 422, has: []string{"the store has blocked"}},
		{name: "port", method: "POST", path: "/api/webhooks", body: hook("https://hooks.partner.example:9443/"), status: 422, has: []string{"port 9443"}},
		{name: "empty", method: "PATCH", path: "/api/stores/default", body: `{"egress":{"only":[]}}`, status: 422, has: []string{`"pointer":"/egress/only"`}},
		{name: "no entry", method: "PATCH", path: "/api/stores/default", body: `{"egress":{"deny":["ok.example","10.0.0.0/99"]}}`, status: 422, has: []string{`"pointer":"/egress/deny/1"`}},
		{name: "no port", method: "PATCH", path: "/api/stores/default", body: `{"egress":{"ports":[443,65536]}}`, status: 422, has: []string{`"pointer":"/egress/ports/1"`}},
		{name: "opens nothing", method: "PATCH", path: "/api/stores/default", body: `{"egress":{"allow":["10.0.0.0/8"]}}`, status: 422, has: []string{`"pointer":"/egress/allow"`}},
		{name: "as it was", method: "GET", path: "/api/stores/default", status: 200, has: []string{`"egress":` + limits, `"name":"mine"`}},
		{name: "audit", method: "GET", path: "/api/audit/store/default", status: 200, has: []string{`evil.partner.example`}},
		{name: "away", method: "PATCH", path: "/api/stores/default", body: `{"egress":null}`, status: 200, has: []string{`"egress":null`}},
		{name: "with a new store", method: "POST", path: "/api/stores", body: `{"id":"bound","egress":{"ports":[443],"only":null}}`, status: 201, has: []string{`"egress":{"ports":[443]}`}},
	})
}

// TestSealedHeaderIsNoValue: nobody can bring along what is kept of another's header.
func TestSealedHeaderIsNoValue(t *testing.T) {
	f := newFixture(t, billhook.Config{}, Config{})
	value := inJSON(t, "\x1fsealed v1:k:"+strings.Repeat("A", 40))
	f.do(t, exchange{method: "POST", path: "/api/webhooks", status: 422, has: []string{`"pointer":"/headers/X-A"`},
		body: `{"url":"https://example.com/","events":["*"],"headers":{"X-A":` + value + `}}`})
}
