package billhook_test

import (
	"context"
	"fmt"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/billhook/billhook"
)

// A testLog sends the engine's log to the test's, and remembers it.
type testLog struct {
	t    *testing.T
	mu   sync.Mutex
	text strings.Builder
}

func (l *testLog) Write(p []byte) (int, error) {
	l.t.Log(string(p))
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

// keepsQuiet fails the test where the log has something that is in the database
// and for nobody to read: secrets, payloads, and the paths of URLs, which are
// secrets for some receivers.
func (l *testLog) keepsQuiet(db billhook.Database) {
	l.t.Helper()
	l.mu.Lock()
	said := unescaped(l.text.String())
	l.mu.Unlock()
	if said == "" {
		return
	}
	for _, confidential := range confidences(l.t, db) {
		if strings.Contains(said, unescaped(confidential)) {
			l.t.Errorf("the log tells %s:\n%s", confidential, said)
		}
	}
}

// unescaped makes the same of a text and of that text in quotes.
func unescaped(text string) string { return strings.ReplaceAll(text, `\`, "") }

func confidences(t *testing.T, db billhook.Database) (all []string) {
	t.Helper()
	ctx := context.Background()
	conf, err := db.Configuration(ctx)
	if err != nil {
		t.Fatal(err)
	}
	for _, h := range conf.Webhooks {
		if u, err := url.Parse(h.URL); err == nil && len(u.RequestURI()) > 1 {
			all = append(all, u.RequestURI())
		}
		for _, s := range h.Secrets {
			all = append(all, s.Value, s.Sealed)
		}
		for _, p := range h.KeyPairs {
			all = append(all, p.Value, p.Sealed)
		}
		for _, value := range h.Headers {
			all = append(all, value)
		}
		if h.TLS != nil {
			all = append(all, h.TLS.ClientKey.Value, h.TLS.ClientKey.Sealed)
		}
	}
	for _, s := range conf.Stores {
		events, err := db.Events(ctx, billhook.EventFilter{StoreID: s.ID, Limit: 1000})
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range events {
			all = append(all, string(e.Data))
		}
	}
	kept := all[:0]
	for _, text := range all {
		if len(text) >= 5 { // less may stand anywhere
			kept = append(kept, text)
		}
	}
	return kept
}

// TestRefusedDataIsNotLogged: what is wrong with data that was asked for in SQL
// is in the outbox, and not in the log.
func TestRefusedDataIsNotLogged(t *testing.T) {
	clusterBubble(t, func(t *testing.T, c *cluster) {
		c.config.Profile = "litestore"
		c.node(c.open()).run()
		const card = "41111111111111111"
		c.shared.Ask(billhook.Emission{StoreID: billhook.DefaultStore, Type: "commission.earned", Data: []byte(fmt.Sprintf(`{"jane@example.com":%s}`, card))})
		settle(time.Minute)
		if said := c.log.text.String(); strings.Contains(said, card) || strings.Contains(said, "jane") ||
			!strings.Contains(said, "cannot be emitted") || !strings.Contains(said, "code=inexact_number member=data") {
			t.Errorf("the log says %s", said)
		}
	})
}
