package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/billhook/billhook/internal/recording"
	"github.com/billhook/billhook/profile"
)

// recordingFlags say which recorded request a command is about.
type recordingFlags struct {
	Request string   `placeholder:"FILE" help:"The recorded request: raw HTTP, what curl -v prints, a HAR file, or JSON with headers and body; - is the standard input."`
	Body    string   `placeholder:"FILE" help:"The body, byte for byte, where the recording has none; - is the standard input."`
	Header  []string `sep:"none" placeholder:"'NAME: VALUE'" help:"A header, in place of or beside those of the recording; may be given more than once."`
}

// read reads the recording and what is given beside it.
func (f *recordingFlags) read() (*recording.Request, error) {
	if f.Request == "" && f.Body == "" && len(f.Header) == 0 {
		return nil, errors.New("no request was given: use --request FILE (- for the standard input), or --body FILE and --header 'NAME: VALUE'")
	}
	r := &recording.Request{}
	if f.Request != "" {
		text, err := readInput(f.Request)
		if err != nil {
			return nil, fmt.Errorf("read --request: %w", err)
		}
		if r, err = recording.Parse(text); err != nil {
			return nil, fmt.Errorf("--request %s: %w", f.Request, err)
		}
	}
	if f.Body != "" {
		text, err := readInput(f.Body)
		if err != nil {
			return nil, fmt.Errorf("read --body: %w", err)
		}
		r.Body, r.HasBody = text, true
	}
	for _, h := range f.Header {
		name, value, ok := strings.Cut(h, ":")
		if !ok || strings.TrimSpace(name) == "" {
			return nil, fmt.Errorf("--header %q: give it as 'NAME: VALUE'", h)
		}
		r.Fields = append(r.Fields, recording.Field{Name: strings.TrimSpace(name), Value: strings.TrimSpace(value)})
	}
	if !r.HasBody {
		return nil, errors.New("the recording has no body (curl -v prints none): give it with --body FILE")
	}
	return r, nil
}

// readInput reads a file, or the standard input for "-", up to what a recording may have.
func readInput(name string) ([]byte, error) {
	in := io.Reader(os.Stdin)
	if name != "-" {
		file, err := os.Open(name)
		if err != nil {
			return nil, err
		}
		defer file.Close()
		in = file
	}
	text, err := io.ReadAll(io.LimitReader(in, recording.MaxSize+1))
	if err == nil && len(text) > recording.MaxSize {
		err = fmt.Errorf("%s is larger than %d MiB", name, recording.MaxSize>>20)
	}
	return text, err
}

// secretFlags say which secrets the receiver has.
type secretFlags struct {
	Secret     []string `sep:"none" placeholder:"SECRET" help:"The webhook's secret (whsec_…) or public key (whpk_…); several while it rotates, the newest first."`
	SecretFile string   `placeholder:"FILE" help:"A file with secrets, one a line, which keeps them out of the shell's history."`
}

// read returns all secrets, as they were given: what is too much around them is for
// verify to tell.
func (f *secretFlags) read() ([]string, error) {
	secrets := slices.Clone(f.Secret)
	if slices.Contains(secrets, "") {
		return nil, errors.New("--secret is empty: is the variable set that it is taken from?")
	}
	if f.SecretFile != "" {
		text, err := readInput(f.SecretFile)
		if err != nil {
			return nil, fmt.Errorf("read --secret-file: %w", err)
		}
		for line := range strings.SplitSeq(string(text), "\n") {
			if line = strings.TrimSuffix(line, "\r"); line != "" {
				secrets = append(secrets, line)
			}
		}
	}
	return secrets, nil
}

// namedProfile is a profile that comes along, or that of a file.
func namedProfile(name string) (*profile.Profile, error) {
	if name == "" {
		return nil, nil
	}
	if p, ok := profile.Named(name); ok {
		return p, nil
	}
	if _, err := os.Stat(name); err != nil {
		return nil, fmt.Errorf("--profile %s: there is no such file, and the profiles that come along are %s", name, strings.Join(profile.Names(), ", "))
	}
	return profile.Load(name)
}
