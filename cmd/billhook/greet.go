package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strings"

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
	key := cmd.greetKey(w, secret)
	fmt.Fprintf(w, "\nEmit a first event:\n\n"+ // #nosec G705 -- a terminal, not a page
		"  curl -i %s/api/events \\\n"+
		"    -H 'content-type: application/json' -H \"x-api-key: %s\" \\\n"+
		"    -d '{\"type\": \"%s\", \"data\": %s}'\n\n", base, key, cmd.exampleType(client), `{"orderId": "o_1", "total": 4999}`)
}

// greetKey tells which key there is, and returns what stands for it in a command. A key
// that was made is shown in one place, the line that hands it to all commands.
func (cmd *serveCmd) greetKey(w io.Writer, secret string) string {
	which, value := "", secret
	switch {
	case cmd.Dev:
		fmt.Fprintf(w, "  Key      %s\n", secret)
		return secret
	case secret != "":
		which = "made now and shown this once, in the line below: keep it"
	case cmd.RootKeyFile != "":
		which, value = "the one in "+cmd.RootKeyFile, `"$(cat `+shellQuoted(cmd.RootKeyFile)+`)"`
	case os.Getenv(rootKeyEnv) != "":
		which, value = "the one in "+rootKeyEnv, `"$`+rootKeyEnv+`"`
	default:
		which = "the one that a former start made; if it is lost, delete\n           " + filepath.Join(cmd.Data, rootKeyFile) + " and start again"
		value = "YOUR_KEY"
	}
	fmt.Fprintf(w, "  Key      %s\n\nHave commands use it:\n\n  export BILLHOOK_API_KEY=%s\n", which, value) // #nosec G705 -- a terminal, not a page
	return "$BILLHOOK_API_KEY"
}

// shellQuoted is text in quotes that no shell looks into.
func shellQuoted(text string) string { return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'" }

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
