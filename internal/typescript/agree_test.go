package typescript

import (
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/billhook/billhook/profile"
	"github.com/billhook/billhook/receive"
	"github.com/billhook/billhook/sign"
)

// question is a request and whose webhooks are let in, as test/lib/agree.mjs reads it.
type question struct {
	Profile   string      `json:"profile"`
	Scheme    string      `json:"scheme"`
	Secrets   []string    `json:"secrets"`
	AnyBody   bool        `json:"anyBody"`
	Batch     bool        `json:"batch"`
	Now       int64       `json:"now"` // ms
	Tolerance int         `json:"tolerance"`
	MaxBody   int64       `json:"maxBody"`
	Headers   [][2]string `json:"headers"`
	Body      []byte      `json:"body"`
}

// message is what was read, times in ms.
type message struct {
	ID        string `json:"id"`
	Type      string `json:"type"`
	Time      *int64 `json:"time"`
	Timestamp *int64 `json:"timestamp"`
	Body      string `json:"body"`
	Data      string `json:"data"`
}

type answer struct {
	Reason   string    `json:"reason"`
	Messages []message `json:"messages"`
}

// reasons are the package's words for package receive's errors.
var reasons = map[string]error{
	"missing": receive.ErrMissing, "malformed": receive.ErrMalformed, "stale": receive.ErrStale, "future": receive.ErrFuture,
	"mismatch": receive.ErrMismatch, "too_large": receive.ErrTooLarge, "envelope": receive.ErrEnvelope,
}

// TestAgreesWithReceive asks package receive and the npm package the same: both let in
// the same requests, read the same in them, and refuse the others for the same reason.
func TestAgreesWithReceive(t *testing.T) {
	watchSources(t)
	install(t)
	g := &cases{Rand: rand.New(rand.NewPCG(11, 12)), now: time.Now()}
	var questions []question
	for range 6000 {
		questions = append(questions, g.question())
	}
	told := map[string]int{}
	for i, theirs := range ask(t, questions) {
		q := questions[i]
		ours := q.answer(t)
		if !same(ours, theirs) {
			text, _ := json.Marshal(q)
			t.Fatalf("case %d: %s\nbody %q\nreceive says %+v\nthe npm package %+v", i, text, q.Body, ours, theirs)
		}
		told[ours.Reason]++
	}
	for reason := range reasons {
		if told[reason] < 30 {
			t.Errorf("%s: %d cases only", reason, told[reason])
		}
	}
	if told[""] < 1000 {
		t.Errorf("%d let in only", told[""])
	}
}

// answer is package receive's. Times are minutes off the bounds, or none, so that it does
// not matter that it asks the clock a little later.
func (q *question) answer(t *testing.T) answer {
	t.Helper()
	scheme := receive.StandardHeaders
	if q.Scheme == "profile" {
		scheme = receive.ProfileHeader
	}
	v, err := receive.New(receive.Config{Secrets: q.Secrets, Profile: q.Profile, Scheme: scheme, Tolerance: time.Duration(q.Tolerance) * time.Second, MaxBody: q.MaxBody, AnyBody: q.AnyBody})
	if err != nil {
		t.Fatal(err)
	}
	header := http.Header{}
	for _, h := range q.Headers {
		header.Add(h[0], h[1])
	}
	var all []receive.Message
	if q.Batch {
		all, err = v.VerifyBatch(header, q.Body)
	} else {
		var m receive.Message
		m, err = v.Verify(header, q.Body)
		all = []receive.Message{m}
	}
	if err != nil {
		for reason, is := range reasons {
			if errors.Is(err, is) {
				return answer{Reason: reason}
			}
		}
		t.Fatalf("no word for %v", err)
	}
	var a answer
	for _, m := range all {
		data, _ := profile.Canonical(m.Data, profile.Options{})
		a.Messages = append(a.Messages, message{m.ID, m.Type, milliseconds(m.Time), milliseconds(m.Timestamp), strings.ToValidUTF8(string(m.Body), "\uFFFD"), string(data)})
	}
	return a
}

func milliseconds(at time.Time) *int64 {
	if at.IsZero() {
		return nil
	}
	ms := at.UnixMilli()
	return &ms
}

func same(a, b answer) bool {
	text := func(a answer) string { out, _ := json.Marshal(a); return string(out) }
	return text(a) == text(b)
}

// ask lets the npm package answer.
func ask(t *testing.T, questions []question) []answer {
	t.Helper()
	build := exec.CommandContext(t.Context(), "npm", "run", "--silent", "build")
	build.Dir = npmPackage
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build the package: %v\n%s", err, out)
	}
	var in, stderr bytes.Buffer
	for _, q := range questions {
		line, err := json.Marshal(q)
		if err != nil {
			t.Fatal(err)
		}
		in.Write(append(line, '\n'))
	}
	node := exec.CommandContext(t.Context(), "node", "test/lib/agree.mjs")
	node.Dir, node.Stdin, node.Stderr = npmPackage, &in, &stderr
	out, err := node.Output()
	if err != nil {
		t.Fatalf("run node: %v\n%s", err, stderr.String())
	}
	var answers []answer
	for line := range strings.Lines(string(out)) {
		var a answer
		if err := json.Unmarshal([]byte(line), &a); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		answers = append(answers, a)
	}
	if len(answers) != len(questions) {
		t.Fatalf("%d answers to %d questions\n%s", len(answers), len(questions), stderr.String())
	}
	return answers
}

// cases makes questions.
type cases struct {
	*rand.Rand
	now time.Time
}

func (g *cases) pick(from ...string) string { return from[g.IntN(len(from))] }

// secret is one in any of the forms that there are.
func (g *cases) secret() string {
	key := make([]byte, 1+g.IntN(40))
	for i := range key {
		key[i] = byte(g.Uint32())
	}
	text := base64.StdEncoding.EncodeToString(key)
	return g.pick(sign.SecretPrefix+text, text, "your-webhook-secret", "whsec_your_random_secret_string", strings.TrimRight(text, "=")+"x", "whsec_"+text+"=")
}

// envelope is a body of the profile, or something near to it.
func (g *cases) envelope(p *profile.Profile, id string) []byte {
	data, err := profile.Canonical([]byte(g.pick(`{"id":"o_1","n":[1,{"a":"]"}]}`, `{"object":{"id":1}}`, `{"object":1}`, `null`, `"text, \" ["`, `[]`, `{"__proto__":1,"Zoë":"😀"}`)), p.Options())
	if err != nil {
		panic(err) // they are fine
	}
	body := p.AppendBody(nil, profile.Event{ID: id, Type: g.pick("order.paid", "ORDER_CREATED", "x"), Time: g.now.Add(-time.Hour), Data: data})
	if g.IntN(4) > 0 {
		return body
	}
	// Members are lost, or become what they should not be.
	for _, m := range p.Envelope {
		if g.IntN(4) > 0 {
			continue
		}
		name := strconv.Quote(m.Name)
		value := g.pick(`null`, `1`, `""`, `"x"`, `{}`, `[]`, `true`, `"2024-02-30T10:00:00Z"`, `"2024-01-15T24:00:00Z"`, `"2024-01-15T10:30:00.123456+02:00"`, `"2024-01-15 10:30:00Z"`, `1700000000`, `1.5`, `"1700000000"`, `{"object":null}`)
		switch g.IntN(3) {
		case 0:
			body = bytes.Replace(body, []byte(name+":"), []byte(strconv.Quote(m.Name+"2")+":"), 1)
		case 1: // the last of two counts
			body = append(bytes.Clone(body[:len(body)-1]), ","+name+":"+value+"}"...)
		case 2:
			body = append([]byte("{"+name+":"+value+","), body[1:]...)
		}
	}
	return body
}

func (g *cases) body(p *profile.Profile, id string, batch bool) []byte {
	if !batch || g.IntN(4) == 0 {
		switch g.IntN(12) {
		case 0:
			return []byte(g.pick("", "{}", "[]", "null", "1", `"x"`, "{", "{}{}", "\ufeff{}", " ", "[[]]", "\xff", `{"id":"\xff"}`))
		case 1:
			return append([]byte(" \n"), append(g.envelope(p, id), ' ')...)
		}
		return g.envelope(p, id)
	}
	var all []string
	for i := range g.IntN(4) {
		all = append(all, string(g.envelope(p, fmt.Sprint("evt_", i))))
	}
	return []byte(g.pick("[", "[", "[ ") + strings.Join(all, g.pick(",", ",", " ,\n")) + g.pick("]", "]", " ]", "", "] x"))
}

func (g *cases) question() question {
	name := g.pick(profile.Names()...)
	p, _ := profile.Named(name)
	q := question{Profile: name, Scheme: "standard", Now: g.now.UnixMilli(), Tolerance: 300, MaxBody: 1 << 20, Batch: g.IntN(3) == 0}
	if p.Signature != nil && g.IntN(2) == 0 {
		q.Scheme = "profile"
	} else {
		q.AnyBody = g.IntN(4) == 0
	}
	secret, id := g.secret(), g.pick("evt_1", "evt_1", "evt_1", "evt_1", "evt.1", "é", "a b")
	q.Body = g.body(p, g.pick(id, id, id, "evt_2"), q.Batch)
	if g.IntN(20) == 0 {
		q.MaxBody = int64(len(q.Body)) - 1 + g.Int64N(2)
		q.MaxBody = max(q.MaxBody, 1)
	}
	off := []time.Duration{0, 0, 0, 0, -200 * time.Second, 200 * time.Second, -time.Hour, time.Hour}[g.IntN(8)]
	at := g.now.Add(off)
	for _, h := range p.SignedHeaders(profile.Signers{Own: secret, Shared: []string{secret}}, id, at, q.Body) {
		q.Headers = append(q.Headers, [2]string{h.Name, h.Value})
	}
	q.Secrets = []string{secret}
	if private, public := sign.NewKeyPair(); q.Scheme == "standard" && g.IntN(5) == 0 {
		key, err := sign.ParsePrivateKey(private)
		if err != nil {
			panic(err) // it is fresh
		}
		q.Secrets = [][]string{{public}, {secret, public}, {public, secret}}[g.IntN(3)]
		q.Headers[len(q.Headers)-1][1] = p.SignedHeaders(profile.Signers{Own: secret, Shared: []string{g.pick(secret, "another-secret")}, Keys: []ed25519.PrivateKey{key}}, id, at, q.Body)[len(q.Headers)-1].Value
	}
	switch g.IntN(12) {
	case 0:
		q.Secrets = []string{"another-secret"}
	case 1:
		q.Secrets = append([]string{"another-secret", g.secret()}, q.Secrets...)
	case 2:
		if len(q.Body) > 0 {
			q.Body = bytes.Clone(q.Body)
			q.Body[g.IntN(len(q.Body))] ^= 1 << g.IntN(7)
		}
	case 3, 4, 5:
		g.spoil(&q)
	}
	return q
}

// spoil changes one header.
func (g *cases) spoil(q *question) {
	i := g.IntN(len(q.Headers))
	name, value := q.Headers[i][0], q.Headers[i][1]
	change := func(to string) { q.Headers[i][1] = to }
	switch g.IntN(8) {
	case 0:
		q.Headers = slices.Delete(q.Headers, i, i+1)
	case 1:
		q.Headers = append(q.Headers, [2]string{strings.ToUpper(name), g.pick(value, "", "x")})
	case 2:
		change("")
	case 3:
		change(strings.ToUpper(value))
	case 4:
		change(value[:len(value)-1])
	case 5:
		at := g.IntN(len(value))
		change(value[:at] + string("AZaz09+/=,. -"[g.IntN(13)]) + value[at+1:])
	case 6:
		change(g.pick("+", "0", "", "-", "00000000000000000000") + value)
	case 7:
		change(g.pick("v1, ", "v2,abc ", "v1a, ", "nonsense ", "v1,"+strings.Repeat("A", 43)+"= ", strings.Repeat("v1,"+strings.Repeat("A", 43)+"= ", 32), "v1a,"+strings.Repeat("A", 86)+"== ") + value)
	}
}
