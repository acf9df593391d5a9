package billhook_test

import (
	"testing"

	"github.com/billhook/billhook"
)

// TestCheckURL: it says what Register says, of each kind of refusal.
func TestCheckURL(t *testing.T) {
	w := newWorld(t, t.TempDir(), billhook.Config{})
	for _, url := range []string{"", "https", "http://8.8.8.8/hook", "https://127.0.0.1/hook", "https://user:word@8.8.8.8/", "https://8.8.8.8/hook"} {
		_, registered := w.client.Register(t.Context(), billhook.Registration{URL: url, Events: []string{"*"}})
		checked := w.client.CheckURL(t.Context(), billhook.DefaultStore, url)
		if (checked == nil) != (registered == nil) || checked != nil && checked.Error() != registered.Error() {
			t.Errorf("%q: CheckURL says %v, and Register %v", url, checked, registered)
		}
	}
	if err := w.client.CheckURL(t.Context(), "none", "https://8.8.8.8/"); billhook.ErrorCode(err) != billhook.CodeNotFound {
		t.Errorf("of no store: %v", err)
	}
}

// TestCheckFilterWithout: without a language of filters there can be none.
func TestCheckFilterWithout(t *testing.T) {
	w := newWorld(t, t.TempDir(), billhook.Config{})
	if err := w.client.CheckFilter("true"); billhook.ErrorCode(err) != billhook.CodeInvalid {
		t.Error(err)
	}
}
