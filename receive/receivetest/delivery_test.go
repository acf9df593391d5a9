package receivetest

import (
	"io"
	"testing"

	"github.com/billhook/billhook/sign"
)

func TestDelivery(t *testing.T) {
	d := New("etail-depot", "whsec_c2VjcmV0", "order.created", `{ "id": "ord_1" }`)
	for range 2 { // as when the sender tries again
		r := d.Request()
		body, err := io.ReadAll(r.Body)
		if err != nil || string(body) != string(d.Body) || r.Method != "POST" || r.Header.Get(sign.HeaderID) != d.ID ||
			sign.VerifyHex([]string{"whsec_c2VjcmV0"}, body, r.Header.Get("etail-signature")) != nil {
			t.Errorf("%s %v %s, %v", r.Method, r.Header, body, err)
		}
		r.Header.Del(sign.HeaderID)
	}
	if again := New("etail-depot", "s", "order.created", `{}`); again.ID == d.ID {
		t.Error("two events have one id")
	}
}

func TestNewPanics(t *testing.T) {
	for name, data := range map[string]string{"no-such": `{}`, "standard": `{`} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s %s: accepted", name, data)
				}
			}()
			New(name, "secret", "order.created", data)
		}()
	}
}
