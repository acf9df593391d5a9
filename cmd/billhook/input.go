package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/billhook/billhook/client"
)

// maxInput bounds what is read as one value, in bytes.
const maxInput = 64 << 20

// An input is a value that is given as it is, as @FILE, or as - for the standard input.
type input string

// read is the value itself.
func (in input) read() ([]byte, error) {
	var from io.Reader
	switch file, isFile := strings.CutPrefix(string(in), "@"); {
	case in == "-":
		from = os.Stdin
	case isFile:
		f, err := os.Open(file)
		if err != nil {
			return nil, err
		}
		defer f.Close()
		from = f
	default:
		return []byte(in), nil
	}
	text, err := io.ReadAll(io.LimitReader(from, maxInput+1))
	if err == nil && len(text) > maxInput {
		err = fmt.Errorf("%s is larger than %d bytes", in, maxInput)
	}
	return text, err
}

// json is the value, which must be JSON.
func (in input) json(flag string) (json.RawMessage, error) {
	text, err := in.read()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", flag, err)
	}
	var value json.RawMessage
	if err := json.Unmarshal(text, &value); err != nil {
		return nil, fmt.Errorf("%s: %w: give JSON such as '{\"total\": 1}', @FILE, or - for the standard input", flag, notJSON(err))
	}
	return value, nil
}

// notJSON says where JSON is none.
func notJSON(err error) error {
	var syntax *json.SyntaxError
	if errors.As(err, &syntax) {
		return fmt.Errorf("not JSON at byte %d: %w", syntax.Offset, err)
	}
	return err
}

// text is the value on its one line, without the end of that.
func (in input) text(flag string) (string, error) {
	text, err := in.read()
	if err != nil {
		return "", fmt.Errorf("%s: %w", flag, err)
	}
	return strings.TrimRight(string(text), "\r\n"), nil
}

// A body is a JSON object that flags add members to. What is wrong with them the API
// says, by their names.
type body map[string]any

// bodyFlag gives the members that have no flag.
type bodyFlag struct {
	Body input `placeholder:"JSON" help:"All other members, as the API has them: a JSON object, @FILE, or - for the standard input."`
}

func (f *bodyFlag) members() (body, error) {
	b := body{}
	if f.Body == "" {
		return b, nil
	}
	text, err := f.Body.json("--body")
	if err != nil {
		return nil, err
	}
	var members map[string]json.RawMessage
	if json.Unmarshal(text, &members) != nil || members == nil {
		return nil, errors.New("--body: is no JSON object: give one such as '{\"order\": \"entity\"}'")
	}
	for name, value := range members {
		b[name] = value
	}
	return b, nil
}

// text sets a member to what a flag gives, if it does.
func (b body) text(name, value string) {
	if value != "" {
		b[name] = value
	}
}

// retryPolicy is a policy's name, or JSON.
func (b body) retryPolicy(value string) error {
	switch {
	case value == "":
	case strings.HasPrefix(value, "{") || value == "null":
		policy, err := input(value).json("--retry-policy")
		if err != nil {
			return err
		}
		b["retryPolicy"] = policy
	default:
		b["retryPolicy"] = value
	}
	return nil
}

// headers are lines of a name and a value.
func (b body) headers(lines []string) error {
	if len(lines) == 0 {
		return nil
	}
	headers := map[string]string{}
	for _, line := range lines {
		name, value, ok := strings.Cut(line, ":")
		if !ok {
			return fmt.Errorf("--header: %s has no colon: give a line such as 'X-Shop: 7'", strconv.Quote(name))
		}
		headers[strings.TrimSpace(name)] = strings.TrimSpace(value)
	}
	b["headers"] = headers
	return nil
}

// A subject is an entity or an actor, as type:id.
type subject client.Reference

// UnmarshalText implements encoding.TextUnmarshaler.
func (s *subject) UnmarshalText(text []byte) error {
	kind, id, ok := strings.Cut(string(text), ":")
	if !ok || kind == "" || id == "" {
		return fmt.Errorf("%q: give its type and its id, such as order:o_1", text)
	}
	*s = subject{Type: kind, ID: id}
	return nil
}

// orNil is the reference; nil for none.
func (s subject) orNil() *client.Reference {
	if s.Type == "" {
		return nil
	}
	return new(client.Reference(s))
}

// A moment is an instant, or how long ago it was, such as 2h or 7d.
type moment struct{ instant }

// UnmarshalText implements encoding.TextUnmarshaler.
func (m *moment) UnmarshalText(text []byte) error {
	if ago, err := duration(string(text)); err == nil {
		m.Time = time.Now().Add(-ago)
		return nil
	}
	if m.instant.UnmarshalText(text) != nil {
		return fmt.Errorf("%q is no time: give one such as 2026-03-01T10:30:00Z, a day such as 2026-03-01, or how long ago it was, such as 2h or 7d", text)
	}
	return nil
}

// A later is an instant, or in how long it is, such as 10m or 90d.
type later struct{ instant }

// UnmarshalText implements encoding.TextUnmarshaler.
func (l *later) UnmarshalText(text []byte) error {
	if ahead, err := duration(string(text)); err == nil {
		l.Time = time.Now().Add(ahead)
		return nil
	}
	if l.instant.UnmarshalText(text) != nil {
		return fmt.Errorf("%q is no time: give one such as 2027-03-01T10:30:00Z, a day such as 2027-03-01, or in how long it is, such as 10m or 90d", text)
	}
	return nil
}

// duration is Go's, or a number of days.
func duration(text string) (time.Duration, error) {
	if days, ok := strings.CutSuffix(text, "d"); ok {
		n, err := strconv.ParseUint(days, 10, 16)
		return time.Duration(n) * 24 * time.Hour, err
	}
	d, err := time.ParseDuration(text)
	if err == nil && d < 0 {
		err = errors.New("is below 0")
	}
	return d, err
}

// rangeFlags say of what time things are listed.
type rangeFlags struct {
	Since moment `placeholder:"TIME" help:"From this time on: 2026-03-01T10:30:00Z, 2026-03-01, or how long ago, such as 2h or 7d."`
	Until moment `placeholder:"TIME" help:"Before this time, or up to this day and with it."`
}

// orNil is a time that may not be given.
func orNil(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}
