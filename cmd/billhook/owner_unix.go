//go:build unix

package main

import (
	"errors"
	"io/fs"
	"os"
	"syscall"
)

// keepOwner gives a file the owner and the group of another.
func keepOwner(file *os.File, of fs.FileInfo) error {
	is, err := file.Stat()
	if err != nil {
		return err
	}
	now, told := is.Sys().(*syscall.Stat_t)
	want, wanted := of.Sys().(*syscall.Stat_t)
	switch {
	case !told || !wanted:
		return errors.New("its owner is not told")
	case now.Uid == want.Uid && now.Gid == want.Gid:
		return nil
	}
	return file.Chown(int(want.Uid), int(want.Gid))
}

// ours reports whether this process's user owns a file.
func ours(info fs.FileInfo) bool {
	owner, told := info.Sys().(*syscall.Stat_t)
	return !told || int64(owner.Uid) == int64(os.Geteuid())
}
