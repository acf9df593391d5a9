package bench

import (
	"fmt"
	"os"
	"runtime"
	"time"
)

// A Machine holds what the figures depend on.
type Machine struct {
	OS    string `json:"os"`
	Arch  string `json:"arch"`
	CPU   string `json:"cpu,omitempty"`
	Cores int    `json:"cores"`
	Go    string `json:"go"`
	// SyncP50Micros and SyncP99Micros are how long it takes to write 4 KB at
	// the end of a file in the data folder and sync it, in µs. Every
	// commit, and so every 202, waits for at least one such sync.
	SyncP50Micros float64 `json:"syncP50Micros"`
	SyncP99Micros float64 `json:"syncP99Micros"`
}

func (m Machine) String() string {
	cpu := m.CPU
	if cpu == "" {
		cpu = m.Arch
	}
	return fmt.Sprintf("%s, %d cores, %s, %s; write and sync of 4 KB: p50 %.0f µs, p99 %.0f µs",
		cpu, m.Cores, m.OS, m.Go, m.SyncP50Micros, m.SyncP99Micros)
}

func thisMachine(folder string) (Machine, error) {
	syncs, err := measureSync(folder, 200)
	if err != nil {
		return Machine{}, fmt.Errorf("measure sync: %w", err)
	}
	return Machine{
		OS: runtime.GOOS, Arch: runtime.GOARCH, CPU: cpuModel(), Cores: runtime.NumCPU(), Go: runtime.Version(),
		SyncP50Micros: micros(syncs.Quantile(0.5)), SyncP99Micros: micros(syncs.Quantile(0.99)),
	}, nil
}

// measureSync syncs so many times, but for at most a second.
func measureSync(folder string, times int) (*Histogram, error) {
	file, err := os.CreateTemp(folder, "sync-")
	if err != nil {
		return nil, err
	}
	defer os.Remove(file.Name())
	defer file.Close()
	var syncs Histogram
	page := make([]byte, 4096)
	for began := time.Now(); syncs.Count() < uint64(times) && time.Since(began) < time.Second; {
		start := time.Now()
		if _, err := file.Write(page); err != nil {
			return nil, err
		}
		if err := file.Sync(); err != nil {
			return nil, err
		}
		syncs.Record(time.Since(start))
	}
	return &syncs, nil
}
