package billhook_test

import (
	"context"
	"encoding/base64"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/billhook/billhook"
	"github.com/billhook/billhook/sign"
)

// last emits, and returns what has come of it.
func (w *world) last(in *inbox, eventType string) received {
	w.t.Helper()
	before := len(in.all())
	w.emit(eventType, `{"orderId":"o_1"}`)
	settle(time.Second)
	all := in.all()
	if len(all) != before+1 {
		w.t.Fatalf("%d deliveries, not %d", len(all), before+1)
	}
	return all[before]
}

func (w *world) rotate(id string, r billhook.Rotation) billhook.Webhook {
	w.t.Helper()
	hook, err := w.client.RotateSecret(context.Background(), "default", id, r)
	if err != nil {
		w.t.Fatal(err)
	}
	return hook
}

// TestOverlapSignature: while secrets overlap, the profile's own header has the
// signature that the webhook has chosen, and the old one where it has not; Standard
// Webhooks' has all, newest first.
func TestOverlapSignature(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		ctx := context.Background()
		w.config.Profile = "litestore"
		w.db.Close() // and another default store
		w.path += "2"
		w.open()
		w.run()
		var in inbox
		hook := w.register(w.serve(9000, &in))
		one := hook.Secrets[0].Value
		own := func(want, what string) {
			t.Helper()
			r := w.last(&in, "commission.earned")
			if err := sign.VerifyHex([]string{want}, []byte(r.body), r.header.Get("x-litestore-signature")); err != nil {
				t.Errorf("%s: %v", what, err)
			}
			first, _, _ := strings.Cut(r.header.Get("webhook-signature"), " ")
			newest, err := w.client.Get(ctx, "default", hook.ID)
			r.header.Set("webhook-signature", first)
			if err != nil || sign.VerifyStandard([]string{newest.Secrets[0].Value}, r.header, []byte(r.body), r.at, time.Minute) != nil {
				t.Errorf("%s: the first signature is not the newest secret's", what)
			}
		}
		own(one, "before")
		two := w.rotate(hook.ID, billhook.Rotation{GracePeriod: time.Hour}).Secrets[0].Value
		own(one, "overlap, by default")
		change := func(which string) error {
			_, err := w.client.Update(ctx, "default", hook.ID, billhook.WebhookChange{OverlapSignature: &which})
			return err
		}
		if err := change(billhook.SignNew); err != nil {
			t.Fatal(err)
		}
		w.reopen() // it is kept
		w.run()
		own(two, "overlap, new")
		three := w.rotate(hook.ID, billhook.Rotation{GracePeriod: 2 * time.Hour, OverlapSignature: billhook.SignOld}).Secrets[0].Value
		own(one, "second overlap, old")
		time.Sleep(time.Hour)
		own(two, "second overlap, when the first is over")
		time.Sleep(time.Hour)
		own(three, "after all")
		if err := change("newest"); billhook.ErrorCode(err) != billhook.CodeInvalid {
			t.Errorf("neither old nor new: %v", err)
		}
	})
}

// TestEd25519: a webhook that wants it has deliveries signed with a key pair as
// well, which rotates as its secret does.
func TestEd25519(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		ctx := context.Background()
		w.useKeys("a")
		w.reopen()
		w.run()
		var in inbox
		plain := w.register(w.serve(9001, &inbox{}))
		hook := w.register(w.serve(9000, &in), func(r *billhook.Registration) { r.Ed25519 = true })
		if len(plain.KeyPairs) != 0 || len(hook.KeyPairs) != 1 || !strings.HasPrefix(hook.KeyPairs[0].Public, "whpk_") {
			t.Fatalf("key pairs: %v and %v", plain.KeyPairs, hook.KeyPairs)
		}
		conf, err := w.db.Configuration(ctx)
		for _, h := range conf.Webhooks {
			for _, p := range h.KeyPairs {
				if err != nil || p.Value != "" || !strings.HasPrefix(p.Sealed, "v1:a:") {
					t.Errorf("in the database there is the private key %q", p.Value)
				}
			}
		}
		verified := func(what string, signatures int, by ...string) {
			t.Helper()
			r := w.last(&in, "order.paid")
			if n := len(strings.Fields(r.header.Get("webhook-signature"))); n != signatures {
				t.Errorf("%s: %d signatures, not %d", what, n, signatures)
			}
			for _, key := range by {
				if err := sign.VerifyStandard([]string{key}, r.header, []byte(r.body), r.at, time.Minute); err != nil {
					t.Errorf("%s: %v", what, err)
				}
			}
		}
		published := func(what string, want ...string) {
			t.Helper()
			var got []string
			for _, key := range w.client.PublicKeys("default") {
				got = append(got, sign.PublicKeyPrefix+base64.StdEncoding.EncodeToString(key))
			}
			slices.Sort(got)
			slices.Sort(want)
			if !slices.Equal(got, want) {
				t.Errorf("%s: public keys %v, not %v", what, got, want)
			}
		}
		one := hook.KeyPairs[0].Public
		verified("at first", 2, one, hook.Secrets[0].Value)
		published("at first", one)
		rotated := w.rotate(hook.ID, billhook.Rotation{GracePeriod: time.Hour})
		two := rotated.KeyPairs[0].Public
		w.reopen()
		w.run()
		verified("overlap", 4, one, two, hook.Secrets[0].Value, rotated.Secrets[0].Value)
		published("overlap", one, two)
		time.Sleep(time.Hour)
		verified("after it", 2, two, rotated.Secrets[0].Value)
		published("after it", two)
		if len(w.client.PublicKeys("no such store")) != 0 {
			t.Error("a store that is not there has public keys")
		}
		ed25519 := func(want bool) billhook.Webhook {
			changed, err := w.client.Update(ctx, "default", hook.ID, billhook.WebhookChange{Ed25519: &want})
			if err != nil {
				t.Fatal(err)
			}
			return changed
		}
		if same := ed25519(true); same.KeyPairs[0].Public != two {
			t.Error("asking for what is there makes a new key")
		}
		ed25519(false)
		verified("without", 1, rotated.Secrets[0].Value)
		published("without")
		verified("once more", 2, ed25519(true).KeyPairs[0].Public)
		if err := w.client.Delete(ctx, "default", hook.ID); err != nil {
			t.Fatal(err)
		}
		published("deleted")
		if conf, err := w.db.Configuration(ctx); err != nil || slices.ContainsFunc(conf.Webhooks, func(h billhook.Webhook) bool { return len(h.KeyPairs) > 0 }) {
			t.Errorf("a deleted webhook has keys in the database still: %v", err)
		}
	})
}
