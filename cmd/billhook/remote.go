package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"net/url"

	"github.com/billhook/billhook/client"
)

// remoteFlags say which Billhook a command talks to, and as whom.
type remoteFlags struct {
	URL    string `name:"url" env:"BILLHOOK_URL" default:"http://127.0.0.1:4000" placeholder:"URL" help:"Where the Billhook is."`
	APIKey string `name:"api-key" env:"BILLHOOK_API_KEY" placeholder:"KEY" help:"The API key; better in the variable, where no list of processes shows it. Without one, the key of --dev is tried on this machine."`
	Store  string `env:"BILLHOOK_STORE" placeholder:"ID" help:"The store. Default: the key's own, or \"default\" for a key of all stores."`
	JSON   bool   `name:"json" help:"Print JSON as the API answers it, one object a line, for scripts."`
}

// client makes the client that the flags ask for. It calls nothing yet.
func (f *remoteFlags) client() (*client.Client, error) {
	key := f.APIKey
	if key == "" {
		if !isThisMachine(f.URL) {
			return nil, errors.New("no API key: set BILLHOOK_API_KEY, or give --api-key")
		}
		key = devKey
	}
	c, err := client.New(client.Config{BaseURL: f.URL, APIKey: key, StoreID: f.Store, UserAgent: "billhook/" + version})
	if err != nil {
		return nil, fmt.Errorf("--url, --api-key or --store: %w", err)
	}
	return c, nil
}

func isThisMachine(base string) bool {
	u, err := url.Parse(base)
	if err != nil {
		return false
	}
	ip, err := netip.ParseAddr(u.Hostname())
	return u.Hostname() == "localhost" || err == nil && ip.IsLoopback()
}

// remoteHint says what to do about an error of a call; "" where it says it itself.
func remoteHint(err error) string {
	var refused *client.Error
	switch {
	case errors.As(err, &refused) && refused.Hint != "":
		return refused.Hint
	case errors.As(err, &refused) && refused.Code == "unauthorized":
		return "set BILLHOOK_API_KEY to a key of that Billhook, or give --api-key"
	case errors.As(err, &refused) && refused.Code == "forbidden":
		return "`billhook keys create` with a key that may do it makes one with the permission"
	case client.IsUnreached(err):
		return "is a Billhook running there? `billhook serve --dev` starts one here; --url or BILLHOOK_URL names another"
	}
	return ""
}

// remoteDetails are all that is wrong with a call, a line each, where that is more than
// one thing.
func remoteDetails(err error) (lines []string) {
	var refused *client.Error
	if !errors.As(err, &refused) || len(refused.Errors) < 2 {
		return nil
	}
	for _, d := range refused.Errors {
		lines = append(lines, plain(d.Pointer+": "+d.Detail))
	}
	return lines
}

// printJSON prints what the API answered, on a line.
func printJSON(w io.Writer, v any) error {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return err
	}
	_, err := w.Write(b.Bytes())
	return err
}
