package main

import (
	"context"
	"os"

	"github.com/billhook/billhook/internal/apply"
)

// diffCmd is apply --dry-run that ends with how it came out, as diff does: 0 for
// nothing to do, 1 for something, 2 where that cannot be said.
type diffCmd struct {
	declarationFlags
}

// Help is printed below the flags.
func (diffCmd) Help() string {
	return "Ends with 0 where all is as declared, with 1 where apply would change something, and with 2 where that cannot be said."
}

func (cmd *diffCmd) Run(ctx context.Context) error {
	p, err := cmd.plan(ctx, apply.Options{})
	if err == nil {
		err = cmd.print(os.Stdout, p)
	}
	switch {
	case err != nil:
		return &exitError{2, err}
	case p.Differs():
		return &exitError{code: 1}
	}
	return nil
}
