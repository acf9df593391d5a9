package e2e

import (
	"net/http"
	"strings"
	"testing"
)

// TestKeys: a key that was made works after a crash, one that was revoked does
// not, and no file or log has its secret.
func TestKeys(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	s := serve(t, data)
	var kept, revoked struct{ ID, Key, Prefix string }
	for _, into := range []any{&kept, &revoked} {
		s.call("POST", "/api/keys", `{"name":"till","permissions":["events:emit"]}`, http.StatusCreated).json(t, into)
	}
	s.call("DELETE", "/api/keys/"+revoked.ID, "", http.StatusNoContent)
	s.kill()

	s = serve(t, data)
	if list := s.call("GET", "/api/keys", "", http.StatusOK); !strings.Contains(string(list.body), kept.Prefix) || strings.Contains(string(list.body), revoked.ID) {
		t.Errorf("after a crash the keys are %s", list.body)
	}
	s.header = map[string]string{"x-api-key": kept.Key}
	s.call("POST", "/api/events", `{"type":"order.paid","data":{}}`, http.StatusAccepted)
	s.call("GET", "/api/keys", "", http.StatusForbidden)
	s.header = map[string]string{"x-api-key": revoked.Key}
	s.call("POST", "/api/events", `{"type":"order.paid","data":{}}`, http.StatusUnauthorized)
	s.stop()
	secret := strings.TrimPrefix(kept.Key, kept.Prefix+"_")
	if len(secret) < 43 || strings.Contains(s.stdout.String()+s.stderr.String(), secret) {
		t.Errorf("the log has the secret of %q", kept.Key)
	}
	wantNoFileWith(t, data, secret)
}
