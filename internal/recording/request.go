// Package recording holds HTTP requests that somebody wrote down: it reads them in the
// forms in which tools print them, writes them, and says where two texts begin to
// differ.
//
// It knows bytes and headers. It must not know signatures, profiles or what a request
// means.
package recording

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"unicode/utf8"
)

// A Field is one header, as it was written down.
type Field struct{ Name, Value string }

// A Request is one that was written down.
type Request struct {
	// Method and Target are empty where the recording does not say.
	Method, Target string
	// Fields are the headers, in the recording's order and spelling.
	Fields []Field
	Body   []byte
	// HasBody is false where the recording has no room for a body, as with curl -v.
	HasBody bool
}

// Values are those of all fields of a name, in any case.
func (r *Request) Values(name string) []string {
	var all []string
	for _, f := range r.Fields {
		if strings.EqualFold(f.Name, name) {
			all = append(all, f.Value)
		}
	}
	return all
}

// Get is the first value of a name, or "".
func (r *Request) Get(name string) string {
	if all := r.Values(name); len(all) > 0 {
		return all[0]
	}
	return ""
}

// Header is the fields as net/http has them.
func (r *Request) Header() http.Header {
	h := http.Header{}
	for _, f := range r.Fields {
		h.Add(f.Name, f.Value)
	}
	return h
}

// ContentLength is what the header says that the body has, and false where it says
// nothing that can be compared.
func (r *Request) ContentLength() (int, bool) {
	n, err := strconv.Atoi(r.Get("Content-Length"))
	return n, err == nil && n >= 0
}

// Raw is the request as it goes over the wire in HTTP/1.1, which Parse reads.
func (r *Request) Raw() []byte {
	method, target := r.Method, r.Target
	if method == "" {
		method = http.MethodPost
	}
	if target == "" {
		target = "/"
	}
	out := fmt.Appendf(nil, "%s %s HTTP/1.1\r\n", method, target)
	for _, f := range r.Fields {
		out = fmt.Appendf(out, "%s: %s\r\n", f.Name, f.Value)
	}
	out = append(out, "\r\n"...)
	return append(out, r.Body...)
}

// unsent are headers that curl writes by itself.
var unsent = map[string]bool{"host": true, "content-length": true, "connection": true, "accept-encoding": true, "transfer-encoding": true}

// Curl is a command for a shell that sends the request again, to where it came to.
func (r *Request) Curl(base string) string {
	var b strings.Builder
	text := utf8.Valid(r.Body) && !strings.ContainsRune(string(r.Body), 0)
	if !text && len(r.Body) > 0 {
		fmt.Fprintf(&b, "echo %s | base64 -d | ", base64.StdEncoding.EncodeToString(r.Body))
	}
	fmt.Fprintf(&b, "curl -i -X %s %s", Quote(r.Method), Quote(strings.TrimSuffix(base, "/")+r.Target))
	for _, f := range r.Fields {
		if !unsent[strings.ToLower(f.Name)] {
			fmt.Fprintf(&b, " \\\n  -H %s", Quote(f.Name+": "+f.Value))
		}
	}
	switch {
	case len(r.Body) == 0:
	case text:
		fmt.Fprintf(&b, " \\\n  --data-raw %s", Quote(string(r.Body)))
	default:
		b.WriteString(" \\\n  --data-binary @-")
	}
	return b.String()
}

// Quote writes a text as one word for a POSIX shell.
func Quote(s string) string {
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}
