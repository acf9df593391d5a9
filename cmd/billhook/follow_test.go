package main

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/billhook/billhook/client"
)

// recoverySteps answers with a recovery as it is at a time, from its beginning on.
type recoverySteps struct {
	began time.Time
	at    func(time.Duration) client.Recovery
	asked int
}

func (s *recoverySteps) RoundTrip(r *http.Request) (*http.Response, error) {
	s.asked++
	text, err := json.Marshal(s.at(time.Since(s.began)))
	return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(string(text))), Request: r}, err
}

// TestWatch: it ends when nothing waits, when nothing changes, or when the time is over.
func TestWatch(t *testing.T) {
	running := func(waiting int) client.Recovery {
		return client.Recovery{ID: "rcv_1", Status: client.RecoveryRunning, Outcome: &client.RecoveryOutcome{Waiting: waiting}}
	}
	done := func(waiting int) client.Recovery {
		return client.Recovery{ID: "rcv_1", Status: client.RecoveryDone, Outcome: &client.RecoveryOutcome{Waiting: waiting}}
	}
	for name, x := range map[string]struct {
		at   func(time.Duration) client.Recovery
		wait time.Duration
		took time.Duration
	}{
		"all delivered": {func(d time.Duration) client.Recovery {
			switch {
			case d < 3*time.Second:
				return running(9)
			case d < 40*time.Second:
				return done(40 - int(d.Seconds())) // one a second
			}
			return done(0)
		}, time.Hour, 40 * time.Second},
		"one that waits for hours": {func(time.Duration) client.Recovery { return done(1) }, time.Hour, watchQuiet},
		"no outcome is counted":    {func(time.Duration) client.Recovery { return client.Recovery{Status: client.RecoveryDone} }, time.Hour, 0},
		"a long one":               {func(time.Duration) client.Recovery { return running(9) }, time.Minute, time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				steps := &recoverySteps{began: time.Now(), at: x.at}
				c, err := client.New(client.Config{HTTPClient: &http.Client{Transport: steps}})
				if err != nil {
					t.Fatal(err)
				}
				first := x.at(0)
				if _, err := watch(t.Context(), c, &first, nil, x.wait); err != nil {
					t.Fatal(err)
				}
				if took := time.Since(steps.began); took < x.took || took > x.took+watchEvery {
					t.Errorf("after %v, not %v", took, x.took)
				}
			})
		})
	}
	synctest.Test(t, func(t *testing.T) {
		steps := &recoverySteps{began: time.Now(), at: func(time.Duration) client.Recovery { return running(1) }}
		c, err := client.New(client.Config{HTTPClient: &http.Client{Transport: steps}})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(3*time.Second, cancel)
		first := running(1)
		if _, err := watch(ctx, c, &first, nil, time.Hour); !errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), "recoveries get rcv_1") {
			t.Error(err)
		}
	})
}

// TestRecoveryLine: the bar is of what is known.
func TestRecoveryLine(t *testing.T) {
	half := &client.Recovery{Status: client.RecoveryRunning, Found: 60, Queued: 60, Outcome: &client.RecoveryOutcome{Delivered: 40, Dead: 10, Waiting: 10}}
	for want, x := range map[string]struct {
		r     *client.Recovery
		count *client.RecoveryCount
	}{
		"[############............]  50 % 60 found, 60 queued, 40 delivered, 10 dead, 10 waiting": {half, &client.RecoveryCount{Found: 100}},
		"[........................]       60 found, 60 queued, 40 delivered, 10 dead, 10 waiting": {half, &client.RecoveryCount{Found: 100, AtLeast: true}},
		"[########################] 100 % 0 found, 0 queued":                                      {&client.Recovery{Status: client.RecoveryDone}, nil},
		"[########################] 100 % 3 found, 2 queued, 2 delivered, 0 dead, 0 waiting":      {&client.Recovery{Status: client.RecoveryDone, Found: 3, Queued: 2, Outcome: &client.RecoveryOutcome{Delivered: 2}}, &client.RecoveryCount{Found: 3}},
	} {
		if got := recoveryLine(x.r, x.count); got != want {
			t.Errorf("%s\nnot\n%s", got, want)
		}
	}
}
