package main

import (
	"bufio"
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/billhook/billhook/internal/recording"
	"github.com/billhook/billhook/profile"
	"github.com/billhook/billhook/sign"
)

// TestProfileAsks: who gives nothing is asked, for what cannot be seen too.
func TestProfileAsks(t *testing.T) {
	const secret = "order-secret-123"
	body := []byte(`{"kind":"a.b","id":"evt_01jh9s1a0k0000000000000000","what":{"id":"1"}}`)
	r := recording.Request{Method: "POST", Target: "/", Body: body, Fields: []recording.Field{
		{Name: "Content-Type", Value: "application/json"}, {Name: "User-Agent", Value: "Acme/1"}, {Name: "X-Acme", Value: sign.Layout{Encoding: "base64", Value: "v2={signature}"}.Sign(secret, "", time.Time{}, body)}}}
	file := filepath.Join(t.TempDir(), "recorded.http")
	if err := os.WriteFile(file, r.Raw(), 0o600); err != nil {
		t.Fatal(err)
	}
	answers := strings.Join([]string{file, secret, "acme", "kind", "what"}, "\n") + "\n"
	var asked, out, told bytes.Buffer
	err := (&profileNewCmd{}).make(asker{bufio.NewReader(strings.NewReader(answers)), &asked, true}, &out, &told)
	if err != nil {
		t.Fatalf("%v, asked %s", err, asked.String())
	}
	p, err := profile.Parse(out.Bytes())
	if err != nil || p.Name != "acme" || p.Signature.Value != "v2={signature}" || p.Signature.Encoding != "base64" || p.UserAgent != "Acme/1" {
		t.Errorf("%+v, %v", p, err)
	}
	if got := p.AppendBody(nil, profile.Event{ID: "i", Type: "t", Data: []byte("{}")}); string(got) != `{"kind":"t","id":"i","what":{}}` {
		t.Errorf("it renders %s", got)
	}
	for _, want := range []string{"File of a recorded delivery", "Secret", "event.type", "event.data"} {
		if !strings.Contains(asked.String(), want) {
			t.Errorf("it does not ask for %s: %s", want, asked.String())
		}
	}
	if !strings.Contains(told.String(), "is byte-equal to the recording") {
		t.Errorf("it tells %s", told.String())
	}
	if strings.Contains(told.String()+asked.String()+out.String(), secret) {
		t.Error("it tells the secret")
	}
	// Nobody is there to ask.
	err = (&profileNewCmd{recordingFlags: recordingFlags{Request: file}, secretFlags: secretFlags{Secret: []string{secret}}, Name: "acme"}).make(asker{}, &out, &told)
	if err == nil || !strings.Contains(err.Error(), "--member event.type=NAME") {
		t.Errorf("%v", err)
	}
	if err = (&profileNewCmd{}).make(asker{}, &out, &told); err == nil || !strings.Contains(err.Error(), "--request") {
		t.Errorf("%v", err)
	}
}

// TestSecretFlags: a file's secrets are taken as they stand, whatever ends its lines and
// however long they are; a variable that is not set is told of.
func TestSecretFlags(t *testing.T) {
	file := filepath.Join(t.TempDir(), "secrets")
	long := strings.Repeat("x", 100_000)
	if err := os.WriteFile(file, []byte(" one \r\n\r\n"+long+"\nthree"), 0o600); err != nil {
		t.Fatal(err)
	}
	got, err := (&secretFlags{Secret: []string{"zero"}, SecretFile: file}).read()
	if err != nil || !slices.Equal(got, []string{"zero", " one ", long, "three"}) {
		t.Errorf("%.100q, %v", got, err)
	}
	if _, err := (&secretFlags{Secret: []string{""}}).read(); err == nil || !strings.Contains(err.Error(), "--secret is empty") {
		t.Errorf("%v", err)
	}
	if _, err := newParser(t).Parse([]string{"verify", "--tolerance", "0s"}); err == nil || !strings.Contains(err.Error(), "--tolerance=0s") {
		t.Errorf("%v", err)
	}
}

// TestProfileOut: nobody is asked anything for a file that cannot be written.
func TestProfileOut(t *testing.T) {
	folder := t.TempDir()
	there := filepath.Join(folder, "there.json")
	if err := os.WriteFile(there, []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	for out, want := range map[string]string{there: "there.json is there already", filepath.Join(folder, "none", "a.json"): "there is no folder"} {
		var asked, told bytes.Buffer
		err := (&profileNewCmd{Out: out}).make(asker{bufio.NewReader(strings.NewReader("x\n")), &asked, true}, &told, &told)
		if err == nil || !strings.Contains(err.Error(), want) || asked.Len()+told.Len() > 0 {
			t.Errorf("%s: %v, after %s%s", out, err, asked.String(), told.String())
		}
	}
	if text, err := os.ReadFile(there); err != nil || string(text) != "mine" {
		t.Errorf("the file holds %q, %v", text, err)
	}
}
