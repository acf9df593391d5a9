package e2e

import (
	"encoding/json"
	"fmt"
	"testing"
)

// A merchant is a receiver in Node, written after a platform's document.
type merchant struct {
	*process
	url string
}

// An arrival is what a merchant says of one request.
type arrival struct {
	URL, Method string
	Headers     map[string]string
	Raw         []byte
	// Members are the names in the parsed body, in JavaScript's order.
	Members []string
	// Stable: JSON.stringify(JSON.parse(body)) is the body.
	Stable   bool
	Status   int
	Verified bool
	Error    string
}

// hire starts the receiver of a document and waits until it listens.
func hire(t *testing.T, d *document) *merchant {
	t.Helper()
	m := &merchant{process: spawn(t, nil, "node", "testdata/receivers/"+d.profile+".mjs")}
	eventually(t, patience, func() string {
		select {
		case <-m.exited:
			t.Fatalf("the receiver has exited: %s", m.stderr.tail())
		default:
		}
		said := m.stdout.lines(0)
		if len(said) == 0 {
			return "the receiver does not listen"
		}
		var first struct{ Port int }
		if err := json.Unmarshal([]byte(said[0]), &first); err != nil {
			t.Fatalf("%v: %s", err, said[0])
		}
		m.url = fmt.Sprintf("http://127.0.0.1:%d%s", first.Port, d.path)
		return ""
	})
	return m
}

// trust gives the merchant the secret to verify with.
func (m *merchant) trust(secret string) {
	m.t.Helper()
	if _, err := fmt.Fprintln(m.stdin, secret); err != nil {
		m.t.Fatal(err)
	}
}

// arrivals waits until so many requests have come.
func (m *merchant) arrivals(n int) []arrival {
	m.t.Helper()
	var lines []string
	eventually(m.t, patience, func() string {
		if lines = m.stdout.lines(1); len(lines) < n {
			return fmt.Sprintf("%d of %d requests have come", len(lines), n)
		}
		return ""
	})
	all := make([]arrival, len(lines))
	for i, line := range lines {
		if err := json.Unmarshal([]byte(line), &all[i]); err != nil {
			m.t.Fatalf("%v: %.300s", err, line)
		}
	}
	return all
}
