package main

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// A file is what an archive has.
type file struct {
	name string
	mode fs.FileMode
	text []byte
}

// packed puts files into a folder of an archive in the way of the target's system, and
// names the archive's ending. Nothing but the files, their order and the time is in it:
// no owner, and no time of packing.
func packed(t target, folder string, files []file, at time.Time) (archive []byte, ending string, err error) {
	var out bytes.Buffer
	if t.os == "windows" {
		err = writeZip(&out, folder, files, at)
		return out.Bytes(), ".zip", err
	}
	err = writeTar(&out, folder, files, at)
	return out.Bytes(), ".tar.gz", err
}

func writeTar(out *bytes.Buffer, folder string, files []file, at time.Time) error {
	zipped, err := gzip.NewWriterLevel(out, gzip.BestCompression)
	if err != nil {
		return err
	}
	archive := tar.NewWriter(zipped)
	for _, f := range files {
		header := &tar.Header{
			Typeflag: tar.TypeReg, Name: folder + "/" + f.name, Mode: int64(f.mode), Size: int64(len(f.text)),
			ModTime: at, Format: tar.FormatPAX,
		}
		if err := archive.WriteHeader(header); err != nil {
			return err
		}
		if _, err := archive.Write(f.text); err != nil {
			return err
		}
	}
	if err := archive.Close(); err != nil {
		return err
	}
	return zipped.Close()
}

func writeZip(out *bytes.Buffer, folder string, files []file, at time.Time) error {
	archive := zip.NewWriter(out)
	for _, f := range files {
		header := &zip.FileHeader{Name: folder + "/" + f.name, Method: zip.Deflate, Modified: at}
		header.SetMode(f.mode)
		w, err := archive.CreateHeader(header)
		if err != nil {
			return err
		}
		if _, err := w.Write(f.text); err != nil {
			return err
		}
	}
	return archive.Close()
}

// sumsFile holds the checksums, in the form that sha256sum -c reads.
const sumsFile = "SHA256SUMS"

func writeSums(folder string) (string, error) {
	entries, err := os.ReadDir(folder) // by name
	if err != nil {
		return "", err
	}
	var sums strings.Builder
	for _, entry := range entries {
		text, err := os.ReadFile(filepath.Join(folder, entry.Name()))
		if err != nil {
			return "", err
		}
		fmt.Fprintf(&sums, "%x  %s\n", sha256.Sum256(text), entry.Name()) // #nosec G705 -- a file, not a page
	}
	return sums.String(), os.WriteFile(filepath.Join(folder, sumsFile), []byte(sums.String()), 0o644) // #nosec G306 -- for everybody
}
