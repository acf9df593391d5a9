package main

import "testing"

func TestRateFlag(t *testing.T) {
	for text, want := range map[string]rateFlag{
		"1": {PerSecond: 1}, "100": {PerSecond: 100}, "100:500": {PerSecond: 100, Burst: 500}, "5:1": {PerSecond: 5, Burst: 1},
	} {
		got := rateFlag{PerSecond: 9, Burst: 9}
		if err := got.UnmarshalText([]byte(text)); err != nil || got != want {
			t.Errorf("%q: %+v, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "0", "-1", "x", "1:", ":1", "1:0", "1:2:3", "1.5", "1000001", "10/s"} {
		var got rateFlag
		if err := got.UnmarshalText([]byte(text)); err == nil {
			t.Errorf("%q is %+v", text, got)
		}
	}
}
