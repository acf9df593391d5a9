package billhook_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/billhook/billhook"
)

// TestKeyRotation: a new first key seals all that there is while deliveries go
// on, and the old one is needed no more.
func TestKeyRotation(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		file := w.useKeys("a")
		w.reopen()
		w.run()
		var in inbox
		hook := w.register(w.serve(9000, &in))
		for i := range 250 { // more than one step
			w.register("http://127.0.0.1:9001/", func(r *billhook.Registration) { r.ID, r.Inactive = fmt.Sprintf("w%03d", i), true })
		}
		wantSealed(t, w.db, 251, "a")
		file.set("ba")
		for range 100 {
			w.emit("order.paid", "1")
			time.Sleep(50 * time.Millisecond)
		}
		settle(time.Second)
		wantSealed(t, w.db, 251, "b")
		wantSigned(t, &in, 100, hook.Secrets[0].Value)
		file.set("b")
		settle(5 * time.Second)
		w.reopen()
		w.run()
		w.emit("order.paid", "1")
		settle(time.Second)
		wantSigned(t, &in, 101, hook.Secrets[0].Value)
	})
}

// TestKeysThatCannotBeLoaded: the keys from before stay, and it is told once.
func TestKeysThatCannotBeLoaded(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		file := w.useKeys("a")
		w.reopen()
		w.run()
		var in inbox
		file.mu.Lock()
		file.keys, file.err = nil, errors.New("permission denied")
		file.mu.Unlock()
		settle(time.Minute)
		hook := w.register(w.serve(9000, &in))
		w.emit("order.paid", "1")
		settle(time.Second)
		wantSigned(t, &in, 1, hook.Secrets[0].Value)
		wantSealed(t, w.db, 1, "a")
		if said := w.log.text.String(); strings.Count(said, "permission denied") != 1 {
			t.Errorf("the log says %s", said)
		}
	})
}

// TestKeyRotationBreaksOff: at whatever commit the process ends, every secret
// opens with the keys that the file has, and the next one finishes.
func TestKeyRotationBreaksOff(t *testing.T) {
	for _, mode := range []int32{1, 2} {
		for stage := range 4 {
			t.Run(fmt.Sprintf("mode=%d,stage=%d", mode, stage), func(t *testing.T) {
				bubble(t, func(t *testing.T, w *world) {
					file := w.useKeys("a")
					w.reopen()
					secrets := map[string]string{}
					for i := range 250 {
						h := w.register("http://127.0.0.1:9001/", func(r *billhook.Registration) { r.ID, r.Inactive = fmt.Sprintf("w%03d", i), true })
						secrets[h.ID] = h.Secrets[0].Value
					}
					db := &faulty{Database: w.db}
					w.useDatabase(db)
					steps := 0
					db.onBatch = func(b *billhook.Batch) {
						if len(b.Webhooks) > 0 {
							if steps++; steps > stage {
								db.fail.Store(mode) // for good: the process is as dead
							}
						}
					}
					w.run()
					file.set("ba")
					settle(5 * time.Second)
					if steps != min(stage+1, 3) && mode == 1 {
						t.Errorf("%d steps, want to die in number %d of 3", steps, stage+1)
					}
					w.stopRun()
					<-w.ran
					w.stopRun = nil
					w.db = db.Database
					w.reopen() // without Run: nothing is sealed anew
					for id, want := range secrets {
						h, err := w.client.Get(context.Background(), "default", id)
						if err != nil || h.Secrets[0].Value != want {
							t.Fatalf("%s: %v, %v", id, err, h.Unopened())
						}
					}
					w.run()
					settle(10 * time.Second)
					wantSealed(t, w.db, 250, "b")
				})
			})
		}
	}
}

// TestNodesSealTogether: of many nodes with a new key one seals each webhook, and
// none is sealed twice.
func TestNodesSealTogether(t *testing.T) {
	clusterBubble(t, func(t *testing.T, c *cluster) {
		file := c.useKeys("a")
		first := c.node(c.open())
		var in inbox
		url := c.serve(9000, &in)
		hook := first.hook("", url, "*")
		for i := range 250 {
			if _, err := first.Register(context.Background(), billhook.Registration{ID: fmt.Sprintf("w%03d", i), URL: url, Events: []string{"never"}}); err != nil {
				t.Fatal(err)
			}
		}
		first.run()
		for range 2 {
			c.config.Keyring, _ = billhook.NewKeyring(file.load)
			c.node(c.open()).run()
		}
		before, _ := first.db.Configuration(context.Background())
		file.set("ba")
		settle(30 * time.Second)
		wantSealed(t, first.db, 251, "b")
		after, err := first.db.Configuration(context.Background())
		for i := range after.Webhooks {
			if err != nil || after.Webhooks[i].UpdatedAt.Sub(before.Webhooks[i].UpdatedAt) != 1 {
				t.Fatalf("%s was sealed more than once", after.Webhooks[i].ID)
			}
		}
		for _, n := range c.nodes {
			n.emit("order.paid", "1")
		}
		settle(time.Second)
		wantSigned(t, &in, 3, hook.Secrets[0].Value)
	})
}

// TestNodeLearnsOfKey: a node that meets a key which it has not got looks for it
// at once.
func TestNodeLearnsOfKey(t *testing.T) {
	clusterBubble(t, func(t *testing.T, c *cluster) {
		own := c.useKeys("a")
		ctx, one := context.Background(), c.node(c.open())
		hook := one.hook("", "http://127.0.0.1:9000/", "*")
		c.useKeys("ba")
		other := c.node(c.open())
		name := "changed"
		if _, err := other.Update(ctx, "default", hook.ID, billhook.WebhookChange{Name: &name}); err != nil {
			t.Fatal(err)
		}
		wantSealed(t, one.db, 1, "b")
		own.set("ba") // its copy of the file has come
		// It has not heard of the change, and reads it now. Nothing runs that would
		// look for keys.
		if _, err := one.Update(ctx, "default", hook.ID, billhook.WebhookChange{Description: &name}); err != nil {
			t.Fatal(err)
		}
		got, err := one.Get(ctx, "default", hook.ID)
		if err != nil || got.Name != name || got.Unopened() != nil || got.Secrets[0].Value != hook.Secrets[0].Value {
			t.Errorf("on the other node: %v, %v", err, got.Unopened())
		}
	})
}

// A deleting database says, at a certain look at the configuration, that another
// node has just deleted the store "shop".
type deleting struct {
	billhook.Database
	looks atomic.Int64 // until then
}

func (d *deleting) Configuration(ctx context.Context) (billhook.Configuration, error) {
	all, err := d.Database.Configuration(ctx)
	if d.looks.Load() > 0 && d.looks.Add(-1) == 0 {
		for i := range all.Stores {
			if all.Stores[i].ID == "shop" {
				all.Stores[i].DeletedAt = time.Now()
			}
		}
	}
	return all, err
}

// TestResealOfDeletedStore: a webhook whose secrets went with its store sends
// nothing, and harms nothing, until the node has heard of that.
func TestResealOfDeletedStore(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		f := w.useKeys("a")
		d := &deleting{Database: w.db}
		w.client.Close()
		w.useDatabase(d)
		w.store("shop", "standard")
		in, other := &inbox{}, &inbox{}
		w.register(w.serve(9000, in), func(r *billhook.Registration) { r.StoreID = "shop" })
		w.register(w.serve(9001, other))
		w.run()
		settle(3 * time.Second)
		d.looks.Store(2) // the first is for new keys, the second to seal with them
		f.set("ba")
		settle(3 * time.Second)
		if d.looks.Load() != 0 {
			t.Fatal("nobody looked")
		}
		for _, store := range []string{"shop", billhook.DefaultStore} {
			if _, err := w.client.Emit(t.Context(), billhook.Emission{StoreID: store, Type: "t", Data: []byte(`1`)}); err != nil {
				t.Fatal(err)
			}
		}
		settle(time.Second)
		if len(other.all()) != 1 {
			t.Error("another store's event has not come")
		}
		for _, r := range in.all() { // by the secret that it had before
			if r.header.Get("webhook-signature") == "" {
				t.Error("a delivery came without a signature")
			}
		}
	})
}
