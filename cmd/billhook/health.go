package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"
)

// healthCmd asks the service what /healthz or /readyz say. It is for images in which
// there is nothing else that could ask.
type healthCmd struct {
	Addr    string        `env:"BILLHOOK_ADDR" default:"127.0.0.1:4000" help:"Address that the service listens on."`
	Ready   bool          `help:"Ask whether it can store events too, and not just whether it runs."`
	Timeout time.Duration `default:"3s" help:"How long to wait for the answer."`
}

func (cmd *healthCmd) Run(ctx context.Context) error {
	host, port, err := net.SplitHostPort(cmd.Addr)
	if err != nil {
		return fmt.Errorf("--addr=%s: give it as host:port, like 127.0.0.1:4000", cmd.Addr)
	}
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1" // it listens on all addresses, by IPv6 on those of IPv4 too
	}
	path := "/healthz"
	if cmd.Ready {
		path = "/readyz"
	}
	ctx, cancel := context.WithTimeout(ctx, cmd.Timeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, "GET", "http://"+net.JoinHostPort(host, port)+path, nil)
	if err != nil {
		return err
	}
	// A proxy that the environment names would be asked about itself.
	answer, err := (&http.Transport{}).RoundTrip(request)
	if err != nil {
		return fmt.Errorf("%w: does the service run? --addr or BILLHOOK_ADDR says where", err)
	}
	defer answer.Body.Close()
	told, err := io.ReadAll(io.LimitReader(answer.Body, 1<<10))
	if err != nil {
		return err
	}
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %s: %s", path, answer.Status, told)
	}
	fmt.Printf("%s\n", told)
	return nil
}
