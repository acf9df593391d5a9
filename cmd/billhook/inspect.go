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
	"strconv"
	"strings"
	"time"

	"github.com/billhook/billhook/internal/inspect"
	"github.com/billhook/billhook/internal/recording"
)

type inspectCmd struct {
	Addr   string        `default:"127.0.0.1:3000" help:"Address to listen on."`
	Public bool          `help:"Allow an --addr that others can reach. The page still answers to names of this machine alone."`
	Status int           `default:"200" help:"Status code of the answers."`
	Delay  time.Duration `help:"How long an answer takes, such as 2s."`
	Fail   string        `placeholder:"1/3" help:"How many fail: one of each three, with the fault or with 500."`
	Reset  bool          `xor:"fault" help:"Reset the connection in place of an answer."`
	Hang   bool          `xor:"fault" help:"Never answer."`
	Slow   time.Duration `xor:"fault" help:"Send the answer's body a byte at a time, over this time."`

	AnswerBody   string   `placeholder:"TEXT" help:"Body of the answers."`
	AnswerHeader []string `sep:"none" placeholder:"'NAME: VALUE'" help:"A header of the answers, such as 'Retry-After: 30'; may be given more than once."`

	secretFlags
	Profile string `placeholder:"NAME|FILE" help:"The wire profile that arrivals are verified by. Default: whichever fits."`
	Keep    int    `default:"200" help:"How many requests are kept, in memory."`
	Save    string `placeholder:"DIR" help:"Write each arrival into this folder, as a file that verify and profile take."`
	Show    string `enum:"pretty,http,curl,line" default:"pretty" help:"What the terminal shows of each: pretty, http (every byte), curl or a line."`
}

// Help is printed below the flags.
func (inspectCmd) Help() string {
	return "The page at /_/ shows the same, and changes the answers while it runs, also for one path."
}

func (cmd *inspectCmd) Run(ctx context.Context) error {
	answer, err := cmd.answer()
	if err != nil {
		return err
	}
	secrets, err := cmd.secretFlags.read()
	if err != nil {
		return err
	}
	p, err := namedProfile(cmd.Profile)
	if err != nil {
		return err
	}
	if cmd.Save != "" {
		if err := os.MkdirAll(cmd.Save, 0o750); err != nil {
			return fmt.Errorf("--save: %w", err)
		}
	}
	bin, err := inspect.New(inspect.Config{Answer: answer, Keep: cmd.Keep, Secrets: secrets, Profile: p, OnArrival: cmd.show})
	if err != nil {
		return err
	}
	if err := cmd.checkAddr(); err != nil {
		return err
	}
	listener, err := net.Listen("tcp", cmd.Addr)
	if err != nil {
		return fmt.Errorf("%w: --addr wants an address of this machine at which nothing else listens", err)
	}
	fmt.Fprintf(os.Stderr, "Send to  http://%s/…\nPage     http://%s%s\n\n", reachable(listener.Addr()), reachable(listener.Addr()), inspect.Prefix)
	return serveBin(ctx, bin, listener)
}

// answer is what the flags say.
func (cmd *inspectCmd) answer() (a inspect.Answer, err error) {
	a = inspect.Answer{Status: cmd.Status, Delay: cmd.Delay, Body: cmd.AnswerBody, Slow: cmd.Slow}
	switch {
	case cmd.Reset:
		a.Fault = inspect.FaultReset
	case cmd.Hang:
		a.Fault = inspect.FaultHang
	case cmd.Slow > 0:
		a.Fault = inspect.FaultSlow
	}
	for _, h := range cmd.AnswerHeader {
		name, value, ok := strings.Cut(h, ":")
		if !ok {
			return a, fmt.Errorf("--answer-header %q: give it as 'NAME: VALUE'", h)
		}
		a.Headers = append(a.Headers, recording.Field{Name: strings.TrimSpace(name), Value: strings.TrimSpace(value)})
	}
	if a.Fail, a.Of, err = inspect.ParseFail(cmd.Fail); err != nil {
		return a, fmt.Errorf("--fail %w", err)
	}
	return a, nil
}

// checkAddr refuses an address that strangers can reach, but where that is wanted.
func (cmd *inspectCmd) checkAddr() error {
	host, _, err := net.SplitHostPort(cmd.Addr)
	if err != nil {
		return fmt.Errorf("--addr=%s: give it as host:port, like 127.0.0.1:3000", cmd.Addr)
	}
	if ip := net.ParseIP(host); host == "localhost" || ip != nil && ip.IsLoopback() || cmd.Public {
		return nil
	}
	return fmt.Errorf("--addr=%s can be reached by others, who would see what arrives and fill the memory: give 127.0.0.1, or --public if that is meant", cmd.Addr)
}

// show is called for one arrival at a time.
func (cmd *inspectCmd) show(a *inspect.Arrival) {
	switch cmd.Show {
	case "http":
		fmt.Printf("### %d\n%s\n\n", a.Number, a.Request.Raw())
	case "curl":
		fmt.Printf("%s\n\n", a.Request.Curl("http://"+a.Request.Get("Host")))
	case "line":
		line := fmt.Sprintf("#%d %s %s → %s", a.Number, a.Request.Method, strconv.QuoteToGraphic(a.Request.Target), a.Answered)
		if found := a.Explain(); found != nil {
			line += "  " + found.Summary()
		}
		fmt.Println(line)
	default:
		_ = inspect.Print(os.Stdout, a, painterFor(os.Stdout).verdict) // a terminal that went away
	}
	if cmd.Save != "" {
		if err := os.WriteFile(filepath.Join(cmd.Save, inspect.FileName(a)), a.Request.Raw(), 0o600); err != nil {
			fmt.Fprintf(os.Stderr, "billhook: cannot save request %d: %v\n", a.Number, err)
		}
	}
}

// serveBin serves until ctx ends.
func serveBin(ctx context.Context, bin *inspect.Bin, listener net.Listener) error {
	server := &http.Server{
		Handler: bin.Handler(), ReadHeaderTimeout: 10 * time.Second, ReadTimeout: time.Minute, IdleTimeout: 2 * time.Minute,
		MaxHeaderBytes: 256 << 10, ErrorLog: slog.NewLogLogger(slog.DiscardHandler, slog.LevelWarn),
	}
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	select {
	case err := <-served:
		return err
	case <-ctx.Done():
	}
	bin.Close()
	_ = server.Close() // what still waits would wait for minutes
	if err := <-served; !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}
