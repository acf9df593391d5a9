package notify

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"
)

// A Slack posts messages as Slack's incoming webhooks take them: {"text": "…"}.
type Slack struct {
	url    string
	client *http.Client
}

// NewSlack takes the URL, which is a secret: whoever has it can post. The operator
// says where it leads, so the guard for merchants' URLs is not asked.
func NewSlack(to string) (*Slack, error) {
	u, err := url.Parse(to)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		return nil, errors.New("the URL for alerts is not like https://hooks.slack.com/services/…")
	}
	client := &http.Client{
		Timeout: 20 * time.Second,
		// A POST that is redirected becomes an empty GET.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return &Slack{url: to, client: client}, nil
}

// Send implements Channel.
func (s *Slack) Send(ctx context.Context, m Message) error {
	body, err := json.Marshal(map[string]string{"text": "*" + m.Subject + "*\n" + m.Text})
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.url, bytes.NewReader(body))
	if err != nil {
		return errors.New("post alerts: the URL is none") // an error of net/http's would tell it
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := s.client.Do(req) // #nosec G704 -- the operator says where it leads
	if err != nil {
		var failed *url.Error
		if errors.As(err, &failed) {
			err = failed.Err // without the URL
		}
		return fmt.Errorf("post alerts: %w", err)
	}
	defer resp.Body.Close()
	_, _ = io.CopyN(io.Discard, resp.Body, 64<<10)
	if resp.StatusCode/100 != 2 {
		return fmt.Errorf("post alerts: answered %s", resp.Status)
	}
	return nil
}
