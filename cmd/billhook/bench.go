package main

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/billhook/billhook"
	"github.com/billhook/billhook/internal/bench"
	"github.com/billhook/billhook/postgres"
	"github.com/billhook/billhook/sqlite"
)

// The flag DatabaseURL has no environment variable: what serve reads names a
// database in use, on a server that is not to be loaded by mistake.
type benchCmd struct {
	Scenario     []string      `help:"What to measure: throughput, steady, fanout, isolation, hostile, backlog, history. Default: all."`
	Runs         int           `default:"3" help:"How often each system is measured, in turns; figures are medians."`
	Duration     time.Duration `default:"10s" help:"How long each load lasts."`
	Connections  int           `default:"512" help:"Keep-alive connections that emit."`
	BacklogRows  int           `default:"1000000" help:"Deliveries that wait in the scenario backlog."`
	HostileHooks int           `default:"10000" help:"Receivers that mean no good in the scenario hostile."`
	HistoryRows  int           `default:"5000000" help:"Deliveries that are over in the scenario history."`
	DatabaseURL  string        `placeholder:"postgres://…" help:"PostgreSQL server on which every trial gets a database of its own, made and dropped, in place of a file."`
	Nodes        []int         `default:"1" help:"Numbers of nodes, like 1,2,4: throughput and fanout measure each, the others the first. More than 1 needs --database-url."`
	Folder       string        `type:"existingdir" help:"Where the data folders are made. Default: the system's temporary folder."`
	JSON         bool          `name:"json" help:"Print JSON instead of a table."`
}

func (cmd *benchCmd) Run(ctx context.Context) error {
	var shared *bench.Shared
	if cmd.DatabaseURL != "" {
		var err error
		if shared, err = shareServer(ctx, cmd.DatabaseURL); err != nil {
			return err
		}
	}
	report, err := bench.Run(ctx, bench.Options{
		Scenarios: cmd.Scenario, Runs: cmd.Runs, Duration: cmd.Duration, Connections: cmd.Connections,
		BacklogRows: cmd.BacklogRows, HistoryRows: cmd.HistoryRows, HostileHooks: cmd.HostileHooks, Folder: cmd.Folder,
		Nodes: cmd.Nodes, Shared: shared, OpenDatabase: openPlace, Progress: os.Stderr,
	})
	if len(report.Scenarios) > 0 { // what was measured is told, also when a scenario failed
		err = errors.Join(err, cmd.print(&report))
	}
	return err
}

func (cmd *benchCmd) print(report *bench.Report) error {
	if !cmd.JSON {
		return report.WriteTable(os.Stdout)
	}
	out := json.NewEncoder(os.Stdout)
	out.SetIndent("", "  ")
	return out.Encode(report)
}

// openPlace opens the database that serve would, ready for a history.
func openPlace(ctx context.Context, p bench.Place) (billhook.Database, error) {
	if p.URL != "" {
		return postgres.Open(ctx, p.URL, postgres.Options{Since: time.Now().Add(-bench.SeedAge)})
	}
	return sqlite.Open(filepath.Join(p.Folder, databaseFile), sqlite.Options{})
}

// A benchServer is a PostgreSQL server on which trials get databases.
type benchServer struct {
	url *url.URL
}

// benchPrefix begins the names of the databases, so that what a benchmark that
// was killed has left is known by it.
const benchPrefix = "billhook_bench_"

// createLimit bounds the making of a database.
const createLimit = time.Minute

// shareServer looks at the server that the URL names.
func shareServer(ctx context.Context, text string) (*bench.Shared, error) {
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "postgres" && u.Scheme != "postgresql" {
		return nil, errors.New("--database-url: give a URL like postgres://user@host/database")
	}
	s := &benchServer{url: u}
	shared := &bench.Shared{Create: s.create, Drop: s.drop, Settle: s.settle}
	if err := s.on(ctx, text, func(c *pgx.Conn) (err error) {
		shared.About, shared.ServerPID, err = describe(ctx, c)
		return err
	}); err != nil {
		return nil, fmt.Errorf("look at the database server: %w", err)
	}
	return shared, nil
}

// on does something on a connection of its own: they are few and far between.
func (s *benchServer) on(ctx context.Context, url string, do func(*pgx.Conn) error) error {
	c, err := pgx.Connect(ctx, url)
	if err != nil {
		return err
	}
	defer c.Close(context.WithoutCancel(ctx))
	return do(c)
}

func (s *benchServer) exec(ctx context.Context, url, statement string) error {
	return s.on(ctx, url, func(c *pgx.Conn) error {
		_, err := c.Exec(ctx, statement)
		return err
	})
}

// create makes an empty database. It is not interrupted, because a database
// whose name never came back would stay.
func (s *benchServer) create(ctx context.Context) (string, error) {
	if err := ctx.Err(); err != nil {
		return "", err
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), createLimit)
	defer cancel()
	name := benchPrefix + strings.ToLower(rand.Text())
	// Unlike template1, template0 has no connections that would be in the way.
	if err := s.exec(ctx, s.url.String(), "CREATE DATABASE "+name+" TEMPLATE template0"); err != nil {
		return "", err
	}
	made := *s.url
	made.Path = "/" + name
	q := made.Query() // where the name may be as well, and would prevail
	q.Del("dbname")
	q.Del("database")
	made.RawQuery = q.Encode()
	return made.String(), nil
}

// drop removes a database that create made, and nothing else.
func (s *benchServer) drop(ctx context.Context, text string) error {
	u, err := url.Parse(text)
	if err != nil {
		return err
	}
	name := strings.TrimPrefix(u.Path, "/")
	if random, ok := strings.CutPrefix(name, benchPrefix); !ok || strings.Trim(random, "abcdefghijklmnopqrstuvwxyz234567") != "" {
		return fmt.Errorf("%s is no database of the benchmark", name)
	}
	return s.exec(ctx, s.url.String(), "DROP DATABASE IF EXISTS "+name+" WITH (FORCE)")
}

// settle does now what the server would do in the minutes after a database was
// filled, while others are measured.
func (s *benchServer) settle(ctx context.Context, url string) error {
	return s.exec(ctx, url, "VACUUM (ANALYZE)")
}

// describe says what server a connection is to, and which process of this
// machine it is.
func describe(ctx context.Context, c *pgx.Conn) (about string, pid int, err error) {
	var backend int
	row := c.QueryRow(ctx, `SELECT 'PostgreSQL ' || current_setting('server_version')
		|| ', fsync ' || current_setting('fsync') || ', synchronous_commit ' || current_setting('synchronous_commit')
		|| ', full_page_writes ' || current_setting('full_page_writes')
		|| ', shared_buffers ' || current_setting('shared_buffers') || ', max_wal_size ' || current_setting('max_wal_size'),
		pg_backend_pid()`)
	if err := row.Scan(&about, &backend); err != nil {
		return "", 0, err
	}
	pid = postmaster(c.PgConn().Conn().RemoteAddr(), backend)
	if pid == 0 {
		about += ", not among this machine's processes"
	}
	return about, pid, nil
}

// postmaster is the parent of a backend, or 0 where they are not processes of
// this machine. A loopback address may lead into a container, whose numbers mean
// other processes here; so both must be PostgreSQL's by name.
func postmaster(addr net.Addr, backend int) int {
	if tcp, ok := addr.(*net.TCPAddr); ok && !tcp.IP.IsLoopback() {
		return 0
	}
	parent, ok := bench.Parent(backend)
	if !ok || !isPostgres(backend) || !isPostgres(parent) {
		return 0
	}
	return parent
}

func isPostgres(pid int) bool {
	name, err := os.ReadFile(fmt.Sprintf("/proc/%d/comm", pid))
	return err == nil && strings.TrimSpace(string(name)) == "postgres"
}

// The commands below are the processes that bench starts.

type benchReceiverCmd struct {
	Args []string `arg:"" optional:"" passthrough:""`
}

func (cmd *benchReceiverCmd) Run(ctx context.Context) error {
	return bench.Receiver(ctx, cmd.Args, os.Stdout)
}

type benchLoadCmd struct {
	Args []string `arg:"" optional:"" passthrough:""`
}

func (cmd *benchLoadCmd) Run(ctx context.Context) error { return bench.Load(ctx, cmd.Args, os.Stdout) }

type benchReferenceCmd struct {
	Args []string `arg:"" optional:"" passthrough:""`
}

func (cmd *benchReferenceCmd) Run(ctx context.Context) error {
	return bench.Reference(ctx, cmd.Args, os.Stdout)
}
