package profile

import (
	"encoding/base64"
	"math"
	"regexp"
	"strings"
	"testing"
	"time"
)

func TestIDFormat(t *testing.T) {
	at := time.UnixMilli(1469918176385) // the ULID specification has it as 01ARYZ6S41…
	random := [10]byte{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}
	for _, test := range []struct {
		format IDFormat
		want   string
	}{
		{IDFormat{"evt_", StyleULIDLower}, "evt_01aryz6s41000g40r40m30e209"},
		{IDFormat{"evt_", StyleULIDUpper}, "evt_01ARYZ6S41000G40R40M30E209"},
		{IDFormat{"", StyleUUID}, "01563df3-6481-7004-8203-040506070809"},
	} {
		if got := test.format.New(at, random); got != test.want {
			t.Errorf("%+v: %s, want %s", test.format, got, test.want)
		}
		if made, ok := test.format.Time(test.want); !ok || !made.Equal(at) {
			t.Errorf("%+v: %s was made at %v (%t)", test.format, test.want, made, ok)
		}
		for _, other := range []string{"", "x", test.want[1:], test.want + "0", strings.ToUpper(test.want), "wh_" + test.want, "evt_01arÿz6s4100g40r40m30e209"} {
			if _, ok := test.format.Time(other); ok && other != test.want {
				t.Errorf("%+v: %q is taken for an id of the format", test.format, other)
			}
		}
	}
}

func TestIDLimits(t *testing.T) {
	full := [10]byte{255, 255, 255, 255, 255, 255, 255, 255, 255, 255}
	for format, want := range map[IDFormat]string{
		{"", StyleULIDUpper}: "7ZZZZZZZZZZZZZZZZZZZZZZZZZ",
		{"", StyleUUID}:      "ffffffff-ffff-7fff-bfff-ffffffffffff",
	} {
		if got := format.New(time.UnixMilli(1<<48-1), full); got != want {
			t.Errorf("%+v: %s", format, got)
		}
	}
	before := IDFormat{"", StyleULIDUpper}.New(time.UnixMilli(-5), [10]byte{})
	if want := strings.Repeat("0", 26); before != want {
		t.Errorf("before 1970: %s", before)
	}
}

// TestIDOrder counts the random bytes up and moves the clock, and wants every
// id to sort after the one before.
func TestIDOrder(t *testing.T) {
	uuid := regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)
	for _, style := range []string{StyleULIDLower, StyleULIDUpper, StyleUUID} {
		last := ""
		for ms := range 3 {
			random := [10]byte{0, 1, 0x3f, 255, 255, 255, 255, 255, 255, 254}
			for range 600 {
				id := IDFormat{"", style}.New(time.UnixMilli(1700000000000+int64(ms)), random)
				if id <= last || style == StyleUUID && !uuid.MatchString(id) {
					t.Fatalf("%s after %s", id, last)
				}
				last = id
				for i := 9; i >= 0; i-- {
					if random[i]++; random[i] != 0 {
						break
					}
				}
			}
		}
	}
}

func TestIDAllocations(t *testing.T) {
	format := IDFormat{"evt_", StyleULIDLower}
	at := time.Now()
	if n := testing.AllocsPerRun(100, func() { format.New(at, [10]byte{}) }); n > 1 {
		t.Errorf("%v allocations", n)
	}
}

func TestSecretFormat(t *testing.T) {
	a, b := SecretFormat{"whsec_", 32}.New(), SecretFormat{"whsec_", 32}.New()
	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(a, "whsec_"))
	if err != nil || len(key) != 32 || a == b || !strings.HasPrefix(a, "whsec_") {
		t.Errorf("%s, %s: %v", a, b, err)
	}
}

func BenchmarkID(b *testing.B) {
	for _, style := range []string{StyleULIDLower, StyleUUID} {
		b.Run(style, func(b *testing.B) {
			b.ReportAllocs()
			format, at := IDFormat{"evt_", style}, time.UnixMilli(math.MaxInt32)
			for b.Loop() {
				format.New(at, [10]byte{1, 2, 3})
			}
		})
	}
}
