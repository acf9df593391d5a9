package recording

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http/httputil"
	"sort"
	"strings"
)

// MaxSize bounds what Parse reads: far more than the largest delivery.
const MaxSize = 16 << 20

// ErrForm is wrapped where a text is of none of the forms that Parse reads.
var ErrForm = errors.New("this is no recorded request: give raw HTTP (request line, headers, an empty line, body), what curl -v prints, a HAR file, or JSON with headers and body")

// Parse reads a recorded request, of any of these forms:
//
//   - raw HTTP, as nc and billhook inspect write it; the request line may be missing;
//   - what curl -v prints, in which the lines of the request begin with ">";
//   - a HAR file, or one of its entries;
//   - JSON: {"headers": {"name": "value"}, "body": "text"}, or bodyBase64 in place of body.
//
// Of the body every byte is kept, a line break at its end too: it counts.
func Parse(text []byte) (*Request, error) {
	switch {
	case len(text) > MaxSize:
		return nil, fmt.Errorf("the recording is larger than %d MiB", MaxSize>>20)
	case len(bytes.TrimSpace(text)) == 0:
		return nil, fmt.Errorf("%w; it is empty", ErrForm)
	}
	if start := bytes.TrimLeft(text, " \t\r\n\ufeff"); start[0] == '{' {
		return parseJSON(start)
	}
	if isCurl(text) {
		return parseCurl(text)
	}
	return parseRaw(text)
}

// isCurl says whether a text is what curl -v prints: a line before the first empty one
// begins with ">". Behind it that may be a part of a body.
func isCurl(text []byte) bool {
	for line := range bytes.Lines(text) {
		line = bytes.TrimRight(line, "\r\n")
		if len(line) == 0 || bytes.HasPrefix(line, []byte("> ")) {
			return len(line) > 0
		}
	}
	return false
}

// parseCurl takes the lines that curl -v marks as sent. The body is not among them.
func parseCurl(text []byte) (*Request, error) {
	var sent bytes.Buffer
	lines := bufio.NewScanner(bytes.NewReader(text))
	lines.Buffer(nil, MaxSize)
	for lines.Scan() {
		line, ok := strings.CutPrefix(strings.TrimRight(lines.Text(), "\r"), ">")
		if !ok {
			continue
		}
		line = strings.TrimPrefix(line, " ")
		sent.WriteString(line)
		sent.WriteString("\r\n")
		if line == "" {
			break // what follows is of another request
		}
	}
	r, err := parseRaw(sent.Bytes())
	if err != nil {
		return nil, err
	}
	r.Body, r.HasBody = nil, false
	return r, nil
}

// parseRaw reads HTTP/1.1, with or without its first line, and with either line break.
func parseRaw(text []byte) (*Request, error) {
	r, rest, number := &Request{HasBody: true}, text, 0
	for {
		line, after, found := bytes.Cut(rest, []byte("\n"))
		line = bytes.TrimSuffix(line, []byte("\r"))
		number++
		if len(line) == 0 {
			r.HasBody, rest = found, after
			break
		}
		if number == 1 && isRequestLine(string(line)) {
			words := strings.Fields(string(line))
			r.Method, r.Target = words[0], words[1]
		} else if (line[0] == ' ' || line[0] == '\t') && len(r.Fields) > 0 { // a folded header
			last := &r.Fields[len(r.Fields)-1]
			last.Value = strings.TrimSpace(last.Value + " " + strings.TrimSpace(string(line)))
		} else {
			name, value, ok := strings.Cut(string(line), ":")
			if !ok || name == "" || strings.ContainsAny(name, " \t{\"") {
				return nil, fmt.Errorf("%w; line %d is no header", ErrForm, number)
			}
			r.Fields = append(r.Fields, Field{name, strings.Trim(value, " \t")})
		}
		if !found {
			r.HasBody, rest = false, nil
			break
		}
		rest = after
	}
	if len(r.Fields) == 0 {
		return nil, fmt.Errorf("%w; it has no headers", ErrForm)
	}
	r.Body = rest
	if strings.EqualFold(r.Get("Transfer-Encoding"), "chunked") {
		if body, err := io.ReadAll(io.LimitReader(httputil.NewChunkedReader(bytes.NewReader(rest)), MaxSize)); err == nil {
			r.Body = body // else somebody has put the pieces together already
		}
	}
	return r, nil
}

// isRequestLine says whether a line is "POST /path HTTP/1.1", or without the version.
func isRequestLine(line string) bool {
	words := strings.Fields(line)
	if len(words) < 2 || len(words) > 3 || strings.HasSuffix(words[0], ":") || words[0] != strings.ToUpper(words[0]) {
		return false
	}
	return len(words) == 2 || strings.HasPrefix(words[2], "HTTP/")
}

// jsonRequest is a request in JSON, of this package's form or of HAR's.
type jsonRequest struct {
	Method     string          `json:"method"`
	URL        string          `json:"url"`
	Headers    json.RawMessage `json:"headers"`
	Body       json.RawMessage `json:"body"`
	BodyBase64 *string         `json:"bodyBase64"`
	PostData   *struct {
		Text     string `json:"text"`
		Encoding string `json:"encoding"`
	} `json:"postData"`
}

func parseJSON(text []byte) (*Request, error) {
	var file struct {
		jsonRequest
		Request *jsonRequest `json:"request"` // a HAR entry
		Log     *struct {
			Entries []struct {
				Request jsonRequest `json:"request"`
			} `json:"entries"`
		} `json:"log"`
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	if err := decoder.Decode(&file); err != nil {
		return nil, fmt.Errorf("%w; as JSON: %w", ErrForm, err)
	}
	switch {
	case file.Log != nil:
		var posts []jsonRequest
		for _, e := range file.Log.Entries {
			if e.Request.PostData != nil {
				posts = append(posts, e.Request)
			}
		}
		if len(posts) != 1 {
			return nil, fmt.Errorf("this HAR file has %d requests with a body: give the entry of one", len(posts))
		}
		return posts[0].request()
	case file.Request != nil:
		return file.Request.request()
	case file.Headers == nil:
		return nil, fmt.Errorf(`%w; as JSON it has no member "headers"`, ErrForm)
	}
	return file.request()
}

func (j *jsonRequest) request() (*Request, error) {
	r := &Request{Method: j.Method, Target: j.URL, HasBody: true}
	fields, err := jsonFields(j.Headers)
	if err != nil {
		return nil, err
	}
	r.Fields = fields
	switch {
	case j.BodyBase64 != nil:
		r.Body, err = base64.StdEncoding.DecodeString(*j.BodyBase64)
	case j.PostData != nil && j.PostData.Encoding == "base64":
		r.Body, err = base64.StdEncoding.DecodeString(j.PostData.Text)
	case j.PostData != nil:
		r.Body = []byte(j.PostData.Text)
	case len(j.Body) == 0 || string(j.Body) == "null":
		r.HasBody = false
	case j.Body[0] == '"':
		var s string
		err = json.Unmarshal(j.Body, &s)
		r.Body = []byte(s)
	default: // its bytes as they stand in the file, which is all that is known of them
		r.Body = j.Body
	}
	if err != nil {
		return nil, fmt.Errorf("read the recorded body: %w", err)
	}
	return r, nil
}

// jsonFields reads {"name": "value" or ["value"]}, or HAR's [{"name": …, "value": …}].
func jsonFields(text json.RawMessage) ([]Field, error) {
	var list []Field
	if err := json.Unmarshal(text, &list); err == nil {
		fields := list[:0]
		for _, f := range list {
			if !strings.HasPrefix(f.Name, ":") { // HTTP/2 has method and path among them
				fields = append(fields, f)
			}
		}
		return fields, nil
	}
	var byName map[string]json.RawMessage
	if err := json.Unmarshal(text, &byName); err != nil {
		return nil, fmt.Errorf("read the recorded headers: want an object of names and values, or HAR's list: %w", err)
	}
	var fields []Field
	for name, raw := range byName {
		var one string
		var several []string
		switch {
		case json.Unmarshal(raw, &one) == nil:
			fields = append(fields, Field{name, one})
		case json.Unmarshal(raw, &several) == nil:
			for _, value := range several {
				fields = append(fields, Field{name, value})
			}
		default: // a number, say
			fields = append(fields, Field{name, string(raw)})
		}
	}
	sort.SliceStable(fields, func(i, j int) bool { return fields[i].Name < fields[j].Name })
	return fields, nil
}
