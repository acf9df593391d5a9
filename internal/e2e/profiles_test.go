package e2e

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/billhook/billhook/profile"
)

// TestDocuments holds Billhook to each platform's document: its merchants
// register by the documented call, and their receivers verify and understand
// every event.
func TestDocuments(t *testing.T) {
	t.Parallel()
	s := serve(t, t.TempDir())
	t.Run("all", func(t *testing.T) { // ends after its parallel subtests
		for i := range documents {
			d := &documents[i]
			t.Run(d.profile, func(t *testing.T) {
				t.Parallel()
				s := d.store(t, s, d.profile)
				t.Run("verify", func(t *testing.T) { d.verify(t, s.in(t, d.profile)) })
				s = d.store(t, s, d.profile+"-distrust")
				t.Run("distrust", func(t *testing.T) { d.distrust(t, s.in(t, d.profile+"-distrust")) })
			})
		}
	})
}

// store makes a store of the document's profile.
func (d *document) store(t *testing.T, s *server, id string) *server {
	t.Helper()
	s = s.in(t, id)
	s.call("POST", "/api/stores", fmt.Sprintf(`{"id":%q,"name":"A shop","profile":%q}`, id, d.profile), http.StatusCreated)
	return s
}

// signUp registers the merchant by the documented call.
func (d *document) signUp(s *server, url string) webhook {
	s.t.Helper()
	caller := *s
	if d.bearer {
		caller.header = map[string]string{"Authorization": "Bearer " + devKey, "x-store-id": s.header["x-store-id"]}
	}
	a := caller.call("POST", d.endpoint, strings.Replace(d.registration, "URL", url, 1), http.StatusCreated)
	wantMembers(s.t, "the webhook", a.body, "id", "url", "secret", "events", "isActive", "createdAt")
	var asked, w webhook
	a.json(s.t, &w)
	if err := json.Unmarshal([]byte(d.registration), &asked); err != nil {
		s.t.Fatal(err)
	}
	if w.URL != url || !slices.Equal(w.Events, asked.Events) || !w.IsActive || !about(w.CreatedAt) ||
		w.Description != asked.Description || asked.Secret != "" && w.Secret != asked.Secret || w.Secret == "" {
		s.t.Errorf("registered %s, got %s", d.registration, a.body)
	}
	for member, value := range asked.RetryPolicy {
		if w.RetryPolicy[member] != value {
			s.t.Errorf("retryPolicy.%s is %v, not %v", member, w.RetryPolicy[member], value)
		}
	}
	wantMatch(s.t, "webhook id", d.hookID, w.ID)
	return w
}

func wantMatch(t *testing.T, what, pattern, text string) {
	t.Helper()
	if !regexp.MustCompile(`^(?:` + pattern + `)$`).MatchString(text) {
		t.Errorf("%s %q is not %s", what, text, pattern)
	}
}

// An emitted event, as it must arrive.
type emitted struct{ id, eventType, data, key string }

// verify emits every event of the document and hard ones, to a webhook
// registered as documented and to one for everything.
func (d *document) verify(t *testing.T, s *server) {
	m := hire(t, d)
	some := d.signUp(s, m.url+"?webhook=some")
	m.trust(some.Secret)
	all := s.register("/api/webhooks", fmt.Sprintf(`{"url":"%s?webhook=all","secret":%q,"events":["*"]}`, m.url, some.Secret))

	want := map[string]emitted{} // by webhook and event
	emit := func(e emitted, data string) {
		e.id = s.emit(e.eventType, data, e.key)
		want[all.URL+" "+e.id] = e
		if slices.Contains(some.Events, e.eventType) || some.Events[0] == "*" {
			want[some.URL+" "+e.id] = e
		}
	}
	p, _ := profile.Named(d.profile)
	for _, e := range p.EventTypes {
		emit(emitted{eventType: e.Name, data: string(e.Example)}, string(e.Example))
		if !slices.Contains(d.types, e.Name) {
			t.Errorf("the catalogue has %s, the document does not", e.Name)
		}
	}
	if len(p.EventTypes) != len(d.types) {
		t.Errorf("the catalogue has %d event types, the document %d", len(p.EventTypes), len(d.types))
	}
	for _, hard := range hardPayloads {
		emit(emitted{eventType: d.plain, data: hard.want}, hard.data)
	}
	emit(emitted{eventType: d.plain, data: `{"n":1}`, key: "key-1"}, `{"n":1}`)
	d.emitInexact(s, emit)

	host := strings.TrimSuffix(m.url, d.path)
	for _, a := range m.arrivals(len(want)) {
		where := host + a.URL + " " + a.Headers["webhook-id"]
		e, ok := want[where]
		if !ok {
			t.Errorf("this came twice or was not emitted: %s", where)
			continue
		}
		delete(want, where)
		d.checkArrival(t, a, e, some.Secret)
	}
	s.settled(patience)
	d.checkDeliveries(t, s, all, len(p.EventTypes)+len(hardPayloads))
	d.deactivate(s, all, some)
}

// emit emits an event and returns its id.
func (s *server) emit(eventType, data, key string) string {
	s.t.Helper()
	caller := *s
	if key != "" {
		caller.header = map[string]string{"Idempotency-Key": key}
		for name, value := range s.header {
			caller.header[name] = value
		}
	}
	var e struct{ ID string }
	caller.call("POST", "/api/events", fmt.Sprintf(`{"type":%q,"data":%s}`, eventType, data), http.StatusAccepted).json(s.t, &e)
	return e.ID
}

// emitInexact emits a number that JavaScript would change: it is refused where
// receivers would compute another signature, else carried as it is.
func (d *document) emitInexact(s *server, emit func(emitted, string)) {
	const data = `{"n":12345678901234567890}`
	if !d.reserializes {
		emit(emitted{eventType: d.plain, data: data}, data)
		return
	}
	p := s.refused("POST", "/api/events", fmt.Sprintf(`{"type":%q,"data":%s}`, d.plain, data), http.StatusUnprocessableEntity)
	if p.Pointer != "/data/n" {
		s.t.Errorf("the pointer is %q", p.Pointer)
	}
}

func (d *document) checkArrival(t *testing.T, a arrival, e emitted, secret string) {
	t.Helper()
	body := string(a.Raw)
	show := fmt.Sprintf("%s %.300s", e.eventType, body)
	if !a.Verified || a.Error != "" || a.Status != http.StatusOK || a.Method != "POST" {
		t.Errorf("the receiver answers %s with %d %s: %s", a.Method, a.Status, a.Error, show)
	}
	if exact := strings.Contains(e.data, "12345678901234567890"); a.Stable == exact {
		t.Errorf("JavaScript prints it again the same: %v: %s", a.Stable, show)
	}
	pattern := d.body()
	found := pattern.FindStringSubmatch(body)
	if found == nil {
		t.Fatalf("this is not %s: %s", d.envelope, show)
	}
	key := "null"
	if e.key != "" {
		key = strconv.Quote(e.key)
	}
	for i, name := range pattern.SubexpNames() {
		value := found[i]
		at, wanted := time.Now(), value
		var err error
		switch name {
		case "id":
			wanted = e.id
		case "type":
			wanted = e.eventType
		case "data":
			wanted = e.data
		case "key":
			wanted = key
		case "unix":
			seconds, _ := strconv.ParseInt(value, 10, 64)
			at = time.Unix(seconds, 0)
		case "millis", "seconds":
			at, err = time.Parse(timeLayouts[name], value)
		}
		if value != wanted || err != nil || !about(at) {
			t.Errorf("%s is %.300s, not %.300s: %s", name, value, wanted, show)
		}
	}
	if names := members(t, a.Raw); !slices.Equal(a.Members, names) {
		t.Errorf("JavaScript sees the members %v: %s", a.Members, show)
	}
	d.checkHeaders(t, a, secret, e.id)
}

func (d *document) checkHeaders(t *testing.T, a arrival, secret, id string) {
	t.Helper()
	agent := d.userAgent
	if agent == "" {
		p, _ := profile.Named(d.profile)
		agent = p.UserAgent
	}
	want := map[string]string{
		"content-type":   "application/json",
		"user-agent":     agent,
		"content-length": strconv.Itoa(len(a.Raw)),
		"webhook-id":     id,
	}
	if d.signature != "" {
		want[d.signature] = fmt.Sprintf("%x", mac([]byte(secret), string(a.Raw)))
	}
	at := a.Headers["webhook-timestamp"]
	seconds, _ := strconv.ParseInt(at, 10, 64)
	if !about(time.Unix(seconds, 0)) {
		t.Errorf("webhook-timestamp is %s", at)
	}
	signature := mac(standardKey(secret), id+"."+at+"."+string(a.Raw))
	want["webhook-signature"] = "v1," + base64.StdEncoding.EncodeToString(signature)
	for name, value := range want {
		if a.Headers[name] != value {
			t.Errorf("header %s is %q, not %q", name, a.Headers[name], value)
		}
	}
}

func mac(key []byte, text string) []byte {
	h := hmac.New(sha256.New, key)
	h.Write([]byte(text))
	return h.Sum(nil)
}

// standardKey is a secret's key in Standard Webhooks: what stands in base64
// behind whsec_, or the text itself where it is none.
func standardKey(secret string) []byte {
	if key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, "whsec_")); err == nil {
		return key
	}
	return []byte(secret)
}

// checkDeliveries compares what the API has on record with what happened.
func (d *document) checkDeliveries(t *testing.T, s *server, w webhook, atLeast int) {
	t.Helper()
	list := s.deliveries(d.endpoint + "/" + w.ID + "/deliveries")
	if len(list) < atLeast {
		t.Errorf("%d deliveries are on record, not %d", len(list), atLeast)
	}
	for _, one := range list {
		if one.StatusCode == nil || *one.StatusCode != http.StatusOK || !one.Success || one.Status != "delivered" ||
			one.Attempts != 1 || one.WebhookID != w.ID || one.LastAttemptAt == nil || !about(*one.LastAttemptAt) || one.NextAttemptAt != nil {
			t.Errorf("on record: %+v", one)
		}
		wantMatch(t, "delivery id", d.hookID, one.ID)
		wantMatch(t, "event id", d.eventID, one.EventID)
	}
	a := s.call("GET", "/api/deliveries/"+list[0].ID, "", http.StatusOK)
	wantMembers(t, "the delivery", a.body, "id", "webhookId", "event", "payload", "statusCode", "success", "attempts", "lastAttemptAt")
	payloads := map[string]bool{}
	for _, one := range list {
		payloads[string(one.Payload)] = true
	}
	for _, hard := range hardPayloads {
		if !payloads[hard.want] {
			t.Errorf("%s: no delivery has this payload: %.300s", hard.name, hard.want)
		}
	}
}

// deactivate checks that a webhook that is switched off gets nothing more.
func (d *document) deactivate(s *server, off, some webhook) {
	s.t.Helper()
	s.call("PATCH", d.endpoint+"/"+off.ID, `{"isActive":false}`, http.StatusOK)
	s.call("DELETE", d.endpoint+"/"+some.ID, "", http.StatusNoContent)
	var e struct{ Deliveries *int }
	s.call("POST", "/api/events", fmt.Sprintf(`{"type":%q,"data":{}}`, d.plain), http.StatusAccepted).json(s.t, &e)
	if e.Deliveries == nil || *e.Deliveries != 0 {
		s.t.Errorf("an event for nobody has deliveries: %v", e.Deliveries)
	}
}

// distrust has a merchant refuse a signature: the delivery has its answer on
// record, and is tried again where the document says so.
func (d *document) distrust(t *testing.T, s *server) {
	m := hire(t, d)
	w := d.signUp(s, m.url)
	m.trust("whsec_" + base64.StdEncoding.EncodeToString([]byte("another shop's secret")))
	eventType := w.Events[0]
	if eventType == "*" {
		eventType = d.plain
	}
	id := s.emit(eventType, `{"id":"1","entityId":"1"}`, "")
	if a := m.arrivals(1)[0]; a.Verified || a.Status != d.refusal {
		t.Errorf("the receiver answers %d %s", a.Status, a.Error)
	}
	var one delivery
	eventually(t, patience, func() string {
		list := s.deliveries("/api/deliveries?eventId=" + id)
		if len(list) != 1 || list[0].Attempts == 0 {
			return fmt.Sprintf("no attempt on record: %+v", list)
		}
		s.call("GET", "/api/deliveries/"+list[0].ID, "", http.StatusOK).json(t, &one)
		return ""
	})
	if one.Success || one.StatusCode == nil || *one.StatusCode != d.refusal || one.Reason == "" ||
		len(one.AttemptLog) == 0 || one.AttemptLog[0].StatusCode == nil || *one.AttemptLog[0].StatusCode != d.refusal ||
		one.AttemptLog[0].ResponseBody == "" {
		t.Errorf("on record: %+v", one)
	}
	if d.noClientErrors && (one.Status != "dead" || one.Attempts != 1 || one.NextAttemptAt != nil) {
		t.Errorf("a 4xx is tried again: %+v", one)
	}
	if !d.noClientErrors && (one.Status != "pending" || one.NextAttemptAt == nil) {
		t.Errorf("it is not tried again: %+v", one)
	}
	s.call("DELETE", "/api/webhooks/"+w.ID, "", http.StatusNoContent)
	s.settled(patience)
}
