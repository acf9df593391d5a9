package doctor

import "testing"

// TestFolderClosed has a folder that not even root can write to.
func TestFolderClosed(t *testing.T) {
	w := newWorld(t)
	w.doctor.Inside.Folder = "/proc"
	w.wants("data folder", Fail, "nothing can be written")
}
