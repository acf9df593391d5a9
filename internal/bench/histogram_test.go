package bench

import (
	"encoding/json"
	"math"
	"testing"
	"time"
)

func TestQuantileIsWithinOnePercent(t *testing.T) {
	var h Histogram
	const n = 100_000
	for i := 1; i <= n; i++ {
		h.Record(time.Duration(i) * 1237 * time.Nanosecond)
	}
	for _, q := range []float64{0.001, 0.01, 0.5, 0.9, 0.99, 0.999, 1} {
		want := q * n * 1237
		if got := float64(h.Quantile(q)); math.Abs(got-want) > want/100 {
			t.Errorf("Quantile(%v) = %v, want about %v", q, got, want)
		}
	}
	if got, want := h.Max(), n*1237*time.Nanosecond; got != want {
		t.Errorf("Max() = %v, want %v", got, want)
	}
}

func TestEveryBucketHoldsItsMiddle(t *testing.T) {
	for i := range buckets {
		if got := bucketOf(middle(i)); got != i {
			t.Fatalf("bucketOf(middle(%d)) = %d", i, got)
		}
	}
}

func TestHistogramAtItsEnds(t *testing.T) {
	var h Histogram
	if h.Quantile(0.5) != 0 || h.Max() != 0 {
		t.Error("an empty histogram has a quantile")
	}
	h.Record(-time.Second)
	if got := h.Quantile(1); got != 0 {
		t.Errorf("a negative duration counts as %v", got)
	}
	h.Record(100 * time.Hour)
	if got := h.Max(); got != 100*time.Hour {
		t.Errorf("Max() = %v, want 100h", got)
	}
	h.Quantile(1)
}

func TestHistogramTravelsAsJSON(t *testing.T) {
	var a, b, sum Histogram
	for i := range 1000 {
		a.Record(time.Duration(i*i) * time.Microsecond)
		b.Record(time.Duration(i) * time.Millisecond)
	}
	sum.Merge(&a)
	sum.Merge(&b)
	text, err := json.Marshal(&sum)
	if err != nil {
		t.Fatal(err)
	}
	var got Histogram
	if err := json.Unmarshal(text, &got); err != nil {
		t.Fatal(err)
	}
	if got != sum {
		t.Error("the histogram changed on its way")
	}
	if got.Count() != 2000 {
		t.Errorf("Count() = %d, want 2000", got.Count())
	}
}

func TestMedian(t *testing.T) {
	for _, c := range []struct {
		values []float64
		want   float64
	}{
		{nil, 0},
		{[]float64{3}, 3},
		{[]float64{9, 1, 5}, 5},
		{[]float64{4, 1, 3, 2}, 2.5},
	} {
		if got := median(c.values); got != c.want {
			t.Errorf("median(%v) = %v, want %v", c.values, got, c.want)
		}
	}
}
