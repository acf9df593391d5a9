package api

import (
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/billhook/billhook"
)

const (
	// maxStreams bounds who listens, in all and to one store: by its own keys, and apart
	// from them by those that are for all stores.
	maxStreams, maxStreamsOfStore = 128, 16
	// streamPage is how many events are read at a time.
	streamPage = 100
	// streamPoll is how often it is looked for what other nodes have committed, and
	// whether the key still holds; what this one commits is looked for at once, but not
	// more often than every streamPause.
	streamPoll, streamPause = 500 * time.Millisecond, 25 * time.Millisecond
	// streamPatience is how long a listener may take to read what is sent. One that is
	// stopped or asleep connects again, and goes on from its cursor.
	streamPatience = 30 * time.Second
	// streamBeat is the default of Config.StreamBeat.
	streamBeat = 10 * time.Second
)

// streams counts who listens.
type streams struct {
	mu  sync.Mutex
	all int
	// ofStore counts by storeBucket.
	ofStore map[string]int
}

// enter counts one more, until leave is called.
func (s *streams) enter(bucket string) (leave func(), err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.all >= maxStreams || s.ofStore[bucket] >= maxStreamsOfStore {
		return nil, &billhook.Error{Code: billhook.CodeRateLimited, Message: "too many listen already", Hint: "end another, or try again later"}
	}
	if s.ofStore == nil {
		s.ofStore = map[string]int{}
	}
	s.all++
	s.ofStore[bucket]++
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.all--
		if s.ofStore[bucket]--; s.ofStore[bucket] == 0 {
			delete(s.ofStore, bucket)
		}
	}, nil
}

// Messages of the stream, each with its name in openapi.json.
type (
	streamStartJSON struct {
		StoreID   string  `json:"storeId"`
		Profile   string  `json:"profile"`
		WebhookID *string `json:"webhookId"`
		// Secret verifies the requests; null where one listens as a webhook.
		Secret *string `json:"secret"`
		At     instant `json:"at"`
	}
	streamEventJSON struct {
		ID        string            `json:"id"`
		Type      string            `json:"type"`
		CreatedAt instant           `json:"createdAt"`
		Request   streamRequestJSON `json:"request"`
		SignedAt  instant           `json:"signedAt"`
	}
	streamRequestJSON struct {
		Method  string             `json:"method"`
		Headers []streamHeaderJSON `json:"headers"`
		// Body is exact: its bytes in UTF-8 are what is signed.
		Body string `json:"body"`
	}
	streamHeaderJSON struct {
		Name  string `json:"name"`
		Value string `json:"value"`
	}
	// streamGoneJSON is an event of which nothing is left to send.
	streamGoneJSON struct {
		ID        string  `json:"id"`
		Type      string  `json:"type"`
		CreatedAt instant `json:"createdAt"`
	}
	streamBeatJSON struct {
		At instant `json:"at"`
	}
)

// streamEvents sends a store's events as they are committed, as server-sent events
// (HTML, "Server-sent events"): of each the request that its receiver is to get, signed
// as it is sent. The id of every message is the cursor behind it, with which one goes
// on. It ends when the key does not hold any more and when the service stops.
func (c *call) streamEvents() error {
	q := c.query("events", "webhookId", "after", "since")
	of := billhook.Listening{StoreID: c.storeID, WebhookID: q.text("webhookId"), Events: patterns(q.text("events"))}
	after, parameters := q.text("after"), map[string]string{"/events": "events", "/after": "after", "/since": "since"}
	since, _ := q.time("since")
	if id := c.r.Header.Get("Last-Event-ID"); id != "" {
		after, since = id, time.Time{} // a browser that connects again asks for the same as before
		parameters["/after"] = "Last-Event-ID"
	}
	if after != "" && !since.IsZero() {
		q.refuse("since", "cannot be given beside after")
	}
	if q.err != nil {
		return q.err
	}
	if of.WebhookID != "" && !c.key.may(WebhooksManage) {
		return forbidden("the key lacks the permission " + WebhooksManage + ", which it takes to listen as a webhook")
	}
	leave, err := c.streams.enter(storeBucket(c.key.StoreID, c.storeID))
	if err != nil {
		return err
	}
	defer leave()
	l, err := c.client.Listen(c.r.Context(), of)
	if err != nil {
		return inQuery(err, parameters)
	}
	news, stop := c.client.NewEvents(c.storeID)
	defer stop()
	if after == "" {
		if after, err = c.client.EventCursor(c.r.Context(), c.storeID, since); err != nil {
			return inQuery(err, parameters)
		}
	}
	// The first page is read before the answer begins, so that a cursor which is none is
	// told like any other mistake.
	page, next, err := c.client.EventsAfter(c.r.Context(), c.storeID, after, streamPage)
	if err != nil {
		return inQuery(err, parameters)
	}
	s := &stream{call: c, listener: l, control: http.NewResponseController(c.w)}
	if s.open(after) && c.r.Method != http.MethodHead {
		s.run(page, next, news)
	}
	return nil
}

func patterns(text string) []string {
	if text == "" {
		return nil
	}
	return strings.Split(text, ",")
}

// A stream is the answer to one who listens.
type stream struct {
	*call
	listener *billhook.Listener
	control  *http.ResponseController
	cursor   string // behind what was sent
	sentAt   time.Time
	buf      []byte
}

// open sends the status and the first message; false where nobody reads it.
func (s *stream) open(cursor string) bool {
	// A server bounds how long it reads a request and writes an answer. Where it cannot
	// be told otherwise the stream ends there, and the listener connects again.
	_ = s.control.SetReadDeadline(time.Time{})
	h := s.w.Header()
	h["Content-Type"] = []string{"text/event-stream"}
	h["Cache-Control"] = headerNoStore
	h["X-Content-Type-Options"] = headerNoSniff
	h["X-Accel-Buffering"] = []string{"no"} // nginx would keep it back
	_ = s.control.SetWriteDeadline(time.Now().Add(streamPatience))
	s.begin(http.StatusOK)
	s.observe() // how long it lasts says nothing about the service
	store, err := s.client.Store(s.r.Context(), s.storeID)
	if err != nil {
		return s.end(err)
	}
	start := streamStartJSON{StoreID: s.storeID, Profile: store.Profile, At: instant(time.Now())}
	if secret := s.listener.Secret(); secret != "" {
		start.Secret = &secret
	} else {
		id := s.listener.WebhookID()
		start.WebhookID = &id
	}
	return s.say("start", cursor, start) && s.flush()
}

// run sends pages until the listener is gone, or has to go.
func (s *stream) run(page []billhook.FollowedEvent, next string, news <-chan struct{}) {
	poll := time.NewTicker(streamPoll)
	defer poll.Stop()
	for s.sendPage(page, next) {
		rest := streamPause
		if len(page) == streamPage {
			rest = 0 // there is more
		}
		if !s.wait(nil, time.After(rest)) || len(page) == 0 && !s.wait(news, poll.C) {
			return
		}
		err := s.stillAdmitted()
		if err == nil {
			page, next, err = s.client.EventsAfter(s.r.Context(), s.storeID, s.cursor, streamPage)
		}
		if err != nil {
			s.end(err)
			return
		}
	}
}

// wait waits for one of the two; false where the stream is over.
func (s *stream) wait(news <-chan struct{}, timer <-chan time.Time) bool {
	select {
	case <-s.cfg.Stopping:
		return s.end(&billhook.Error{Code: billhook.CodeUnavailable, Message: "the service stops", Hint: "connect again, with the last id as after"})
	case <-s.r.Context().Done():
		return false
	case <-news:
	case <-timer:
	}
	return true
}

// sendPage sends what the listener wants of a page, and a sign of life where there was
// nothing for long.
func (s *stream) sendPage(page []billhook.FollowedEvent, next string) bool {
	for i := range page {
		e := &page[i]
		wants, err := s.listener.Wants(&e.Event)
		if err != nil {
			return s.end(err)
		}
		if !wants {
			continue
		}
		if !e.ErasedAt.IsZero() {
			if !s.say("gone", e.Cursor, streamGoneJSON{e.ID, e.Type, instant(e.CreatedAt)}) {
				return false
			}
			continue
		}
		r, err := s.listener.Request(&e.Event)
		if err != nil {
			return s.end(err)
		}
		shown := streamEventJSON{e.ID, e.Type, instant(e.CreatedAt), showSigned(&r), instant(r.At)}
		if !s.say("event", e.Cursor, shown) {
			return false
		}
	}
	s.cursor = next
	if time.Since(s.sentAt) >= s.cfg.StreamBeat && !s.say("beat", next, streamBeatJSON{instant(time.Now())}) {
		return false
	}
	return s.flush()
}

func showSigned(r *billhook.SignedRequest) streamRequestJSON {
	shown := streamRequestJSON{Method: r.Method, Body: string(r.Body)}
	for name, values := range r.Header {
		for _, value := range values {
			shown.Headers = append(shown.Headers, streamHeaderJSON{name, value})
		}
	}
	slices.SortFunc(shown.Headers, func(a, b streamHeaderJSON) int {
		return strings.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name))
	})
	return shown
}

// say writes a message; false where the listener is gone, or reads too slowly.
func (s *stream) say(event, id string, v any) bool {
	b := append(append(s.buf[:0], "event: "...), event...)
	if id != "" {
		b = append(append(b, "\nid: "...), id...)
		s.cursor = id
	}
	b, err := appendJSON(append(b, "\ndata: "...), v) // which has no line breaks of its own
	if err != nil {
		s.cfg.Logger.Error("cannot write a message of a stream", "requestId", s.requestID(), "store", s.storeID, "error", err)
		return false
	}
	b = append(b, "\n\n"...)
	s.buf, s.sentAt = b, time.Now()
	_ = s.control.SetWriteDeadline(s.sentAt.Add(streamPatience))
	_, err = s.w.Write(b) // #nosec G705 -- an event stream, which no browser shows
	return err == nil
}

// flush sends what was written on its way.
func (s *stream) flush() bool { return s.control.Flush() == nil }

// end tells why the stream is over, as the answer to the next request would, and has
// what is our own failure in the log. It is false, so that its caller ends too.
func (s *stream) end(err error) bool {
	if s.r.Context().Err() != nil {
		return false // the listener is gone
	}
	p := problemOf(err)
	p.RequestID = s.requestID()
	if p.Code == codeInternal {
		s.cfg.Logger.Error("a stream failed", "requestId", p.RequestID, "store", s.storeID, "error", err)
	}
	if s.say("end", "", p) {
		s.flush()
	}
	return false
}

// stillAdmitted asks once more what the request was let in by.
func (s *stream) stillAdmitted() error {
	secret, err := secretOf(s.r.Header)
	if err != nil {
		return err
	}
	key, ok := s.cfg.Keys(secret)
	switch {
	case !ok:
		return &billhook.Error{Code: codeUnauthorized, Message: "the API key was revoked, or has expired"}
	case key.StoreID != s.key.StoreID || !key.may(s.route.permission) || s.listener.WebhookID() != "" && !key.may(WebhooksManage):
		return forbidden("the API key may not listen any more")
	}
	return nil
}
