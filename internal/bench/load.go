package bench

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// A loadPlan says how events are emitted.
type loadPlan struct {
	// connections is how many keep-alive connections emit.
	connections int
	// rate is events a second on a fixed schedule; 0 is a closed loop, in
	// which every connection emits again as soon as it was answered.
	rate int
	// duration bounds the load.
	duration time.Duration
}

func (p loadPlan) args(addrs string, run int) []string {
	return []string{
		"--addr", addrs, "--run", strconv.Itoa(run),
		"--connections", strconv.Itoa(p.connections),
		"--rate", strconv.Itoa(p.rate),
		"--duration", p.duration.String(),
	}
}

// A loadResult is what a load process prints when it is done.
type loadResult struct {
	// Accepted counts the 202s; Refused the other answers, by status.
	Accepted int         `json:"accepted"`
	Refused  map[int]int `json:"refused,omitempty"`
	// Elapsed is from the first emit to the last answer, in ns.
	Elapsed time.Duration `json:"elapsed"`
	// Accept is the time from an emit to its answer. On a schedule it counts
	// from the scheduled time, so that a server that stalls pays for all that
	// it held up.
	Accept *Histogram `json:"accept"`
}

// Load is the main of the hidden subcommand bench-load: it emits events to a
// server and prints what was answered, as JSON.
func Load(ctx context.Context, args []string, stdout io.Writer) error {
	flags := flag.NewFlagSet("bench-load", flag.ContinueOnError)
	addr := flags.String("addr", "", "the server's `host:port`, or those of its nodes with commas between")
	run := flags.Int("run", 1, "the number that marks the events of this load")
	var plan loadPlan
	flags.IntVar(&plan.connections, "connections", 256, "keep-alive connections")
	flags.IntVar(&plan.rate, "rate", 0, "events a second; 0 means as many as are answered")
	flags.DurationVar(&plan.duration, "duration", time.Second, "how long to emit")
	if err := flags.Parse(args); err != nil {
		return err
	}
	addrs := strings.Split(*addr, ",")
	for _, addr := range addrs {
		if err := checkLoopback(addr); err != nil {
			return err
		}
	}
	result, err := emitAll(ctx, addrs, *run, plan)
	if err != nil {
		return fmt.Errorf("emit events: %w", err)
	}
	return json.NewEncoder(stdout).Encode(result)
}

// checkLoopback keeps the benchmark from ever loading another machine.
func checkLoopback(addr string) error {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return fmt.Errorf("read address %q: %w", addr, err)
	}
	if ip := net.ParseIP(host); ip == nil || !ip.IsLoopback() {
		return fmt.Errorf("address %q is not a loopback address", addr)
	}
	return nil
}

// A turn is one event to emit.
type turn struct {
	number int
	sent   time.Time
}

// emitAll emits by the plan; the connections are spread evenly over the
// addresses.
func emitAll(ctx context.Context, addrs []string, run int, plan loadPlan) (loadResult, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	emitters := make([]*emitter, 0, plan.connections)
	defer func() {
		for _, e := range emitters {
			e.conn.Close()
		}
	}()
	for i := range plan.connections {
		addr := addrs[i%len(addrs)]
		var dialer net.Dialer
		conn, err := dialer.DialContext(ctx, "tcp", addr)
		if err != nil {
			return loadResult{}, err
		}
		emitters = append(emitters, &emitter{
			conn: conn, answers: bufio.NewReader(conn), request: newRequest(addr, run), refused: map[int]int{},
		})
		if err := conn.SetDeadline(time.Now().Add(plan.duration + answerLimit)); err != nil {
			return loadResult{}, err
		}
	}

	start := time.Now()
	next := closedLoop(start.Add(plan.duration))
	var background sync.WaitGroup
	defer background.Wait()
	if plan.rate > 0 {
		turns := make(chan turn)
		background.Go(func() { schedule(ctx, turns, start, plan) })
		next = func() (turn, bool) { t, ok := <-turns; return t, ok }
	}
	errs := make([]error, len(emitters))
	var working sync.WaitGroup
	for i, e := range emitters {
		working.Go(func() {
			stop := context.AfterFunc(ctx, func() { e.conn.Close() })
			defer stop()
			if errs[i] = e.emit(next); errs[i] != nil {
				cancel()
			}
		})
	}
	working.Wait()
	result := loadResult{Refused: map[int]int{}, Elapsed: time.Since(start), Accept: new(Histogram)}
	for _, e := range emitters {
		result.Accepted += e.accepted
		result.Accept.Merge(&e.accept)
		for status, n := range e.refused {
			result.Refused[status] += n
		}
	}
	return result, errors.Join(errs...)
}

// answerLimit is how long after the end of a load its last answer may take.
const answerLimit = time.Minute

// closedLoop hands out turns until the deadline.
func closedLoop(deadline time.Time) func() (turn, bool) {
	var numbers atomic.Int64
	return func() (turn, bool) {
		now := time.Now()
		if !now.Before(deadline) {
			return turn{}, false
		}
		return turn{number: int(numbers.Add(1)) - 1, sent: now}, true
	}
}

// schedule hands out the turns of a fixed rate at their times, or late when no
// connection is free; their sent time is the scheduled one all the same.
func schedule(ctx context.Context, turns chan<- turn, start time.Time, plan loadPlan) {
	defer close(turns)
	count := int(plan.duration.Seconds() * float64(plan.rate))
	for i := range count {
		at := start.Add(time.Duration(i) * time.Second / time.Duration(plan.rate))
		for wait := time.Until(at); wait > 0 && ctx.Err() == nil; wait = time.Until(at) {
			preciseSleep(min(wait, 50*time.Millisecond))
		}
		select {
		case turns <- turn{number: i, sent: at}:
		case <-ctx.Done():
			return
		}
	}
}

// An emitter emits on one connection.
type emitter struct {
	conn     net.Conn
	answers  *bufio.Reader
	request  *request
	accepted int
	refused  map[int]int
	accept   Histogram
}

func (e *emitter) emit(next func() (turn, bool)) error {
	for {
		t, ok := next()
		if !ok {
			return nil
		}
		e.request.stamp(t.number, t.sent)
		if _, err := e.conn.Write(e.request.bytes); err != nil {
			return err
		}
		status, err := readResponse(e.answers)
		if err != nil {
			return err
		}
		if status != 202 {
			e.refused[status]++
			continue
		}
		e.accepted++
		e.accept.Record(time.Since(t.sent))
	}
}
