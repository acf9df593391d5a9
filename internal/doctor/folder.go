package doctor

import (
	"errors"
	"os"
	"path/filepath"
)

const (
	// littleSpace and noSpace are what a disk should have left.
	littleSpace, noSpace = 2 << 30, 200 << 20
	// longLog is from where on the write-ahead log has not been folded in for too long.
	longLog = 256 << 20
)

// checkFolder looks at the folder of a database in a file.
func (d *Doctor) checkFolder() {
	in := d.Inside
	const check = "data folder"
	info, err := os.Stat(in.Folder)
	switch {
	case err != nil:
		d.fail(check, "give the --data of the service", "%v", err)
		return
	case !info.IsDir():
		d.fail(check, "give the folder, not a file in it", "%s is no folder", in.Folder)
		return
	}
	if probe, err := os.CreateTemp(in.Folder, ".doctor-*"); err != nil {
		d.fail(check, "let the user that runs the service write there; run this as that user", "nothing can be written to it: %v", err)
	} else {
		probe.Close()
		os.Remove(probe.Name())
		d.ok(check, "%s can be written to by the user that runs this", in.Folder)
	}
	if free, err := freeSpace(in.Folder); err != nil {
		d.skip("disk", "its space cannot be told: %v", err)
	} else {
		d.checkSpace(free)
	}
	file, err := os.Stat(in.DatabaseFile)
	if err != nil {
		return // told of by whoever opens it
	}
	d.checkLog(in.DatabaseFile + "-wal")
	d.checkGrowth(file.Size())
}

func (d *Doctor) checkSpace(free int64) {
	const check, advice = "disk", "free some, or move --data: a full disk means that no event is accepted"
	switch {
	case free < noSpace:
		d.fail(check, advice, "%s are left", size(free))
	case free < littleSpace:
		d.warn(check, advice, "%s are left", size(free))
	default:
		d.ok(check, "%s are left", size(free))
	}
}

// checkLog looks at the write-ahead log.
func (d *Doctor) checkLog(path string) {
	info, err := os.Stat(path)
	switch {
	case err != nil && !errors.Is(err, os.ErrNotExist):
		d.skip("write-ahead log", "cannot be looked at: %v", err)
	case err != nil:
		d.ok("write-ahead log", "there is none, since no service uses %s now", filepath.Base(d.Inside.DatabaseFile))
	case info.Size() > longLog:
		d.warn("write-ahead log", "find what reads the file for so long (a backup, a shell of sqlite3): the log cannot be folded in meanwhile", "%s long", size(info.Size()))
	default:
		d.ok("write-ahead log", "%s long", size(info.Size()))
	}
}
