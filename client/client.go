// Package client calls the HTTP API of a Billhook that runs elsewhere: it emits
// events, and manages stores, webhooks and what became of deliveries.
//
// A call that may be made twice is repeated where its answer is lost or the service
// is not ready: reading, and whatever carries an idempotency key, which emitting and
// making a webhook do by themselves. What is refused comes back as an [*Error]. Lists are iterators that read
// page after page as they are asked for more.
//
// It imports Go's own library alone, and nothing of Billhook: its types are the
// API's, and a test compares them with the OpenAPI document. To run Billhook inside
// a program of one's own, use the root package instead.
package client

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// DefaultBaseURL is where `billhook serve` listens when it is told nothing else.
const DefaultBaseURL = "http://127.0.0.1:4000"

// A Config says where the API is and who calls it.
type Config struct {
	// BaseURL is the service's, without /api: https://hooks.example. A path in it stays
	// in front of all others. Default: [DefaultBaseURL].
	BaseURL string
	// APIKey is sent with every request, and never follows a redirect. Default: none,
	// with which little may be called.
	APIKey string
	// StoreID is the store that calls are about. Default: the key's own, or the store
	// "default" for a key of all stores.
	StoreID string
	// HTTPClient sends the requests; a copy of it, which follows no redirects. Default: one
	// of its own, that keeps up to 64 connections for those who call at the same time.
	HTTPClient *http.Client
	// UserAgent is sent as the header of that name. Default: billhook-go.
	UserAgent string
	// Attempts is how many times a call is made at most, the first included. Default: 4.
	Attempts int
	// Timeout bounds one attempt, its answer included. Default: 30 s.
	Timeout time.Duration
}

// A Client calls the API. It is safe for concurrent use.
type Client struct {
	Stores         Stores
	Keys           Keys
	Webhooks       Webhooks
	EventTypes     EventTypes
	Events         Events
	Deliveries     Deliveries
	Recoveries     Recoveries
	Erasures       Erasures
	PortalSessions PortalSessions
	Audit          Audit

	base      *url.URL
	apiKey    string
	storeID   string
	userAgent string
	attempts  int
	timeout   time.Duration
	http      *http.Client
}

// New makes a client. It calls nothing yet.
func New(cfg Config) (*Client, error) {
	base, err := baseURL(cmp.Or(cfg.BaseURL, DefaultBaseURL))
	if err != nil {
		return nil, err
	}
	for name, value := range map[string]string{"APIKey": cfg.APIKey, "StoreID": cfg.StoreID, "UserAgent": cfg.UserAgent} {
		if strings.ContainsFunc(value, func(r rune) bool { return r < ' ' || r > '~' }) {
			return nil, fmt.Errorf("client: %s: holds what no header can, such as a line break", name) // the value may be secret
		}
	}
	if cfg.Attempts < 0 || cfg.Timeout < 0 {
		return nil, fmt.Errorf("client: Attempts and Timeout must not be below 0")
	}
	c := &Client{
		base: base, apiKey: cfg.APIKey, storeID: cfg.StoreID, userAgent: cmp.Or(cfg.UserAgent, "billhook-go"),
		attempts: cmp.Or(cfg.Attempts, 4), timeout: cmp.Or(cfg.Timeout, 30*time.Second), http: &http.Client{Transport: ownTransport()},
	}
	if cfg.HTTPClient != nil {
		*c.http = *cfg.HTTPClient
	}
	// A redirect would take the key to another place, and make a GET of a POST.
	c.http.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	c.Stores, c.Keys, c.Webhooks, c.EventTypes, c.Events = Stores{c}, Keys{c}, Webhooks{c}, EventTypes{c}, Events{c}
	c.Deliveries, c.Recoveries, c.Erasures, c.PortalSessions, c.Audit = Deliveries{c}, Recoveries{c}, Erasures{c}, PortalSessions{c}, Audit{c}
	return c, nil
}

// ownTransport is Go's own with more idle connections to one host, which is all that there
// is to call: two, as it has them, would have every third caller connect anew.
func ownTransport() http.RoundTripper {
	shared, ok := http.DefaultTransport.(*http.Transport)
	if !ok { // the program has put something else there, and meant it
		return http.DefaultTransport
	}
	own := shared.Clone()
	own.MaxIdleConnsPerHost = 64
	return own
}

func baseURL(text string) (*url.URL, error) {
	u, err := url.Parse(text)
	switch {
	case err != nil: // which may hold a password
		return nil, fmt.Errorf("client: BaseURL is no URL: give one such as %s", DefaultBaseURL)
	case u.User != nil:
		return nil, fmt.Errorf("client: BaseURL holds a user: give the key as APIKey instead")
	case u.Scheme != "http" && u.Scheme != "https", u.Host == "", u.RawQuery != "", u.Fragment != "":
		return nil, fmt.Errorf("client: BaseURL %q: give one such as %s", text, DefaultBaseURL)
	}
	u.Path, u.RawPath = strings.TrimRight(u.Path, "/"), ""
	return u, nil
}

// String names the service, and not the key.
func (c *Client) String() string { return "billhook at " + c.base.String() }

// GoString is String: what prints a Client in full must not print its key.
func (c *Client) GoString() string { return c.String() }

// Do makes a call that has no method here. The path begins with a slash and may have a
// query; what stands for a name in it must be escaped. In is sent as JSON where it is
// not nil, and the answer is read into out where that is not nil. Only a GET is
// repeated where its answer is lost.
func (c *Client) Do(ctx context.Context, method, path string, in, out any) error {
	path, query, _ := strings.Cut(path, "?")
	values, err := url.ParseQuery(query)
	if err != nil {
		return fmt.Errorf("%s %s: the query is malformed", method, path)
	}
	return c.do(ctx, call{method: method, path: path, query: values, in: in}, out)
}

// Stream makes one GET whose answer comes in pieces, for as long as ctx lasts; it has to
// begin within Config.Timeout. The caller reads and closes the body. The header may be nil;
// an answer of 300 and above is an [*Error].
func (c *Client) Stream(ctx context.Context, path string, query url.Values, header http.Header) (*http.Response, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	late := time.AfterFunc(c.timeout, func() { cancel(fmt.Errorf("no answer within %v", c.timeout)) })
	defer late.Stop()
	resp, err := c.begin(ctx, path, query, header)
	if err != nil {
		cancel(nil)
		return nil, err
	}
	resp.Body = streamBody{resp.Body, cancel}
	return resp, nil
}

// begin makes a GET up to the body of its answer.
func (c *Client) begin(ctx context.Context, path string, query url.Values, header http.Header) (*http.Response, error) {
	r, err := c.request(ctx, &call{method: http.MethodGet, path: path, query: query, header: header}, nil)
	if err != nil {
		return nil, err
	}
	endless := *c.http
	endless.Timeout = 0
	resp, err := endless.Do(r) // #nosec G704 -- to the service that the caller names
	if err != nil {
		return nil, transportError(r, err)
	}
	if resp.StatusCode >= 300 {
		defer resp.Body.Close()
		return nil, readError(resp)
	}
	return resp, nil
}

// A streamBody lets go of its context when it is closed.
type streamBody struct {
	io.ReadCloser
	cancel context.CancelCauseFunc
}

func (b streamBody) Close() error {
	b.cancel(nil)
	return b.ReadCloser.Close()
}
