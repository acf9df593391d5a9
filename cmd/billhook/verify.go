package main

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"time"

	"github.com/billhook/billhook/internal/explain"
)

type verifyCmd struct {
	recordingFlags
	secretFlags
	Profile   string        `placeholder:"NAME|FILE" help:"The wire profile that the receiver expects. Default: whichever fits."`
	Now       string        `placeholder:"TIME" help:"The receiver's clock, as RFC 3339 or unix seconds, for a recording that is old. Default: now."`
	Tolerance time.Duration `default:"5m" help:"How far a timestamp may be off."`
	JSON      bool          `help:"Print the answer as JSON."`
}

// Help is printed below the flags.
func (verifyCmd) Help() string {
	return "Exits with 0 where the request verifies and with 1 where it does not. " +
		"A reason is told only where it is proved: the signature is right once that mistake is undone."
}

// Validate says what cannot be meant.
func (cmd *verifyCmd) Validate() error {
	if cmd.Tolerance <= 0 {
		return fmt.Errorf("--tolerance=%v: give a time above 0, like 5m", cmd.Tolerance)
	}
	return nil
}

func (cmd *verifyCmd) Run() error {
	q := explain.Question{Tolerance: cmd.Tolerance}
	var err error
	if q.Secrets, err = cmd.secretFlags.read(); err != nil {
		return err
	}
	if len(q.Secrets) == 0 {
		return errors.New("no secret was given: use --secret, or --secret-file to keep it out of the shell's history")
	}
	if q.Profile, err = namedProfile(cmd.Profile); err != nil {
		return err
	}
	if q.Now, err = receiverClock(cmd.Now); err != nil {
		return err
	}
	if q.Request, err = cmd.recordingFlags.read(); err != nil {
		return err
	}
	a := explain.Explain(q)
	if cmd.JSON {
		err = printJSON(os.Stdout, a)
	} else {
		err = a.Write(os.Stdout, painterFor(os.Stdout).verdict)
	}
	if err == nil && !a.Verified {
		err = &exitError{code: 1} // the answer says why
	}
	return err
}

// receiverClock reads a time; none is now.
func receiverClock(text string) (time.Time, error) {
	if text == "" {
		return time.Now(), nil
	}
	if seconds, err := strconv.ParseInt(text, 10, 64); err == nil {
		return time.Unix(seconds, 0), nil
	}
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return at, fmt.Errorf("--now %s: give it as 2026-03-01T10:30:00Z or in unix seconds", text)
	}
	return at, nil
}
