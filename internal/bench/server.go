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
	"strconv"
	"time"

	"github.com/billhook/billhook/internal/loopback"
)

// startLimit is how long a process may take until it answers. A big database
// may have to recover first.
const startLimit = 2 * time.Minute

// A server is a process that takes events: Billhook or the reference.
type server struct {
	*child
	addr string
}

// startReference starts the forwarder to the targets.
func (b *bench) startReference(ctx context.Context, targets []string, options ...string) (*system, error) {
	s, err := b.startPrinting(ctx, append(append([]string{"bench-reference"}, options...), targets...)...)
	if err != nil {
		return nil, err
	}
	return newSystem(s), nil
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

// startBillhook starts `serve` on the place and waits until it is ready.
func (b *bench) startBillhook(ctx context.Context, p Place) (*server, error) {
	addr := net.JoinHostPort("127.0.0.1", strconv.Itoa(loopback.FreePort()))
	c, err := startChild(ctx, b.executable, nil, append([]string{"serve", "--dev", "--addr", addr}, p.flags()...)...)
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

// knownLimit is how long a node may take to learn of webhooks that another was
// told of.
const knownLimit = 30 * time.Second

// waitKnown waits until the node lists webhooks for all the URLs.
func (s *server) waitKnown(ctx context.Context, urls []string) error {
	ctx, cancel := context.WithTimeout(ctx, knownLimit)
	defer cancel()
	every := time.NewTicker(pollEvery)
	defer every.Stop()
	for {
		missing, err := s.unknown(ctx, urls)
		if err != nil {
			return err
		}
		if len(missing) == 0 {
			return nil
		}
		select {
		case <-every.C:
		case <-s.exited:
			return s.died()
		case <-ctx.Done():
			return fmt.Errorf("%s does not know %v: %w", s.addr, missing, ctx.Err())
		}
	}
}

// unknown are those of the URLs for which the node lists no webhook.
func (s *server) unknown(ctx context.Context, urls []string) (missing []string, err error) {
	status, answer, err := call(ctx, http.MethodGet, fmt.Sprintf("http://%s/api/webhooks?limit=%d", s.addr, maxHooks), nil)
	if err != nil {
		return nil, err
	}
	if status != http.StatusOK {
		return nil, fmt.Errorf("list webhooks: status %d: %s", status, answer)
	}
	var list struct {
		Data []struct {
			URL string `json:"url"`
		} `json:"data"`
	}
	if err := json.Unmarshal(answer, &list); err != nil {
		return nil, fmt.Errorf("read list of webhooks: %w", err)
	}
	known := map[string]bool{}
	for _, w := range list.Data {
		known[w.URL] = true
	}
	for _, url := range urls {
		if !known[url] {
			missing = append(missing, url)
		}
	}
	return missing, nil
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
