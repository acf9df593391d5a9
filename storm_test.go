package billhook_test

import (
	"context"
	"fmt"
	"net"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/billhook/billhook"
)

// dials notes when each address was dialled, at which nobody listens.
type dials struct {
	mu sync.Mutex
	at map[string][]time.Time
}

func (d *dials) refuse(address string) (net.Conn, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.at[address] = append(d.at[address], time.Now())
	return nil, &net.OpError{Op: "dial", Net: "tcp", Err: syscall.ECONNREFUSED}
}

// seedWebhooks writes webhooks of receivers that are not there, as another node
// would have registered them.
func (w *world) seedWebhooks(n int) {
	w.t.Helper()
	at := time.Now().UTC().Round(0)
	var b billhook.Batch
	for i := range n {
		b.Webhooks = append(b.Webhooks, &billhook.WebhookWrite{Create: true, Webhook: billhook.Webhook{
			StoreID: billhook.DefaultStore, ID: fmt.Sprintf("wh_%05d", i), URL: fmt.Sprintf("http://10.0.%d.%d/hook", i/250, 1+i%250),
			Events: []string{"bad"}, IsActive: true, Secrets: []billhook.Secret{{Value: "whsec_aG9zdGlsZSBob3N0aWxlIGhvc3RpbGUgaG9zdGlsZQ=="}},
			CreatedAt: at, UpdatedAt: at,
		}})
	}
	if err := w.db.Commit(context.Background(), &b); err != nil {
		w.t.Fatal(err)
	}
}

// TestManyFailAtOnce: three thousand webhooks that fail at once, with BILLHOOK_FULL=1 ten
// thousand, get probes, and not storms: each at most one attempt a minute while its breaker is open, all together
// a few hundred a second, and none of that delays one that is well.
func TestManyFailAtOnce(t *testing.T) {
	hooks, opening := sized(3000, 1000, 10_000), 3*time.Minute
	if testing.Short() {
		opening = time.Minute
	}
	const deliveries, probing = 5, 3 * time.Minute
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, dir, billhook.Config{MaxWebhooks: hooks + 1})
		defer w.stop()
		w.seedWebhooks(hooks)
		gone := &dials{at: map[string][]time.Time{}}
		there := w.dial
		w.reopen(func(c *billhook.Config) {
			c.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
				if address == "127.0.0.1:9000" {
					return there(ctx, network, address)
				}
				return gone.refuse(address)
			}
		})
		w.run()
		good := &inbox{}
		w.register(w.serve(9000, good), wants("good"))
		w.emit("good", `0`)
		settle(time.Second)
		for i := range deliveries {
			w.emit("bad", fmt.Sprint(i))
		}
		start := time.Now()
		for time.Since(start) < opening+probing {
			settle(10*time.Second + 7*time.Millisecond)
			before, n := time.Now(), len(good.all())
			w.emit("good", fmt.Sprint(n))
			synctest.Wait()
			if len(good.all()) != n+1 || !time.Now().Equal(before) {
				t.Fatalf("%v after the failures began, an event for another does not come at once", before.Sub(start))
			}
		}
		gone.mu.Lock()
		defer gone.mu.Unlock()
		perSecond, all := map[int]int{}, 0
		for address, at := range gone.at {
			probes := 0
			for i := range at {
				perSecond[int(at[i].Sub(start)/time.Second)]++
				all++
				// The fifth delivery to fail opens it, or the first after that in ten seconds.
				if open := i > deliveries && at[i-1].Sub(at[0]) >= 10*time.Second; !open {
					continue
				}
				probes++
				if gap := at[i].Sub(at[i-1]); gap < time.Minute {
					t.Fatalf("%s: attempt %d came %v after the one before", address, i+1, gap)
				}
			}
			if probes < 2 {
				t.Fatalf("%s: %d attempts, %d of them probes", address, len(at), probes)
			}
		}
		most := 0
		for _, n := range perSecond {
			most = max(most, n)
		}
		t.Logf("%d webhooks: %d attempts in %v, at most %d in a second", len(gone.at), all, time.Since(start), most)
		if len(gone.at) != hooks || most > 700 {
			t.Errorf("%d of %d were tried, at most %d in a second", len(gone.at), hooks, most)
		}
	})
}
