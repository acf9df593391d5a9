package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/billhook/billhook/client"
)

const (
	// batchEvents and batchBytes are what one request carries at most.
	batchEvents = 500
	batchBytes  = 4 << 20
	// maxLine bounds one line of a batch, in bytes.
	maxLine = 4 << 20
)

// A batchRun is a file of events on its way, a batch at a time, in its order.
type batchRun struct {
	cmd    *emitCmd
	client *client.Client
	line   liveLine

	events []client.NewEvent
	lines  []int // where each of events is in the file
	bytes  int

	emitted, refused int
}

func (cmd *emitCmd) emitBatch(ctx context.Context) error {
	c, err := cmd.client()
	if err != nil {
		return err
	}
	from := os.Stdin
	if cmd.Batch != "-" {
		if from, err = os.Open(cmd.Batch); err != nil {
			return fmt.Errorf("--batch: %w", err)
		}
		defer from.Close()
	}
	run := &batchRun{cmd: cmd, client: c, line: newLiveLine(os.Stderr)}
	err = run.read(ctx, from)
	run.line.end()
	switch {
	case err != nil:
		return run.stopped(err)
	case !cmd.JSON:
		if _, err := fmt.Printf("%d events emitted\n", run.emitted); err != nil {
			return err
		}
	}
	if run.refused > 0 {
		return fmt.Errorf("%d of the events were refused, as is told above", run.refused)
	}
	return nil
}

// stopped adds to an error what is emitted already.
func (run *batchRun) stopped(err error) error {
	switch {
	case run.emitted == 0:
		return err
	case run.cmd.Key != "":
		return fmt.Errorf("%w; the %d events before are emitted, and the same command with the same --key repeats none of them", err, run.emitted)
	}
	return fmt.Errorf("%w; the %d events before are emitted: leave their lines out the next time", err, run.emitted)
}

// read sends what is in the file, as it comes.
func (run *batchRun) read(ctx context.Context, from io.Reader) error {
	scanner := bufio.NewScanner(from)
	scanner.Buffer(make([]byte, 64<<10), maxLine)
	number := 0
	for scanner.Scan() {
		number++
		text := bytes.TrimSpace(scanner.Bytes())
		if len(text) == 0 {
			continue
		}
		if len(run.events) == batchEvents || len(run.events) > 0 && run.bytes+len(text) > batchBytes {
			if err := run.send(ctx); err != nil {
				return err
			}
		}
		e, err := run.event(text, number)
		if err != nil {
			return fmt.Errorf("line %d: %w", number, err)
		}
		run.events, run.lines, run.bytes = append(run.events, e), append(run.lines, number), run.bytes+len(text)
	}
	if err := scanner.Err(); err != nil {
		return fmt.Errorf("line %d: %w", number+1, err)
	}
	if number == 0 || len(run.events) == 0 {
		if run.emitted+run.refused == 0 {
			return errors.New("--batch: there is no event in it")
		}
		return nil
	}
	return run.send(ctx)
}

// event reads a line. Its data stays as it is written: no number goes through a float.
func (run *batchRun) event(text []byte, number int) (client.NewEvent, error) {
	var line struct {
		client.NewEvent
		Data json.RawMessage `json:"data"`
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(&line); err != nil {
		return client.NewEvent{}, fmt.Errorf("%w: give an event such as {\"type\": \"order.paid\", \"data\": {}}", notJSON(err))
	}
	if d.InputOffset() < int64(len(text)) {
		return client.NewEvent{}, errors.New("there is something behind the event: one event a line")
	}
	e := line.NewEvent
	if line.Data == nil {
		return e, errors.New("data is missing")
	}
	e.Data = line.Data
	if e.Type == "" {
		e.Type = run.cmd.Type
	}
	if e.IdempotencyKey == "" && run.cmd.Key != "" {
		e.IdempotencyKey = run.cmd.Key + ":" + strconv.Itoa(number)
	}
	return e, nil
}

// send sends the batch and tells of each event.
func (run *batchRun) send(ctx context.Context) error {
	var answer struct{ Data []json.RawMessage }
	heard := client.WithAnswers(ctx, func(text json.RawMessage) { _ = json.Unmarshal(text, &answer) }) // which was read already
	results, err := run.client.Events.EmitBatch(heard, run.events)
	if err != nil {
		return run.refusal(err)
	}
	for i, r := range results {
		if run.cmd.JSON && i < len(answer.Data) {
			if err := printJSON(os.Stdout, answer.Data[i]); err != nil {
				return err
			}
		}
		if r.Refused == nil {
			run.emitted++
			continue
		}
		run.refused++
		run.line.end()
		fmt.Fprintf(os.Stderr, "line %d: %s\n", run.lines[min(i, len(run.lines)-1)], plainLines(r.Refused.Error())) // #nosec G705 -- a terminal, not a page
	}
	if !run.cmd.JSON && run.line.due(time.Now()) {
		run.line.print(fmt.Sprintf("%d emitted, %d refused", run.emitted, run.refused))
	}
	run.events, run.lines, run.bytes = run.events[:0], run.lines[:0], 0
	return nil
}

// refusal says of an error about one event on which line that is.
func (run *batchRun) refusal(err error) error {
	first, last := run.lines[0], run.lines[len(run.lines)-1]
	var refused *client.Error
	if errors.As(err, &refused) {
		place, _, _ := strings.Cut(strings.TrimPrefix(refused.Pointer, "/events/"), "/")
		if i, convErr := strconv.Atoi(place); convErr == nil && i >= 0 && i < len(run.lines) {
			return fmt.Errorf("line %d: %w", run.lines[i], err)
		}
	}
	return fmt.Errorf("lines %d to %d: %w", first, last, err)
}
