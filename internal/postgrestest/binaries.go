package postgrestest

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
)

const (
	// variable names the folder of PostgreSQL's programs, for those who keep
	// it where nobody looks, or several versions of it.
	variable = "BILLHOOK_POSTGRES_BIN"
	// debian is where Debian's packages have a folder for each version.
	debian = "/usr/lib/postgresql"
	oldest = 14
)

// binaries returns the folder of PostgreSQL's programs. It installs them if it
// must and can.
func binaries() (string, error) {
	if folder := os.Getenv(variable); folder != "" {
		if !complete(folder) {
			return "", fmt.Errorf("find PostgreSQL: %s is %s, where initdb, postgres or psql is missing", variable, folder)
		}
		return filepath.Abs(folder)
	}
	var err error
	if find(debian) == "" {
		err = install(func() bool { return find(debian) != "" })
	}
	if folder := find(debian); folder != "" {
		return folder, nil
	}
	return "", fmt.Errorf("find PostgreSQL: none here (%v): install version %d or newer, or let %s name the folder of its programs", err, oldest, variable)
}

// find looks for the newest version below root, then on the PATH; "" is none.
func find(root string) (folder string) {
	newest := oldest - 1
	// A root that cannot be read has no version either.
	entries, _ := os.ReadDir(root)
	for _, e := range entries {
		bin := filepath.Join(root, e.Name(), "bin")
		if version, err := strconv.Atoi(e.Name()); err == nil && version > newest && complete(bin) {
			newest, folder = version, bin
		}
	}
	for _, name := range []string{"pg_ctl", "postgres"} {
		// On the PATH may be links, which have the other programs at their end.
		path, err := exec.LookPath(name)
		if err == nil {
			path, err = filepath.EvalSymlinks(path)
		}
		if bin := filepath.Dir(path); err == nil && folder == "" && complete(bin) {
			folder = bin
		}
	}
	return folder
}

// complete reports whether a folder has all the programs that are used here. A
// folder of Debian's client package has not.
func complete(folder string) bool {
	for _, name := range []string{"initdb", "postgres", "psql"} {
		if _, err := exec.LookPath(filepath.Join(folder, name)); err != nil {
			return false
		}
	}
	return true
}
