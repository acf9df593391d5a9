// Package inspect is a request bin: it keeps what arrives, shows it, and answers what it
// is told to, faults among it.
//
// It knows HTTP, recordings and what explain says of them. It must not know who sends. It
// binds no address: whoever does decides who can reach it.
package inspect

import (
	"io"
	"net/http"
	"slices"
	"sort"
	"strconv"
	"sync"
	"time"

	"github.com/billhook/billhook/internal/explain"
	"github.com/billhook/billhook/internal/recording"
	"github.com/billhook/billhook/profile"
)

// Bounds of what is kept. The oldest goes first.
const (
	// DefaultKeep is how many requests are kept where Config does not say.
	DefaultKeep = 200
	maxKeep     = 10_000
	// maxBody is how much of one body is kept: more than Billhook sends.
	maxBody = 2 << 20
	// maxBytes is for all bodies and headers together.
	maxBytes = 64 << 20
	// maxHeld is how many requests may be waiting for their answer at a time.
	maxHeld = 256
)

// Config says what a Bin does at first; its page can change the answers.
type Config struct {
	// Answer is what every request gets. Default: 200.
	Answer Answer
	// Keep is how many requests are kept, at most 10,000. Default: 200.
	Keep int
	// Secrets and Profile are what arrivals are verified with. Default: they are not.
	Secrets []string
	Profile *profile.Profile
	// Hosts are names that the page may be asked by beside those of this machine.
	// Default: none.
	Hosts []string
	// OnArrival is told of each arrival before it is answered, one at a time.
	// Default: nobody is.
	OnArrival func(*Arrival)
}

// An Arrival is a request that came. It does not change.
type Arrival struct {
	Number  int
	At      time.Time
	Remote  string
	Request *recording.Request
	// Cut says that the body was longer than what is kept.
	Cut bool
	// Answered is what it got: a status code, or the fault.
	Answered string

	explain func() *explain.Answer
}

// Explain says whether it verifies; nil where no secret is known, or not all of the body.
func (a *Arrival) Explain() *explain.Answer {
	if a.explain == nil {
		return nil
	}
	return a.explain()
}

// A Bin keeps requests and answers them. It is safe for concurrent use.
type Bin struct {
	config  Config
	stopped chan struct{}
	stop    sync.Once
	held    chan struct{} // a place for each request that waits
	telling sync.Mutex

	mu       sync.Mutex
	arrivals []*Arrival // the oldest first
	bytes    int
	number   int
	answers  []*rule
	watchers map[chan struct{}]bool
}

// New returns a Bin, or what will not do in its Config.
func New(c Config) (*Bin, error) {
	if err := c.Answer.Check(); err != nil {
		return nil, err
	}
	if c.Keep <= 0 {
		c.Keep = DefaultKeep
	}
	c.Keep = min(c.Keep, maxKeep)
	c.Answer.Path = ""
	return &Bin{config: c, stopped: make(chan struct{}), held: make(chan struct{}, maxHeld), answers: []*rule{{Answer: c.Answer}}, watchers: map[chan struct{}]bool{}}, nil
}

// Close ends what waits: answers that are delayed, and pages that are live.
func (b *Bin) Close() { b.stop.Do(func() { close(b.stopped) }) }

// Arrivals are those that are kept, the newest first.
func (b *Bin) Arrivals() []*Arrival {
	b.mu.Lock()
	defer b.mu.Unlock()
	all := slices.Clone(b.arrivals)
	slices.Reverse(all)
	return all
}

// arrival is the one of that number, or nil.
func (b *Bin) arrival(number int) *Arrival {
	b.mu.Lock()
	defer b.mu.Unlock()
	i, found := slices.BinarySearchFunc(b.arrivals, number, func(a *Arrival, n int) int { return a.Number - n })
	if !found {
		return nil
	}
	return b.arrivals[i]
}

// Clear forgets all arrivals. Numbers go on.
func (b *Bin) Clear() {
	b.mu.Lock()
	b.arrivals, b.bytes = nil, 0
	b.mu.Unlock()
	b.wake()
}

// receive keeps a request and answers it.
func (b *Bin) receive(w http.ResponseWriter, r *http.Request) {
	a := &Arrival{At: time.Now(), Remote: r.RemoteAddr, Request: record(r)}
	body, err := io.ReadAll(io.LimitReader(r.Body, maxBody+1))
	if a.Cut = len(body) > maxBody; a.Cut {
		body = body[:maxBody]
	}
	a.Request.Body = body                    // as much as came, where it broke off
	if len(b.config.Secrets) > 0 && !a.Cut { // of a part nothing can be said
		a.explain = sync.OnceValue(func() *explain.Answer {
			return explain.Explain(explain.Question{Request: a.Request, Secrets: b.config.Secrets, Profile: b.config.Profile, Now: a.At})
		})
	}
	how := b.answerTo(r)
	a.Answered = how.describe()
	if err != nil {
		a.Answered += " (the body broke off)"
	}
	full := false
	select {
	case b.held <- struct{}{}:
		defer func() { <-b.held }()
	default:
		full, a.Answered = true, "503 (too many wait for their answer)"
	}
	b.keep(a)
	b.wake()
	if b.config.OnArrival != nil {
		b.telling.Lock()
		b.config.OnArrival(a)
		b.telling.Unlock()
	}
	if full {
		http.Error(w, "too many requests wait for their answer", http.StatusServiceUnavailable)
		return
	}
	b.perform(how, w, r)
}

// record writes a request's head down. net/http gives names in its own spelling, and no
// order.
func record(r *http.Request) *recording.Request {
	out := &recording.Request{Method: r.Method, Target: r.URL.RequestURI(), HasBody: true, Fields: []recording.Field{{Name: "Host", Value: r.Host}}}
	names := make([]string, 0, len(r.Header))
	for name := range r.Header {
		names = append(names, name)
	}
	sort.Strings(names)
	for _, name := range names {
		for _, value := range r.Header[name] {
			out.Fields = append(out.Fields, recording.Field{Name: name, Value: value})
		}
	}
	if out.Get("Content-Length") == "" && r.ContentLength >= 0 && (r.ContentLength > 0 || r.Method == http.MethodPost) {
		out.Fields = append(out.Fields, recording.Field{Name: "Content-Length", Value: strconv.FormatInt(r.ContentLength, 10)})
	}
	return out
}

func (b *Bin) keep(a *Arrival) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.number++
	a.Number = b.number
	b.arrivals = append(b.arrivals, a)
	b.bytes += size(a)
	for len(b.arrivals) > b.config.Keep || b.bytes > maxBytes && len(b.arrivals) > 1 {
		b.bytes -= size(b.arrivals[0])
		b.arrivals = slices.Delete(b.arrivals, 0, 1)
	}
}

func size(a *Arrival) int {
	n := len(a.Request.Body) + len(a.Request.Target)
	for _, f := range a.Request.Fields {
		n += len(f.Name) + len(f.Value)
	}
	return n
}

// watch returns a channel that tells that something has changed, and what ends that.
func (b *Bin) watch() (changed chan struct{}, end func()) {
	changed = make(chan struct{}, 1)
	b.mu.Lock()
	b.watchers[changed] = true
	b.mu.Unlock()
	return changed, func() {
		b.mu.Lock()
		delete(b.watchers, changed)
		b.mu.Unlock()
	}
}

// wake tells all that watch; who has not looked yet will see it anyway.
func (b *Bin) wake() {
	b.mu.Lock()
	defer b.mu.Unlock()
	for w := range b.watchers {
		select {
		case w <- struct{}{}:
		default:
		}
	}
}
