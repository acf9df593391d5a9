package sqlite

import (
	"errors"
	"fmt"
	"os"
	"strings"
)

// acquire takes the lock file for this process. The system releases it when
// the process ends, however it ends; the file itself stays, since removing it
// would let two processes lock two files of one name.
func acquire(path string) (*os.File, error) {
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	if err := lockFile(file); err != nil {
		holder := ""
		if text, err := os.ReadFile(path); err == nil && len(text) > 0 {
			holder = " by process " + strings.TrimSpace(string(text))
		}
		_ = file.Close()
		return nil, fmt.Errorf("%w%s (%s: %v): stop it, or give this one a data folder of its own", ErrInUse, holder, path, err)
	}
	// The number is for people; a lock without it is as good.
	if err := file.Truncate(0); err == nil {
		fmt.Fprintln(file, os.Getpid())
	}
	return file, nil
}

// release gives the lock back. It is not left to Close: a process that this one
// is about to start holds everything that is open here for a moment.
func release(file *os.File) error {
	return errors.Join(unlockFile(file), file.Close())
}
