package bench

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"time"
)

// startLimit is how long a process may take until it answers. A big database
// may have to recover first.
const startLimit = 2 * time.Minute

// A server is a process that takes events: Billhook or the reference.
type server struct {
	*child
	addr string
	// throwaway is the data folder that goes with the process, if any.
	throwaway string
}

// stop ends the process and waits for it. One whose data nobody will read is
// not given the time to put it in order.
func (s *server) stop() {
	if s.throwaway != "" {
		s.kill()
		_ = os.RemoveAll(s.throwaway)
		return
	}
	s.child.stop()
}

// startReference starts the forwarder to the targets.
func (b *bench) startReference(ctx context.Context, targets []string, options ...string) (*server, error) {
	return b.startPrinting(ctx, append(append([]string{"bench-reference"}, options...), targets...)...)
}

func (b *bench) startReceiver(ctx context.Context) (*server, error) {
	return b.startPrinting(ctx, "bench-receiver")
}

// startPrinting starts a child that prints its address once it listens.
func (b *bench) startPrinting(ctx context.Context, args ...string) (*server, error) {
	line := newFirstLine()
	c, err := startChild(ctx, b.executable, line, args...)
	if err != nil {
		return nil, err
	}
	limit := time.NewTimer(startLimit)
	defer limit.Stop()
	select {
	case addr := <-line.line:
		return &server{child: c, addr: addr}, nil
	case <-c.exited:
		return nil, c.died()
	case <-limit.C:
		err = errors.New("no address in time")
	case <-ctx.Done():
		err = ctx.Err()
	}
	c.stop()
	return nil, fmt.Errorf("start %s: %w", c.name, err)
}

// startBillhook starts `serve` on the data folder and waits until it is ready.
func (b *bench) startBillhook(ctx context.Context, data string) (*server, error) {
	addr, err := freeAddress()
	if err != nil {
		return nil, err
	}
	c, err := startChild(ctx, b.executable, nil, "serve", "--dev", "--addr", addr, "--data", data)
	if err != nil {
		return nil, err
	}
	s := &server{child: c, addr: addr}
	if err := s.waitReady(ctx); err != nil {
		c.stop()
		return nil, fmt.Errorf("start serve: %w", err)
	}
	return s, nil
}

// freeAddress is an address of this machine on which nothing listens now.
func freeAddress() (string, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", fmt.Errorf("find a free port: %w", err)
	}
	defer listener.Close()
	return listener.Addr().String(), nil
}

func (s *server) waitReady(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, startLimit)
	defer cancel()
	every := time.NewTicker(10 * time.Millisecond)
	defer every.Stop()
	for {
		if status, _, err := call(ctx, http.MethodGet, "http://"+s.addr+"/readyz", nil); err == nil && status == http.StatusOK {
			return nil
		}
		select {
		case <-every.C:
		case <-s.exited:
			return s.died()
		case <-ctx.Done():
			return fmt.Errorf("not ready: %w: %s", ctx.Err(), s.output)
		}
	}
}

// register makes a webhook of the default store for one event type.
func (s *server) register(ctx context.Context, url, event string) error {
	body, err := json.Marshal(map[string]any{"url": url, "events": []string{event}})
	if err != nil {
		return err
	}
	status, answer, err := call(ctx, http.MethodPost, "http://"+s.addr+"/api/webhooks", body)
	if err != nil {
		return fmt.Errorf("register webhook: %w", err)
	}
	if status != http.StatusCreated {
		return fmt.Errorf("register webhook: status %d: %s", status, answer)
	}
	return nil
}

// callLimit bounds one call, answerSize how much of its answer is read.
const (
	callLimit  = 30 * time.Second
	answerSize = 4 << 20
)

// call makes one request of the benchmark itself, none that is measured.
func call(ctx context.Context, method, url string, body []byte) (int, []byte, error) {
	ctx, cancel := context.WithTimeout(ctx, callLimit)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, method, url, bytes.NewReader(body))
	if err != nil {
		return 0, nil, err
	}
	request.Header.Set("X-Api-Key", devKey)
	request.Header.Set("Content-Type", "application/json")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0, nil, err
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(response.Body, answerSize))
	return response.StatusCode, answer, err
}
