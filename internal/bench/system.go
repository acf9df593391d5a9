package bench

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"
)

// A system is what a trial measures: the reference, or Billhook as one node or
// more on the same data.
type system struct {
	nodes []*server
	// databaseServer is the process that works for the nodes beside their own,
	// 0 for none.
	databaseServer int
	// discard removes the data that nobody will read again, if there are such.
	discard func() error
	// patience is how long a node may take to stop. Default: stopLimit.
	patience time.Duration

	// fallen gets every node that has exited.
	fallen   chan *server
	watching sync.WaitGroup
}

func newSystem(nodes ...*server) *system {
	s := &system{nodes: nodes, fallen: make(chan *server, len(nodes)), patience: stopLimit}
	for _, n := range nodes {
		s.watching.Go(func() {
			<-n.exited
			s.fallen <- n
		})
	}
	return s
}

// stop ends all nodes and waits for them. Those whose data nobody will read are
// not given the time to put them in order.
func (s *system) stop() {
	var stopping sync.WaitGroup
	for _, n := range s.nodes {
		stopping.Go(func() {
			if s.discard != nil {
				n.kill()
				return
			}
			n.stopWithin(s.patience)
		})
	}
	stopping.Wait()
	s.watching.Wait()
	if s.discard != nil {
		_ = s.discard() // the benchmark's end tries again, and tells
	}
}

// addrs are the nodes' addresses as bench-load takes them.
func (s *system) addrs() string {
	addrs := make([]string, len(s.nodes))
	for i, n := range s.nodes {
		addrs[i] = n.addr
	}
	return strings.Join(addrs, ",")
}

// A spending is CPU time that a system has taken so far.
type spending struct {
	// nodes is what the nodes took themselves, total what was taken for them
	// too. Each is known or not.
	nodes, total           time.Duration
	nodesKnown, totalKnown bool
}

func (s *system) spent() spending {
	sum := spending{nodesKnown: true}
	for _, n := range s.nodes {
		t, ok := cpuTime(n.cmd.Process.Pid)
		sum.nodes += t
		sum.nodesKnown = sum.nodesKnown && ok
	}
	if s.databaseServer != 0 {
		t, ok := treeTime(s.databaseServer)
		sum.total, sum.totalKnown = sum.nodes+t, sum.nodesKnown && ok
	}
	return sum
}

// peakMemory is that of the node that had the most, in bytes.
func (s *system) peakMemory() (most int64) {
	for _, n := range s.nodes {
		if peak, ok := peakMemory(n.cmd.Process.Pid); ok {
			most = max(most, peak)
		}
	}
	return most
}

// startNodes starts so many nodes on the same data, one after the other: the
// first makes the tables.
func (b *bench) startNodes(ctx context.Context, p Place, n int) (*system, error) {
	var nodes []*server
	for range n {
		node, err := b.startBillhook(ctx, p)
		if err != nil {
			for _, started := range nodes {
				started.kill()
			}
			return nil, err
		}
		nodes = append(nodes, node)
	}
	s := newSystem(nodes...)
	if b.shared != nil {
		s.databaseServer = b.shared.ServerPID
	}
	return s, nil
}

// startFresh starts Billhook on an empty place, with a webhook for each of the
// receiver's paths. The place goes with it.
func (b *bench) startFresh(nodes int, paths []string) func(context.Context) (*system, error) {
	return func(ctx context.Context) (*system, error) {
		place, err := b.newPlace(ctx, "empty")
		if err != nil {
			return nil, err
		}
		s, err := b.startNodes(ctx, place, nodes)
		if err != nil {
			return nil, err // the place goes with the benchmark
		}
		s.discard = func() error { return b.discard(place) }
		if err := s.register(ctx, b.urls(paths)); err != nil {
			s.stop()
			return nil, err
		}
		return s, nil
	}
}

// startSeeded starts Billhook on a place that has its webhooks.
func (b *bench) startSeeded(nodes int, p Place) func(context.Context) (*system, error) {
	return func(ctx context.Context) (*system, error) {
		s, err := b.startNodes(ctx, p, nodes)
		if err != nil || b.shared == nil {
			return s, err
		}
		s.patience = handBackLimit
		if err := b.settle(ctx, s, p); err != nil {
			s.stop()
			return nil, err
		}
		return s, nil
	}
}

// register makes a webhook of the default store for each of the URLs, at the
// first node, and waits until every node knows them all.
func (s *system) register(ctx context.Context, urls []string) error {
	for _, url := range urls {
		if err := s.nodes[0].register(ctx, url, eventType); err != nil {
			return err
		}
	}
	for _, n := range s.nodes {
		if err := n.waitKnown(ctx, urls); err != nil {
			return fmt.Errorf("wait until every node knows the webhooks: %w", err)
		}
	}
	return nil
}
