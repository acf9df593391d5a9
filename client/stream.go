package client

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// StreamOptions say what of a store's events is listened to.
type StreamOptions struct {
	// Types are event types, or patterns as a webhook has them. Default: all.
	Types []string
	// WebhookID is a webhook as which to listen, with its secrets, headers, event types
	// and filter. Default: none, and a secret signs that the stream tells at its start.
	WebhookID string
	// After is the ID of a message, behind which the stream goes on. Default: what is
	// committed from now on.
	After string
	// Since has the stream begin with what was accepted then, where there is no After.
	Since time.Time
}

// A StreamStart is the first message of a stream.
type StreamStart struct {
	StoreID string `json:"storeId"`
	// Profile is the store's wire profile.
	Profile string `json:"profile"`
	// WebhookID is that of the webhook as which one listens; nil for none.
	WebhookID *string `json:"webhookId"`
	// Secret verifies the requests; nil where one listens as a webhook.
	Secret *string `json:"secret"`
	// At is the time by the service's clock.
	At time.Time `json:"at"`
}

// A StreamEvent is an event, as the request that its receiver is to get.
type StreamEvent struct {
	ID        string        `json:"id"`
	Type      string        `json:"type"`
	CreatedAt time.Time     `json:"createdAt"`
	Request   StreamRequest `json:"request"`
	// SignedAt is when the request was signed. Receivers refuse it some minutes later.
	SignedAt time.Time `json:"signedAt"`
}

// A StreamRequest is the request of an event.
type StreamRequest struct {
	Method string `json:"method"`
	// Headers are spelled as they are to be sent.
	Headers []StreamHeader `json:"headers"`
	// Body is exact: its bytes are what is signed.
	Body string `json:"body"`
}

// A StreamHeader is a header of a request.
type StreamHeader struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// A StreamGone is an event whose data is no longer kept.
type StreamGone struct {
	ID        string    `json:"id"`
	Type      string    `json:"type"`
	CreatedAt time.Time `json:"createdAt"`
}

// A StreamBeat is a sign of life.
type StreamBeat struct {
	// At is the time by the service's clock.
	At time.Time `json:"at"`
}

// A StreamMessage is one message of a stream: one of its members is set, or none for a
// kind that this package does not know.
type StreamMessage struct {
	// ID is the cursor behind it; "" where it has none.
	ID    string
	Start *StreamStart
	Event *StreamEvent
	Gone  *StreamGone
	Beat  *StreamBeat
	// End says why the stream is over. Connecting again tells whether that is for good.
	End *Error
}

// A Stream is a connection on which a store's events come.
type Stream struct {
	body  io.ReadCloser
	lines *bufio.Reader
}

// maxMessage bounds a message of a stream, in bytes. An event is of some MiB at most.
const maxMessage = 64 << 20

// Stream listens to a store's events. It is not repeated: whoever wants to go on after
// the connection is lost calls it again, with the ID of the last message as After. It
// ends with ctx.
func (e Events) Stream(ctx context.Context, o StreamOptions) (*Stream, error) {
	q := url.Values{}
	setText(q, "events", strings.Join(o.Types, ","))
	setText(q, "webhookId", o.WebhookID)
	setText(q, "after", o.After)
	if o.After == "" {
		setTime(q, "since", o.Since)
	}
	resp, err := e.c.Stream(ctx, pathOf("events", "stream"), q, http.Header{"Accept": {"text/event-stream"}})
	if err != nil {
		return nil, err
	}
	if media, _, _ := mime.ParseMediaType(resp.Header.Get("Content-Type")); media != "text/event-stream" {
		resp.Body.Close()
		return nil, &Error{Status: resp.StatusCode, Detail: "something that is not Billhook has answered", Hint: "is the URL that of a Billhook, and nothing in between that answers for it?"}
	}
	return &Stream{resp.Body, bufio.NewReaderSize(resp.Body, 64<<10)}, nil
}

// Close ends the stream.
func (s *Stream) Close() error { return s.body.Close() }

// Next waits for the next message. At the end of the connection it answers io.EOF, and
// another error where that broke.
func (s *Stream) Next() (StreamMessage, error) {
	var m StreamMessage
	var kind string
	var data []byte
	for size := 0; ; {
		line, err := s.line(&size)
		switch {
		case err == io.EOF && kind != "":
			return m, io.ErrUnexpectedEOF
		case err != nil:
			return m, err
		}
		name, value, _ := bytes.Cut(line, []byte(":"))
		value = bytes.TrimPrefix(value, []byte(" "))
		switch {
		case len(line) == 0 && kind == "": // a comment
			size = 0
		case len(line) == 0:
			return m, m.read(kind, data)
		case string(name) == "event":
			kind = string(value)
		case string(name) == "id":
			m.ID = string(value)
		case string(name) == "data":
			data = append(data, value...)
		}
	}
}

// line is the next one, without its end; size is that of the message so far.
func (s *Stream) line(size *int) ([]byte, error) {
	var line []byte
	for {
		part, err := s.lines.ReadSlice('\n')
		if *size += len(part); *size > maxMessage {
			return nil, fmt.Errorf("a message of the stream is larger than %d bytes", maxMessage)
		}
		line = append(line, part...)
		switch {
		case err == bufio.ErrBufferFull:
		case err == io.EOF && len(line) > 0:
			return nil, io.ErrUnexpectedEOF
		case err != nil:
			return nil, err
		default:
			return bytes.TrimRight(line, "\r\n"), nil
		}
	}
}

func (m *StreamMessage) read(kind string, data []byte) error {
	var into any
	switch kind {
	case "start":
		m.Start = new(StreamStart)
		into = m.Start
	case "event":
		m.Event = new(StreamEvent)
		into = m.Event
	case "gone":
		m.Gone = new(StreamGone)
		into = m.Gone
	case "beat":
		m.Beat = new(StreamBeat)
		into = m.Beat
	case "end":
		m.End = new(Error)
		into = m.End
	default:
		return nil
	}
	if err := json.Unmarshal(data, into); err != nil {
		return fmt.Errorf("a message of the stream is not what Billhook says: %w", err)
	}
	return nil
}
