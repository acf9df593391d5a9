package docstest

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/billhook/billhook/internal/loopback"
)

// A session is a reader who works through one page.
type session struct {
	*shell
	root   string // of the sources
	folder string // the reader's
	env    []string
	// database makes an empty PostgreSQL database and answers its URL.
	database  func() string
	databases map[string]string // by the name on the page
	ports     map[string]string // free ones, by those on the page
	page      *page
	// background is the server of a page that starts none itself.
	background *job
	serves     bool   // the page's own runs, or ran
	printed    string // what the last command that was run to its end printed
	created    string // the id that an answer to an http block had last
}

// run does what the page says, and answers what is wrong with it.
func run(p *page, root, bin string, database func() string) (err error) {
	s := &session{root: root, page: p, database: database, databases: map[string]string{}, ports: map[string]string{}}
	if s.folder, err = os.MkdirTemp("", "billhook-docs-"); err != nil {
		return err
	}
	defer os.RemoveAll(s.folder)
	if err := s.setEnvironment(bin); err != nil {
		return err
	}
	if s.shell, err = startShell(s.folder, s.env); err != nil {
		return err
	}
	defer s.shell.close()
	for i, b := range p.blocks {
		var after *block
		if i+1 < len(p.blocks) {
			after = &p.blocks[i+1]
		}
		if err := s.do(b, after); err != nil {
			return fmt.Errorf("%s:%d: %s: %w", p.path, b.line, b.language, err)
		}
	}
	return p.unusedFiles()
}

func (s *session) do(b block, after *block) error {
	text := s.localize(b.text)
	if name := b.file(); name != "" && b.language != "go" {
		return s.save(name, b.language, text)
	}
	switch b.language {
	case "text":
		return nil
	case "stop":
		for _, j := range s.jobs {
			if j == s.background {
				continue
			}
			if err := s.stop(j); err != nil {
				return err
			}
		}
		return nil
	case "sh":
		return s.command(text, after)
	case "answer":
		return s.answered(b, text)
	case "js", "ts":
		return s.script(b.language, text)
	case "go":
		return s.goCode(b, text)
	case "http":
		return s.exchange(text)
	case "sql":
		return s.statements(text)
	case "json", "yaml", "python", "php", "ruby":
		return parses(b.language, text)
	case "":
		return errors.New("the block names no language: say sh, or text if nothing is to run")
	}
	return errors.New("no test knows this language: say text if nothing is to run")
}

// setEnvironment is what the reader's shell has: the command, ports that are free, and a
// curl that fails where the answer is an error.
func (s *session) setEnvironment(bin string) error {
	home := filepath.Join(s.folder, ".home")
	if err := os.MkdirAll(home, 0o700); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(home, ".curlrc"), []byte("fail-with-body\nno-progress-meter\n"), 0o600); err != nil {
		return err
	}
	for _, setting := range os.Environ() {
		if !strings.HasPrefix(setting, "BILLHOOK_") && !strings.HasPrefix(setting, "PATH=") {
			s.env = append(s.env, setting)
		}
	}
	s.env = append(s.env, "PATH="+bin+string(os.PathListSeparator)+os.Getenv("PATH"), "CURL_HOME="+home,
		"BILLHOOK_ADDR=127.0.0.1:"+s.port("4000"), "BILLHOOK_URL=http://127.0.0.1:"+s.port("4000"),
		"PORTAL_ADDR=127.0.0.1:"+s.port("4001"), "RECEIVER_ADDR=127.0.0.1:"+s.port("3000"),
		"SHOP_ADDR=127.0.0.1:"+s.port("3001"), "INSPECT_ADDR=127.0.0.1:"+s.port("4040"))
	return nil
}

// port is a free one in place of one that the page names.
func (s *session) port(named string) string {
	if s.ports[named] == "" {
		s.ports[named] = strconv.Itoa(loopback.FreePort())
	}
	return s.ports[named]
}

var (
	namedPort     = regexp.MustCompile(`((?:127\.0\.0\.1|localhost):|listen\()([345]\d{3})\b`)
	namedDatabase = regexp.MustCompile(`postgres://[^\s'"` + "`" + `]*(?:127\.0\.0\.1|localhost)(?::5432)?/(\w+)[^\s'"` + "`" + `]*`)
)

// localize puts free ports and real databases in place of those that the page names.
func (s *session) localize(text string) string {
	text = namedDatabase.ReplaceAllStringFunc(text, func(url string) string {
		return s.databaseURL(namedDatabase.FindStringSubmatch(url)[1])
	})
	return namedPort.ReplaceAllStringFunc(text, func(found string) string {
		parts := namedPort.FindStringSubmatch(found)
		if len(s.databases) > 0 && s.isDatabasePort(parts[2]) {
			return found
		}
		return parts[1] + s.port(parts[2])
	})
}

func (s *session) isDatabasePort(port string) bool {
	for _, url := range s.databases {
		if strings.Contains(url, ":"+port+"/") {
			return true
		}
	}
	return false
}

func (s *session) databaseURL(name string) string {
	if s.databases[name] == "" {
		s.databases[name] = s.database()
	}
	return s.databases[name]
}

var (
	serving = regexp.MustCompile(`(?m)^[^#\n]*\b(billhook|cmd/billhook) serve\b`)
	// lasting are commands that end when they are told to.
	lasting = regexp.MustCompile(`^(\w+=\S* )*(((\./|bin/)?billhook|go run \./cmd/billhook) (serve|listen|tail|inspect)\b|node \S+|go run \./examples/)`)
)

// startsServer reports whether one of the page's commands is the server.
func (p *page) startsServer() bool {
	for _, b := range p.blocks {
		if b.language == "sh" && serving.MatchString(b.text) {
			return true
		}
	}
	return false
}

func (p *page) has(language string) bool {
	for _, b := range p.blocks {
		if b.language == language {
			return true
		}
	}
	return false
}

// unusedFiles fails where a page has a file that no command of its names.
func (p *page) unusedFiles() error {
	for i, b := range p.blocks {
		used := b.file() == "" || b.language == "go" || b.language == "text"
		for _, later := range p.blocks[i+1:] {
			used = used || strings.Contains(later.text, b.file())
		}
		if !used {
			return fmt.Errorf("%s:%d: nothing uses the file %s", p.path, b.line, b.file())
		}
	}
	return nil
}

// startReady starts a block that keeps running, and waits until it has ended well, opened one
// of the page's ports, or said something. text says what kind of command it is.
func (s *session) startReady(command, text string) (*job, error) {
	closed := map[string]bool{}
	for _, port := range s.ports {
		closed[port] = !open(port)
	}
	j, err := s.start(command)
	if err == nil {
		err = s.ready(j, text, closed)
	}
	return j, err
}

func (s *session) ready(j *job, text string, closed map[string]bool) error {
	quiet := patience
	switch {
	case strings.Contains(text, "go run"):
		quiet = building
	case !serving.MatchString(text) && !strings.HasPrefix(text, "node"):
		quiet = 3 * time.Second // a tail says nothing where nothing happens
	}
	for end := time.Now().Add(quiet); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		if code, ended := j.ended(); ended {
			j.over = true
			if code != "0" {
				return s.explain(errors.New("it ends with "+code), j.base)
			}
			return nil
		}
		for port, was := range closed {
			if was && open(port) {
				return nil
			}
		}
		if j.stdout() != "" && !serving.MatchString(text) {
			return nil
		}
	}
	if quiet == 3*time.Second {
		return nil
	}
	return s.explain(errors.New("it is not ready"), j.base)
}

func open(port string) bool {
	conn, err := net.DialTimeout("tcp", "127.0.0.1:"+port, time.Second)
	if err != nil {
		return false
	}
	_ = conn.Close()
	return true
}

// wantServer starts a server for a block, where none of the page's own runs.
func (s *session) wantServer() error {
	if s.background != nil || s.serves {
		return nil
	}
	command := "billhook serve --dev"
	if s.page.has("sql") {
		command += " --database-url '" + s.databaseURL(onlyDatabase) + "'"
	}
	var err error
	s.background, err = s.startReady(command, command)
	return err
}

// onlyDatabase is the one that sql blocks are for.
const onlyDatabase = "shop"
