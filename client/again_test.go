package client_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/billhook/billhook/api"
	"github.com/billhook/billhook/client"
)

var paid = client.NewEvent{Type: "order.paid", Data: map[string]any{"orderId": "o_1", "total": 4999}}

// TestLostAnswers: what the API did and could not say is not done again.
func TestLostAnswers(t *testing.T) {
	for name, lose := range map[string]func(*service){
		"lost":      func(s *service) { s.lose = 2 },
		"cut short": func(s *service) { s.cut = 2 },
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, api.Config{}, func(t *testing.T, s *service) {
				ctx := t.Context()
				hook := must(s.Webhooks.Create(ctx, client.NewWebhook{URL: "http://127.0.0.1:9/x", Events: []string{"*"}}))(t)

				lose(s)
				one := must(s.Events.Emit(ctx, paid))(t)
				if all := listed(t, s.Events.All(ctx, client.EventFilter{})); s.operations["emitEvent"] != 3 || len(all) != 1 || all[0].ID != one.ID {
					t.Errorf("asked %d times, and emitted %+v", s.operations["emitEvent"], all)
				}

				lose(s)
				batch := must(s.Events.EmitBatch(ctx, []client.NewEvent{paid, paid}))(t)
				if all := listed(t, s.Events.All(ctx, client.EventFilter{})); len(all) != 3 || len(batch) != 2 || batch[0].ID == batch[1].ID || batch[1].Refused != nil {
					t.Errorf("%+v of %+v", all, batch)
				}

				lose(s)
				replay := must(s.Webhooks.Replay(ctx, hook.ID, client.WebhookReplay{Since: time.Now().Add(-time.Hour)}))(t)
				if all := listed(t, s.Recoveries.All(ctx, "", client.Paging{})); len(all) != 1 || all[0].ID != replay.ID {
					t.Errorf("%+v", all)
				}

				lose(s)
				made := must(s.Webhooks.Create(ctx, client.NewWebhook{URL: "http://127.0.0.1:9/y", Events: []string{"*"}}))(t)
				if all := listed(t, s.Webhooks.All(ctx, client.Paging{})); s.operations["createWebhook"] != 4 || len(all) != 2 {
					t.Errorf("asked %d times, and made %d webhooks", s.operations["createWebhook"]-1, len(all)-1)
				}
				if has := must(s.Webhooks.Secrets(ctx, made.ID))(t); has.Secret != made.Secret {
					t.Errorf("its secret is %s, and told was %s", has.Secret, made.Secret)
				}

				lose(s)
				_, err := s.Keys.Create(ctx, client.NewAPIKey{Name: "one", Permissions: []string{"events:emit"}})
				if !errors.Is(err, errReset) || s.operations["createKey"] != 1 {
					t.Errorf("a key, which is shown once, was made %d times: %v", s.operations["createKey"], err)
				}
				s.lose, s.cut = 0, 0
			})
		})
	}
}

// TestConnectionDies: a webhook whose request was carried out on a connection that died
// before the answer is the one that the next request is answered.
func TestConnectionDies(t *testing.T) {
	t.Parallel()
	s := newService(t, filepath.Join(t.TempDir(), "billhook.db"), api.Config{})
	asked := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodPost {
			s.handler.ServeHTTP(w, r)
			return
		}
		if asked++; asked < 3 {
			s.handler.ServeHTTP(httptest.NewRecorder(), r)
			panic(http.ErrAbortHandler)
		}
		s.handler.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	c, err := client.New(client.Config{BaseURL: server.URL, APIKey: rootKey})
	if err != nil {
		t.Fatal(err)
	}
	made := must(c.Webhooks.Create(t.Context(), client.NewWebhook{URL: "http://127.0.0.1:9/x", Events: []string{"*"}}))(t)
	all := listed(t, c.Webhooks.All(t.Context(), client.Paging{}))
	if asked != 3 || len(all) != 1 || all[0].ID != made.ID || made.Secret == "" {
		t.Errorf("asked %d times: %+v of %+v", asked, made, all)
	}
}

// TestGivesUp: after so many attempts the last failure is told.
func TestGivesUp(t *testing.T) {
	inBubble(t, api.Config{}, func(t *testing.T, s *service) {
		s.lose = 99
		if _, err := s.Stores.List(t.Context(), client.Paging{}); !errors.Is(err, errReset) || s.requests != 4 || !strings.Contains(err.Error(), "/api/stores") {
			t.Errorf("%d requests: %v", s.requests, err)
		}
		for _, err := range s.Stores.All(t.Context(), client.Paging{}) {
			if !errors.Is(err, errReset) {
				t.Error(err)
			}
		}
	})
}

// TestOwnKey: a key of the caller's own holds over several calls, and for one event.
func TestOwnKey(t *testing.T) {
	inBubble(t, api.Config{}, func(t *testing.T, s *service) {
		mine := paid
		mine.IdempotencyKey = "order o_1 paid"
		first, again := must(s.Events.Emit(t.Context(), mine))(t), must(s.Events.Emit(t.Context(), mine))(t)
		if first.ID != again.ID {
			t.Errorf("%s and %s", first.ID, again.ID)
		}
		mine.Data = "another"
		if _, err := s.Events.Emit(t.Context(), mine); !client.IsCode(err, "idempotency_key_reuse") {
			t.Error(err)
		}
		if mine := must(s.Events.Get(t.Context(), first.ID))(t); mine.IdempotencyKey != "order o_1 paid" || string(mine.Data) != `{"orderId":"o_1","total":4999}` {
			t.Errorf("%+v", mine)
		}
	})
}

// TestBytes: what would be sent as base64 is refused, and JSON as it is written is not.
func TestBytes(t *testing.T) {
	inBubble(t, api.Config{}, func(t *testing.T, s *service) {
		bytes := client.NewEvent{Type: "order.paid", Data: []byte(`{"a":1}`)}
		_, one := s.Events.Emit(t.Context(), bytes)
		_, many := s.Events.EmitBatch(t.Context(), []client.NewEvent{paid, bytes})
		if one == nil || many == nil || !strings.Contains(many.Error(), "event 1") || s.requests != 0 {
			t.Errorf("%v, %v", one, many)
		}
		const exact = `{"big":9007199254740993,"a":"<&>"}`
		made := must(s.Events.Emit(t.Context(), client.NewEvent{Type: "order.paid", Data: json.RawMessage(exact)}))(t)
		if got := must(s.Events.Get(t.Context(), made.ID))(t); string(got.Data) != exact {
			t.Errorf("%s", got.Data)
		}
	})
}

// TestRateLimited: the API says when to come back, and then it is done.
func TestRateLimited(t *testing.T) {
	inBubble(t, api.Config{KeyRate: api.Rate{PerSecond: 1, Burst: 1}}, func(t *testing.T, s *service) {
		start := time.Now()
		for _, id := range []string{"a", "b", "c"} {
			must(s.Stores.Create(t.Context(), client.NewStore{ID: id}))(t) // which is repeated for nothing else
		}
		if took := time.Since(start); took < 2*time.Second || took > 4*time.Second || s.requests < 5 {
			t.Errorf("three in %v, by %d requests", took, s.requests)
		}
		once := s.as(t, client.Config{APIKey: rootKey, Attempts: 1})
		_, err := once.Stores.List(t.Context(), client.Paging{})
		var e *client.Error
		if !errors.As(err, &e) || e.Status != 429 || e.Code != "rate_limited" || e.RetryAfter != time.Second || e.Hint == "" {
			t.Errorf("%+v", err)
		}
	})
}

// TestUnavailable: a disk that is full for a moment costs one, and no event.
func TestUnavailable(t *testing.T) {
	inBubble(t, api.Config{}, func(t *testing.T, s *service) {
		s.disk.failing.Store(2)
		start := time.Now()
		one := must(s.Events.Emit(t.Context(), paid))(t)
		if took := time.Since(start); took < 2*time.Second || s.requests != 3 {
			t.Errorf("%d requests in %v", s.requests, took)
		}
		if all := listed(t, s.Events.All(t.Context(), client.EventFilter{})); len(all) != 1 || all[0].ID != one.ID {
			t.Errorf("%+v", all)
		}
		s.disk.failing.Store(1)
		if _, err := s.Stores.Create(t.Context(), client.NewStore{ID: "a"}); !client.IsCode(err, "unavailable") {
			t.Errorf("it is not known whether there is one, and it was made again: %v", err)
		}
	})
}

// TestPagesEnd: a list ends with ctx, however far it is.
func TestPagesEnd(t *testing.T) {
	inBubble(t, api.Config{}, func(t *testing.T, s *service) {
		for range 7 {
			must(s.Events.Emit(t.Context(), paid))(t)
		}
		filter := client.EventFilter{Paging: client.Paging{Limit: 2}}
		if all := listed(t, s.Events.All(t.Context(), filter)); len(all) != 7 || s.operations["listEvents"] != 4 {
			t.Errorf("%d events in %d pages", len(all), s.operations["listEvents"])
		}
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		seen := 0
		var last error
		for _, err := range s.Events.All(ctx, filter) {
			if last = err; err != nil {
				break
			}
			if seen++; seen == 3 {
				cancel()
			}
		}
		if seen != 3 || !errors.Is(last, context.Canceled) {
			t.Errorf("%d, then %v", seen, last)
		}
	})
}
