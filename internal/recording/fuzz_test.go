package recording

import (
	"bytes"
	"testing"
)

// FuzzParse: what is read of a recording is the same when it is written and read again.
func FuzzParse(f *testing.F) {
	f.Add([]byte("POST /hook HTTP/1.1\r\na: b\r\n\r\n{}\n"))
	f.Add([]byte("> POST / HTTP/1.1\n> a: b\n>\n"))
	f.Add([]byte(`{"headers":[{"name":"a","value":"b"}],"body":"x"}`))
	f.Add([]byte("a:b\n c\nTransfer-Encoding: chunked\n\n1\nx\n0\n\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		r, err := Parse(text)
		if err != nil {
			return
		}
		Differ(r.Body, text)
		Visible(text)
		for _, field := range r.Fields { // JSON has names and values that HTTP has not
			if bytes.ContainsAny([]byte(field.Name+field.Value), "\r\n :\t{\"") || field.Name == "" || field.Name == "Transfer-Encoding" {
				return
			}
		}
		if len(r.Fields) == 0 || bytes.ContainsAny([]byte(r.Method+r.Target), " \t\r\n") || r.Get("Transfer-Encoding") != "" || r.Method != "POST" || r.Target == "" {
			return
		}
		again, err := Parse(r.Raw())
		if err != nil || !bytes.Equal(again.Body, r.Body) || len(again.Fields) != len(r.Fields) {
			t.Errorf("%q is read as %+v, and then as %+v, %v", text, r, again, err)
		}
	})
}
