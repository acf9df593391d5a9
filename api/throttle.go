package api

import (
	"math"
	"strconv"
	"time"

	"github.com/billhook/billhook"
)

// throttleKey counts the request for its key, whatever comes of it.
func (c *call) throttleKey() error {
	return c.throttle(c.keyLimit, c.keyName(), "the API key")
}

// throttleStore counts the request for the store that it is about.
func (c *call) throttleStore() error {
	return c.throttle(c.limitOfStore(), c.storeName(), "the store")
}

// limitOfStore is nil where the request is about no store, or none that is
// there: what callers make up gets no buckets. Nor does it hinder who is for all
// stores from taking away a key, perhaps the one that makes all those requests.
func (c *call) limitOfStore() *limiter {
	switch {
	case c.storeLimit == nil, c.route.scope == allStores, c.key.StoreID == "" && c.route.permission == KeysManage:
		return nil
	}
	if _, err := c.client.Store(c.r.Context(), c.storeID); err != nil {
		return nil
	}
	return c.storeLimit
}

// charge counts the events of a batch beyond the first, for which the request
// stands.
func (c *call) charge(events int) {
	now := time.Now()
	c.keyLimit.charge(c.keyName(), now, events-1)
	c.limitOfStore().charge(c.storeName(), now, events-1)
}

// storeName and keyName are the buckets that the call counts in.
func (c *call) storeName() string { return storeBucket(c.key.StoreID, c.storeID) }
func (c *call) keyName() string   { return keyBucket(c.key.StoreID, c.key.Actor) }

// storeBucket tells stores apart, and in each its own keys from those that are for all
// stores, which have no store: whoever has one of its keys cannot keep the platform out.
func storeBucket(keyStoreID, storeID string) string {
	if keyStoreID == "" {
		return storeID + "\nplatform"
	}
	return storeID
}

// keyBucket tells keys apart, also of stores that give them the same actor.
func keyBucket(keyStoreID, actor string) string { return keyStoreID + "\n" + actor }

func (c *call) throttle(l *limiter, name, what string) error {
	if l == nil {
		return nil
	}
	a, ok := l.take(name, time.Now())
	if !ok || c.allowed == nil || a.left < c.allowed.left {
		c.tell(&a) // of two limits, the nearer one
	}
	if ok {
		return nil
	}
	c.w.Header().Set("Retry-After", seconds(a.wait))
	return &billhook.Error{
		Code:    billhook.CodeRateLimited,
		Message: what + " has had " + strconv.Itoa(l.rate.PerSecond) + " requests a second, and at most " + strconv.Itoa(l.rate.Burst) + " at once; nothing was done",
		Hint:    "wait as long as Retry-After says",
	}
}

// tell has the answer tell how much is left, in the fields of
// draft-ietf-httpapi-ratelimit-headers-06.
func (c *call) tell(a *allowance) {
	c.allowed = a
	h := c.w.Header()
	h.Set("RateLimit-Limit", strconv.Itoa(a.limit))
	h.Set("RateLimit-Remaining", strconv.Itoa(a.left))
	h.Set("RateLimit-Reset", seconds(a.full))
}

// seconds are whole ones, rather too many than too few.
func seconds(d time.Duration) string {
	return strconv.Itoa(int(math.Ceil(d.Seconds())))
}
