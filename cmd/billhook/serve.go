package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"github.com/billhook/billhook"
	"github.com/billhook/billhook/api"
	"github.com/billhook/billhook/dashboard"
	"github.com/billhook/billhook/filter"
	"github.com/billhook/billhook/postgres"
	"github.com/billhook/billhook/profile"
	"github.com/billhook/billhook/schema"
	"github.com/billhook/billhook/sqlite"
	"github.com/billhook/billhook/telemetry"
)

// serveCmd's flags are fixed names: others start the service by them.
type serveCmd struct {
	Addr        string   `env:"BILLHOOK_ADDR" default:"127.0.0.1:4000" help:"Address to listen on."`
	Data        string   `env:"BILLHOOK_DATA" default:"data" help:"Folder of the database file; made if it is not there."`
	DatabaseURL string   `env:"BILLHOOK_DATABASE_URL" placeholder:"postgres://…" help:"PostgreSQL that keeps the data in place of a file; any number of nodes may share it."`
	Profile     string   `env:"BILLHOOK_PROFILE" default:"standard" help:"Wire profile of new stores."`
	ProfileFile []string `env:"BILLHOOK_PROFILE_FILE" type:"existingfile" help:"A wire profile of your own; may be given more than once."`
	Dev         bool     `env:"BILLHOOK_DEV" help:"For development: allows http://, receivers on this machine and in private networks, and the key dev-staff-key."`

	Egress egressFlags `embed:"" prefix:"egress-"`
	Alert  alertFlags  `embed:"" prefix:"alert-"`
	Portal portalFlags `embed:""`

	RootKeyFile   string `env:"BILLHOOK_ROOT_KEY_FILE" placeholder:"FILE" help:"The key that may do everything, in a file, in place of the variable BILLHOOK_ROOT_KEY."`
	SecretKeyFile string `env:"BILLHOOK_SECRET_KEY_FILE" placeholder:"FILE" help:"Keys that seal secrets in the database: lines of an id and 32 bytes in base64, the first seals. Default: secret-keys in the data folder, made at the first start; or the variable BILLHOOK_SECRET_KEYS, id:base64 with commas between."`

	Retention retentionFlags `embed:"" prefix:"retention-"`

	MaxEventSize int           `env:"BILLHOOK_MAX_EVENT_SIZE" default:"1048576" help:"The most bytes that one event's data may have."`
	APIRateKey   rateFlag      `name:"api-rate-key" env:"BILLHOOK_API_RATE_KEY" placeholder:"N[:BURST]" help:"The most requests a second of one API key, on each node, and how many at once. Default: no limit."`
	APIRateStore rateFlag      `name:"api-rate-store" env:"BILLHOOK_API_RATE_STORE" placeholder:"N[:BURST]" help:"The same for all requests about one store: its own keys together, and, counted apart, those for all stores."`
	MetricsAddr  string        `env:"BILLHOOK_METRICS_ADDR" placeholder:"HOST:PORT" help:"Another address that tells metrics, to whoever asks. On the API's own, /metrics wants a key that may manage all stores."`
	LogAttempts  string        `env:"BILLHOOK_LOG_ATTEMPTS" enum:"none,failed,all" default:"failed" help:"Which attempts are logged, a line each: none, failed or all."`
	LogFormat    string        `env:"BILLHOOK_LOG_FORMAT" enum:"text,json" default:"text" help:"Format of the log: text or json."`
	NodeLease    time.Duration `env:"BILLHOOK_NODE_LEASE" default:"10s" help:"With --database-url: how long a node may be silent before others take over its deliveries."`
}

// databaseFile is the embedded database's name in the data folder.
const databaseFile = "billhook.db"

const (
	// acceptGrace is how long requests to the API may take to end at a stop,
	// and deliverGrace those to receivers, at the same time. With what is
	// written then, a stop takes less than 10 s.
	acceptGrace  = 3 * time.Second
	deliverGrace = 5 * time.Second
	// envelopeRoom is what an emit's body may have beside its data, in bytes.
	envelopeRoom = 64 << 10
)

func (cmd *serveCmd) Run(ctx context.Context) error {
	switch {
	case cmd.MaxEventSize < 1:
		return fmt.Errorf("--max-event-size=%d: give a number of bytes above 0", cmd.MaxEventSize)
	case !isHostPort(cmd.Addr):
		return fmt.Errorf("--addr=%s: give it as host:port, like 127.0.0.1:4000", cmd.Addr)
	case cmd.NodeLease < 500*time.Millisecond || cmd.NodeLease > 10*time.Minute:
		return fmt.Errorf("--node-lease=%v: give a time from 500ms to 10m", cmd.NodeLease)
	case cmd.MetricsAddr != "" && !isHostPort(cmd.MetricsAddr):
		return fmt.Errorf("--metrics-addr=%s: give it as host:port, like 127.0.0.1:9400", cmd.MetricsAddr)
	}
	if err := errors.Join(cmd.Retention.check(), cmd.Portal.check()); err != nil {
		return err
	}
	logger := cmd.logger()
	tuneMemory()
	profiles, err := cmd.profiles()
	if err != nil {
		return err
	}
	policy, err := cmd.Egress.policy()
	if err != nil {
		return err
	}
	proxy, err := cmd.Egress.proxy()
	if err != nil {
		return err
	}
	notifier, err := cmd.Alert.notifier(logger)
	if err != nil {
		return err
	}
	metrics := telemetry.NewMetrics()
	tracer, stopTracing := startTracing(ctx, logger)
	defer stopTracing()
	var keys rootKeys // known further on, and asked for once there is someone to ask
	config := billhook.Config{
		OutsideKey: func(id string) (billhook.APIKey, bool) { return keys.find(id) },
		Observer:   cmd.observer(metrics, logger), Tracer: tracer, OnAlert: notifier.Add,
		Profile: cmd.Profile, Profiles: profiles, AllowInsecure: cmd.Dev, Logger: logger,
		Egress: policy, EgressProxy: proxy,
		Schemas: schema.Language{}, Filters: filter.New(),
		MaxEventSize: cmd.MaxEventSize, StopGrace: deliverGrace, Retention: billhook.Retention(cmd.Retention),
	}
	if err := config.Check(); err != nil {
		return err // and no folder is made
	}
	if err := cmd.checkRootKey(); err != nil {
		return err
	}
	if err := cmd.checkSealing(); err != nil {
		return err
	}
	db, err := cmd.open(ctx, logger)
	if err != nil {
		return err
	}
	defer db.Close()
	if config.Keyring, err = cmd.keyring(ctx, db, logger); err != nil {
		return err
	}
	client, err := billhook.New(db, config)
	if err != nil {
		return err
	}
	metrics.Watch(client)
	go notifier.Run(ctx)
	stopMetrics, err := cmd.serveMetrics(metrics, logger)
	if err != nil {
		return err
	}
	defer stopMetrics()
	listener, err := net.Listen("tcp", cmd.Addr)
	if err != nil {
		return fmt.Errorf("%w; choose another address with --addr or BILLHOOK_ADDR", err)
	}
	// Only now that nothing can keep us from showing a key do we make one.
	var secret string
	if keys, secret, err = cmd.keys(); err != nil {
		listener.Close()
		return err
	}
	server := newServer(cmd.near(beside(api.New(client, api.Config{
		Keys: api.Chain(keys.root, api.StoredKeys(client)), MaxBody: int64(cmd.MaxEventSize) + envelopeRoom, Version: version, Logger: logger,
		PublicURL: cmd.Portal.PublicURL,
		Metrics:   metrics.Handler(), Observe: metrics.Request, Stopping: ctx.Done(),
		KeyRate: api.Rate(cmd.APIRateKey), StoreRate: api.Rate(cmd.APIRateStore),
	}), dashboard.New(client, dashboard.Config{
		Keys: dashboardKeys{root: keys, client: client}, Version: version, Logger: logger,
		Observe: metrics.Page, Stopping: ctx.Done(),
		Wait:          api.NewThrottle(api.Rate(cmd.APIRateKey), api.Rate(cmd.APIRateStore)).Wait,
		PortalOrigins: cmd.Portal.PortalOrigin,
	}))), logger)
	cmd.greet(os.Stdout, client, listener.Addr(), secret)
	tellSupervisor(supervisorReady)
	defer context.AfterFunc(ctx, func() { tellSupervisor(supervisorStopping) })()
	return serve(ctx, server, listener, client)
}

// near keeps those out who reach a service with a well-known key by a name of their own.
func (cmd *serveCmd) near(handler http.Handler) http.Handler {
	if !cmd.Dev {
		return handler
	}
	return api.Nearby(handler, cmd.Portal.PublicURL)
}

// open opens the database that the flags name.
func (cmd *serveCmd) open(ctx context.Context, logger *slog.Logger) (billhook.Database, error) {
	if cmd.DatabaseURL != "" {
		return postgres.Open(ctx, cmd.DatabaseURL, postgres.Options{Lease: cmd.NodeLease, Logger: logger})
	}
	return sqlite.Open(filepath.Join(cmd.Data, databaseFile), sqlite.Options{})
}

func isHostPort(addr string) bool {
	_, _, err := net.SplitHostPort(addr)
	return err == nil
}

// newServer bounds what a caller may take, and how long.
func newServer(handler http.Handler, logger *slog.Logger) *http.Server {
	return &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout:       60 * time.Second,
		// An answer is in memory until its caller has read it.
		WriteTimeout:   60 * time.Second,
		IdleTimeout:    120 * time.Second,
		MaxHeaderBytes: 32 << 10,
		ErrorLog:       slog.NewLogLogger(logger.Handler(), slog.LevelWarn),
	}
}

// serve runs API and delivery until ctx ends or one of them fails, and stops
// both. What is still accepted while they stop is on disk for the next start.
func serve(ctx context.Context, server *http.Server, listener net.Listener, client *billhook.Client) error {
	ctx, fail := context.WithCancelCause(ctx)
	defer fail(nil)
	delivering, stopDelivering := context.WithCancel(context.WithoutCancel(ctx))
	defer stopDelivering()

	delivered := make(chan error, 1)
	go func() {
		err := client.Run(delivering)
		fail(err)
		delivered <- err
	}()
	served := make(chan error, 1)
	go func() {
		err := server.Serve(listener)
		fail(err)
		served <- err
	}()

	<-ctx.Done()
	stopDelivering()
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), acceptGrace)
	defer cancel()
	if err := server.Shutdown(grace); err != nil {
		_ = server.Close() // who is still sending a request has had the time
	}
	err := errors.Join(<-delivered, client.Close())
	if serveErr := <-served; !errors.Is(serveErr, http.ErrServerClosed) {
		err = errors.Join(err, serveErr)
	}
	return err
}

// profiles are those of files. It wants the one for new stores to be among them, or to
// come along.
func (cmd *serveCmd) profiles() ([]*profile.Profile, error) {
	names := profile.Names()
	var own []*profile.Profile
	for _, file := range cmd.ProfileFile {
		p, err := profile.Load(file)
		if err != nil {
			return nil, err
		}
		own, names = append(own, p), append(names, p.Name)
	}
	if !slices.Contains(names, cmd.Profile) {
		return nil, fmt.Errorf("--profile=%s: there is no such profile: give one of %s, or the name of one whose file --profile-file gives", cmd.Profile, strings.Join(names, ", "))
	}
	return own, nil
}

// tuneMemory lets the small heap of a busy service grow a little further
// between collections: it saves more CPU than the memory is worth. What the
// operator says in the environment stands.
func tuneMemory() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(400)
	}
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(256 << 20) // soft: above it collections come sooner
	}
}
