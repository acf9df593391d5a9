package billhook_test

import (
	"context"
	"sync"
	"sync/atomic"

	"github.com/billhook/billhook"
)

// A touched database is a real one around whose calls something happens.
type touched struct {
	billhook.Database
	recoveries atomic.Int32

	mu sync.Mutex
	// before are by method; their error is the call's.
	before map[string]func() error
	around func(b *billhook.Batch, commit func() error) error
	// Watch does nothing, as if the process stood still, from when silence is
	// closed until speak is; nil for never.
	silence, speak chan struct{}
	// tells is what Watch tells besides; nil for nothing.
	tells chan billhook.Change
}

// on has something happen before each call of a method.
func (d *touched) on(method string, do func() error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.before == nil {
		d.before = map[string]func() error{}
	}
	d.before[method] = do
}

// onCommit has something happen around each transaction.
func (d *touched) onCommit(around func(b *billhook.Batch, commit func() error) error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.around = around
}

func (d *touched) touch(method string) error {
	d.mu.Lock()
	do := d.before[method]
	d.mu.Unlock()
	if do == nil {
		return nil
	}
	return do()
}

func (d *touched) Join(ctx context.Context) error {
	if err := d.touch("Join"); err != nil {
		return err
	}
	return d.Database.Join(ctx)
}

func (d *touched) Lanes(ctx context.Context) ([]billhook.Lane, error) {
	if err := d.touch("Lanes"); err != nil {
		return nil, err
	}
	return d.Database.Lanes(ctx)
}

func (d *touched) Pending(ctx context.Context, lane billhook.Lane, after billhook.Position, limit int) ([]billhook.Pending, error) {
	if err := d.touch("Pending"); err != nil {
		return nil, err
	}
	return d.Database.Pending(ctx, lane, after, limit)
}

func (d *touched) Configuration(ctx context.Context) (billhook.Configuration, error) {
	if err := d.touch("Configuration"); err != nil {
		return billhook.Configuration{}, err
	}
	return d.Database.Configuration(ctx)
}

func (d *touched) Outbox(ctx context.Context, limit int) ([]billhook.Asked, error) {
	if err := d.touch("Outbox"); err != nil {
		return nil, err
	}
	return d.Database.Outbox(ctx, limit)
}

func (d *touched) Recover(ctx context.Context) error {
	d.recoveries.Add(1)
	if err := d.touch("Recover"); err != nil {
		return err
	}
	return d.Database.Recover(ctx)
}

func (d *touched) Commit(ctx context.Context, b *billhook.Batch) error {
	d.mu.Lock()
	around := d.around
	d.mu.Unlock()
	if around == nil {
		return d.Database.Commit(ctx, b)
	}
	return around(b, func() error { return d.Database.Commit(ctx, b) })
}

func (d *touched) Watch(ctx context.Context, seen func(billhook.Change)) {
	if d.tells != nil {
		done := make(chan struct{})
		defer func() { <-done }()
		go func() {
			defer close(done)
			for ctx.Err() == nil {
				select {
				case c := <-d.tells:
					seen(c)
				case <-ctx.Done():
				}
			}
		}()
	}
	if d.silence != nil {
		until, cancel := context.WithCancel(ctx)
		go func() {
			defer cancel()
			select {
			case <-d.silence:
			case <-ctx.Done():
			}
		}()
		d.Database.Watch(until, seen)
		select {
		case <-d.speak:
		case <-ctx.Done():
		}
	}
	d.Database.Watch(ctx, seen)
}

// failOnce fails at its first call.
func failOnce() func() error {
	var failed atomic.Bool
	return func() error {
		if failed.CompareAndSwap(false, true) {
			return errDisk
		}
		return nil
	}
}

// loseClaim writes the first claim that finds something, and loses the answer.
func (d *touched) loseClaim(meanwhile func()) {
	var lost atomic.Bool
	d.onCommit(func(b *billhook.Batch, commit func() error) error {
		err := commit()
		if len(b.Claims) > 0 && len(b.Claims[0].Deliveries) > 0 && lost.CompareAndSwap(false, true) {
			meanwhile()
			return errDisk
		}
		return err
	})
}
