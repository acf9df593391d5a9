package explain

import (
	"bytes"
	"testing"

	"github.com/billhook/billhook/internal/recording"
	"github.com/billhook/billhook/profile"
)

// FuzzExplain: whatever a request is, there is an answer in words, without the secret,
// and nothing but what the secret signed verifies.
func FuzzExplain(f *testing.F) {
	for _, name := range profile.Names() {
		p, _ := profile.Named(name)
		f.Add(sent(p, signers(secret), sentAt).Raw(), name)
	}
	f.Add([]byte("x-litestore-signature: 00\n\n[1]"), "litestore")
	f.Add([]byte("webhook-signature: v1,AA== v1a,AA==\nwebhook-id: 1\nwebhook-timestamp: -1\n\n\"x\""), "standard")
	f.Fuzz(func(t *testing.T, text []byte, name string) {
		r, err := recording.Parse(text)
		p, ok := profile.Named(name)
		if err != nil || !ok || len(text) > 4096 {
			return
		}
		a := Explain(Question{Request: r, Secrets: []string{secret, "whpk_x"}, Profile: p, Now: sentAt, effort: 100_000})
		var out bytes.Buffer
		if err := a.Write(&out, nil); err != nil || out.Len() == 0 || a.Summary() == "" || a.Verified != (a.Reason == "") {
			t.Errorf("%+v, %v", a, err)
		}
		if bytes.Contains(out.Bytes(), []byte(secret)) && !bytes.Contains(text, []byte(secret)) {
			t.Errorf("it tells the secret: %s", out.String())
		}
	})
}
