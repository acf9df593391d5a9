package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/billhook/billhook"
)

// keysCmd looks after API keys, at a service; and, in rotate, after the keys that seal
// secrets, which are others, in a file.
type keysCmd struct {
	List   keysListCmd   `cmd:"" help:"List API keys." example:"billhook keys list"`
	Get    keysGetCmd    `cmd:"" help:"Show an API key, without its secret." example:"billhook keys get key_1"`
	Create keysCreateCmd `cmd:"" help:"Make an API key; it is printed this once." example:"billhook keys create shop-backend --permission events:emit"`
	Revoke keysRevokeCmd `cmd:"" help:"Have an API key refused from now on." example:"billhook keys revoke key_1"`
	Rotate keysRotateCmd `cmd:"" help:"Put a new key at the head of the file of keys that seal secrets." example:"billhook keys rotate --data data"`
}

type keysRotateCmd struct {
	SecretKeyFile string `env:"BILLHOOK_SECRET_KEY_FILE" placeholder:"FILE" help:"The file; made if it is not there. Without it, the one in the data folder."`
	databaseFlags
	Prune bool `help:"Add no key, but remove those that nothing in the database is sealed with any more."`
}

// Help is printed below the flags.
func (keysRotateCmd) Help() string {
	return "Nodes that run take the new key in within seconds, and seal all secrets anew under it. " +
		"Where nodes have copies of the file, give each the new one soon: " +
		"what is sealed with a key that a node has not got waits there. " +
		"The old key is needed until --prune has removed it, and for backups from before."
}

func (cmd *keysRotateCmd) Run(ctx context.Context) error {
	file, err := cmd.file()
	if err != nil {
		return err
	}
	if cmd.Prune {
		return cmd.prune(ctx, file, os.Stdout)
	}
	var id string
	err = file.change(func(text string) (string, error) {
		if text != "" {
			if _, err := file.load(); err != nil {
				return "", err // no key goes on top of what cannot be read
			}
		}
		newID, line := newKeyLine(time.Now())
		id = newID
		return line + text, nil
	})
	if err != nil {
		return fmt.Errorf("rotate keys: %w", err)
	}
	fmt.Printf("%s: the key %s seals from now on\n", file, id)
	return nil
}

// file is the one that the flags name, and not a link to it, which a new file
// would replace.
func (cmd *keysRotateCmd) file() (keyFile, error) {
	path := cmd.SecretKeyFile
	if path == "" {
		if os.Getenv(sealKeysEnv) != "" {
			return "", fmt.Errorf("the keys are in %s: put a new one at its beginning, and start the nodes again", sealKeysEnv)
		}
		path = filepath.Join(cmd.Data, sealKeysFile)
	}
	real, err := filepath.EvalSymlinks(path)
	switch {
	case err == nil:
		return keyFile(real), nil
	case errors.Is(err, fs.ErrNotExist) && cmd.SecretKeyFile != "" && !cmd.Prune:
		return keyFile(path), nil
	case errors.Is(err, fs.ErrNotExist):
		return "", fmt.Errorf("%w: give --secret-key-file, or the --data of a service that has run", err)
	}
	return "", err
}

// prune removes the keys that nothing is sealed with, but never the first.
func (cmd *keysRotateCmd) prune(ctx context.Context, file keyFile, w io.Writer) error {
	var report strings.Builder
	// What is in use is read while nobody can rotate.
	err := file.change(func(text string) (string, error) {
		info, err := os.Stat(string(file))
		if err != nil {
			return "", err
		}
		if age := time.Since(info.ModTime()); age < billhook.KeysSettle {
			return "", fmt.Errorf("%s was changed %v ago, and a node may still be writing with the key from before: try again %v after the change",
				file, age.Round(time.Second), billhook.KeysSettle)
		}
		if _, err := file.load(); err != nil {
			return "", err
		}
		inUse, err := cmd.keysInUse(ctx)
		if err != nil {
			return "", err
		}
		return pruned(text, inUse, &report), nil
	})
	if err != nil {
		return fmt.Errorf("prune keys: %w", err)
	}
	_, err = io.WriteString(w, report.String())
	return err
}

// keysInUse counts the webhooks that have secrets sealed with each key.
func (cmd *keysRotateCmd) keysInUse(ctx context.Context) (map[string]int, error) {
	webhooks, err := cmd.webhooks(ctx)
	if err != nil {
		return nil, err
	}
	return keysIn(webhooks), nil
}

func keysIn(webhooks []billhook.Webhook) map[string]int {
	inUse := map[string]int{}
	for i := range webhooks {
		for _, id := range webhooks[i].SealKeys() {
			inUse[id]++
		}
	}
	return inUse
}

func (cmd *keysRotateCmd) webhooks(ctx context.Context) ([]billhook.Webhook, error) {
	v, err := cmd.openView(ctx)
	if err != nil {
		return nil, err
	}
	defer v.Close()
	all, err := v.Configuration(ctx)
	return all.Webhooks, err
}

// pruned is a key file's text without the keys that are not in use.
func pruned(text string, inUse map[string]int, report io.Writer) string {
	var left strings.Builder
	first := true
	for line := range strings.SplitAfterSeq(text, "\n") {
		if saysNothing(line) {
			left.WriteString(line)
			continue
		}
		id, _, _ := strings.Cut(strings.TrimSpace(line), " ")
		switch {
		case first:
			fmt.Fprintf(report, "%s: kept, it seals\n", id)
		case inUse[id] > 0:
			fmt.Fprintf(report, "%s: kept, %d webhooks have secrets that are sealed with it\n", id, inUse[id])
		default:
			fmt.Fprintf(report, "%s: removed; backups from before it was replaced do not open without it\n", id)
			continue
		}
		first = false
		left.WriteString(line)
	}
	return left.String()
}
