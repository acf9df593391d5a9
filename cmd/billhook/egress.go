package main

import (
	"fmt"
	"net/netip"

	"github.com/billhook/billhook/egress"
)

// egressFlags say where webhooks may lead.
type egressFlags struct {
	Allow []string `env:"BILLHOOK_EGRESS_ALLOW" placeholder:"CIDR|HOST" help:"Also open these addresses (10.1.0.0/16; this machine's own one by one, 127.0.0.1), or private networks to these hosts (hooks.example.com, *.example.com); may be given more than once."`
	Deny  []string `env:"BILLHOOK_EGRESS_DENY" placeholder:"CIDR|HOST" help:"Never send to these addresses or hosts, whatever else says; may be given more than once."`
	Only  []string `env:"BILLHOOK_EGRESS_ONLY" placeholder:"CIDR|HOST" help:"Send to no others than these, of those that are open; may be given more than once."`
	Ports []uint16 `env:"BILLHOOK_EGRESS_PORTS" placeholder:"443,8443" help:"The ports that webhooks may have. Default: all."`
	Proxy string   `env:"BILLHOOK_EGRESS_PROXY" placeholder:"http://…|socks5://…" help:"Proxy for all that is sent to webhooks (CONNECT or SOCKS5); others see a password among the flags, not in the variable."`
}

// policy is what the lists and ports say.
func (f *egressFlags) policy() (egress.Policy, error) {
	p := egress.Policy{Limits: egress.Limits{Ports: f.Ports}}
	for _, list := range []struct {
		flag    string
		entries []string
		into    *egress.List
	}{{"allow", f.Allow, &p.Allow}, {"deny", f.Deny, &p.Deny}, {"only", f.Only, &p.Only}} {
		var err error
		if list.flag == "allow" {
			err = checkAllowed(list.entries)
		}
		if err != nil {
			return p, err
		}
		if *list.into, err = egress.ParseList(list.entries...); err != nil {
			return p, fmt.Errorf("--egress-%s: %w", list.flag, err)
		}
	}
	for _, port := range f.Ports {
		if port == 0 {
			return p, fmt.Errorf("--egress-ports=%d: give ports from 1 to 65535", port)
		}
	}
	return p, nil
}

// checkAllowed refuses what would open nothing.
func checkAllowed(entries []string) error {
	for _, entry := range entries {
		if prefix, err := netip.ParsePrefix(entry); err == nil && !prefix.IsSingleIP() && prefix.Addr().Unmap().IsLoopback() {
			return fmt.Errorf("--egress-allow: %q opens nothing: this machine's own addresses open one by one, like 127.0.0.1", entry)
		}
	}
	return nil
}

// proxy is nil where there is none.
func (f *egressFlags) proxy() (*egress.Proxy, error) {
	if f.Proxy == "" {
		return nil, nil
	}
	p, err := egress.ParseProxy(f.Proxy)
	if err != nil {
		return nil, fmt.Errorf("--egress-proxy: %w", err)
	}
	return p, nil
}
