package notify

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/url"
	"strconv"

	"github.com/wneessen/go-mail"
)

// A Mail sends messages by SMTP.
type Mail struct {
	client *mail.Client
	from   string
	to     []string
	// conn is the last connection: the library leaves it open where the server
	// offers no TLS.
	conn net.Conn
}

// NewMail takes the server as smtp://user:password@host:port, which must offer
// STARTTLS, or smtps:// for TLS from the beginning. Without encryption it sends only
// by smtp+plain://, and then without a password.
func NewMail(server, from string, to []string) (*Mail, error) {
	u, err := url.Parse(server)
	if err != nil || u.Hostname() == "" {
		return nil, fmt.Errorf("the mail server is not like smtp://user:password@host:587") // not what was given: it holds a password
	}
	if from == "" || len(to) == 0 {
		return nil, fmt.Errorf("a mail server needs an address to send from, and one to send to")
	}
	m := &Mail{from: from, to: to}
	var dialer interface {
		DialContext(ctx context.Context, network, address string) (net.Conn, error)
	} = &net.Dialer{}
	options := []mail.Option{mail.WithTimeout(sendLimit), mail.WithDialContextFunc(func(ctx context.Context, network, address string) (conn net.Conn, err error) {
		m.conn = nil
		if conn, err = dialer.DialContext(ctx, network, address); err == nil {
			m.conn = conn
		}
		return conn, err
	})}
	port := 587
	switch u.Scheme {
	case "smtp":
		options = append(options, mail.WithTLSPolicy(mail.TLSMandatory))
	case "smtps":
		port = 465
		options = append(options, mail.WithSSL())
		dialer = &tls.Dialer{Config: &tls.Config{ServerName: u.Hostname(), MinVersion: tls.VersionTLS12}}
	case "smtp+plain":
		port = 25
		options = append(options, mail.WithTLSPolicy(mail.NoTLS))
	default:
		return nil, fmt.Errorf("the mail server's scheme %q is not smtp, smtps or smtp+plain", u.Scheme)
	}
	if given := u.Port(); given != "" {
		if port, err = strconv.Atoi(given); err != nil {
			return nil, fmt.Errorf("the mail server's port: %w", err)
		}
	}
	options = append(options, mail.WithPort(port))
	if u.User != nil {
		if u.Scheme == "smtp+plain" {
			return nil, fmt.Errorf("a password is not sent without encryption: use smtp:// or smtps://")
		}
		password, _ := u.User.Password()
		options = append(options, mail.WithSMTPAuth(mail.SMTPAuthAutoDiscover), mail.WithUsername(u.User.Username()), mail.WithPassword(password))
	}
	if m.client, err = mail.NewClient(u.Hostname(), options...); err != nil {
		return nil, fmt.Errorf("mail server: %w", err)
	}
	_, err = m.compose(Message{})
	return m, err
}

// Send implements Channel. One at a time.
func (m *Mail) Send(ctx context.Context, message Message) error {
	composed, err := m.compose(message)
	if err != nil {
		return err
	}
	if err := m.client.DialAndSendWithContext(ctx, composed); err != nil {
		if m.conn != nil {
			_ = m.conn.Close()
		}
		return fmt.Errorf("send mail: %w", err)
	}
	return nil
}

func (m *Mail) compose(message Message) (*mail.Msg, error) {
	composed := mail.NewMsg()
	if err := composed.From(m.from); err != nil {
		return nil, fmt.Errorf("the address %q: %w", m.from, err)
	}
	if err := composed.To(m.to...); err != nil {
		return nil, fmt.Errorf("the addresses %q: %w", m.to, err)
	}
	composed.SetDate()
	composed.SetMessageID()
	composed.Subject(message.Subject)
	composed.SetBodyString(mail.TypeTextPlain, message.Text)
	return composed, nil
}
