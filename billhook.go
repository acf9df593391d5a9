// Package billhook is a signed webhook sender for commerce platforms: stores
// register webhooks, the platform emits events, and Billhook delivers each
// event to every webhook that wants it, at least once, signed, retried and on
// record.
//
// The package is the domain and the engine. It knows what a delivery is and
// when it is sent, and leaves where things are kept to a Database (package
// sqlite), what a receiver expects to package profile, and which address may be
// dialled to package egress. It must not know a database driver, an HTTP
// server, a dashboard, or any module beside Go's own.
//
// A Client is used from anywhere; one call of Run delivers:
//
//	db, err := sqlite.Open("shop.db", sqlite.Options{})
//	client, err := billhook.New(db, billhook.Config{})
//	go client.Run(ctx)
//	client.Register(ctx, billhook.Registration{URL: "https://example.com/hook", Events: []string{"*"}})
//	client.Emit(ctx, billhook.Emission{Type: "order.paid", Data: []byte(`{"id":"o_1"}`)})
package billhook

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"maps"
	mathrand "math/rand/v2"
	"net"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/billhook/billhook/egress"
	"github.com/billhook/billhook/profile"
)

// A Config says how a Client behaves. Its zero value is useful.
type Config struct {
	// Profile names the wire profile of new stores. Default: "standard".
	Profile string
	// Profiles are the platform's own, beside those that come with Billhook;
	// one with the name of a built-in takes its place. Default: none.
	Profiles []*profile.Profile
	// Keyring seals the secrets of webhooks in the database. Default: none, and
	// they are kept there as they are.
	Keyring *Keyring
	// AllowInsecure lets webhooks have http:// URLs and loopback or private
	// addresses. For development. Default: false.
	AllowInsecure bool
	// Egress says where webhooks may lead, at registration and at every new
	// connection; a store may narrow it. Default: to public addresses other than
	// this machine's.
	Egress egress.Policy
	// EgressProxy makes the connections to receivers; its comment says what
	// Egress cannot see then. Default: none, whatever the environment says.
	EgressProxy *egress.Proxy
	// Schemas understands the schemas of event types: schema.Language{} of package
	// schema. Default: none, and no event type can have one.
	Schemas Schemas
	// Filters understands the filters of webhooks: filter.New() of package filter.
	// Default: none, and no webhook can have one.
	Filters Filters
	// Resolver finds the addresses of receivers. Default: net.DefaultResolver.
	Resolver egress.Resolver
	// Logger gets what an operator must know. Default: slog.Default().
	Logger *slog.Logger
	// Observer is told what happens (package telemetry has one). Default: none.
	Observer Observer
	// Tracer makes spans of emits and attempts (package telemetry has one). Default:
	// none, and the context of a trace is passed on as it is.
	Tracer Tracer
	// OnAlert is told what an operator may want to know, grouped, beside the events of
	// SystemStore (package notify makes mails of it). It must not wait. Default: none.
	OnAlert func(Alert)
	// MaxEventSize bounds one event's data, in bytes. Default: 1 MiB.
	MaxEventSize int
	// MaxDepth bounds how deep an event's data may nest. Default: 64.
	MaxDepth int
	// MaxBatch bounds the events of one EmitBatch. Default: 1000.
	MaxBatch int
	// MaxWebhooks bounds the webhooks of a store: each event of it is matched with
	// all, and they are written and read together. Default: 1000.
	MaxWebhooks int
	// MaxEventTypes bounds the event types that a store defines. Default: 1000.
	MaxEventTypes int
	// MaxKeys bounds the API keys of a store, and those that are for all stores.
	// Default: 1000.
	MaxKeys int
	// OutsideKey finds an API key that is for all stores and is not kept here, like one
	// in a variable, by the id that portal sessions have of it (PortalRequest.KeyID). It
	// is called by many goroutines at once. Default: there are none.
	OutsideKey func(id string) (APIKey, bool)
	// MaxInFlight bounds the requests under way to all receivers together. Three
	// eighths of them at most are to receivers that have not answered yet, a quarter
	// to those that took over a second the last time, and an eighth to those that
	// fail. Default: 2048.
	MaxInFlight int
	// WebhookConcurrency bounds the requests under way to one webhook. How many
	// there are up to it follows from how its receiver takes them. Default: 32.
	WebhookConcurrency int
	// Retention says for how many days stores keep what they do not tell themselves.
	// Default: for ever.
	Retention Retention
	// StopGrace is how long requests under way may take to end once Run's
	// context has ended; those that do not are made again by the next Run.
	// Default: 5 s.
	StopGrace time.Duration
	// LedgerChecked is told of each check of a store's ledger that Run makes, about
	// once a day. Default: nobody; differences are logged in any case.
	LedgerChecked func(storeID string, check LedgerCheck)
	// DialContext takes the place of the network's own dialling; it gets a
	// checked literal address, or that of the proxy. For tests. Default: a
	// net.Dialer.
	DialContext func(ctx context.Context, network, address string) (net.Conn, error)

	// laneWindow is how many waiting deliveries a lane holds in memory, for
	// tests of what it does with more. Default: laneWindow.
	laneWindow int

	// gather, if there is one, waits until all have come who have something to
	// write at this instant. Simulations need it: what happens at one instant
	// happens in any order, and who shares a transaction must not depend on it.
	gather func()
	// random, in [0, 1), is what jitter is made of. Default: rand.Float64.
	random func() float64
}

// Check reports what New would refuse of the Config, before there is a database.
func (c Config) Check() error {
	c = c.withDefaults()
	if err := c.Retention.check("/retention"); err != nil {
		return err
	}
	if c.allProfiles()[c.Profile] == nil {
		return unknownProfile(c.Profile)
	}
	return nil
}

// allProfiles are the built-in ones and the platform's own, by name.
func (c Config) allProfiles() map[string]*profile.Profile {
	all := map[string]*profile.Profile{}
	for _, name := range profile.Names() {
		all[name], _ = profile.Named(name)
	}
	for _, p := range c.Profiles {
		all[p.Name] = p
	}
	return all
}

func (c Config) withDefaults() Config {
	c.Profile = cmp.Or(c.Profile, profile.Default)
	c.Logger = cmp.Or(c.Logger, slog.Default())
	if c.OnAlert == nil {
		c.OnAlert = func(Alert) {}
	}
	if c.Observer == nil {
		c.Observer = noObserver{}
	}
	c.MaxEventSize = cmp.Or(c.MaxEventSize, 1<<20)
	c.MaxDepth = cmp.Or(c.MaxDepth, profile.DefaultMaxDepth)
	c.MaxBatch = cmp.Or(c.MaxBatch, 1000)
	c.MaxWebhooks = cmp.Or(c.MaxWebhooks, 1000)
	c.MaxKeys = cmp.Or(c.MaxKeys, 1000)
	c.MaxEventTypes = cmp.Or(c.MaxEventTypes, 1000)
	c.MaxInFlight = cmp.Or(c.MaxInFlight, 2048)
	c.WebhookConcurrency = cmp.Or(c.WebhookConcurrency, 32)
	c.StopGrace = cmp.Or(c.StopGrace, 5*time.Second)
	c.Egress.AllowLoopback = c.Egress.AllowLoopback || c.AllowInsecure
	c.Egress.AllowPrivate = c.Egress.AllowPrivate || c.AllowInsecure
	c.laneWindow = cmp.Or(c.laneWindow, laneWindow)
	if c.random == nil {
		c.random = mathrand.Float64 // #nosec G404 -- spreads retries, guards nothing
	}
	return c
}

// A Client is the way into Billhook. It is safe for concurrent use.
type Client struct {
	config    Config
	db        Database
	profiles  map[string]*profile.Profile
	registry  *registry
	keys      *keyTable
	committer *committer
	scheduler *scheduler
	linker    *linker
	recoverer *recoverer
	forgetter *forgetter
	turns     turns
	activity  *activityTally
	sender    *sender
	// configuring is held while a store, one of its webhooks or one of its keys
	// changes, so that each change starts from the one before.
	configuring storeLocks
	running     sync.Mutex
	// releases has something in it when what is held for a webhook may go.
	releases chan struct{}
	// keysRead is the version of the Keyring that the configuration was read with.
	keysRead atomic.Int64
	// sealedLate: something was written that is sealed with a key which sealed no
	// more by then.
	sealedLate atomic.Bool
	// outdated has something in it when the configuration in memory may be.
	outdated chan struct{}
	alerts   *alerts
	// newEvents are told to who follows them, and listens are those on record.
	newEvents newEvents
	listens   listens
	// ownKey is what keys are derived of where there is no Keyring.
	ownKey [32]byte
}

// New makes a Client on a database and reads the configuration kept there. It
// creates the store "default" if there is none yet. A Database is for one Client.
// Only one process at a time may use a database that is a file.
func New(db Database, config Config) (*Client, error) {
	config = config.withDefaults()
	if err := config.Check(); err != nil {
		return nil, err
	}
	c := &Client{config: config, db: db, profiles: config.allProfiles(), registry: newRegistry(), keys: newKeyTable(), outdated: make(chan struct{}, 1), alerts: newAlerts(), releases: make(chan struct{}, 1), ownKey: newOwnKey()}
	c.committer = newCommitter(db, config.Logger)
	c.committer.gather = config.gather
	c.committer.committed = config.Observer.Committed
	c.activity = newActivityTally()
	c.committer.written = func(b *Batch, at time.Time) {
		c.activity.count(b, at)
		c.newEvents.written(b)
	}
	c.linker = &linker{committer: c.committer}
	c.recoverer = newRecoverer(c)
	c.forgetter = newForgetter(c)
	c.sender = newSender(db, config)
	c.sender.limits = c.registry.limits
	c.scheduler = &scheduler{
		db: db, committer: c.committer, logger: config.Logger, held: db.Held, retire: c.retire, retired: c.revised, reload: c.hear,
		mind: c.mind, died: c.raiseDead,
		lookup: c.registry.endpoint, deleted: c.registry.deleted, unknown: c.outdate, releasing: c.wakeKeeper, maxInFlight: config.MaxInFlight, laneWindow: config.laneWindow, lanes: map[Lane]*lane{},
	}
	c.committer.handOver, c.committer.released, c.committer.behind = c.scheduler.handOver, c.scheduler.release, c.scheduler.behind
	c.committer.onDoubt, c.committer.onTrust, c.committer.onRecovered = c.scheduler.doubt, c.scheduler.trust, c.recovered

	ctx := context.Background()
	if err := c.load(ctx); err != nil {
		return nil, err
	}
	if _, _, err := c.registry.store(DefaultStore); err != nil {
		_, err := c.CreateStore(ctx, Store{ID: DefaultStore})
		if ErrorCode(err) == CodeDuplicate { // another node was faster
			err = c.load(ctx)
		}
		if err != nil {
			return nil, err
		}
	}
	return c, nil
}

// Run delivers until ctx ends: what waits in the database from before, and what
// is emitted meanwhile. Then it starts no more requests, gives those under way
// Config.StopGrace to end, writes down what came of them, and returns nil; what
// is not over waits for the next Run. One Run at a time.
func (c *Client) Run(ctx context.Context) error {
	if !c.running.TryLock() {
		return &Error{Code: CodeConflict, Message: "Run is already running"}
	}
	defer c.running.Unlock()

	attempts, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	deliver := delivering{
		alone: func(e *endpoint, p *Pending, held func() bool) *Outcome {
			return c.sender.deliver(attempts, e, p, held)
		},
		together: func(e *endpoint, all []Pending, held func() bool, leave func([]Pending)) sending {
			return c.sender.deliverTogether(attempts, e, all, held, leave)
		},
	}
	begun := make(chan error, 1)
	c.committer.submit(write{after: func(error) { begun <- c.begin(attempts, deliver) }})
	if err := <-begun; err != nil {
		return errors.Join(err, c.leave())
	}
	ended := c.watch(ctx)
	c.linker.stop()
	c.scheduler.stop(c.config.StopGrace, cancel)
	c.committer.flush()
	c.writeTally(true)
	c.committer.flush()
	ended()
	c.sender.closeIdle()
	return c.leave()
}

// Follow keeps the configuration as other nodes change it, until ctx ends. It is
// for a process that emits and leaves delivery to others, which takes PostgreSQL: a
// SQLite file is one process's. Run does it too.
func (c *Client) Follow(ctx context.Context) {
	var keeping sync.WaitGroup
	keeping.Go(func() { c.keepConfigured(ctx) })
	keeping.Go(func() { c.keepKeys(ctx, func() bool { return true }) })
	defer keeping.Wait()
	c.db.Watch(ctx, func(seen Change) {
		if seen.Configuration {
			c.heed(ctx)
		}
	})
}

// Close waits until everything asked for has been written or refused. It does
// not close the database. Call it after Run has returned, and nothing after it.
func (c *Client) Close() error {
	c.committer.close()
	return nil
}

// recovered runs between transactions, after the database has come back. What
// the failed transaction wrote may be there all the same, so all of memory is
// read anew.
func (c *Client) recovered(ctx context.Context) error {
	if err := c.loadUsable(ctx); err != nil {
		return err
	}
	c.recoverer.wake() // one may be there that its caller was told is not
	return c.scheduler.reread(ctx)
}

// begin makes this process a node, starts sending, and takes what nobody has. It
// runs between transactions.
func (c *Client) begin(ctx context.Context, deliver delivering) error {
	if err := c.db.Join(ctx); err != nil {
		return err
	}
	// What there is to send may be for webhooks that others have made since.
	if err := c.loadUsable(ctx); err != nil {
		return err
	}
	if err := c.scheduler.begin(ctx, deliver); err != nil {
		return err
	}
	c.scheduler.claim()
	c.linker.start()
	return nil
}

// watch heeds what other nodes do, until ctx ends. The lease is renewed until
// ended is called: what is under way then is this node's until it is written.
func (c *Client) watch(ctx context.Context) (ended func()) {
	asked := make(chan struct{}, 1)
	var beside, watching sync.WaitGroup
	beside.Go(func() { c.emptyOutbox(ctx, asked) })
	beside.Go(func() { c.scheduler.freeStuck(ctx) })
	beside.Go(func() { c.recoverer.run(ctx) })
	beside.Go(func() { c.keepConfigured(ctx) })
	beside.Go(func() { c.tellAlerts(ctx) })
	beside.Go(func() { c.keepKeys(ctx, func() bool { return c.reseal(ctx) }) })
	beside.Go(func() { c.keepHeld(ctx) })
	beside.Go(func() { c.checkLedgers(ctx) })
	beside.Go(func() { c.forgetter.run(ctx) })
	beside.Go(func() { c.keepTally(ctx) })
	lasting, end := context.WithCancel(context.WithoutCancel(ctx))
	watching.Go(func() { c.db.Watch(lasting, c.heedAll(ctx, asked)) })
	<-ctx.Done()
	beside.Wait()
	return func() {
		end()
		watching.Wait()
	}
}

// heedAll is what a node does about changes, until ctx ends: from then on it only
// has to know where it stands itself.
func (c *Client) heedAll(ctx context.Context, asked chan<- struct{}) func(Change) {
	return func(seen Change) {
		if seen.Lost {
			c.committer.recover()
		}
		if ctx.Err() != nil {
			return
		}
		if seen.Configuration {
			c.heed(ctx)
		}
		if seen.Unowned {
			c.scheduler.claim()
			c.linker.wake()
			c.recoverer.rouse()
		}
		if seen.Asked {
			select {
			case asked <- struct{}{}:
			default: // it is about to look
			}
		}
		if seen.Anywhere {
			c.scheduler.lookAnywhere()
		}
		c.scheduler.look(seen.Lanes)
	}
}

// leave gives up what this node owns, between transactions.
func (c *Client) leave() error {
	left := make(chan error, 1)
	c.committer.submit(write{after: func(error) { left <- c.db.Leave(context.Background()) }})
	return <-left
}

// Ready says whether an emit could be stored now. Where nothing was written for a
// while it writes something, which is how a full disk is found before an emit is.
func (c *Client) Ready(ctx context.Context) error {
	return c.committer.do(ctx, write{add: func(b *Batch) { b.Probe = c.committer.unproved() }})
}

// Profile finds a wire profile, built-in or from Config.Profiles; "" is that of new
// stores.
func (c *Client) Profile(name string) (*profile.Profile, bool) {
	p, ok := c.profiles[cmp.Or(name, c.config.Profile)]
	return p, ok
}

// Profiles are the names of all that a store can have, sorted.
func (c *Client) Profiles() []string { return slices.Sorted(maps.Keys(c.profiles)) }

func unknownProfile(name string) error {
	return &Error{Code: CodeInvalid, Pointer: "/profile", Message: "there is no profile " + quote(name), Hint: "the built-in ones are " + joined(profile.Names())}
}

// newID makes an id of the profile's format.
func newID(f profile.IDFormat, at time.Time) string {
	var random [10]byte
	_, _ = rand.Read(random[:]) // never fails (crypto/rand)
	return f.New(at, random)
}
