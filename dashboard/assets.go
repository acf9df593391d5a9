package dashboard

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strings"
)

//go:embed assets
var assetFiles embed.FS

// assetsPath is what the addresses of assets begin with: then comes the hash of all of
// them, and the file's name. With one hash for all, modules import each other by
// their names.
const assetsPath = "/assets/"

// assets are the style sheet, the scripts and the libraries, compressed.
type assets struct {
	hash  string
	files map[string]*asset
}

type asset struct {
	contentType string
	plain, gzip []byte
}

// contentTypes are ours and not the system's, whose table may lack them.
var contentTypes = map[string]string{
	".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml", "": "text/plain; charset=utf-8",
}

func mustLoadAssets() *assets {
	a := &assets{files: map[string]*asset{}}
	sum := sha256.New()
	err := fs.WalkDir(assetFiles, "assets", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := assetFiles.ReadFile(name)
		if err != nil {
			return err
		}
		sum.Write([]byte(name + "\x00"))
		sum.Write(text)
		contentType, ok := contentTypes[path.Ext(name)]
		if !ok {
			contentType = mime.TypeByExtension(path.Ext(name))
		}
		a.files[strings.TrimPrefix(name, "assets/")] = &asset{contentType: contentType, plain: text, gzip: compressed(text)}
		return nil
	})
	if err != nil {
		panic(err) // they are in the program
	}
	a.hash = hex.EncodeToString(sum.Sum(nil)[:8])
	return a
}

func compressed(text []byte) []byte {
	var b bytes.Buffer
	z, _ := gzip.NewWriterLevel(&b, gzip.BestCompression) // a level that there is
	_, _ = z.Write(text)                                  // to memory
	_ = z.Close()
	return b.Bytes()
}

// path is the address of a file.
func (a *assets) path(name string) string { return assetsPath + a.hash + "/" + name }

// ServeHTTP serves a file. One that is asked for by another hash, of a page that an
// older or newer node has made, is what there is, and is not kept.
func (a *assets) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	hash, name, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, assetsPath), "/")
	file := a.files[name]
	h := w.Header()
	if file == nil {
		h.Set("Cache-Control", "no-store")
		http.NotFound(w, r)
		return
	}
	if h.Set("Cache-Control", "no-cache"); hash == a.hash {
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
	}
	file.send(w, r, a.hash)
}

// component serves the module that other origins' pages show a portal with, by an
// address that stays. It is asked for again after five minutes.
func (a *assets) component() http.Handler {
	file := a.files["portal.js"]
	sum := sha256.Sum256(file.plain)
	hash := hex.EncodeToString(sum[:8])
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "public, max-age=300")
		file.send(w, r, hash)
	})
}

// send answers with the file, or that it is still the one with the hash.
func (file *asset) send(w http.ResponseWriter, r *http.Request, hash string) {
	h := w.Header()
	etag := `"` + hash + `"`
	h.Set("ETag", etag)
	h.Set("Vary", "Accept-Encoding")
	// Pages of other origins show a store's pages with these.
	h.Set("Access-Control-Allow-Origin", "*")
	h.Set("Cross-Origin-Resource-Policy", "cross-origin")
	if strings.Contains(r.Header.Get("If-None-Match"), etag) {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	h.Set("Content-Type", file.contentType)
	if acceptsGzip(r) {
		h.Set("Content-Encoding", "gzip")
		_, _ = w.Write(file.gzip) // #nosec G705 -- embedded; whoever asked may be gone
		return
	}
	_, _ = w.Write(file.plain) // #nosec G705 -- embedded
}

func acceptsGzip(r *http.Request) bool {
	for coding := range strings.SplitSeq(r.Header.Get("Accept-Encoding"), ",") {
		name, quality, _ := strings.Cut(strings.TrimSpace(coding), ";")
		if name == "gzip" && strings.ReplaceAll(quality, " ", "") != "q=0" {
			return true
		}
	}
	return false
}
