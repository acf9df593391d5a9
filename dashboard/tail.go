package dashboard

import (
	"bytes"
	"context"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/billhook/billhook"
)

const (
	// tailEvery is how often the newest deliveries of a store are read while anybody
	// watches, however many do; tailRows is how many are.
	tailEvery = time.Second
	tailRows  = pageSize
	// maxTails bounds who watches, in all and of one store.
	maxTails, maxTailsOfStore = 256, 32
	// tailBeat is after how long without news a viewer is told that all is well, which
	// proxies want; tailPatience is for how long one may take to read what is sent.
	tailBeat, tailPatience = 15 * time.Second, 10 * time.Second
)

// tails are the stores that somebody watches.
type tails struct {
	mu     sync.Mutex
	stores map[string]*tail
	all    int
}

// A tail has the newest deliveries of a store, for all who watch it. Nothing goes on by
// itself: who asks when they are too old reads them, and the others wait for that.
type tail struct {
	watchers int // guarded by tails.mu

	turn   chan struct{} // holds one while nobody reads
	readAt time.Time
	newest []billhook.Delivery // without payloads; a new slice each time
}

func newTails() *tails { return &tails{stores: map[string]*tail{}} }

// watch begins to watch a store; leave must be called.
func (ts *tails) watch(storeID string) (t *tail, leave func(), err error) {
	ts.mu.Lock()
	defer ts.mu.Unlock()
	t = ts.stores[storeID]
	if ts.all >= maxTails || t != nil && t.watchers >= maxTailsOfStore {
		return nil, nil, &billhook.Error{Code: billhook.CodeRateLimited, Message: "too many watch already", Hint: "close another page that watches"}
	}
	if t == nil {
		t = &tail{turn: make(chan struct{}, 1)}
		t.turn <- struct{}{}
		ts.stores[storeID] = t
	}
	t.watchers++
	ts.all++
	return t, func() {
		ts.mu.Lock()
		defer ts.mu.Unlock()
		t.watchers--
		ts.all--
		if t.watchers == 0 {
			delete(ts.stores, storeID)
		}
	}, nil
}

// look is what is newest, no older than tailEvery.
func (t *tail) look(ctx context.Context, read func(context.Context) ([]billhook.Delivery, error)) ([]billhook.Delivery, error) {
	select {
	case <-t.turn:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	defer func() { t.turn <- struct{}{} }()
	if !t.readAt.IsZero() && time.Since(t.readAt) < tailEvery {
		return t.newest, nil
	}
	list, err := read(ctx)
	if err != nil {
		return nil, err
	}
	t.newest, t.readAt = list, time.Now()
	return list, nil
}

// liveDeliveries tells what is new as server-sent events (HTML, "Server-sent events"):
// a row of the list's table in each, for a delivery that is new or has changed, and
// the id of one that the filter selects no more.
func (p *page) liveDeliveries() error {
	query := readDeliveryQuery(p.r.URL.Query())
	if !query.watchable() {
		return &billhook.Error{Code: billhook.CodeInvalid, Message: "what is new cannot be searched, and is at no other time"}
	}
	t, leave, err := p.tails.watch(p.store.ID)
	if err != nil {
		return err
	}
	defer leave()
	h := p.w.Header()
	h.Set("Content-Type", "text/event-stream; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Accel-Buffering", "no") // nginx would keep it back
	p.answered = true
	s := &stream{w: p.w, control: http.NewResponseController(p.w)}
	if !s.send(": ok\n\n") {
		return nil
	}
	p.tell(s, t, query)
	return nil
}

// tell sends what is new until the viewer is gone, or may not look any more.
func (p *page) tell(s *stream, t *tail, query deliveryQuery) {
	every := time.NewTicker(tailEvery)
	defer every.Stop()
	shown := map[string]string{} // what the viewer has, by id: of the newest alone
	for {
		if !p.stillMay() {
			s.send("event: end\ndata: \n\n")
			return
		}
		newest, err := t.look(p.Context(), func(ctx context.Context) ([]billhook.Delivery, error) {
			return p.client.Deliveries(ctx, billhook.DeliveryFilter{StoreID: p.store.ID, Limit: tailRows, WithoutPayload: true})
		})
		if err != nil && p.Context().Err() == nil {
			p.problem(err) // has it in the log where it is our failure
			s.send("event: end\ndata: \n\n")
			return
		}
		if text := p.news(newest, query, shown); !s.send(text) {
			return
		}
		select {
		case <-every.C:
		case <-p.cfg.Stopping:
			return
		case <-p.Context().Done():
			return
		}
	}
}

// stillMay asks who looks once more: a session ends, and a key may be revoked.
func (p *page) stillMay() bool {
	v := p.look(p.r)
	if !v.Signed() || v.key.StoreID != "" && v.key.StoreID != p.store.ID || !v.May(p.route.permission) {
		return false
	}
	_, err := p.client.Store(p.Context(), p.store.ID)
	return err == nil
}

// news are the events of what has changed since it was shown, oldest first.
func (p *page) news(newest []billhook.Delivery, query deliveryQuery, shown map[string]string) string {
	var b strings.Builder
	rows, seen := p.rows(newest), map[string]bool{}
	for i := len(rows) - 1; i >= 0; i-- {
		row := &rows[i]
		seen[row.ID] = true
		switch had, ok := shown[row.ID]; {
		case !query.selects(&row.Delivery):
			if ok {
				b.WriteString("event: gone\ndata: " + row.ID + "\n\n")
				delete(shown, row.ID)
			}
		case had != row.Mark():
			var html bytes.Buffer
			if err := p.pages[p.language]["deliveries"].ExecuteTemplate(&html, "delivery-row", *row); err != nil {
				p.problem(err)
				continue
			}
			b.WriteString("event: row\n")
			for line := range strings.Lines(html.String()) {
				b.WriteString("data: " + strings.TrimRight(line, "\r\n") + "\n")
			}
			b.WriteString("\n")
			shown[row.ID] = row.Mark()
		}
	}
	for id := range shown {
		if !seen[id] {
			delete(shown, id) // too old to be watched
		}
	}
	return b.String()
}

// A stream sends server-sent events.
type stream struct {
	w       http.ResponseWriter
	control *http.ResponseController
	sentAt  time.Time
}

// send sends text, or without any a sign of life now and then; false where the viewer
// is gone, or reads too slowly.
func (s *stream) send(text string) bool {
	if text == "" {
		if time.Since(s.sentAt) < tailBeat {
			return true
		}
		text = ": \n\n"
	}
	s.sentAt = time.Now()
	// A server bounds the whole of an answer. Where it cannot be told otherwise the
	// stream ends there, and the script asks again.
	_ = s.control.SetWriteDeadline(s.sentAt.Add(tailBeat + tailPatience))
	if _, err := s.w.Write([]byte(text)); err != nil {
		return false
	}
	return s.control.Flush() == nil
}
