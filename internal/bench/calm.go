package bench

import (
	"context"
	"time"
)

const (
	// calmSyncs is how many syncs are looked at, and calmRatio how much longer
	// than their median nine of ten may take.
	calmSyncs = 50
	calmRatio = 3
	// calmPause is how long a disk is left alone before it is looked at again.
	calmPause = 500 * time.Millisecond
	// calmLimit bounds the waiting, and so does the length of the load.
	calmLimit = 20 * time.Second
)

// awaitCalm waits until syncs take about as long as each other. Files that the
// trial before has left are being removed meanwhile, which some disks answer
// with seconds of slow syncs: whoever is measured next would pay for them. A
// disk that others keep busy is waited for in vain, and the trial is made.
func (b *bench) awaitCalm(ctx context.Context) error {
	deadline := time.Now().Add(min(calmLimit, b.duration))
	for {
		syncs, err := measureSync(b.folder, calmSyncs)
		if err != nil {
			return err
		}
		if syncs.Quantile(0.9) <= calmRatio*syncs.Quantile(0.5) || time.Now().After(deadline) {
			return nil
		}
		select {
		case <-time.After(calmPause):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
