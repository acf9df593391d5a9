package billhook

import (
	"testing"
	"time"
)

// A round is as many answers as there are places, all sent before it.
func round(al allowance, took time.Duration, most int, at *time.Time) allowance {
	began := *at
	*at = at.Add(took)
	for range al.of(most) {
		al = al.acknowledged(began, took, true, most, *at)
	}
	return al
}

func TestAllowance(t *testing.T) {
	const most = 32
	at := time.Unix(1_700_000_000, 0)
	var al allowance
	for i, want := range []int{1, 2, 4, 8, 16, 32, 32} { // slow start
		if got := al.of(most); got != want {
			t.Fatalf("before round %d: %d places, want %d", i+1, got, want)
		}
		al = round(al, 2*time.Millisecond, most, &at)
	}
	began := at
	at = at.Add(time.Second)
	for range 32 { // those that were sent together are one sign
		al = al.overtaxed(began, at)
	}
	if al.of(most) != 16 {
		t.Errorf("%d places after a refusal, want half", al.of(most))
	}
	for range 4 { // a place a round
		al = round(al, 2*time.Millisecond, most, &at)
	}
	if got := al.of(most); got < 19 || got > 20 {
		t.Errorf("%d places four rounds later, want about 20", got)
	}
	for range 20 {
		at = at.Add(time.Second)
		al = al.overtaxed(at.Add(-time.Millisecond), at)
	}
	if al.of(most) != 1 {
		t.Errorf("%d places where all is refused", al.of(most))
	}
	for range 5 {
		al = al.acknowledged(at, time.Millisecond, false, most, at)
	}
	if al.of(most) != 1 {
		t.Errorf("%d places after answers for which one was enough", al.of(most))
	}
	if got := (allowance{places: 9}).of(3); got != 3 {
		t.Errorf("%d places of 3", got)
	}
}

// TestAllowanceOfSlowReceivers: who is always slow has as many places as who is
// quick; who slows has fewer.
func TestAllowanceOfSlowReceivers(t *testing.T) {
	const most = 32
	at := time.Unix(1_700_000_000, 0)
	for _, took := range []time.Duration{time.Millisecond, 100 * time.Millisecond, 1500 * time.Millisecond, 12 * time.Second} {
		var al allowance
		for range 6 {
			al = round(al, took, most, &at)
		}
		if al.of(most) != most {
			t.Errorf("%d places for one that takes %v", al.of(most), took)
		}
		slower := 3*took + 200*time.Millisecond
		for range 15 {
			al = round(al, slower, most, &at)
		}
		if got := al.of(most); got > most/2 {
			t.Errorf("%d places for one that took %v and takes %v", got, took, slower)
		}
		for range 60 {
			al = round(al, took, most, &at)
		}
		if al.of(most) != most {
			t.Errorf("%d places for one that takes %v again", al.of(most), took)
		}
	}
	// Noise among quick answers costs nothing.
	var al allowance
	for i := range 4000 {
		took := 2 * time.Millisecond
		if i%10 == 0 {
			took = 300 * time.Millisecond
		}
		at = at.Add(took)
		al = al.acknowledged(at.Add(-took), took, true, most, at)
	}
	if al.of(most) != most {
		t.Errorf("%d places for a quick one with a slow answer in ten", al.of(most))
	}
}

func TestAllowanceRests(t *testing.T) {
	al := allowance{places: 20}.rested()
	if al.of(32) != idlePlaces {
		t.Errorf("%d places after a rest", al.of(32))
	}
	at := time.Unix(1_700_000_000, 0)
	al = round(round(al, time.Millisecond, 32, &at), time.Millisecond, 32, &at)
	if al.of(32) != 4*idlePlaces {
		t.Errorf("%d places two rounds later", al.of(32))
	}
	if few := (allowance{places: 2}).rested(); few.of(32) != 2 {
		t.Errorf("a rest made 2 places %d", few.of(32))
	}
}
