package billhook_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/billhook/billhook"
	"github.com/billhook/billhook/internal/sim"
)

// A cluster is a world of nodes that share a database in memory.
type cluster struct {
	*world
	shared *sim.Shared
	nodes  []*node
}

// A node is one process's Client, and what is done to its database.
type node struct {
	*billhook.Client
	t    *testing.T
	db   *touched
	stop context.CancelFunc
	ran  chan error
}

// lease is how long a node may be silent before the others take it for dead.
const lease = 10 * time.Second

// clusterBubble runs a test in a bubble with a cluster that has no node yet.
func clusterBubble(t *testing.T, test func(t *testing.T, c *cluster)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		w := &world{t: t, listeners: map[string]*listener{}, log: &testLog{t: t}}
		w.config = billhook.Config{AllowInsecure: true, DialContext: w.dial, Logger: slog.New(slog.NewTextHandler(w.log, nil))}
		c := &cluster{world: w, shared: sim.NewShared(lease)}
		defer c.end()
		test(t, c)
	})
}

func (c *cluster) end() {
	for _, n := range c.nodes {
		n.halt()
		err := n.Close()
		c.log.keepsQuiet(n.db)
		if err := errors.Join(err, n.db.Close()); err != nil {
			c.t.Error(err)
		}
	}
	c.world.stop()
}

// open makes a database of a new process's.
func (c *cluster) open() *touched { return &touched{Database: c.shared.Open()} }

// node makes a node on a database, by the cluster's configuration as it is now.
func (c *cluster) node(db *touched) *node {
	c.t.Helper()
	client, err := billhook.New(db, c.config)
	if err != nil {
		c.t.Fatal(err)
	}
	n := &node{Client: client, t: c.t, db: db}
	c.nodes = append(c.nodes, n)
	return n
}

// run starts delivering and lets the node come up.
func (n *node) run() {
	var ctx context.Context
	ctx, n.stop = context.WithCancel(context.Background())
	n.ran = make(chan error, 1)
	go func() { n.ran <- n.Run(ctx) }()
	settle(time.Minute)
}

func (n *node) halt() {
	if n.stop == nil {
		return
	}
	n.stop()
	if err := <-n.ran; err != nil {
		n.t.Errorf("Run: %v", err)
	}
	n.stop = nil
}

// hook registers a webhook for one type of events.
func (n *node) hook(storeID, url, eventType string) billhook.Webhook {
	n.t.Helper()
	hook, err := n.Register(context.Background(), billhook.Registration{StoreID: storeID, URL: url, Events: []string{eventType}})
	if err != nil {
		n.t.Fatal(err)
	}
	return hook
}

func (n *node) emit(eventType, data string) {
	n.t.Helper()
	if _, err := n.Emit(context.Background(), billhook.Emission{Type: eventType, Data: []byte(data)}); err != nil {
		n.t.Fatal(err)
	}
}

// emitUnowned emits in a caller's transaction, whose deliveries are nobody's.
func (c *cluster) emitUnowned(n *node, eventType, data string) {
	c.t.Helper()
	tx := c.shared.Begin()
	if _, err := n.EmitTx(context.Background(), tx, billhook.Emission{Type: eventType, Data: []byte(data)}); err != nil {
		c.t.Fatal(err)
	}
	if err := tx.Commit(); err != nil {
		c.t.Fatal(err)
	}
}

// TestTwoNewNodes: two nodes that find a new database at once both have the
// store default.
func TestTwoNewNodes(t *testing.T) {
	clusterBubble(t, func(t *testing.T, c *cluster) {
		db := c.open()
		var once sync.Once
		db.onCommit(func(_ *billhook.Batch, commit func() error) error {
			once.Do(func() { c.node(c.open()) })
			return commit()
		})
		slower := c.node(db)
		if _, err := slower.Emit(context.Background(), billhook.Emission{Type: "order.paid", Data: []byte("1")}); err != nil {
			t.Errorf("emit on the slower node: %v", err)
		}
	})
}

// TestRunAfterFailedJoin: a Run that cannot become a node says why, and leaves a
// Client that can Run once the database is back.
func TestRunAfterFailedJoin(t *testing.T) {
	clusterBubble(t, func(t *testing.T, c *cluster) {
		n, in := c.node(c.open()), &inbox{}
		n.hook("", c.serve(9000, in), "*")
		n.db.on("Join", failOnce())
		if err := n.Run(context.Background()); !errors.Is(err, errDisk) {
			t.Fatalf("Run without a database: %v, want %v", err, errDisk)
		}
		n.emit("order.paid", "1")
		n.run()
		wantEach(t, in, 1, 0)
	})
}

// TestQuietNodeRecovers: what a transaction took over whose answer was lost is
// sent, also where nobody wants anything written afterwards.
func TestQuietNodeRecovers(t *testing.T) {
	clusterBubble(t, func(t *testing.T, c *cluster) {
		n, in := c.node(c.open()), &inbox{}
		n.hook("", c.serve(9000, in), "*")
		n.run()
		n.db.loseClaim(func() {})
		c.emitUnowned(n, "order.paid", "1")
		settle(time.Hour)
		wantEach(t, in, 1, 0)
	})
}

// TestMemoryIsReadAgainAfterDoubt: where memory cannot be read anew after a
// recovery, the recovery is not over: it is tried until it can.
func TestMemoryIsReadAgainAfterDoubt(t *testing.T) {
	for _, read := range []string{"Lanes", "Configuration"} {
		t.Run(read, func(t *testing.T) {
			clusterBubble(t, func(t *testing.T, c *cluster) {
				n, in := c.node(c.open()), &inbox{}
				n.hook("", c.serve(9000, in), "*")
				n.run()
				n.db.loseClaim(func() { n.db.on(read, failOnce()) })
				c.emitUnowned(n, "order.paid", `"first"`)
				settle(time.Hour)
				n.emit("order.paid", `"later"`)
				settle(time.Hour)
				wantEach(t, in, 2, 0)
			})
		})
	}
}

// TestNothingSentBeforeReread: a node that was taken for dead holds a lease again
// as soon as it has joined, but sends nothing until it has read what is still
// its own. Only what was under way may come twice.
func TestNothingSentBeforeReread(t *testing.T) {
	for _, kind := range []struct {
		name    string
		disturb func(db *touched)
	}{
		{"slow configuration", func(db *touched) {
			db.on("Configuration", func() error { time.Sleep(5 * time.Second); return nil })
		}},
		{"failing lanes", func(db *touched) { db.on("Lanes", failOnce()) }},
		{"failing lanes, then no database", func(db *touched) {
			once := failOnce()
			db.on("Lanes", func() error {
				err := once()
				if err != nil {
					back := time.Now().Add(5 * time.Second)
					db.on("Recover", func() error {
						if time.Now().Before(back) {
							return errDisk
						}
						return nil
					})
				}
				return err
			})
		}},
	} {
		t.Run(kind.name, func(t *testing.T) {
			clusterBubble(t, func(t *testing.T, c *cluster) {
				const events, underWay = 400, 4
				c.config.WebhookConcurrency = underWay
				in := &inbox{answer: func(int, received) int { time.Sleep(time.Second); return 200 }}
				db := c.open()
				db.silence, db.speak = make(chan struct{}), make(chan struct{})
				dead, other := c.node(db), c.node(c.open())
				dead.hook("", c.serve(9000, in), "*")
				dead.run()
				for i := range events {
					dead.emit("order.paid", fmt.Sprint(i))
				}
				close(db.silence)
				settle(time.Second)
				other.run() // and takes over
				kind.disturb(dead.db)
				close(db.speak)
				settle(10 * time.Minute)
				wantEach(t, in, events, underWay)
			})
		})
	}
}

// TestLeaseLastsWhileStopping: what is under way when a node is told to stop is
// its own until it is written, however short its lease.
func TestLeaseLastsWhileStopping(t *testing.T) {
	clusterBubble(t, func(t *testing.T, c *cluster) {
		c.config.StopGrace = 10 * lease
		in := &inbox{answer: func(int, received) int { time.Sleep(lease + lease/4); return 200 }}
		stopping, other := c.node(c.open()), c.node(c.open())
		stopping.hook("", c.serve(9000, in), "*")
		stopping.run()
		stopping.emit("order.paid", "1")
		settle(time.Second) // so that the request is under way
		stopping.stop()
		other.run()
		settle(10 * lease)
		wantEach(t, in, 1, 0)
	})
}

// TestStuckWebhookPacesNobody: what waits for a webhook that nothing is sent to
// does not hold up emits.
func TestStuckWebhookPacesNobody(t *testing.T) {
	clusterBubble(t, func(t *testing.T, c *cluster) {
		const waiting, emits, commit = 3000, 2000, 10 * time.Millisecond
		ctx := context.Background()
		n, in := c.node(c.open()), &inbox{}
		stuck := n.hook("", "http://127.0.0.1:9000/", "stuck")
		for range waiting / 500 {
			batch := make([]billhook.Emission, 500)
			for i := range batch {
				batch[i] = billhook.Emission{Type: "stuck", Data: []byte("1")}
			}
			if _, err := n.EmitBatch(ctx, "", batch); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := n.Deactivate(ctx, "default", stuck.ID); err != nil {
			t.Fatal(err)
		}
		n.hook("", c.serve(9001, in), "live")
		n.run()
		n.db.onCommit(func(_ *billhook.Batch, write func() error) error { time.Sleep(commit); return write() })
		start := time.Now()
		var emitting sync.WaitGroup
		for i := range emits {
			emitting.Go(func() { n.emit("live", fmt.Sprint(i)) })
		}
		emitting.Wait()
		if took, want := time.Since(start), 10*commit; took > want {
			t.Errorf("%d emits at once took %v beside a webhook that takes nothing, want at most %v", emits, took, want)
		}
		settle(time.Minute)
		wantEach(t, in, emits, 0)
	})
}

// TestTakenOverAreKnown: what a node takes over tells it which receivers hang, so
// that one of which it knows nothing has a place at once.
func TestTakenOverAreKnown(t *testing.T) {
	clusterBubble(t, func(t *testing.T, c *cluster) {
		c.config.MaxInFlight = 16
		before, good := c.node(c.open()), &inbox{}
		before.hook("", c.serve(9000, good), "good")
		hang := c.serve(9001, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body)
			<-r.Context().Done()
		}))
		for range 60 {
			before.hook("", hang, "bad")
		}
		before.run()
		before.emit("bad", `0`)
		settle(10 * time.Minute)
		before.halt()
		settle(24 * time.Hour) // and all of them are due

		after := c.node(c.open())
		after.run()
		after.emit("good", `0`)
		synctest.Wait()
		wantEach(t, good, 1, 0)
	})
}

// TestLookAnywhere: a node that may not have heard of what became of its deliveries
// reads all lanes anew; with the old in memory it might send what was erased.
func TestLookAnywhere(t *testing.T) {
	clusterBubble(t, func(t *testing.T, c *cluster) {
		db := c.open()
		db.tells = make(chan billhook.Change)
		n := c.node(db)
		n.run()
		down := c.serve(9000, http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) { rw.WriteHeader(500) }))
		n.hook("default", down, "order.*")
		n.hook("default", down, "*")
		n.emit("order.paid", "1")
		settle(time.Second)
		var reads atomic.Int32
		db.on("Pending", func() error { reads.Add(1); return nil })
		for _, tt := range []struct {
			change billhook.Change
			reads  int32
		}{{billhook.Change{Unowned: true}, 0}, {billhook.Change{Anywhere: true}, 2}} {
			reads.Store(0)
			db.tells <- tt.change
			settle(time.Millisecond)
			if got := reads.Load(); got != tt.reads {
				t.Errorf("%+v: %d lanes are read, want %d", tt.change, got, tt.reads)
			}
		}
	})
}
