//go:build linux || darwin || freebsd

package doctor

import "golang.org/x/sys/unix"

// freeSpace is what is left for those who are not root, in bytes.
func freeSpace(folder string) (int64, error) {
	var s unix.Statfs_t
	if err := unix.Statfs(folder, &s); err != nil {
		return 0, err
	}
	return int64(s.Bavail) * int64(s.Bsize), nil // the types differ from system to system
}
