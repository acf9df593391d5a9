package billhook_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/billhook/billhook"
)

// TestUnknownWebhookWaits: what a node takes over for a webhook that it has not
// heard of yet is sent, not cancelled.
func TestUnknownWebhookWaits(t *testing.T) {
	t.Run("made before the node runs", func(t *testing.T) {
		clusterBubble(t, func(t *testing.T, c *cluster) {
			maker, sender, in := c.node(c.open()), c.node(c.open()), &inbox{}
			maker.hook("", c.serve(9000, in), "*")
			c.emitUnowned(maker, "order.paid", "1")
			sender.run()
			wantEach(t, in, 1, 0)
		})
	})
	t.Run("made during a claim", func(t *testing.T) {
		clusterBubble(t, func(t *testing.T, c *cluster) {
			maker, sender, in := c.node(c.open()), c.node(c.open()), &inbox{}
			maker.hook("", c.serve(9000, in), "first")
			sender.run()
			var once sync.Once
			sender.db.onCommit(func(b *billhook.Batch, commit func() error) error {
				if len(b.Claims) > 0 {
					once.Do(func() {
						maker.hook("", c.serve(9001, in), "second")
						c.emitUnowned(maker, "second", `"second"`)
					})
				}
				return commit()
			})
			c.emitUnowned(maker, "first", `"first"`)
			settle(time.Minute)
			wantEach(t, in, 2, 0)
		})
	})
}

// TestUnusableStoreHindersNoOther: a store whose profile this node has not got
// leaves all others as they are known.
func TestUnusableStoreHindersNoOther(t *testing.T) {
	clusterBubble(t, func(t *testing.T, c *cluster) {
		sender, in := c.node(c.open()), &inbox{}
		sender.run()
		standard, _ := sender.Profile("standard")
		acme := *standard
		acme.Name = "acme"
		c.config.Profiles = append(c.config.Profiles, &acme)
		maker := c.node(c.open())
		if _, err := maker.CreateStore(context.Background(), billhook.Store{ID: "acme", Profile: "acme"}); err != nil {
			t.Fatal(err)
		}
		maker.hook("", c.serve(9000, in), "*")
		maker.emit("order.paid", "1") // nobody's, since its node does not run
		settle(time.Minute)
		wantEach(t, in, 1, 0)
	})
}

// TestConfigurationIsReadUntilItCanBe: a change that another node made, and that
// could not be read when it was told of, is taken in later.
func TestConfigurationIsReadUntilItCanBe(t *testing.T) {
	clusterBubble(t, func(t *testing.T, c *cluster) {
		hearer, changer, in := c.node(c.open()), c.node(c.open()), &inbox{}
		hook := hearer.hook("", c.serve(9000, in), "*")
		hearer.run()
		changer.run()
		hearer.db.on("Configuration", failOnce())
		if err := changer.Delete(context.Background(), "default", hook.ID); err != nil {
			t.Fatal(err)
		}
		settle(time.Minute)
		if _, err := hearer.Get(context.Background(), "default", hook.ID); billhook.ErrorCode(err) != billhook.CodeNotFound {
			t.Errorf("a webhook that another node deleted a minute ago: %v", err)
		}
		hearer.emit("order.paid", "1")
		settle(time.Minute)
		wantEach(t, in, 0, 0)
	})
}

// TestOutboxOfNewStore: what was asked for in SQL of a store that this node has
// not heard of yet is not refused.
func TestOutboxOfNewStore(t *testing.T) {
	ask := func(c *cluster, maker *node, in *inbox) {
		if _, err := maker.CreateStore(context.Background(), billhook.Store{ID: "new"}); err != nil {
			c.t.Error(err)
			return
		}
		maker.hook("new", c.serve(9000, in), "*")
		c.shared.Ask(billhook.Emission{StoreID: "new", Type: "order.paid", Data: []byte(`"new"`)})
	}
	t.Run("configuration cannot be read", func(t *testing.T) {
		clusterBubble(t, func(t *testing.T, c *cluster) {
			sender, maker, in := c.node(c.open()), c.node(c.open()), &inbox{}
			sender.run()
			sender.db.on("Configuration", failOnce())
			ask(c, maker, in)
			settle(time.Minute)
			wantEach(t, in, 1, 0)
		})
	})
	t.Run("made since it was read", func(t *testing.T) {
		clusterBubble(t, func(t *testing.T, c *cluster) {
			sender, maker, in := c.node(c.open()), c.node(c.open()), &inbox{}
			sender.run()
			var once sync.Once
			sender.db.on("Outbox", func() error {
				once.Do(func() { ask(c, maker, in) })
				return nil
			})
			c.shared.Ask(billhook.Emission{StoreID: "default", Type: "order.paid", Data: []byte("1")}) // has it look
			settle(time.Minute)
			wantEach(t, in, 1, 0)
		})
	})
}

// TestChangesInOneTick: of two changes by two nodes the second starts from the
// first, also where the clock reads the same.
func TestChangesInOneTick(t *testing.T) {
	clusterBubble(t, func(t *testing.T, c *cluster) {
		ctx := context.Background()
		one := c.node(c.open())
		hook := one.hook("", "http://127.0.0.1:9000/", "*")
		other := c.node(c.open())
		name, events, litestore := "renamed", []string{"order.paid"}, "litestore"
		_, err1 := one.Update(ctx, "default", hook.ID, billhook.WebhookChange{Name: &name})
		_, err2 := other.Update(ctx, "default", hook.ID, billhook.WebhookChange{Events: &events})
		_, err3 := one.UpdateStore(ctx, "default", billhook.StoreChange{Name: &name})
		_, err4 := other.UpdateStore(ctx, "default", billhook.StoreChange{Profile: &litestore})
		all, err5 := c.open().Configuration(ctx)
		if err := errors.Join(err1, err2, err3, err4, err5); err != nil {
			t.Fatal(err)
		}
		if h := all.Webhooks[0]; h.Name != name || len(h.Events) != 1 || h.Events[0] != events[0] {
			t.Errorf("the webhook has name %q and events %q, want both changes: %q and %q", h.Name, h.Events, name, events)
		}
		if s := all.Stores[0]; s.Name != name || s.Profile != litestore {
			t.Errorf("the store has name %q and profile %q, want both changes: %q and %q", s.Name, s.Profile, name, litestore)
		}
	})
}

// TestRefusedDeleteLeavesWebhooks: a store whose deletion comes to nothing keeps
// its webhooks.
func TestRefusedDeleteLeavesWebhooks(t *testing.T) {
	clusterBubble(t, func(t *testing.T, c *cluster) {
		ctx := context.Background()
		changer := c.node(c.open())
		if _, err := changer.CreateStore(ctx, billhook.Store{ID: "two"}); err != nil {
			t.Fatal(err)
		}
		changer.hook("two", "http://127.0.0.1:9000/", "*")
		deleter := c.node(c.open())
		settle(time.Second) // or the clock would read the same
		name := "renamed"
		if _, err := changer.UpdateStore(ctx, "two", billhook.StoreChange{Name: &name}); err != nil {
			t.Fatal(err)
		}
		// The change comes first, and cannot be read to delete what it made of it.
		deleter.db.on("Configuration", func() error { return errDisk })
		if err := deleter.DeleteStore(ctx, "two"); !errors.Is(err, errDisk) {
			t.Fatalf("delete: %v, want %v", err, errDisk)
		}
		all, err := c.open().Configuration(ctx)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range all.Stores {
			if !s.DeletedAt.IsZero() {
				t.Errorf("the store %q is deleted", s.ID)
			}
		}
		if hooks := all.Webhooks; len(hooks) != 1 || !hooks[0].DeletedAt.IsZero() {
			t.Errorf("webhooks: %+v, want the one that is not deleted", hooks)
		}
	})
}

// TestStalePutLoses: a local change that was written before another node's, but
// whose answer came after, does not take the other's place in memory.
func TestStalePutLoses(t *testing.T) {
	clusterBubble(t, func(t *testing.T, c *cluster) {
		ctx := context.Background()
		slow, other := c.node(c.open()), c.node(c.open())
		hook := slow.hook("", "http://127.0.0.1:9000/", "*")
		slow.run()
		other.run()
		var once sync.Once
		slow.db.onCommit(func(b *billhook.Batch, commit func() error) error {
			err := commit()
			if len(b.Webhooks) > 0 {
				once.Do(func() { time.Sleep(lease) })
			}
			return err
		})
		name := "renamed"
		updated := make(chan error, 1)
		go func() {
			_, err := slow.Update(ctx, "default", hook.ID, billhook.WebhookChange{Name: &name})
			updated <- err
		}()
		settle(3 * time.Second) // the other has heard of it
		if err := other.Delete(ctx, "default", hook.ID); err != nil {
			t.Fatal(err)
		}
		if err := <-updated; err != nil {
			t.Errorf("update: %v", err)
		}
		settle(time.Minute)
		if got, err := slow.Get(ctx, "default", hook.ID); billhook.ErrorCode(err) != billhook.CodeNotFound {
			t.Errorf("a webhook that another node deleted a minute ago: %+v, %v", got, err)
		}
	})
}

// TestEventTypesReachOtherNodes: what one node defines, changes and deletes holds on
// another, and of two changes at once the second starts from the first.
func TestEventTypesReachOtherNodes(t *testing.T) {
	clusterBubble(t, func(t *testing.T, c *cluster) {
		ctx := context.Background()
		speak(&c.config)
		maker, other := c.node(c.open()), c.node(c.open())
		maker.run()
		other.run()
		if _, err := maker.CreateStore(ctx, billhook.Store{ID: "closed", Profile: "elective-commerce", StoreSettings: billhook.StoreSettings{Validation: billhook.ValidationEnforce}}); err != nil {
			t.Fatal(err)
		}
		emit := func(data string) billhook.Code {
			settle(time.Minute)
			_, err := other.Emit(ctx, billhook.Emission{StoreID: "closed", Type: "giftcard.redeemed", Data: []byte(data)})
			if err == nil {
				return "accepted"
			}
			return billhook.ErrorCode(err)
		}
		want := func(got, want billhook.Code) {
			t.Helper()
			if got != want {
				t.Errorf("%s, not %s", got, want)
			}
		}
		want(emit(`{}`), billhook.CodeUnknownEventType)
		say := func(s string) billhook.EventTypeChange { return billhook.EventTypeChange{Schema: &s} }
		if _, err := maker.CreateEventType(ctx, "closed", "giftcard.redeemed", say(giftcard)); err != nil {
			t.Fatal(err)
		}
		want(emit(`{}`), billhook.CodeSchemaMismatch)
		want(emit(`{"id":"g"}`), "accepted")
		// Within one tick, before the other has heard of it.
		words := "first"
		if _, err := maker.UpdateEventType(ctx, "closed", "giftcard.redeemed", billhook.EventTypeChange{Description: &words}); err != nil {
			t.Fatal(err)
		}
		both, err := other.UpdateEventType(ctx, "closed", "giftcard.redeemed", billhook.EventTypeChange{Examples: &[]string{"1"}})
		if err != nil || both.Description != words || len(both.Examples) != 1 {
			t.Errorf("%+v, %v", both, err)
		}
		if err := maker.DeleteEventType(ctx, "closed", "giftcard.redeemed"); err != nil {
			t.Fatal(err)
		}
		want(emit(`{"id":"g"}`), billhook.CodeUnknownEventType)
	})
}
