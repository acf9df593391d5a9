package listen

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/billhook/billhook/client"
)

// A deliveries is an API with deliveries alone, newest first, as a transport.
type deliveries struct {
	mu    sync.Mutex
	all   []*client.DeliveryWithAttempts // oldest first
	fails int                            // calls still to fail
	gets  int
}

func (d *deliveries) RoundTrip(r *http.Request) (*http.Response, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.fails > 0 {
		d.fails--
		return nil, errors.New("nobody is there")
	}
	w := httptest.NewRecorder()
	if id, one := strings.CutPrefix(r.URL.Path, "/api/deliveries/"); one {
		d.gets++
		for _, x := range d.all {
			if x.ID == id {
				_ = json.NewEncoder(w).Encode(x)
			}
		}
		return w.Result(), nil
	}
	q := r.URL.Query()
	limit, _ := strconv.Atoi(q.Get("limit"))
	var page client.DeliveryPage
	page.Data = []client.Delivery{}
	for _, x := range slices.Backward(d.all) {
		switch {
		case q.Get("status") != "" && q.Get("status") != string(x.Status), q.Get("cursor") != "" && x.ID >= q.Get("cursor"):
		case len(page.Data) == limit:
			last := page.Data[limit-1].ID
			page.NextCursor = &last
		default:
			page.Data = append(page.Data, x.Delivery)
		}
		if page.NextCursor != nil {
			break
		}
	}
	_ = json.NewEncoder(w).Encode(page)
	return w.Result(), nil
}

// make makes a delivery, and attempts of it until it is over.
func (d *deliveries) make(random *rand.Rand, n int, attempts int) *client.DeliveryWithAttempts {
	d.mu.Lock()
	defer d.mu.Unlock()
	x := &client.DeliveryWithAttempts{Delivery: client.Delivery{ID: fmt.Sprintf("dlv_%06d", n), Status: "pending", CreatedAt: time.Now()}}
	d.all = append(d.all, x)
	every := time.Duration(50+random.IntN(3000)) * time.Millisecond
	go func() {
		for range attempts {
			time.Sleep(every)
			d.attempt(x, attempts)
		}
	}()
	return x
}

func (d *deliveries) attempt(x *client.DeliveryWithAttempts, most int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	x.Attempts++
	status, at := 503, time.Now()
	switch {
	case x.Attempts == most && most%2 == 0:
		x.Status = "dead"
	case x.Attempts == most:
		x.Status, status = "delivered", 200
	}
	x.StatusCode, x.LastAttemptAt = &status, &at
	x.AttemptLog = append(x.AttemptLog, client.Attempt{Number: x.Attempts, StatusCode: &status, StartedAt: at})
}

// TestTail: every attempt of every delivery that is made is shown, once and in order,
// and then that it is over, however many come in a second and whatever fails between.
func TestTail(t *testing.T) {
	for _, rate := range []int{1, 20, 100} { // a second
		synctest.Test(t, func(t *testing.T) {
			api := &deliveries{}
			random := rand.New(rand.NewPCG(3, uint64(rate)))
			n := 0
			for range 300 { // of before
				n++
				api.make(random, n, 1+n%3)
			}
			time.Sleep(time.Minute)
			waiting := api.make(random, n+1, 12) // from before, and not over
			n++
			time.Sleep(time.Second)
			shown, attempts := map[string][]string{}, map[string][]int{}
			c, err := client.New(client.Config{HTTPClient: &http.Client{Transport: api}, Attempts: 1})
			if err != nil {
				t.Fatal(err)
			}
			lost := 0
			tail := Tail{
				Client: c,
				Changed: func(d *client.Delivery, a *client.Attempt) {
					shown[d.ID] = append(shown[d.ID], string(d.Status))
					if a != nil {
						attempts[d.ID] = append(attempts[d.ID], a.Number)
					}
				},
				Lost:   func(error) { lost++ },
				Missed: func(why string) { t.Error(why) },
			}
			ctx, cancel := context.WithCancel(context.Background())
			done := make(chan error, 1)
			synctest.Wait()
			before, began := n, waiting.Attempts
			go func() { done <- tail.Run(ctx) }()
			synctest.Wait() // it has noted what is there
			for second := range 15 {
				for range rate {
					n++
					api.make(random, n, 1+random.IntN(6))
					time.Sleep(time.Second / time.Duration(rate))
				}
				if fails := map[int]int{1: 5, 14: 2}[second]; fails > 0 { // for longer than clocks may differ, and for less
					api.mu.Lock()
					api.fails = fails
					api.mu.Unlock()
				}
			}
			again := api.all[5] // one of before is sent again
			api.mu.Lock()
			again.Status = "pending"
			api.mu.Unlock()
			time.Sleep(20 * time.Second) // also where it is not heard for a while
			synctest.Wait()
			api.attempt(again, again.Attempts+1)
			// A lot of watched ones that are in no list any more take their turns.
			time.Sleep(3 * time.Minute)
			cancel()
			if err := <-done; err != nil || lost < 2 {
				t.Errorf("it ends with %v, after %d failures", err, lost)
			}
			for _, x := range api.all {
				first := 0
				switch {
				case x == waiting:
					first = began
				case x == again:
					first = again.Attempts - 1
				case x.ID <= fmt.Sprintf("dlv_%06d", before):
					if len(shown[x.ID]) > 0 {
						t.Fatalf("%s of before is shown: %v", x.ID, shown[x.ID])
					}
					continue
				}
				var want []int
				for i := first; i < x.Attempts; i++ {
					want = append(want, i+1)
				}
				if !slices.Equal(attempts[x.ID], want) {
					t.Fatalf("rate %d: of %s the attempts %v are shown, not %v", rate, x.ID, attempts[x.ID], want)
				}
				if last := shown[x.ID][len(shown[x.ID])-1]; last != string(x.Status) {
					t.Fatalf("%s was shown %v, and is %s", x.ID, shown[x.ID], x.Status)
				}
			}
			if most := 2*tailPage + 20*rate; len(tail.known) > most {
				t.Errorf("%d are kept in memory", len(tail.known))
			}
			t.Logf("%d deliveries, %d looked at alone", n, api.gets)
		})
	}
}
