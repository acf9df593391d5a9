//go:build unix

package postgres

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/billhook/billhook"
	"github.com/billhook/billhook/internal/postgrestest"
)

// BenchmarkLives measures whole lives: an event with one delivery goes in,
// its attempt and final state follow one batch later, as the engine commits
// them. An iteration is one life.
func BenchmarkLives(b *testing.B) {
	for _, size := range []int{1, 32, 512} {
		b.Run(fmt.Sprintf("batch=%d", size), func(b *testing.B) { benchmarkLives(b, size, 0) })
	}
	b.Run("batch=512/finished=1000000", func(b *testing.B) { benchmarkLives(b, 512, 1_000_000) })
}

func benchmarkLives(b *testing.B, size, finished int) {
	db := openAt(b, postgrestest.Shared(b).Database(b), Options{})
	if err := db.Join(context.Background()); err != nil {
		b.Fatal(err)
	}
	l := &lives{db: db, start: time.Now(), payload: bytes.Repeat([]byte("payload "), 62)}
	for l.begun < finished {
		l.commit(b, 2048)
	}
	l.commit(b, 0)
	b.ReportAllocs()
	used, server := cpuTime(), cpuTimeOf(db.write.backend.pid)
	longest := time.Duration(0)
	b.ResetTimer()
	for left := b.N; left > 0; {
		n := min(size, left)
		start := time.Now()
		l.commit(b, n)
		longest = max(longest, time.Since(start))
		left -= n
	}
	l.commit(b, 0)
	b.StopTimer()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "lives/s")
	b.ReportMetric(float64((cpuTime()-used).Microseconds())/float64(b.N), "cpu-µs/life")
	b.ReportMetric(float64((cpuTimeOf(db.write.backend.pid)-server).Microseconds())/float64(b.N), "server-µs/life")
	b.ReportMetric(float64(longest.Milliseconds()), "longest-ms")
}

// lives drives events through a database.
type lives struct {
	db      *Database
	start   time.Time
	payload []byte
	begun   int
	waiting []*billhook.Outcome
}

// commit begins n lives and ends those that the commit before began.
func (l *lives) commit(t testing.TB, n int) {
	batch := &billhook.Batch{Outcomes: l.waiting, Emits: make([]*billhook.Emit, n)}
	l.waiting = make([]*billhook.Outcome, n)
	for i := range n {
		l.begun++
		now := l.start.Add(time.Duration(l.begun) * time.Microsecond)
		pending := billhook.Pending{
			Lane:      billhook.Lane{StoreID: "default", WebhookID: fmt.Sprintf("wh_01jxk3v0000000000000000%03d", l.begun%20)},
			Position:  billhook.Position{DueAt: now, ID: fmt.Sprintf("dlv_01jxk3v%016d", l.begun)},
			EventID:   fmt.Sprintf("evt_01jxk3v%016d", l.begun),
			EventType: "order.created", CreatedAt: now,
		}
		batch.Emits[i] = &billhook.Emit{
			Event: billhook.Event{
				StoreID: "default", ID: pending.EventID, Type: pending.EventType, Data: l.payload,
				Entity: billhook.Reference{Type: "order", ID: "ord_1042"}, Actor: billhook.Reference{Type: "user", ID: "usr_7"},
				OccurredAt: now, CreatedAt: now, Deliveries: 1,
			},
			Deliveries: []billhook.Pending{pending},
		}
		l.waiting[i] = &billhook.Outcome{
			Delivery: pending, Status: billhook.StatusDelivered,
			Attempt: billhook.Attempt{
				StoreID: "default", DeliveryID: pending.ID, Number: 1, StartedAt: now, Duration: 42 * time.Millisecond,
				URL: "https://shop.example.com/hooks/billhook", StatusCode: 200,
				ResponseHeaders: "Content-Type: application/json\nContent-Length: 2\nServer: nginx", ResponseBody: []byte("{}"),
			},
		}
	}
	if err := l.db.Commit(context.Background(), batch); err != nil {
		t.Fatal(err)
	}
}

func cpuTime() time.Duration {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// cpuTimeOf is what a process of this machine has used; 0 where the system does
// not tell. See proc(5).
func cpuTimeOf(pid int32) time.Duration {
	text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	_, fields, _ := strings.Cut(string(text), ") ")
	var user, system int64
	after := strings.Fields(fields)
	if len(after) > 12 {
		fmt.Sscan(after[11], &user)
		fmt.Sscan(after[12], &system)
	}
	return time.Duration(user+system) * 10 * time.Millisecond // ticks, a hundred a second
}
