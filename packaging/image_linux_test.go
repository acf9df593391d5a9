package packaging

import (
	"bytes"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/billhook/billhook/internal/tlstest"
)

// An image is the files of the Dockerfile's last stage in a folder, and how a container
// of it is started.
type image struct {
	t     *testing.T
	root  string
	env   []string
	user  uint32
	dir   string
	stage stage
}

// TestImage builds what the Dockerfile builds, by its own command, of no more than the
// builder would be given, and runs it in a folder with nothing but the image's files, as
// the image's user: what the scratch image lacks, the program lacks here too. There is
// no engine to build the image itself.
func TestImage(t *testing.T) {
	if testing.Short() {
		t.Skip("what it builds and runs is a program of its own, which the race detector is not in")
	}
	authority := tlstest.NewAuthority(t, "whom the image trusts")
	im := newImage(t, authority.PEM)

	received := make(chan string, 10)
	receiver := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		received <- string(body)
	}))
	receiver.TLS = &tls.Config{Certificates: []tls.Certificate{authority.Issue("receiver").Certificate}}
	receiver.StartTLS()
	defer receiver.Close()

	if out, err := im.command(nil, "version").CombinedOutput(); err != nil || !strings.HasPrefix(string(out), "billhook 1.2.3 ") || !strings.Contains(string(out), "0123abc") {
		t.Fatalf("version: %s, %v", out, err)
	}
	addr := freeAddr(t)
	env := []string{"BILLHOOK_ADDR=" + addr, "BILLHOOK_DEV=true"}
	healthy := func() error {
		check := words(t, im.stage.last(t, "HEALTHCHECK"))
		out, err := im.command(env, check[1:]...).CombinedOutput()
		if err != nil {
			return fmt.Errorf("%w: %s", err, out)
		}
		return nil
	}
	if healthy() == nil {
		t.Error("healthy before it runs")
	}
	serve := im.command(env, words(t, im.stage.last(t, "CMD"))...)
	var said bytes.Buffer
	serve.Stdout, serve.Stderr = &said, &said
	if err := serve.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- serve.Wait() }()
	defer func() { _ = serve.Process.Kill() }()
	deadline := time.Now().Add(time.Minute)
	for err := healthy(); err != nil; err = healthy() {
		select {
		case err := <-ended:
			t.Fatalf("it ended: %v\n%s", err, said.String())
		default:
		}
		if time.Now().After(deadline) {
			t.Fatalf("not healthy: %v", err)
		}
	}

	// Its certificates are found, names are resolved, and what it accepts is on its volume.
	im.post(addr, "/api/webhooks", `{"url": "`+receiver.URL+`", "events": ["order.*"]}`, http.StatusCreated)
	im.post(addr, "/api/events", `{"type": "order.paid", "data": {"orderId": "o_1"}}`, http.StatusAccepted)
	select {
	case body := <-received:
		if !strings.Contains(body, "o_1") {
			t.Errorf("received %s", body)
		}
	case <-time.After(30 * time.Second):
		t.Fatal("nothing was delivered")
	}
	if files, err := filepath.Glob(im.root + "/data/billhook.db"); err != nil || len(files) != 1 {
		t.Errorf("the volume has %v, %v", files, err)
	}

	if err := serve.Process.Signal(signalOf(t, im.stage.last(t, "STOPSIGNAL"))); err != nil {
		t.Fatal(err)
	}
	select {
	case err := <-ended:
		if err != nil {
			t.Errorf("it ended with %v\n%s", err, said.String())
		}
	case <-time.After(10 * time.Second): // then Docker kills it
		t.Error("it does not stop within 10 s")
	}
	im.onlyWrote("data")
}

// newImage runs the build and lays out the files of the last stage.
func newImage(t *testing.T, authorities string) *image {
	t.Helper()
	stages := dockerfile(t)
	if len(stages) != 2 || stages[1].from != "scratch" || !strings.HasSuffix(stages[0].from, " AS build") {
		t.Fatalf("stages are %v", stages)
	}
	source, built := buildContext(t), t.TempDir()
	runs := stages[0].all("RUN")
	command := runs[len(runs)-1]
	for strings.HasPrefix(command, "--mount=") {
		_, command, _ = strings.Cut(command, " ")
	}
	build := exec.Command("sh", "-e", "-c", strings.ReplaceAll(command, "/image", built))
	build.Dir = source
	build.Env = append(os.Environ(), "TARGETOS=linux", "TARGETARCH="+runtime.GOARCH, "VERSION=1.2.3", "REVISION=0123abc")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", command, err, out)
	}

	root := filepath.Join(t.TempDir(), "root")
	im := &image{t: t, root: root, stage: stages[1], dir: stages[1].last(t, "WORKDIR")}
	trusted := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(trusted, []byte(authorities), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(root, 0o755); err != nil {
		t.Fatal(err)
	}
	from := strings.NewReplacer("/image", built, "/src", source, "/etc/ssl/certs/ca-certificates.crt", trusted)
	for _, args := range im.stage.all("COPY") {
		im.copy(args, from)
	}
	for _, args := range im.stage.all("ENV") {
		im.env = append(im.env, strings.Fields(args)...)
	}
	user, _, _ := strings.Cut(im.stage.last(t, "USER"), ":")
	id, err := strconv.ParseUint(user, 10, 32)
	if err != nil || id == 0 {
		t.Fatalf("USER %s: Kubernetes wants a number that is not root's: %v", user, err)
	}
	im.user = uint32(id)
	return im
}

// copy does a COPY --from=build.
func (im *image) copy(args string, source *strings.Replacer) {
	im.t.Helper()
	var mode os.FileMode = 0o644
	owner := 0
	fields := strings.Fields(args)
	for ; strings.HasPrefix(fields[0], "--"); fields = fields[1:] {
		name, value, _ := strings.Cut(fields[0], "=")
		switch name {
		case "--chmod":
			bits, err := strconv.ParseUint(value, 8, 32)
			if err != nil {
				im.t.Fatal(err)
			}
			mode = os.FileMode(bits)
		case "--chown":
			id, _, _ := strings.Cut(value, ":")
			var err error
			if owner, err = strconv.Atoi(id); err != nil {
				im.t.Fatal(err)
			}
		}
	}
	from, to := source.Replace(fields[0]), filepath.Join(im.root, fields[1])
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		im.t.Fatal(err)
	}
	info, err := os.Stat(from)
	if err != nil {
		im.t.Fatal(err)
	}
	if info.IsDir() {
		err = os.Mkdir(to, mode) // an empty one
	} else {
		var text []byte
		if text, err = os.ReadFile(from); err == nil {
			err = os.WriteFile(to, text, 0o600)
		}
	}
	if err == nil {
		err = os.Chmod(to, mode)
	}
	if err == nil && os.Geteuid() == 0 {
		err = os.Chown(to, owner, owner)
	}
	if err != nil {
		im.t.Fatal(err)
	}
}

// command starts the image's program as a container would: with its files, its user and
// its variables alone.
func (im *image) command(env []string, args ...string) *exec.Cmd {
	entry := words(im.t, im.stage.last(im.t, "ENTRYPOINT"))
	cmd := exec.Command(entry[0], append(entry[1:], args...)...)
	cmd.Dir = im.dir
	cmd.Env = append(append([]string{}, im.env...), env...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Chroot: im.root}
	if os.Geteuid() == 0 {
		cmd.SysProcAttr.Credential = &syscall.Credential{Uid: im.user, Gid: im.user}
	} else { // who is not root may do that in a namespace only, of which they are the one user
		cmd.SysProcAttr.Cloneflags = syscall.CLONE_NEWUSER
		cmd.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{ContainerID: int(im.user), HostID: os.Getuid(), Size: 1}}
		cmd.SysProcAttr.GidMappings = []syscall.SysProcIDMap{{ContainerID: int(im.user), HostID: os.Getgid(), Size: 1}}
	}
	return cmd
}

// onlyWrote fails where the program has written outside of a folder.
func (im *image) onlyWrote(folder string) {
	im.t.Helper()
	want := map[string]bool{
		"/etc/ssl/certs/ca-certificates.crt": true, "/THIRD_PARTY_LICENSES.txt": true, "/LICENSE": true, "/billhook": true,
	}
	err := filepath.Walk(im.root, func(path string, info os.FileInfo, err error) error {
		if err != nil || info.IsDir() {
			return err
		}
		name := strings.TrimPrefix(path, im.root)
		if !strings.HasPrefix(name, "/"+folder+"/") && !want[name] {
			im.t.Errorf("the image has %s", name)
		}
		delete(want, name)
		return nil
	})
	if err != nil || len(want) > 0 {
		im.t.Errorf("the image lacks %v, %v", want, err)
	}
}

func (im *image) post(addr, path, body string, status int) {
	im.t.Helper()
	request, err := http.NewRequest("POST", "http://"+addr+path, strings.NewReader(body))
	if err != nil {
		im.t.Fatal(err)
	}
	request.Header.Set("x-api-key", "dev-staff-key")
	request.Header.Set("content-type", "application/json")
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		im.t.Fatal(err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != status {
		var told json.RawMessage
		_ = json.NewDecoder(answer.Body).Decode(&told)
		im.t.Fatalf("POST %s: %s: %s", path, answer.Status, told)
	}
}

func freeAddr(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

func signalOf(t *testing.T, name string) os.Signal {
	t.Helper()
	if name != "SIGTERM" {
		t.Fatalf("STOPSIGNAL %s ends it at once", name)
	}
	return syscall.SIGTERM
}
