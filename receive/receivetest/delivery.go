// Package receivetest makes signed deliveries, for the tests of those who
// receive them.
//
// It signs as a sender does, with package profile. It must not know how they
// are received.
package receivetest

import (
	"bytes"
	"crypto/rand"
	"fmt"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/billhook/billhook/profile"
)

// A Delivery is one event, signed.
type Delivery struct {
	ID     string
	Header http.Header
	Body   []byte
}

// New returns a delivery of a new event, signed now. profileName is one of
// those that come along, data is JSON. It panics where there is no such
// profile or the data is none: a mistake in the test.
func New(profileName, secret, eventType, data string) *Delivery {
	p, ok := profile.Named(profileName)
	if !ok {
		panic(fmt.Sprintf("receivetest: no profile is named %q", profileName))
	}
	canonical, err := profile.Canonical([]byte(data), p.Options())
	if err != nil {
		panic(fmt.Sprintf("receivetest: data: %v", err))
	}
	var random [10]byte
	rand.Read(random[:]) // never fails: crypto/rand ends the program instead
	now := time.Now()
	e := profile.Event{ID: p.IDs.Event.New(now, random), Type: eventType, Time: now, Data: canonical}
	return Sign(p, []string{secret}, e, now)
}

// Sign returns a delivery of the event as it is sent at a time: an old one, or
// one under a profile of your own.
func Sign(p *profile.Profile, secrets []string, e profile.Event, at time.Time) *Delivery {
	d := &Delivery{ID: e.ID, Header: http.Header{}, Body: p.AppendBody(nil, e)}
	d.sign(p, secrets, e.Type, at)
	return d
}

func (d *Delivery) sign(p *profile.Profile, secrets []string, eventType string, at time.Time) {
	d.Header.Set("Content-Type", "application/json")
	d.Header.Set("User-Agent", p.UserAgent)
	for _, h := range append(p.Headers(secrets, d.ID, at, d.Body), p.EventHeaders(d.ID, eventType, at)...) {
		d.Header.Set(h.Name, h.Value)
	}
}

// SignBatch returns several events as they are sent at a time to a webhook with
// batches, whose id is the given one.
func SignBatch(p *profile.Profile, secrets []string, id string, at time.Time, events ...profile.Event) *Delivery {
	d := &Delivery{ID: id, Header: http.Header{}, Body: []byte{'['}}
	for i, e := range events {
		if i > 0 {
			d.Body = append(d.Body, ',')
		}
		d.Body = p.AppendBody(d.Body, e)
	}
	d.Body = append(d.Body, ']')
	d.sign(p, secrets, "", at)
	return d
}

// Request returns the delivery as a request to give to a handler. Each call
// makes another one, as when the sender tries again.
func (d *Delivery) Request() *http.Request {
	r := httptest.NewRequest(http.MethodPost, "/", bytes.NewReader(d.Body))
	r.Header = d.Header.Clone()
	return r
}
