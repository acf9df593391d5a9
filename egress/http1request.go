package egress

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// defaultPorts are those of a URL that names none.
var defaultPorts = map[string]string{"http": "80", "https": "443"}

func originOf(u *url.URL) origin {
	port := u.Port()
	if port == "" {
		port = defaultPorts[u.Scheme]
	}
	return origin{encrypted: u.Scheme == "https", host: strings.ToLower(u.Hostname()), port: port}
}

// suitsHTTP1 reports whether http1 can make the request: of a known length, and to a
// host that is written as it is sent. Whatever is unusual is for net/http.
func suitsHTTP1(req *http.Request) bool {
	if req.ContentLength < 0 || req.ContentLength > 0 && req.Body == nil {
		return false
	}
	return req.URL.Host != "" && req.URL.Opaque == "" && req.URL.User == nil && plainHost(req.URL.Host) && plainHost(req.Host)
}

// plainHost reports whether a host is made of ASCII, without a zone.
func plainHost(host string) bool {
	for i := range len(host) {
		c := host[i]
		if !('a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.IndexByte(".-_:[]", c) >= 0) {
			return false
		}
	}
	return true
}

// appendRequest appends the request as it is sent (RFC 9112 §3). What would change
// where a header ends is refused.
func appendRequest(b []byte, req *http.Request) ([]byte, error) {
	target := req.URL.RequestURI()
	if !isToken(req.Method) || strings.ContainsFunc(target, func(r rune) bool { return r <= ' ' || r == 0x7f }) {
		return nil, errors.New("the method or the path has characters that no request has")
	}
	host := req.Host
	if host == "" {
		host = req.URL.Host
	}
	b = append(b, req.Method...)
	b = append(b, ' ')
	b = append(b, target...)
	b = append(b, " HTTP/1.1\r\nHost: "...)
	b = append(b, host...)
	b = append(b, "\r\n"...)
	if req.ContentLength > 0 || req.Method != http.MethodGet && req.Method != http.MethodHead {
		b = append(b, "Content-Length: "...)
		b = strconv.AppendInt(b, req.ContentLength, 10)
		b = append(b, "\r\n"...)
	}
	b, err := appendHeader(b, req.Header)
	if err != nil {
		return nil, err
	}
	b = append(b, "\r\n"...)
	if req.ContentLength == 0 {
		return b, nil
	}
	head := len(b)
	b = slices.Grow(b, int(req.ContentLength))[:head+int(req.ContentLength)]
	if _, err := io.ReadFull(req.Body, b[head:]); err != nil {
		return nil, fmt.Errorf("read the request's body: %w", err)
	}
	return b, nil
}

// appendHeader appends the header's fields in the order of their names, without those
// that are this package's to write.
func appendHeader(b []byte, header http.Header) ([]byte, error) {
	var room [16]string
	names := room[:0]
	for name := range header {
		switch name {
		case "Host", "Content-Length", "Transfer-Encoding", "Trailer", "Connection":
		default:
			names = append(names, name)
		}
	}
	slices.Sort(names)
	for _, name := range names {
		if !isToken(name) {
			return nil, fmt.Errorf("the header name %q has characters that no name has", name)
		}
		for _, value := range header[name] {
			if !isFieldValue(value) {
				return nil, fmt.Errorf("the value of the header %q has characters that no value has", name)
			}
			b = append(b, name...)
			b = append(b, ": "...)
			b = append(b, value...)
			b = append(b, "\r\n"...)
		}
	}
	return b, nil
}

// isToken reports whether s is a token (RFC 9110 §5.6.2).
func isToken(s string) bool {
	for i := range len(s) {
		c := s[i]
		if !('a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.IndexByte("!#$%&'*+-.^_`|~", c) >= 0) {
			return false
		}
	}
	return s != ""
}

// isFieldValue reports whether s may be a header's value (RFC 9110 §5.5).
func isFieldValue(s string) bool {
	for i := range len(s) {
		if c := s[i]; c < ' ' && c != '\t' || c == 0x7f {
			return false
		}
	}
	return true
}
