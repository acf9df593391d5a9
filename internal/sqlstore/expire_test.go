package sqlstore

import "testing"

// TestUpTo is what a step takes of the events that it has found.
func TestUpTo(t *testing.T) {
	event := func(bytes int64, deliveries int) past {
		return past{bytes: bytes, deliveries: make([]string, deliveries)}
	}
	for _, test := range []struct {
		name string
		all  []past
		most int
		want int
	}{
		{"none", nil, 4, 0},
		{"all", []past{event(1, 1), event(1, 1)}, 4, 2},
		{"one, however many deliveries", []past{event(1, 1000), event(1, 1)}, 4, 1},
		{"as many deliveries as there may be", []past{event(1, 1), event(1, 2), event(1, 0)}, 5, 2},
		{"one, however much data", []past{event(2*maxStepBytes, 0), event(1, 0)}, 4, 1},
		{"as much data as there may be", []past{event(maxStepBytes/2, 0), event(maxStepBytes/2, 0), event(1, 0)}, 4, 2},
	} {
		if got := len(upTo(test.all, test.most)); got != test.want {
			t.Errorf("%s: got %d, want %d", test.name, got, test.want)
		}
	}
}
