package bench

import (
	"encoding/json"
	"math/bits"
	"slices"
	"time"
)

const (
	// subBits makes 2^subBits buckets of every octave: a bucket is at most
	// 1/128 as wide as the values in it, so its middle is within 0.4%.
	subBits    = 7
	subBuckets = 1 << subBits
	// topBits bounds the values: 2^43 ns are 2.4 hours.
	topBits = 43
	buckets = (topBits - subBits + 1) * subBuckets
)

// A Histogram counts durations in logarithmic buckets. Quantiles are within 1%
// of the truth; the maximum is exact. The zero value is ready for use. It is
// not safe for concurrent use.
type Histogram struct {
	counts [buckets]uint64
	count  uint64
	max    time.Duration
}

// Record counts d; a negative one, from clocks that disagree, counts as zero.
func (h *Histogram) Record(d time.Duration) {
	d = max(d, 0)
	h.counts[bucketOf(d)]++
	h.count++
	h.max = max(h.max, d)
}

// Merge adds what other counted.
func (h *Histogram) Merge(other *Histogram) {
	for i, n := range other.counts {
		h.counts[i] += n
	}
	h.count += other.count
	h.max = max(h.max, other.max)
}

// Count is how many durations were recorded.
func (h *Histogram) Count() uint64 { return h.count }

// Max is the longest recorded, 0 when there is none.
func (h *Histogram) Max() time.Duration { return h.max }

// Quantile is the duration that the share q (0 to 1) of the recorded ones does
// not exceed, 0 when there is none.
func (h *Histogram) Quantile(q float64) time.Duration {
	if h.count == 0 {
		return 0
	}
	rank := uint64(q * float64(h.count))
	if float64(rank) < q*float64(h.count) {
		rank++
	}
	rank = min(max(rank, 1), h.count)
	var seen uint64
	for i, n := range h.counts {
		if seen += n; seen >= rank {
			return min(middle(i), h.max)
		}
	}
	return h.max
}

// bucketOf: values below subBuckets have a bucket each; above, the highest
// subBits+1 bits of a value say which.
func bucketOf(d time.Duration) int {
	v := min(uint64(d), 1<<topBits-1)
	if v < subBuckets {
		return int(v)
	}
	shift := bits.Len64(v) - subBits - 1
	return shift*subBuckets + int(v>>shift)
}

func middle(bucket int) time.Duration {
	if bucket < 2*subBuckets {
		return time.Duration(bucket)
	}
	shift := bucket/subBuckets - 1
	low := uint64(bucket-shift*subBuckets) << shift
	return time.Duration(low + 1<<shift/2)
}

// histogramJSON is a histogram on its way from one process to another: pairs
// of bucket and count.
type histogramJSON struct {
	Buckets [][2]uint64   `json:"buckets"`
	Max     time.Duration `json:"max"`
}

// MarshalJSON writes only the buckets that are in use.
func (h *Histogram) MarshalJSON() ([]byte, error) {
	out := histogramJSON{Buckets: [][2]uint64{}, Max: h.max}
	for i, n := range h.counts {
		if n > 0 {
			out.Buckets = append(out.Buckets, [2]uint64{uint64(i), n})
		}
	}
	return json.Marshal(out)
}

// UnmarshalJSON reads what MarshalJSON wrote.
func (h *Histogram) UnmarshalJSON(text []byte) error {
	var in histogramJSON
	if err := json.Unmarshal(text, &in); err != nil {
		return err
	}
	*h = Histogram{max: in.Max}
	for _, b := range in.Buckets {
		if b[0] < buckets {
			h.counts[b[0]] += b[1]
			h.count += b[1]
		}
	}
	return nil
}

// median is the middle of values, or the mean of the two in the middle; 0 for
// none. The values stay as they are.
func median(values []float64) float64 {
	if len(values) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(values))
	half := len(sorted) / 2
	if len(sorted)%2 == 1 {
		return sorted[half]
	}
	return (sorted[half-1] + sorted[half]) / 2
}
