package billhook

import (
	"testing"
	"testing/synctest"
	"time"
)

// TestStoreLocks: who changes a store waits for others that change it, and for nobody
// else; nothing is left of those that are done.
func TestStoreLocks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var locks storeLocks
		unlock := locks.lock("a")
		locks.lock("b")()
		locks.lock("")()
		order := make(chan int, 3)
		for i := range 3 {
			go func() {
				time.Sleep(time.Duration(i) * time.Second)
				defer locks.lock("a")()
				order <- i
			}()
		}
		time.Sleep(time.Minute) // stands still for nobody
		if len(order) > 0 {
			t.Error("two have the lock")
		}
		unlock()
		synctest.Wait()
		if len(order) != 3 || len(locks.inUse) != 0 {
			t.Errorf("%d came, %d locks are left", len(order), len(locks.inUse))
		}
	})
}
