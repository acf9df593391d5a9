package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/billhook/billhook/internal/wireformat"
	"github.com/billhook/billhook/profile"
)

// profileCmd is for those who bring a wire format along.
type profileCmd struct {
	New   profileNewCmd   `cmd:"" help:"Make a profile of a recorded delivery: header, encoding, what is signed, envelope." example:"billhook profile new --request recorded.http --secret-file secret --name acme -o acme.json"`
	Check profileCheckCmd `cmd:"" help:"Compare what a profile renders with a recorded delivery, byte for byte." example:"billhook profile check acme.json --request recorded.http --secret-file secret"`
}

type profileNewCmd struct {
	recordingFlags
	secretFlags
	Name   string            `help:"The profile's name: lower-case letters, digits and hyphens."`
	Title  string            `help:"The platform's name for people. Default: the name."`
	Member map[string]string `placeholder:"event.type=NAME" help:"Which member of the body holds event.id, event.type, event.time or event.data, where that cannot be seen."`
	Out    string            `short:"o" placeholder:"FILE" help:"The file to write; it must not be there. Default: the standard output."`
}

// Help is printed below the flags.
func (profileNewCmd) Help() string {
	return "Asks for what was not given, on a terminal. What one delivery cannot tell, and what a profile cannot say, is told on the standard error: read it before you use the file with serve --profile-file."
}

func (cmd *profileNewCmd) Run() error {
	ask := asker{in: bufio.NewReader(os.Stdin), out: os.Stderr, can: isTerminal(os.Stdin) && cmd.Request != "-" && cmd.Body != "-"}
	return cmd.make(ask, os.Stdout, os.Stderr)
}

// make writes the profile to out, where no file was given, and what it is of to told.
func (cmd *profileNewCmd) make(ask asker, out, told io.Writer) error {
	if err := cmd.checkOut(); err != nil {
		return err
	}
	secrets, err := cmd.secretFlags.read()
	if err != nil {
		return err
	}
	if cmd.Request == "" && cmd.Body == "" && len(cmd.Header) == 0 {
		cmd.Request = ask.about("File of a recorded delivery (raw HTTP, HAR or JSON)", "")
	}
	r, err := cmd.recordingFlags.read()
	if err != nil {
		return err
	}
	if len(secrets) == 0 {
		secrets = []string{ask.about("Secret that signed it", "")}
	}
	if secrets[0] == "" {
		return errors.New("no secret was given: use --secret or --secret-file; without it no header can be known for the signature")
	}
	if cmd.Name == "" {
		cmd.Name = ask.about("Name of the profile", "my-platform")
	}
	s := wireformat.Sample{Request: r, Secret: secrets[0], Name: cmd.Name, Title: cmd.Title, Members: map[string]string{}}
	for value, name := range cmd.Member {
		s.Members[value] = name
	}
	learned, err := wireformat.Learn(s)
	for unclear := (*wireformat.Unclear)(nil); errors.As(err, &unclear); {
		if !ask.can {
			return fmt.Errorf("%w; name it with --member %s=NAME", err, unclear.Value)
		}
		s.Members[unclear.Value] = ask.about("Which member is the "+unclear.Value+"? "+strings.Join(unclear.Members, ", "), unclear.Members[0])
		learned, err = wireformat.Learn(s)
	}
	if err != nil {
		return err
	}
	text, err := learned.Text()
	if err != nil {
		return err
	}
	tellLearned(told, learned)
	if cmd.Out == "" {
		_, err = out.Write(text)
		return err
	}
	file, err := os.OpenFile(cmd.Out, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644) // #nosec G302 -- a profile is no secret
	if err != nil {
		return fmt.Errorf("--out: %w", err)
	}
	_, err = file.Write(text)
	if err = errors.Join(err, file.Close()); err == nil {
		fmt.Fprintf(told, "\n%s is written. Compare: billhook profile check %s --request … --secret …\nUse:     billhook serve --profile-file %s --profile %s\n", cmd.Out, cmd.Out, cmd.Out, learned.Profile.Name)
	}
	return err
}

// checkOut says whether the file can be made, before anybody is asked anything for it.
func (cmd *profileNewCmd) checkOut() error {
	if cmd.Out == "" {
		return nil
	}
	if _, err := os.Lstat(cmd.Out); err == nil {
		return fmt.Errorf("--out: %s is there already: give another file, or remove it", cmd.Out)
	}
	if _, err := os.Stat(filepath.Dir(cmd.Out)); err != nil {
		return fmt.Errorf("--out: there is no folder %s: make it, or give another file", filepath.Dir(cmd.Out))
	}
	return nil
}

// tellLearned is for who will look at the file before it is used.
func tellLearned(w io.Writer, l *wireformat.Learned) {
	for _, part := range []struct {
		title string
		lines []string
	}{{"Found", l.Found}, {"Assumed, as one delivery cannot tell", l.Assumed}, {"What a profile cannot say", l.Lacks}} {
		if len(part.lines) > 0 {
			fmt.Fprintf(w, "%s:\n  - %s\n", part.title, strings.Join(part.lines, "\n  - "))
		}
	}
	if l.Report.Equal {
		fmt.Fprintln(w, "What the profile renders of the recorded event is byte-equal to the recording.")
		return
	}
	fmt.Fprintln(w, "What the profile renders of the recorded event is NOT byte-equal to the recording:")
	for _, part := range l.Report.Parts {
		if !part.Equal {
			fmt.Fprintf(w, "  - %s: %s\n", part.Name, part.Says)
		}
	}
}

// An asker asks who sits at the terminal, if somebody does.
type asker struct {
	in  *bufio.Reader
	out io.Writer
	can bool
}

// about returns the answer, or what stands for none.
func (a *asker) about(what, otherwise string) string {
	if !a.can {
		return otherwise
	}
	if otherwise != "" {
		what += " [" + otherwise + "]"
	}
	fmt.Fprintf(a.out, "%s: ", what)
	line, _ := a.in.ReadString('\n') // what came before its end is the answer
	if line = strings.TrimSpace(line); line == "" {
		return otherwise
	}
	return line
}

type profileCheckCmd struct {
	File string `arg:"" help:"The profile's file."`
	recordingFlags
	secretFlags
}

// Help is printed below the flags.
func (profileCheckCmd) Help() string {
	return "Exits with 0 where body and headers are byte-equal, and with 1 where they are not."
}

var errNotEqual = errors.New("not byte-equal")

func (cmd *profileCheckCmd) Run() error {
	p, err := profile.Load(cmd.File)
	if err != nil {
		return err
	}
	secrets, err := cmd.secretFlags.read()
	if err != nil {
		return err
	}
	if len(secrets) == 0 {
		return errors.New("no secret was given: use --secret or --secret-file")
	}
	r, err := cmd.recordingFlags.read()
	if err != nil {
		return err
	}
	report, err := wireformat.Check(p, r, secrets[0])
	if err != nil {
		return err
	}
	for _, part := range report.Parts {
		switch {
		case part.Equal && part.Says == "":
			fmt.Printf("%s: equal\n", part.Name)
		case part.Equal:
			fmt.Printf("%s: %s\n", part.Name, part.Says)
		default:
			fmt.Printf("%s: DIFFERS: %s\n", part.Name, part.Says)
		}
	}
	if !report.Equal {
		return errNotEqual
	}
	_, err = fmt.Println("byte-equal")
	return err
}
