package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/billhook/billhook/internal/apply"
)

// declarationFlags are those of apply and diff.
type declarationFlags struct {
	remoteFlags
	Files    []string `name:"file" short:"f" required:"" sep:"none" placeholder:"FILE" help:"A file or folder of YAML, JSON or JavaScript objects; - is the standard input. May be given more than once."`
	Group    string   `default:"default" help:"Marks what apply makes, and what --prune may take away: another group's is left alone."`
	Prune    bool     `help:"Delete webhooks that apply made for the group and that the files do not have any more."`
	PruneAll bool     `help:"Delete all webhooks of the stores that the files do not have, whoever made them."`
}

// plan reads the files and compares them with what there is.
func (f *declarationFlags) plan(ctx context.Context, options apply.Options) (*apply.Plan, error) {
	files := apply.Files{Paths: f.Files, Stdin: os.Stdin, Lookup: os.LookupEnv, Store: f.Store}
	declared, err := files.Read()
	if err != nil {
		return nil, err
	}
	options.Group, options.Prune, options.PruneAll = f.Group, f.Prune, f.PruneAll
	options.Connect = func(store string) (apply.API, error) {
		about := f.remoteFlags
		about.Store = store
		return about.client()
	}
	return apply.NewPlan(ctx, declared, options)
}

func (f *declarationFlags) print(w io.Writer, p *apply.Plan) error {
	if f.JSON {
		return p.PrintJSON(w)
	}
	return p.Print(w)
}

type applyCmd struct {
	declarationFlags
	DryRun bool           `help:"Tell what would be done, and do nothing."`
	Yes    bool           `short:"y" help:"Delete what --prune finds without asking."`
	Grace  *time.Duration `placeholder:"24h" help:"How long a secret that is replaced still signs, beside the new one. Default: a day."`
}

// Help is printed below the flags.
func (applyCmd) Help() string {
	return "Only what differs is changed, and a second time nothing is. A webhook is found by its id, else by its name, else by its URL. " +
		"${NAME} in a file is what the environment says. What the files do not have is left alone, but for --prune."
}

// Run prints each step when it is made.
func (cmd *applyCmd) Run(ctx context.Context) error {
	var options apply.Options
	if cmd.Grace != nil {
		seconds := int(*cmd.Grace / time.Second)
		options.GraceSeconds = &seconds
	}
	p, err := cmd.plan(ctx, options)
	if err != nil {
		return err
	}
	if cmd.DryRun {
		return cmd.print(os.Stdout, p)
	}
	if n := p.Count(apply.Delete); n > 0 && !cmd.Yes {
		if err := cmd.ask(p, n); err != nil {
			return err
		}
	}
	var failed error
	made := 0
	err = p.Run(ctx, func(s *apply.Step) {
		if s.Action == apply.Same {
			return
		}
		made++
		one := &apply.Plan{Steps: []*apply.Step{s}}
		if cmd.JSON {
			failed = errors.Join(failed, one.PrintJSON(os.Stdout))
		} else {
			failed = errors.Join(failed, s.Print(os.Stdout))
		}
	})
	if !cmd.JSON {
		_, told := fmt.Printf("%d of %d changes made, %d as declared\n", made, len(p.Steps)-p.Count(apply.Same), p.Count(apply.Same))
		failed = errors.Join(failed, told)
	}
	return errors.Join(err, failed)
}

// ask has someone at a terminal agree to what is deleted.
func (cmd *applyCmd) ask(p *apply.Plan, n int) error {
	if !isTerminal(os.Stdin) || slices.Contains(cmd.Files, "-") {
		return fmt.Errorf("%d webhooks would be deleted, and nobody can be asked: look at them with --dry-run, and give --yes", n)
	}
	if err := p.Print(os.Stderr); err != nil {
		return err
	}
	fmt.Fprintf(os.Stderr, "Do all that, and delete %d webhooks? What waits for them is cancelled. [y/N] ", n)
	answer, _ := bufio.NewReader(os.Stdin).ReadString('\n')
	if answer = strings.ToLower(strings.TrimSpace(answer)); answer != "y" && answer != "yes" {
		return errors.New("nothing was changed")
	}
	return nil
}
