package client_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/billhook/billhook/client"
)

// tryStream listens for a second to what has happened in the last hour.
func tryStream(t *testing.T, s *service) {
	t.Helper()
	emitted := must(s.Events.Emit(t.Context(), client.NewEvent{Type: "stream.tried", Data: map[string]any{"text": "<ü>\u2028"}}))(t)
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	stream := must(s.Events.Stream(ctx, client.StreamOptions{Types: []string{"stream.tried", "stream.never.*"}, Since: time.Now().Add(-time.Hour)}))(t)
	defer stream.Close()
	start := must(stream.Next())(t)
	if start.ID == "" || start.Start == nil || start.Start.Secret == nil || start.Start.At.IsZero() {
		t.Fatalf("it starts with %+v", start)
	}
	m := must(stream.Next())(t)
	if m.Event == nil || m.Event.ID != emitted.ID || !strings.Contains(m.Event.Request.Body, "<ü>\u2028") || len(m.Event.Request.Headers) < 5 || m.Event.SignedAt.IsZero() {
		t.Fatalf("and goes on with %+v", m)
	}
	if m, err := stream.Next(); err != io.EOF {
		t.Errorf("and ends with %+v, %v", m, err)
	}
	// Behind it there is nothing.
	ctx, cancel = context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	again := must(s.Events.Stream(ctx, client.StreamOptions{After: m.ID}))(t)
	defer again.Close()
	must(again.Next())(t)
	if m, err := again.Next(); err != io.EOF {
		t.Errorf("behind the last comes %+v, %v", m, err)
	}
}

// An answering is a transport that answers a text.
type answering struct{ media, text string }

func (a answering) RoundTrip(r *http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: 200, Header: http.Header{"Content-Type": {a.media}}, Body: io.NopCloser(strings.NewReader(a.text)), Request: r}, nil
}

// TestStreamIsRead: comments and kinds that are not known are passed over, several lines
// of data are one, and what breaks off is told from what has ended.
func TestStreamIsRead(t *testing.T) {
	const beat = "event: beat\nid: c1\ndata: {\"at\":\ndata: \"2026-03-01T10:30:00Z\"}\n\n"
	for text, want := range map[string]struct {
		kinds string
		err   error
	}{
		"":                   {"", io.EOF},
		": hello\n\n" + beat: {"beat ", io.EOF},
		strings.ReplaceAll(beat, "\n", "\r\n") + "event: new\ndata: x\n\n" + beat: {"beat other beat ", io.EOF},
		beat + beat[:len(beat)-1]: {"beat ", io.ErrUnexpectedEOF},
		beat + beat[:20]:          {"beat ", io.ErrUnexpectedEOF},
		"event: end\ndata: {\"code\":\"unavailable\",\"status\":503}\n\n": {"unavailable ", io.EOF},
	} {
		c := must(client.New(client.Config{HTTPClient: &http.Client{Transport: answering{"text/event-stream", text}}}))(t)
		stream := must(c.Events.Stream(t.Context(), client.StreamOptions{}))(t)
		kinds := ""
		for {
			m, err := stream.Next()
			if err != nil {
				if kinds != want.kinds || !errors.Is(err, want.err) {
					t.Errorf("%q is read as %s and %v", text, kinds, err)
				}
				break
			}
			switch {
			case m.Beat != nil && m.ID == "c1" && m.Beat.At.Year() == 2026:
				kinds += "beat "
			case m.End != nil:
				kinds += m.End.Code + " "
			default:
				kinds += "other "
			}
		}
	}
	c := must(client.New(client.Config{HTTPClient: &http.Client{Transport: answering{"text/html", "<html>"}}}))(t)
	if _, err := c.Events.Stream(t.Context(), client.StreamOptions{}); err == nil || !strings.Contains(err.Error(), "not Billhook") {
		t.Errorf("a page is a stream: %v", err)
	}
	c = must(client.New(client.Config{HTTPClient: &http.Client{Transport: answering{"text/event-stream", "event: beat\ndata: x\n\n"}}}))(t)
	if _, err := must(c.Events.Stream(t.Context(), client.StreamOptions{}))(t).Next(); err == nil || err == io.EOF {
		t.Errorf("no JSON is a beat: %v", err)
	}
}

// A hanging is a transport that never answers, or whose answer never goes on.
type hanging struct{ begins bool }

func (h hanging) RoundTrip(r *http.Request) (*http.Response, error) {
	if h.begins {
		body, end := io.Pipe()
		context.AfterFunc(r.Context(), func() { _ = end.CloseWithError(context.Cause(r.Context())) })
		return &http.Response{StatusCode: 200, Header: http.Header{"Content-Type": {"text/event-stream"}}, Body: body, Request: r}, nil
	}
	<-r.Context().Done()
	return nil, r.Context().Err()
}

// TestStreamBegins: who gets no answer is told so, and one that has begun lasts until it is
// closed.
func TestStreamBegins(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		to := func(begins bool) *client.Client {
			return must(client.New(client.Config{HTTPClient: &http.Client{Transport: hanging{begins}}, Timeout: 5 * time.Second}))(t)
		}
		start := time.Now()
		if _, err := to(false).Events.Stream(t.Context(), client.StreamOptions{}); err == nil || !strings.Contains(err.Error(), "no answer within 5s") || time.Since(start) != 5*time.Second {
			t.Errorf("after %v: %v", time.Since(start), err)
		}
		stream := must(to(true).Events.Stream(t.Context(), client.StreamOptions{}))(t)
		start = time.Now()
		time.AfterFunc(time.Hour, func() { stream.Close() })
		if _, err := stream.Next(); err == nil || time.Since(start) != time.Hour {
			t.Errorf("it ended after %v: %v", time.Since(start), err)
		}
	})
}
