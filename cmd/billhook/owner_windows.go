package main

import (
	"io/fs"
	"os"
)

// keepOwner does nothing: who may read a new file is what its folder says.
func keepOwner(*os.File, fs.FileInfo) error { return nil }

// ours is not asked there.
func ours(fs.FileInfo) bool { return true }
