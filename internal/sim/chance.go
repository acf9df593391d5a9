package sim

import (
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"time"
)

// chance is where one thing's random numbers come from. They depend on the seed
// and on what they are for, and not on what else asked before: goroutines that
// run at the same instant may do so in any order.
func chance(seed uint64, what ...any) *rand.Rand {
	h := fnv.New64a()
	fmt.Fprintln(h, what...)
	return rand.New(rand.NewPCG(seed, h.Sum64()))
}

// between is a time from low to high. Its nanoseconds make it one that nothing
// else in the world has, so that no two things happen at the same instant.
func between(r *rand.Rand, low, high time.Duration) time.Duration {
	return low + time.Duration(r.Int64N(int64(high-low)))
}

// oneIn is true once in n times.
func oneIn(r *rand.Rand, n int) bool { return r.IntN(n) == 0 }

// pick is one of the choices, each as likely as its weight.
func pick[T any](r *rand.Rand, choices []weighted[T]) T {
	sum := 0
	for _, c := range choices {
		sum += c.weight
	}
	n := r.IntN(sum)
	for _, c := range choices {
		if n -= c.weight; n < 0 {
			return c.choice
		}
	}
	panic("unreachable")
}

type weighted[T any] struct {
	weight int
	choice T
}
