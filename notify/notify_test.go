package notify_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/billhook/billhook"
	"github.com/billhook/billhook/notify"
)

// A box is a Channel that fails so many times first.
type box struct {
	mu       sync.Mutex
	failures int
	messages []notify.Message
	at       []time.Time
}

func (b *box) Send(_ context.Context, m notify.Message) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.failures > 0 {
		b.failures--
		return errors.New("closed")
	}
	b.messages, b.at = append(b.messages, m), append(b.at, time.Now())
	return nil
}

// got is what it has sent, and when.
func (b *box) got() ([]notify.Message, []time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.messages), slices.Clone(b.at)
}

func dead(n int) billhook.Alert {
	return billhook.Alert{Type: billhook.AlertDeliveryDead, StoreID: "shop", WebhookID: fmt.Sprint("wh_", n), Reason: "no answer in 15 s"}
}

// TestOneMessage: four thousand alerts within a minute are two messages: the first
// tells at once what there is, the second the rest.
func TestOneMessage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		broken, good := &box{failures: 2}, &box{}
		n := notify.New(slog.New(slog.DiscardHandler), broken, good)
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() { n.Run(ctx); close(ended) }()
		for i := range 4000 {
			n.Add(dead(i))
			time.Sleep(15 * time.Millisecond)
		}
		time.Sleep(time.Hour)
		for name, b := range map[string]*box{"broken": broken, "good": good} {
			messages, at := b.got()
			if len(messages) != 2 {
				t.Fatalf("%s: %d messages: %+v", name, len(messages), messages)
			}
			if gap := at[1].Sub(at[0]); gap < 3*time.Minute {
				t.Errorf("%s: messages %v apart", name, gap)
			}
			var first, second int
			for i, into := range []*int{&first, &second} {
				if _, err := fmt.Sscanf(messages[i].Subject, "Billhook: %d webhooks have dead deliveries", into); err != nil {
					t.Fatalf("subject %q: %v", messages[i].Subject, err)
				}
			}
			if first+second != 4000 || first < 1000 {
				t.Errorf("%s: told of %d and %d", name, first, second)
			}
			if lines := strings.Count(messages[0].Text, "\n- "); lines != 11 {
				t.Errorf("%s: the first message lists %d lines", name, lines)
			}
		}
		cancel()
		<-ended
	})
}

// TestGivesUp: a channel that takes nothing is let go of, and the next message is
// tried again.
func TestGivesUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log strings.Builder
		closed := &box{failures: 5}
		n := notify.New(slog.New(slog.NewTextHandler(&log, nil)), closed)
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() { n.Run(ctx); close(ended) }()
		n.Add(dead(1))
		time.Sleep(time.Hour)
		synctest.Wait()
		if messages, _ := closed.got(); len(messages) != 0 || !strings.Contains(log.String(), "not sent any more") {
			t.Errorf("%d messages; log:\n%s", len(messages), log.String())
		}
		n.Add(dead(2))
		time.Sleep(time.Hour)
		if messages, _ := closed.got(); len(messages) != 1 {
			t.Errorf("%d messages after it opened", len(messages))
		}
		cancel()
		<-ended
	})
}

// TestCompose: what matters most comes first, and nothing that a receiver said can
// begin a line or be a mark.
func TestCompose(t *testing.T) {
	at := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	m := notify.Compose([]billhook.Alert{
		{Type: billhook.AlertWebhookRecovered, StoreID: "shop", WebhookID: "wh_2"},
		{Type: billhook.AlertWebhookFailing, StoreID: "shop", WebhookID: "wh_1", WebhookName: "till", Since: at, DeactivatesAt: at.Add(time.Hour), Percent: 50, Reason: "answered 301 to /x\r\n- <!channel> all is well"},
		{Type: billhook.AlertBacklogHigh, OverdueSeconds: 600},
	}, 3)
	want := notify.Message{
		Subject: "Billhook: 1 node is late, 1 webhook is failing, 1 webhook has recovered",
		Text: "1 node is late\n- 10m0s late\n\n" +
			"1 webhook is failing\n- till (wh_1) of store shop: failing since 2026-03-01 12:00 UTC, inactive at 2026-03-01 13:00 UTC: answered 301 to /x  - '!channel' all is well\n\n" +
			"1 webhook has recovered\n- wh_2 of store shop\n\n3 further alerts are not in this message.\n",
	}
	if m != want {
		t.Errorf("got\n%q\n%q, want\n%q\n%q", m.Subject, m.Text, want.Subject, want.Text)
	}
}

func TestSlack(t *testing.T) {
	var got []string
	status := http.StatusOK
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		got = append(got, string(body))
		w.Header().Set("Location", "/elsewhere")
		w.WriteHeader(status)
	}))
	defer server.Close()
	s, err := notify.NewSlack(server.URL + "/services/secret-token")
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Send(t.Context(), notify.Message{Subject: "Billhook: x", Text: "1 x\n"}); err != nil {
		t.Fatal(err)
	}
	var sent map[string]string
	if err := json.Unmarshal([]byte(got[0]), &sent); err != nil || sent["text"] != "*Billhook: x*\n1 x\n" {
		t.Errorf("posted %s (%v)", got[0], err)
	}
	for _, status = range []int{302, 404} {
		if err := s.Send(t.Context(), notify.Message{}); err == nil {
			t.Errorf("%d was taken for a success", status)
		}
	}
	if len(got) != 3 {
		t.Errorf("%d requests: a redirect was followed", len(got))
	}
	server.Close()
	if err := s.Send(t.Context(), notify.Message{}); err == nil || strings.Contains(err.Error(), "secret-token") {
		t.Errorf("error %v, want one without the URL", err)
	}
	for _, bad := range []string{"", "hooks.example.com/x", "ftp://hooks.example.com/secret-token"} {
		if _, err := notify.NewSlack(bad); err == nil || strings.Contains(err.Error(), "secret-token") {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

// smtpServer takes one mail and returns what was said to it.
func smtpServer(t *testing.T) (addr string, said <-chan string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	all := make(chan string, 1)
	go func() {
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		_ = conn.SetDeadline(time.Now().Add(5 * time.Second))
		var heard strings.Builder
		defer func() { all <- heard.String() }()
		lines := bufio.NewScanner(conn)
		fmt.Fprint(conn, "220 here\r\n")
		for data := false; lines.Scan(); {
			line := lines.Text()
			heard.WriteString(line + "\n")
			switch {
			case data && line == ".":
				data = false
				fmt.Fprint(conn, "250 taken\r\n")
			case data:
			case strings.HasPrefix(line, "EHLO"):
				fmt.Fprint(conn, "250-here\r\n250 8BITMIME\r\n")
			case line == "DATA":
				data = true
				fmt.Fprint(conn, "354 go on\r\n")
			case line == "QUIT":
				fmt.Fprint(conn, "221 bye\r\n")
				return
			default:
				fmt.Fprint(conn, "250 ok\r\n")
			}
		}
	}()
	return listener.Addr().String(), all
}

func TestMail(t *testing.T) {
	addr, said := smtpServer(t)
	m, err := notify.NewMail("smtp+plain://"+addr, "billhook@shop.example", []string{"ops@shop.example", "boss@shop.example"})
	if err != nil {
		t.Fatal(err)
	}
	if err := m.Send(t.Context(), notify.Message{Subject: "Billhook: 1 webhook is failing", Text: "1 webhook is failing\n- till: no answer\n"}); err != nil {
		t.Fatal(err)
	}
	heard := <-said
	for _, want := range []string{"MAIL FROM:<billhook@shop.example>", "RCPT TO:<ops@shop.example>", "RCPT TO:<boss@shop.example>", "Subject: Billhook: 1 webhook is failing", "- till: no answer"} {
		if !strings.Contains(heard, want) {
			t.Errorf("the server was not told %q:\n%s", want, heard)
		}
	}
}

// TestMailWantsTLS: a server that offers no TLS gets neither mail nor password.
func TestMailWantsTLS(t *testing.T) {
	addr, said := smtpServer(t)
	m, err := notify.NewMail("smtp://user:hunter2@"+addr, "billhook@shop.example", []string{"ops@shop.example"})
	if err != nil {
		t.Fatal(err)
	}
	if err := m.Send(t.Context(), notify.Message{Subject: "s", Text: "t"}); err == nil || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("sent without TLS: %v", err)
	}
	if heard := <-said; strings.Contains(heard, "AUTH") || strings.Contains(heard, "DATA") {
		t.Errorf("the server was told\n%s", heard)
	}
}

func TestBadMailSettings(t *testing.T) {
	for _, bad := range []struct{ server, from, to string }{
		{"mail.example", "a@example.com", "b@example.com"},
		{"http://mail.example", "a@example.com", "b@example.com"},
		{"smtp://u:hunter2@", "a@example.com", "b@example.com"},
		{"smtp+plain://u:hunter2@mail.example", "a@example.com", "b@example.com"},
		{"smtp://mail.example", "", "b@example.com"},
		{"smtp://mail.example", "a@example.com", "not an address"},
	} {
		if _, err := notify.NewMail(bad.server, bad.from, []string{bad.to}); err == nil || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%+v: %v", bad, err)
		}
	}
	if _, err := notify.NewMail("smtp://mail.example", "a@example.com", nil); err == nil {
		t.Error("nobody to send to")
	}
}
