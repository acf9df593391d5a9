package billhook

import (
	"math"
	"time"
)

// latencyClasses are how many classes Latencies have: two for each doubling, from
// 1 ms to over three hours.
const latencyClasses = 48

// Latencies count how long something took, in classes whose bounds grow by the root
// of 2: a quantile of them is right to a fifth. They are of one size, whatever is
// counted, and those of several nodes are added.
type Latencies [latencyClasses]uint32

// latencyBounds are below what each class is; the last has no bound.
var latencyBounds = func() (bounds [latencyClasses]time.Duration) {
	for i := range bounds {
		bounds[i] = time.Duration(float64(time.Millisecond) * math.Exp2(float64(i)/2))
	}
	return bounds
}()

// Add counts one.
func (l *Latencies) Add(took time.Duration) {
	low, high := 0, latencyClasses-1
	for low < high {
		if middle := (low + high) / 2; took < latencyBounds[middle] {
			high = middle
		} else {
			low = middle + 1
		}
	}
	l[low]++
}

// AddAll counts what others have counted.
func (l *Latencies) AddAll(others *Latencies) {
	for i, n := range others {
		l[i] += n
	}
}

// Quantile is below which time that share of all was, as near as the classes tell; 0
// where there were none.
func (l *Latencies) Quantile(share float64) time.Duration {
	sum := 0.0
	for _, n := range l {
		sum += float64(n)
	}
	rank, low := share*sum, time.Duration(0)
	for i, n := range l {
		if count := float64(n); n > 0 && rank <= count {
			if i == latencyClasses-1 {
				return low // nobody knows how far beyond it
			}
			return low + time.Duration(float64(latencyBounds[i]-low)*rank/count)
		}
		rank -= float64(n)
		low = latencyBounds[i]
	}
	return 0
}
