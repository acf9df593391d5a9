package main

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

func TestHealth(t *testing.T) {
	t.Setenv("HTTP_PROXY", "http://127.0.0.1:1")
	service := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/healthz" {
			http.Error(w, "the disk is full", http.StatusServiceUnavailable)
		}
	}))
	addr := strings.TrimPrefix(service.URL, "http://")
	_, port, _ := strings.Cut(addr, ":")
	for _, at := range []string{addr, "0.0.0.0:" + port, ":" + port, "[::]:" + port} {
		if err := (&healthCmd{Addr: at, Timeout: time.Minute}).Run(t.Context()); err != nil {
			t.Errorf("%s: %v", at, err)
		}
	}
	if err := (&healthCmd{Addr: addr, Ready: true, Timeout: time.Minute}).Run(t.Context()); err == nil || !strings.Contains(err.Error(), "the disk is full") {
		t.Errorf("not ready: %v", err)
	}
	service.Close()
	err := (&healthCmd{Addr: addr, Timeout: time.Minute}).Run(t.Context())
	if err == nil || !strings.Contains(err.Error(), "--addr") || hintOf(err) != "" {
		t.Errorf("there is no service: %v, hint %q", err, hintOf(err))
	}
	if err := (&healthCmd{Addr: "nowhere", Timeout: time.Minute}).Run(t.Context()); err == nil || !strings.Contains(err.Error(), "host:port") {
		t.Errorf("no address: %v", err)
	}
}
