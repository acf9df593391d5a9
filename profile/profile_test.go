package profile

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
)

func named(t testing.TB, name string) *Profile {
	t.Helper()
	p, ok := Named(name)
	if !ok {
		t.Fatalf("no profile %s", name)
	}
	return p
}

func TestNames(t *testing.T) {
	want := []string{"commerce-engine", "commercio", "elective-commerce", "etail-depot", "litestore", "standard"}
	if got := Names(); !slices.Equal(got, want) {
		t.Errorf("got %v", got)
	}
	for _, name := range want {
		if p := named(t, name); p.Name != name || p.AllowHTTP || p.Timeout != 15*time.Second {
			t.Errorf("%s: %+v", name, p)
		}
	}
	if _, ok := Named("other"); ok {
		t.Error("there is a profile other")
	}
	named(t, Default)
}

// TestDocuments checks what the platforms' documents promise.
func TestDocuments(t *testing.T) {
	for _, test := range []struct {
		name, header, userAgent string
		reserializes            bool
		attempts                int
		types                   string
	}{
		{"elective-commerce", "X-E-Commerce-Signature", "Elective-Commerce-Webhook/1.0", true, 8,
			"order.created order.paid order.fulfilled customer.created"},
		{"commerce-engine", "x-commerce-signature", "Commerce-Engine-Webhook/1.0", false, 6,
			"orders.create orders.statusChange catalog.create catalog.update catalog.delete inventory.afterAdjust customers.create " +
				"customers.update pricing.create pricing.update promotions.create promotions.update fulfillment.create cart.afterAddItem"},
		{"commercio", "x-commercio-signature", "Commercio-Webhook/1.0", false, 8,
			"ORDER_CREATED ORDER_STATUS_CHANGED PRODUCT_CREATED PRODUCT_UPDATED INVENTORY_LOW PAYMENT_RECEIVED SHIPMENT_DELIVERED CUSTOMER_CREATED"},
		{"etail-depot", "etail-signature", "Etail-Depot-Webhook/1.0", false, 8,
			"payment.succeeded payment.failed payment.refunded order.created order.fulfilled order.cancelled account.updated card.issued transaction.created"},
		{"litestore", "x-litestore-signature", "Litestore-Webhook/1.0", true, 5,
			"content.submitted content.approved content.rejected product.purchased order.updated order.completed review.created " +
				"review.approved creator.registered commission.earned user.registered"},
	} {
		p := named(t, test.name)
		var types []string
		for _, et := range p.EventTypes {
			types = append(types, et.Name)
		}
		if p.Signature.Header != test.header || p.UserAgent != test.userAgent || p.Reserializes != test.reserializes ||
			p.Options().ExactNumbers != test.reserializes || p.RetryPolicy.MaxAttempts != test.attempts || p.Catalogue != Closed {
			t.Errorf("%s: %+v", test.name, p)
		}
		if got := strings.Join(types, " "); got != test.types {
			t.Errorf("%s: event types %s", test.name, got)
		}
		if p.Accepts("other") || !p.Accepts(types[0]) {
			t.Errorf("%s: the catalogue is not closed", test.name)
		}
	}
	if p := named(t, "standard"); p.Signature != nil || !p.Accepts("other") {
		t.Errorf("standard: %+v", p)
	}
	want := RetryPolicy{MaxAttempts: 5, BackoffMultiplier: 2, InitialDelay: time.Second, MaxDelay: 30 * time.Second, FirstExponent: 1, RetryOn: RetryOnServerErrors}
	if got := named(t, "litestore").RetryPolicy; !reflect.DeepEqual(got, want) {
		t.Errorf("litestore: %+v", got)
	}
}

func TestCatalogues(t *testing.T) {
	for _, name := range Names() {
		p := named(t, name)
		for _, et := range p.EventTypes {
			canonical, err := Canonical(et.Example, Options{ExactNumbers: true})
			if err != nil || !bytes.Equal(canonical, et.Example) {
				t.Errorf("%s %s: example %s, canonical %s, %v", name, et.Name, et.Example, canonical, err)
			}
			if kind, id, ok := p.EntityOf(et.Name, et.Example); !ok || kind != et.Entity.Type || id == "" {
				t.Errorf("%s %s: entity %q %q %v", name, et.Name, kind, id, ok)
			}
			if found, ok := p.EventType(et.Name); !ok || found.Description != et.Description {
				t.Errorf("%s: %s is not found", name, et.Name)
			}
		}
		if _, ok := p.EventType("other"); ok {
			t.Errorf("%s: has an event type other", name)
		}
	}
}

func TestEntityOf(t *testing.T) {
	p := named(t, "etail-depot")
	for _, test := range []struct {
		data, id string
		ok       bool
	}{
		{`{"id":"a\nb"}`, "a\nb", true},
		{`{"id":42}`, "42", true},
		{`{"id":-1.5}`, "-1.5", true},
		{`{"object":{"id":"in"}}`, "in", true},
		{`{"object":{"id":"in"},"id":"out"}`, "out", true},
		{`{"id":null}`, "", false},
		{`{"id":{}}`, "", false},
		{`{}`, "", false},
		{`null`, "", false},
		{``, "", false},
	} {
		kind, id, ok := p.EntityOf("payment.succeeded", []byte(test.data))
		if id != test.id || ok != test.ok || ok != (kind == "payment") {
			t.Errorf("%s: %q %q %v", test.data, kind, id, ok)
		}
	}
	if _, _, ok := p.EntityOf("other", []byte(`{"id":1}`)); ok {
		t.Error("an unknown type has an entity")
	}
}

func TestResolve(t *testing.T) {
	const text = `{"0":"zero","a":{"b/c~d":[1,[2,"x,]}\"y"],{}]},"e":[],"":{"":"empty"},"é":true}`
	for pointer, want := range map[string]string{
		"": text, "/0": `"zero"`, "/a/b~1c~0d/0": "1", "/a/b~1c~0d/1/1": `"x,]}\"y"`, "/a/b~1c~0d/2": "{}",
		"/e": "[]", "//": `"empty"`, "/é": "true",
		"a": "", "/x": "", "/a/b~1c~0d/3": "", "/a/b~1c~0d/-": "", "/a/b~1c~0d/00": "", "/e/0": "", "/0/0": "", "/é/0": "",
	} {
		got, ok := Resolve([]byte(text), pointer)
		if string(got) != want || ok != (want != "") {
			t.Errorf("%q: got %s, %v", pointer, got, ok)
		}
	}
}

func TestSucceeded(t *testing.T) {
	p := named(t, Default)
	for code, want := range map[int]bool{0: false, 199: false, 200: true, 204: true, 299: true, 301: false, 500: false} {
		if p.Succeeded(code) != want {
			t.Errorf("%d: %v", code, !want)
		}
	}
}

func TestMarshalProfile(t *testing.T) {
	for _, name := range Names() {
		p := named(t, name)
		text, err := json.Marshal(p)
		if err != nil {
			t.Fatal(err)
		}
		again, err := Parse(text)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		e := Event{ID: "evt_1", Type: "t", Time: time.Unix(1, 0), Data: []byte("1")}
		if second, _ := json.Marshal(again); !bytes.Equal(text, second) || !bytes.Equal(p.AppendBody(nil, e), again.AppendBody(nil, e)) {
			t.Errorf("%s: changed from\n%s to\n%s", name, text, second)
		}
	}
}

func TestLoad(t *testing.T) {
	p, err := Load(filepath.Join("profiles", "litestore.json"))
	if err != nil || p.Name != "litestore" {
		t.Errorf("got %v, %v", p, err)
	}
	if _, err := Load("nowhere.json"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("got %v", err)
	}
	path := filepath.Join(t.TempDir(), "bad.json")
	if err := os.WriteFile(path, []byte(`{"name":1}`), 0o600); err != nil {
		t.Fatal(err)
	}
	var member *MemberError
	if _, err := Load(path); !errors.As(err, &member) || member.Pointer != "/name" || !strings.Contains(err.Error(), path) {
		t.Errorf("got %v", err)
	}
}
