package profile

import (
	"bytes"
	"hash/maphash"
)

const (
	notIndex   = -1 // member.index of a key that is no array index
	overridden = -1 // member.key of a member that a later duplicate replaced
)

// fewMembers is up to how many members an object's keys are compared each with
// each, which needs no memory and is faster there.
const fewMembers = 16

// keySeed makes the hash table's order unknown to whoever writes the keys.
var keySeed = maphash.MakeSeed()

// arrayIndex returns the array index that a key is in ECMA-262 (the canonical
// decimal form of 0 to 2^32-2), or notIndex. Keys that are larger integers are
// ordinary strings to JSON.stringify, which V8 confirms.
func arrayIndex(key []byte) int64 {
	if len(key) == 0 || len(key) > 10 || key[0] == '0' && len(key) > 1 {
		return notIndex
	}
	n := int64(0)
	for _, b := range key {
		if !isDigit(b) {
			return notIndex
		}
		n = n*10 + int64(b-'0')
	}
	if n > 1<<32-2 {
		return notIndex
	}
	return n
}

// merge gives the first of equal keys the last one's value, marks the others
// as overridden, and says whether there were any. Keys are compared in their
// canonical spelling, which is one to one with their meaning.
func (c *canonicalizer) merge(members []member) bool {
	if len(members) > fewMembers {
		return c.mergeMany(members)
	}
	found := false
	for i := 1; i < len(members); i++ {
		for j := range i {
			if c.override(&members[j], &members[i]) {
				found = true
				break
			}
		}
	}
	return found
}

// mergeMany is merge with a hash table, linear in the number of members.
func (c *canonicalizer) mergeMany(members []member) bool {
	size := 2 * fewMembers
	for size < 2*len(members) {
		size *= 2
	}
	if cap(c.buckets) < size {
		c.buckets = make([]int32, size)
	}
	buckets := c.buckets[:size] // 1 + the member's number; 0 is free
	clear(buckets)
	found := false
	for i := range members {
		m := &members[i]
		slot := maphash.Bytes(keySeed, c.out[m.key:m.keyEnd]) & uint64(size-1)
		for buckets[slot] != 0 && !c.override(&members[buckets[slot]-1], m) {
			slot = (slot + 1) & uint64(size-1)
		}
		if m.key == overridden {
			found = true
		} else {
			buckets[slot] = int32(i + 1)
		}
	}
	return found
}

// override gives first the value of later and takes later out, if their keys
// are equal, and says whether they are.
func (c *canonicalizer) override(first, later *member) bool {
	if first.key == overridden || first.keyEnd-first.key != later.keyEnd-later.key ||
		!bytes.Equal(c.out[first.key:first.keyEnd], c.out[later.key:later.keyEnd]) {
		return false
	}
	first.value, first.valueEnd = later.value, later.valueEnd
	later.key = overridden
	return true
}
