package billhook

import (
	"net/http"
	"time"
)

const (
	// firstPlaces is how many requests at a time a receiver gets of which nothing
	// is known, and idlePlaces one that has had none for idleAfter.
	firstPlaces = 1
	idlePlaces  = 4
	idleAfter   = 10 * time.Second
	// A receiver slows when its answers take slowsBy times what they usually do, and
	// slowsFloor more: below that it is noise.
	slowsBy    = 2
	slowsFloor = 100 * time.Millisecond
	// cutSlow and cutRefused are what is left then, and where it takes no more.
	cutSlow, cutRefused = 0.9, 0.5
)

// An allowance is how many requests at a time a receiver has shown to take: the
// congestion window of TCP (RFC 5681). It doubles with each round of answers up to
// where it last was too much (slow start), then grows by one a round (additive
// increase); it is halved, once a round, when the receiver refuses or does not
// answer (multiplicative decrease), and cut a little when it slows, which TCP Vegas
// takes for the first sign (Brakmo, O'Malley, Peterson 1994). It only grows where
// all of it was used (RFC 7661), so that nobody is trusted with what he never took.
//
// A receiver that is always slow is not slowing, and is sent as much side by side
// as any. Its methods are pure.
type allowance struct {
	places    float64 // 0 stands for firstPlaces
	threshold float64 // where slow start ends; 0 for nowhere
	// usual is how long an answer takes when nothing is in its way: the least, which
	// gives way slowly. lately is the mean of the last few.
	usual, lately time.Duration
	// cutAt is when it was last cut. What was sent before tells of no new reason.
	cutAt time.Time
}

// of is how many requests may be under way, of most.
func (al allowance) of(most int) int { return max(min(int(al.places), most), firstPlaces) }

// acknowledged is the allowance after a success. full: all places were taken.
func (al allowance) acknowledged(began time.Time, took time.Duration, full bool, most int, at time.Time) allowance {
	al.places = max(al.places, firstPlaces)
	if al.lately == 0 {
		al.usual, al.lately = took, took
	}
	al.usual = min(al.usual+(took-al.usual)/2048, took)
	al.lately += (took - al.lately) / 8
	switch {
	case al.lately > slowsBy*al.usual+slowsFloor:
		return al.cut(cutSlow, began, at)
	case !full:
	case al.threshold == 0 || al.places < al.threshold:
		al.places++
	default:
		al.places += 1 / al.places
	}
	al.places = min(al.places, float64(most))
	return al
}

// overtaxed is the allowance after the receiver has refused to take more, or has
// not answered.
func (al allowance) overtaxed(began, at time.Time) allowance { return al.cut(cutRefused, began, at) }

func (al allowance) cut(to float64, began, at time.Time) allowance {
	if !began.After(al.cutAt) {
		return al
	}
	al.places = max(al.places*to, firstPlaces)
	al.threshold, al.cutAt = al.places, at
	return al
}

// rested is the allowance after a time without requests: what the receiver took
// then it may not take now, but it gets there soon.
func (al allowance) rested() allowance {
	if al.places > idlePlaces {
		al.threshold, al.places = max(al.threshold, al.places), idlePlaces
	}
	return al
}

// throttles reports whether an answer's status asks for fewer requests.
func throttles(code int) bool {
	switch code {
	case http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return true
	}
	return false
}
