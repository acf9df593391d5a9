package main

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/billhook/billhook/api"
)

// A rateFlag is a rate as text: 100, or 100:500 for 500 at once.
type rateFlag api.Rate

// maxRate is far above what a node can do.
const maxRate = 1_000_000

// UnmarshalText implements encoding.TextUnmarshaler.
func (r *rateFlag) UnmarshalText(text []byte) (err error) {
	*r = rateFlag{}
	rate, burst, both := strings.Cut(string(text), ":")
	if r.PerSecond, err = rateNumber(rate); err == nil && both {
		r.Burst, err = rateNumber(burst)
	}
	if err != nil {
		return fmt.Errorf("%q is no rate: give requests a second, and if you want how many at once, such as 100 or 100:500", text)
	}
	return nil
}

func rateNumber(text string) (int, error) {
	n, err := strconv.Atoi(text)
	if err == nil && (n < 1 || n > maxRate) {
		err = strconv.ErrRange
	}
	return n, err
}
