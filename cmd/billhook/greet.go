package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"path/filepath"

	"github.com/billhook/billhook"
)

// greet tells whoever started the service where it is, which key it takes, and
// a command that works when pasted.
func (cmd *serveCmd) greet(w io.Writer, client *billhook.Client, addr net.Addr, secret string) {
	base := "http://" + reachable(addr)
	fmt.Fprintf(w, "Billhook %s\n\n", version)
	if cmd.Dev {
		fmt.Fprint(w, "  DEVELOPMENT MODE: accepts a well-known key and sends to http://, to this\n"+
			"  machine and to private networks. Never let anyone else reach it.\n\n")
	}
	if cmd.Dev && !onLoopback(addr) {
		fmt.Fprintf(w, "  WARNING: it listens on %s, which other machines may reach.\n\n", addr)
	}
	if s, err := client.Store(context.Background(), billhook.DefaultStore); err == nil && s.Profile != cmd.Profile {
		fmt.Fprintf(w, "  The store %s keeps its profile, %s: --profile %s is for stores made from now on.\n"+
			"  Start with another --data, or change the store's profile.\n\n", s.ID, s.Profile, cmd.Profile) // #nosec G705 -- a terminal, not a page
	}
	fmt.Fprintf(w, "  Web      %s/\n", base)
	fmt.Fprintf(w, "  API      %s/api\n", base)
	fmt.Fprintf(w, "  OpenAPI  %s/openapi.json\n", base)
	fmt.Fprintf(w, "  Data     %s\n", cmd.place()) // #nosec G705 -- a terminal, not a page
	switch {
	case cmd.Dev:
		fmt.Fprintf(w, "  Key      %s\n", secret)
	case secret != "":
		fmt.Fprintf(w, "  Key      %s\n           made now and shown this once: keep it\n", secret)
	case cmd.RootKeyFile != "":
		fmt.Fprintf(w, "  Key      the one in %s\n", cmd.RootKeyFile) // #nosec G705 -- a terminal, not a page
		secret = "$(cat " + cmd.RootKeyFile + ")"
	case os.Getenv(rootKeyEnv) != "":
		fmt.Fprintf(w, "  Key      the one in %s\n", rootKeyEnv)
		secret = "$" + rootKeyEnv
	default:
		fmt.Fprintf(w, "  Key      the one that a former start made; if it is lost, delete\n           %s and start again\n", filepath.Join(cmd.Data, rootKeyFile)) // #nosec G705 -- a terminal, not a page
		secret = "YOUR_KEY"
	}
	fmt.Fprintf(w, "\nEmit a first event:\n\n"+ // #nosec G705 -- a terminal, not a page
		"  curl -i %s/api/events \\\n"+
		"    -H 'content-type: application/json' -H \"x-api-key: %s\" \\\n"+
		"    -d '{\"type\": \"%s\", \"data\": %s}'\n\n", base, secret, cmd.exampleType(client), `{"orderId": "o_1", "total": 4999}`)
}

// place is where the data is; a password in a URL is not shown.
func (cmd *serveCmd) place() string {
	if cmd.DatabaseURL == "" {
		return cmd.Data
	}
	u, err := url.Parse(cmd.DatabaseURL)
	if err != nil || u.Scheme == "" {
		return "PostgreSQL" // by a connection string of names and values
	}
	return u.Redacted()
}

// exampleType is an event type that the default store takes.
func (cmd *serveCmd) exampleType(client *billhook.Client) string {
	s, err := client.Store(context.Background(), billhook.DefaultStore)
	if err == nil {
		if p, ok := client.Profile(s.Profile); ok && len(p.EventTypes) > 0 {
			return p.EventTypes[0].Name
		}
	}
	return "order.paid"
}

// onLoopback reports whether only this machine can reach an address.
func onLoopback(addr net.Addr) bool {
	tcp, ok := addr.(*net.TCPAddr)
	return ok && tcp.IP.IsLoopback()
}

// reachable is an address that this machine can connect to.
func reachable(addr net.Addr) string {
	tcp, ok := addr.(*net.TCPAddr)
	if !ok || !tcp.IP.IsUnspecified() {
		return addr.String()
	}
	return net.JoinHostPort("127.0.0.1", fmt.Sprint(tcp.Port))
}
