package billhook_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/billhook/billhook"
	"github.com/billhook/billhook/sign"
)

// A keyFile is where a test's keys come from.
type keyFile struct {
	mu   sync.Mutex
	keys []billhook.SealKey
	err  error
}

// sealKeys are keys of one letter each, the first of which seals.
func (f *keyFile) set(letters string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.keys = nil
	for _, l := range letters {
		f.keys = append(f.keys, billhook.SealKey{ID: string(l), Key: [32]byte(bytes.Repeat([]byte(string(l)), 32))})
	}
}

func (f *keyFile) load() ([]billhook.SealKey, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.keys, f.err
}

// useKeys gives the world, from its next open on, a Keyring of its own.
func (w *world) useKeys(letters string) *keyFile {
	w.t.Helper()
	f := &keyFile{}
	f.set(letters)
	ring, err := billhook.NewKeyring(f.load)
	if err != nil {
		w.t.Fatal(err)
	}
	w.config.Keyring = ring
	return f
}

// kept are the secrets of all webhooks, values of headers and keys of certificates
// among them, as the database has them.
func kept(t *testing.T, db billhook.Database) (all []billhook.Secret) {
	t.Helper()
	conf, err := db.Configuration(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	for _, h := range conf.Webhooks {
		all = append(all, h.Secrets...)
		for _, p := range h.KeyPairs {
			all = append(all, p.Secret)
		}
		for _, value := range h.Headers {
			if sealed, ok := strings.CutPrefix(value, "\x1fsealed "); ok {
				all = append(all, billhook.Secret{Sealed: sealed})
			} else {
				all = append(all, billhook.Secret{Value: value})
			}
		}
		if h.TLS != nil && h.TLS.ClientCertificate != "" {
			all = append(all, h.TLS.ClientKey)
		}
	}
	return all
}

// wantSealed checks that the database has n secrets, all sealed under a key.
func wantSealed(t *testing.T, db billhook.Database, n int, key string) {
	t.Helper()
	all := kept(t, db)
	for _, s := range all {
		if s.Value != "" || !strings.HasPrefix(s.Sealed, "v1:"+key+":") {
			t.Errorf("in the database there is %q %q, not a secret that is sealed with %s", s.Value, s.Sealed, key)
		}
	}
	if len(all) != n {
		t.Errorf("the database has %d secrets, not %d", len(all), n)
	}
}

// wantSigned checks that the inbox has n requests, all signed with the secret.
func wantSigned(t *testing.T, in *inbox, n int, secret string) {
	t.Helper()
	all := in.all()
	for _, r := range all {
		if err := sign.VerifyStandard([]string{secret}, r.header, []byte(r.body), r.at, time.Minute); err != nil {
			t.Errorf("a delivery: %v", err)
		}
	}
	if len(all) != n {
		t.Errorf("%d deliveries have come, not %d", len(all), n)
	}
}

// TestSealed: with a Keyring no secret is in the database, and all else is as it
// is without.
func TestSealed(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		ctx := context.Background()
		w.useKeys("a")
		w.reopen()
		var in inbox
		hook := w.register(w.serve(9000, &in))
		rotated, err := w.client.RotateSecret(ctx, "default", hook.ID, billhook.Rotation{GracePeriod: time.Hour})
		if err != nil || hook.Secrets[0].Value == "" || rotated.Secrets[1].Value != hook.Secrets[0].Value {
			t.Fatalf("register and rotate: %v", err)
		}
		wantSealed(t, w.db, 2, "a")
		w.reopen()
		w.run()
		w.emit("order.paid", "1")
		settle(time.Second)
		wantSigned(t, &in, 1, hook.Secrets[0].Value)
		wantSigned(t, &in, 1, rotated.Secrets[0].Value)
		if err := w.client.Delete(ctx, "default", hook.ID); err != nil {
			t.Fatal(err)
		}
		wantSealed(t, w.db, 0, "a")
	})
}

// TestPlainSecretsAreSealed: what was kept as it is, is sealed once there is a
// Keyring; what is left of deleted webhooks and stores goes.
func TestPlainSecretsAreSealed(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		var in inbox
		hook := w.register(w.serve(9000, &in))
		conf, _ := w.db.Configuration(context.Background())
		gone := conf.Webhooks[0]
		gone.ID, gone.DeletedAt = "gone", time.Now()
		if err := w.db.Commit(context.Background(), &billhook.Batch{Webhooks: []*billhook.WebhookWrite{{Webhook: gone, Create: true}}}); err != nil {
			t.Fatal(err)
		}
		w.store("closed", "standard")
		w.register("http://127.0.0.1:9001/", func(r *billhook.Registration) { r.StoreID = "closed" })
		if err := w.client.DeleteStore(context.Background(), "closed"); err != nil {
			t.Fatal(err)
		}
		if all := kept(t, w.db); len(all) != 3 || all[2].Value != hook.Secrets[0].Value && all[1].Value != hook.Secrets[0].Value {
			t.Fatalf("without a Keyring the database has %d secrets", len(all))
		}
		w.useKeys("a")
		w.reopen()
		w.run()
		settle(5 * time.Second)
		wantSealed(t, w.db, 1, "a")
		w.emit("order.paid", "1")
		settle(time.Second)
		wantSigned(t, &in, 1, hook.Secrets[0].Value)
		if now, err := w.client.Get(context.Background(), "default", hook.ID); err != nil || now.UpdatedAt.Sub(hook.UpdatedAt) > time.Microsecond {
			t.Errorf("sealing shows: updated at %v, was %v, %v", now.UpdatedAt, hook.UpdatedAt, err)
		}
	})
}

// TestMissingSealKey: a webhook whose key is not there waits, and no other does;
// once it is there, what waited is delivered by itself.
func TestMissingSealKey(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		ctx := context.Background()
		var log bytes.Buffer
		w.config.Logger = slog.New(slog.NewTextHandler(&log, nil))
		w.useKeys("a")
		w.reopen()
		var waits, goes inbox
		old := w.register(w.serve(9000, &waits))
		file := w.useKeys("b")
		w.reopen()
		w.run()
		other := w.register(w.serve(9001, &goes))
		w.emit("order.paid", "1")
		settle(time.Hour)
		wantSigned(t, &waits, 0, "")
		wantSigned(t, &goes, 1, other.Secrets[0].Value)
		shut, err := w.client.Get(ctx, "default", old.ID)
		if err != nil || shut.Secrets[0].Value != "" || billhook.ErrorCode(shut.Unopened()) != billhook.CodeConflict || !strings.Contains(shut.Unopened().Error(), `"a"`) {
			t.Errorf("the webhook that waits: %v, %v", err, shut.Unopened())
		}
		if open, _ := w.client.Get(ctx, "default", other.ID); open.Unopened() != nil {
			t.Errorf("the one that does not: %v", open.Unopened())
		}
		if n := strings.Count(log.String(), "cannot be opened"); n != 1 || !strings.Contains(log.String(), `the key \"a\"`) || !strings.Contains(log.String(), old.ID) {
			t.Errorf("the log tells of it %d times:\n%s", n, &log)
		}
		// It can be changed, and its secret stays what it was.
		name := "still here"
		if _, err := w.client.Update(ctx, "default", old.ID, billhook.WebhookChange{Name: &name}); err != nil {
			t.Error(err)
		}
		if _, err := w.client.RotateSecret(ctx, "default", old.ID, billhook.Rotation{GracePeriod: time.Hour}); billhook.ErrorCode(err) != billhook.CodeConflict {
			t.Errorf("rotate with an overlap that nobody can sign: %v", err)
		}
		file.set("ab") // what it sealed is in no need of sealing, only of opening
		settle(5 * time.Second)
		wantSigned(t, &waits, 1, old.Secrets[0].Value)
		wantSealed(t, w.db, 2, "a")
	})
}

// TestExpiredSecretNeedsNoKey: a secret that signs no more keeps nothing from
// being sent, though its key is gone.
func TestExpiredSecretNeedsNoKey(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		w.useKeys("b")
		w.reopen()
		var in inbox
		hook := w.register(w.serve(9000, &in), func(r *billhook.Registration) { r.Ed25519 = true })
		rotated := w.rotate(hook.ID, billhook.Rotation{GracePeriod: time.Hour})
		conf, err := w.db.Configuration(context.Background())
		hooks := conf.Webhooks
		if err != nil || len(hooks[0].Secrets) != 2 {
			t.Fatalf("%d secrets: %v", len(hooks[0].Secrets), err)
		}
		for _, old := range []*billhook.Secret{&hooks[0].Secrets[1], &hooks[0].KeyPairs[1].Secret} {
			old.Sealed = strings.Replace(old.Sealed, "v1:b:", "v1:gone:", 1)
		}
		write := &billhook.WebhookWrite{Webhook: hooks[0], Was: hooks[0].UpdatedAt}
		if err := w.db.Commit(context.Background(), &billhook.Batch{Webhooks: []*billhook.WebhookWrite{write}}); err != nil || write.Refused {
			t.Fatal(err)
		}
		w.reopen()
		w.run()
		w.emit("order.paid", "1")
		settle(time.Minute)
		wantSigned(t, &in, 0, "") // the receiver may have the old one alone
		w.halt()
		time.Sleep(time.Hour)
		w.reopen()
		w.run()
		settle(time.Minute)
		wantSigned(t, &in, 1, rotated.Secrets[0].Value)
		wantSealed(t, w.db, 2, "b")
	})
}

// TestLostSealKey: where the key is lost for good, a rotation without an overlap
// is the way on.
func TestLostSealKey(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		w.useKeys("a")
		w.reopen()
		var in inbox
		hook := w.register(w.serve(9000, &in))
		w.config.Keyring = nil // which signs with nothing sealed either
		w.reopen()
		w.run()
		w.emit("order.paid", "1")
		settle(time.Minute)
		wantSigned(t, &in, 0, "")
		rotated, err := w.client.RotateSecret(context.Background(), "default", hook.ID, billhook.Rotation{})
		if err != nil {
			t.Fatal(err)
		}
		settle(time.Second)
		wantSigned(t, &in, 1, rotated.Secrets[0].Value)
	})
}

// TestSealIsBound: what is sealed opens in its own place alone, and whole.
func TestSealIsBound(t *testing.T) {
	for name, spoil := range map[string]func(own, other string) string{
		"another webhook's": func(_, other string) string { return other },
		"a bit":             func(own, _ string) string { return own[:len(own)-8] + flip(own[len(own)-8:]) },
		"short":             func(own, _ string) string { return own[:12] },
		"no base64":         func(own, _ string) string { return own + "*" },
		"another version":   func(own, _ string) string { return "v2" + own[2:] },
		"in words":          func(_, _ string) string { return "gibberish" },
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T, w *world) {
				ctx := context.Background()
				w.useKeys("a")
				w.reopen()
				var in, untouched inbox
				hook := w.register(w.serve(9000, &in))
				other := w.register(w.serve(9001, &untouched))
				conf, err := w.db.Configuration(ctx)
				if err != nil {
					t.Fatal(err)
				}
				own, others := conf.Webhooks[0], conf.Webhooks[1]
				if own.ID != hook.ID {
					own, others = others, own
				}
				own.Secrets[0].Sealed = spoil(own.Secrets[0].Sealed, others.Secrets[0].Sealed)
				write := &billhook.WebhookWrite{Webhook: own, Was: own.UpdatedAt}
				if err := w.db.Commit(ctx, &billhook.Batch{Webhooks: []*billhook.WebhookWrite{write}}); err != nil || write.Refused {
					t.Fatal(err, write.Refused)
				}
				w.reopen()
				w.run()
				w.emit("order.paid", "1")
				settle(time.Minute)
				wantSigned(t, &in, 0, "")
				wantSigned(t, &untouched, 1, other.Secrets[0].Value)
			})
		})
	}
}

// flip makes another character of base64 of the first one.
func flip(text string) string {
	if text[0] == 'A' {
		return "B" + text[1:]
	}
	return "A" + text[1:]
}

func TestKeyringRefuses(t *testing.T) {
	key := billhook.SealKey{ID: "a"}
	for name, keys := range map[string][]billhook.SealKey{
		"none": nil, "twice": {key, key}, "colon": {{ID: "a:b"}}, "no name": {{}}, "long": {{ID: strings.Repeat("a", 65)}},
	} {
		if _, err := billhook.NewKeyring(func() ([]billhook.SealKey, error) { return keys, nil }); err == nil {
			t.Errorf("%s: not refused", name)
		}
	}
	broken := errors.New("no such file")
	if _, err := billhook.NewKeyring(func() ([]billhook.SealKey, error) { return nil, broken }); !errors.Is(err, broken) {
		t.Errorf("what cannot be loaded: %v", err)
	}
}

// TestSecretsDoNotPrint: neither secrets nor keys are in what a careless log line
// says.
func TestSecretsDoNotPrint(t *testing.T) {
	hook := billhook.Webhook{ID: "wh", Secrets: []billhook.Secret{{Value: "whsec_printed"}}}
	key := billhook.SealKey{ID: "k", Key: [32]byte([]byte("printed printed printed printed "))}
	var log bytes.Buffer
	logger := slog.New(slog.NewTextHandler(&log, nil))
	logger.Info("x", "hook", hook, "secret", hook.Secrets[0], "key", key)
	for _, verb := range []string{"%v", "%+v", "%#v", "%s"} {
		fmt.Fprintf(&log, verb+verb+verb, hook, &hook.Secrets, key)
	}
	if text := log.String(); strings.Contains(text, "printed") || strings.Contains(text, "112 114 105") || strings.Contains(text, "0x70, 0x72") {
		t.Errorf("printed: %s", text)
	}
}
