package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// A billhook is one that was started for this example, with data that goes with it.
type billhook struct {
	url, folder string
	command     *exec.Cmd
}

// startBillhook builds and starts billhook serve --dev, for pages of the origin.
func startBillhook(ctx context.Context, origin string) (*billhook, error) {
	folder, err := os.MkdirTemp("", "billhook-example-")
	if err != nil {
		return nil, err
	}
	b := &billhook{folder: folder}
	if err := b.start(ctx, origin); err != nil {
		b.stop()
		return nil, err
	}
	return b, nil
}

func (b *billhook) start(ctx context.Context, origin string) error {
	binary := filepath.Join(b.folder, "billhook")
	if out, err := exec.CommandContext(ctx, "go", "build", "-o", binary, "github.com/billhook/billhook/cmd/billhook").CombinedOutput(); err != nil { // #nosec G204 G702 -- our own
		return fmt.Errorf("build billhook: %w\n%s", err, out)
	}
	command := exec.Command(binary, "serve", "--dev", "--addr", "127.0.0.1:0", "--data", filepath.Join(b.folder, "data"), "--portal-origin", origin) // #nosec G204 -- our own
	command.Stderr = os.Stderr
	out, err := command.StdoutPipe()
	if err != nil {
		return err
	}
	if err := command.Start(); err != nil {
		return err
	}
	b.command = command
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if name, url, _ := strings.Cut(strings.TrimSpace(lines.Text()), " "); name == "Web" {
			b.url = strings.TrimSuffix(strings.TrimSpace(url), "/")
			go func() { // it must not wait for a reader
				for lines.Scan() {
				}
			}()
			return nil
		}
	}
	return errors.New("billhook does not say where it is")
}

// stop ends it, gives it the time to, and takes its data away.
func (b *billhook) stop() {
	if b.command != nil {
		_ = b.command.Process.Signal(os.Interrupt) // an error means that it is over
		impatient := time.AfterFunc(10*time.Second, func() { _ = b.command.Process.Kill() })
		_ = b.command.Wait()
		impatient.Stop()
	}
	_ = os.RemoveAll(b.folder)
}
