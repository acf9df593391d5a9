package billhook_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/billhook/billhook"
)

// narrow changes where a store's webhooks may lead.
func (w *world) narrow(storeID string, e *billhook.StoreEgress) {
	w.t.Helper()
	if _, err := w.client.UpdateStore(context.Background(), storeID, billhook.StoreChange{Egress: &e}); err != nil {
		w.t.Fatal(err)
	}
}

// TestEgressNarrowedWhileServing: new limits hold from the next attempt on, though
// there is a connection that they would not allow, and not for other stores; without
// them all is as before.
func TestEgressNarrowedWhileServing(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		w.store("other", "standard")
		var own, others inbox
		hook := w.register(w.serve(9000, &own), once)
		w.register(w.serve(9001, &others), once, func(r *billhook.Registration) { r.StoreID = "other" })
		w.run()
		emit := func() billhook.Attempt {
			t.Helper()
			if _, err := w.client.Emit(context.Background(), billhook.Emission{StoreID: "other", Type: "order.paid", Data: []byte("1")}); err != nil {
				t.Fatal(err)
			}
			return w.attempts(w.emitAndWait(time.Second))[hook.ID]
		}
		emit()
		for _, limits := range []*billhook.StoreEgress{
			{Deny: []string{"127.0.0.0/8"}}, {Only: []string{"*.partner.example"}}, {Ports: []uint16{443, 8443}},
		} {
			w.narrow("default", limits)
			if a := emit(); a.Failure != billhook.FailureRefused || !strings.Contains(a.Error, "cannot receive webhooks") {
				t.Errorf("with %+v: %+v", limits, a)
			}
			if e := w.refusal("default", "http://127.0.0.1:9002/"); strings.Contains(e.Message, "operator") {
				t.Errorf("with %+v registration says %s", limits, e.Message)
			}
		}
		w.narrow("default", &billhook.StoreEgress{})
		if s, err := w.client.Store(context.Background(), "default"); err != nil || s.Egress != nil {
			t.Errorf("limits that say nothing are kept: %+v, %v", s.Egress, err)
		}
		if a := emit(); !a.Success() {
			t.Errorf("without limits: %+v", a)
		}
		if len(own.all()) != 2 || len(others.all()) != 5 {
			t.Errorf("%d requests, and %d of the other store", len(own.all()), len(others.all()))
		}
	})
}

// TestEgressNarrowedElsewhere: limits that one node is told of hold on all.
func TestEgressNarrowedElsewhere(t *testing.T) {
	clusterBubble(t, func(t *testing.T, c *cluster) {
		sender, other, in := c.node(c.open()), c.node(c.open()), &inbox{}
		sender.hook("", c.serve(9000, in), "*")
		sender.run()
		sender.emit("order.paid", "1")
		settle(time.Second)
		limits := &billhook.StoreEgress{Deny: []string{"127.0.0.1"}}
		if _, err := other.UpdateStore(context.Background(), "default", billhook.StoreChange{Egress: &limits}); err != nil {
			t.Fatal(err)
		}
		settle(10 * time.Second)
		sender.emit("order.paid", "2")
		settle(time.Second)
		if len(in.all()) != 1 {
			t.Errorf("%d requests: the node has not heard of the limits", len(in.all()))
		}
	})
}

// TestEgressOpensNothing: a store cannot name what the deployment closes.
func TestEgressOpensNothing(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		w.reopen(func(c *billhook.Config) { c.AllowInsecure = false })
		w.narrow("default", &billhook.StoreEgress{Only: []string{"127.0.0.1", "10.0.0.0/8", "metadata.example"}})
		for _, url := range []string{"https://127.0.0.1/", "https://10.0.0.1/"} {
			w.refusal("default", url)
		}
	})
}

// TestEgressThatCannotBeRead: limits that nobody has checked close everything.
func TestEgressThatCannotBeRead(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		var in inbox
		hook := w.register(w.serve(9000, &in), once)
		conf, err := w.db.Configuration(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		i := slices.IndexFunc(conf.Stores, func(s billhook.Store) bool { return s.ID == "default" })
		s := conf.Stores[i]
		s.Egress = &billhook.StoreEgress{Deny: []string{"not a host!"}}
		if err := w.db.Commit(context.Background(), &billhook.Batch{Stores: []*billhook.StoreWrite{{Store: s, Was: s.UpdatedAt}}}); err != nil {
			t.Fatal(err)
		}
		w.reopen()
		w.run()
		if a := w.attempts(w.emitAndWait(time.Second))[hook.ID]; a.Failure != billhook.FailureRefused || len(in.all()) > 0 {
			t.Errorf("%+v", a)
		}
	})
}

func TestStoreEgressRefused(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		many := slices.Repeat([]string{"a.example"}, 201)
		for pointer, e := range map[string]*billhook.StoreEgress{
			"/egress/only":    {Only: []string{}},
			"/egress/ports":   {Ports: []uint16{}},
			"/egress/only/1":  {Only: []string{"a.example", "10.0.0.0/33"}},
			"/egress/deny/0":  {Deny: []string{"*"}},
			"/egress/deny/2":  {Deny: []string{"a.example", "::1", "https://b.example"}},
			"/egress/deny":    {Deny: many},
			"/egress/ports/1": {Ports: []uint16{443, 0}},
		} {
			_, err := w.client.UpdateStore(context.Background(), "default", billhook.StoreChange{Egress: &e})
			var refused *billhook.Error
			if !errors.As(err, &refused) || refused.Code != billhook.CodeInvalid || refused.Pointer != pointer {
				t.Errorf("%+v: %v, want %s", e, err, pointer)
			}
			if _, err := w.client.CreateStore(context.Background(), billhook.Store{ID: "new", StoreSettings: billhook.StoreSettings{Egress: e}}); billhook.ErrorCode(err) != billhook.CodeInvalid {
				t.Errorf("a new store with %+v: %v", e, err)
			}
		}
		if s, err := w.client.Store(context.Background(), "default"); err != nil || s.Egress != nil {
			t.Errorf("%+v, %v", s.Egress, err)
		}
	})
}
