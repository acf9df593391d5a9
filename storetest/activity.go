package storetest

import (
	"context"
	"time"

	"github.com/billhook/billhook"
)

func activityCount(storeID string, at time.Time, run, delivered int64) *billhook.ActivityCount {
	n := &billhook.ActivityCount{StoreID: storeID, At: at, Run: run, Delivered: delivered, Failed: 2 * delivered, Dead: 1, Waiting: delivered - 1}
	n.Latencies.Add(time.Duration(delivered) * time.Millisecond)
	n.Latencies[len(n.Latencies)-1] = 1<<32 - 1
	return n
}

// testActivity: a count takes the place of what the same process has counted of the
// same time, and of nothing else.
func testActivity(f *fixture) {
	bucket := func(i int) time.Time {
		return at(0).Truncate(billhook.ActivityBucket).Add(time.Duration(i) * billhook.ActivityBucket)
	}
	write := func(counts ...*billhook.ActivityCount) {
		f.Helper()
		f.commit(&billhook.Batch{Activity: counts})
	}
	read := func(storeID string, from, to time.Time) []billhook.ActivityCount {
		f.Helper()
		return must[[]billhook.ActivityCount](f)(f.db.ActivityCounts(context.Background(), storeID, from, to))
	}
	first, grown := activityCount("default", bucket(0), 7, 1), activityCount("default", bucket(0), 7, 5)
	next, others := activityCount("default", bucket(1), 7, 3), activityCount("default", bucket(0), 9, 4)
	theirs, all := activityCount("other", bucket(0), 7, 6), activityCount(billhook.AllStores, bucket(0), 7, 8)
	write(theirs, first, others, all)
	f.equal("as it began", read("default", bucket(0), bucket(9)), []billhook.ActivityCount{*first, *others})
	write(next, first, grown) // the last of one batch counts
	f.equal("grown", read("default", bucket(0), bucket(9)), []billhook.ActivityCount{*grown, *others, *next})
	f.equal("until the next", read("default", bucket(0), bucket(1)), []billhook.ActivityCount{*grown, *others})
	f.equal("from the next", read("default", bucket(1), bucket(2)), []billhook.ActivityCount{*next})
	f.equal("since ever", read("default", time.Time{}, bucket(1)), []billhook.ActivityCount{*grown, *others})
	f.equal("the other store's", read("other", bucket(0), bucket(9)), []billhook.ActivityCount{*theirs})
	f.equal("all stores'", read(billhook.AllStores, bucket(0), bucket(9)), []billhook.ActivityCount{*all})
	f.equal("of a store that is not there", read("nobody", bucket(0), bucket(9)), []billhook.ActivityCount{})

	f.commit(&billhook.Batch{ActivityExpiries: []*billhook.ActivityExpiry{{StoreID: "default", Before: bucket(1)}}})
	f.equal("when it is old", read("default", bucket(0), bucket(9)), []billhook.ActivityCount{*next})
	f.equal("the other store's still", read("other", bucket(0), bucket(9)), []billhook.ActivityCount{*theirs})
	f.db = f.harness.Reopen(f.T, f.db)
	f.equal("opened anew", read("default", bucket(0), bucket(9)), []billhook.ActivityCount{*next})
}

// testBacklogs: what waits is counted for each webhook, whoever owns it and however
// often it was tried.
func testBacklogs(f *fixture) {
	read := func(storeID string) []billhook.LaneBacklog {
		f.Helper()
		return must[[]billhook.LaneBacklog](f)(f.db.Backlogs(context.Background(), storeID))
	}
	f.equal("nothing", read(""), []billhook.LaneBacklog{})
	for i := range 5 {
		e := f.emit("default", "evt_"+string(rune('a'+i)), 10-i, "wh_1", "wh_2")
		f.commitEmits(e)
		if i < 2 {
			f.commitOutcomes(outcome(e.Deliveries[0], billhook.StatusDelivered))
		}
		if i == 4 {
			f.commitOutcomes(outcome(e.Deliveries[1], billhook.StatusPending)) // tried again later
		}
	}
	f.commitEmits(f.emit("other", "evt_x", 1, "wh_1"))
	counts := func(all []billhook.LaneBacklog) (n map[billhook.Lane]int64) {
		n = map[billhook.Lane]int64{}
		for _, b := range all {
			n[b.Lane] = b.Count
		}
		return n
	}
	want := map[billhook.Lane]int64{lane("default", "wh_1"): 3, lane("default", "wh_2"): 5}
	f.equal("of a store", counts(read("default")), want)
	f.equal("due first", read("default")[0].DueAt, at(6))
	want[lane("other", "wh_1")] = 1
	f.equal("of all", counts(read("")), want)
}
