package egress

import (
	"strings"
	"testing"
)

func TestParseHost(t *testing.T) {
	const name, refused = "name", "refused"
	tests := []struct{ host, want string }{
		{"shop.example", name},
		{"shop.example.", name},
		{"SHOP.Example", name},
		{"under_score.example", name},
		{"db", name},
		{"1.2.3.4.example", name},
		{"0x7f.example", name},
		{"localhost.example", name},
		{"127.0.0.1", "127.0.0.1"},
		{"::1", "::1"},
		{"fe80::1%eth0", "fe80::1%eth0"},
		{"localhost", "127.0.0.1 ::1"},
		{"LOCALHOST.", "127.0.0.1 ::1"},
		{"shop.localhost", "127.0.0.1 ::1"},

		{"", refused},
		{".", refused},
		{"..", refused},
		{"localhost..", refused},
		{"127.0.0.1..", refused},
		{".shop.example", refused},
		{"shop..example", refused},
		{"127.1", refused},
		{"0177.0.0.1", refused},
		{"2130706433", refused},
		{"0x7f000001", refused},
		{"0x7F.0.0.0x1", refused},
		{"0x", refused},
		{"127.0.0.1.", refused},
		{"256.256.256.256", refused},
		{"[::1]", refused},
		{"::g", refused},
		{"shop.example:443", refused},
		{"user@shop.example", refused},
		{"shop example", refused},
		{"shop.example\r\nHost: x", refused},
		{"shöp.example", refused},
		{"127。0。0。1", refused},
		{"①②⑦.0.0.1", refused},
		{strings.Repeat("a.", 130), refused},
	}
	for _, tt := range tests {
		addrs, err := parseHost(tt.host)
		got := name
		if err != nil {
			got = refused
		} else if addrs != nil {
			var parts []string
			for _, a := range addrs {
				parts = append(parts, a.String())
			}
			got = strings.Join(parts, " ")
		}
		if got != tt.want {
			t.Errorf("parseHost(%q) = %s, want %s", tt.host, got, tt.want)
		}
	}
}
