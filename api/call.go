package api

import (
	"encoding/hex"
	"errors"
	"io"
	"math/rand/v2"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/billhook/billhook"
)

// A call is one request on its way through the API.
type call struct {
	*server
	w http.ResponseWriter
	r *http.Request

	route   *route // nil until the mux found one
	key     Key
	storeID string
	allowed *allowance // what the answer tells of the limits; nil for nothing
	request string     // its id; "" until someone asks
	held    int64      // of server.bodies

	storeBodies *atomic.Int64 // held counts there too; nil for nowhere

	began     time.Time
	muxStatus int  // what the mux itself would have answered
	answered  bool // the status is on its way
	status    int  // which one
	observed  bool // it was told of
}

// Header, Write and WriteHeader catch what the mux itself says.
func (c *call) Header() http.Header         { return c.w.Header() }
func (c *call) Write(b []byte) (int, error) { return len(b), nil }
func (c *call) WriteHeader(status int)      { c.muxStatus = status }

// run carries the call out.
func (c *call) run() {
	err := c.admit()
	if err == nil {
		c.introduce()
		err = c.route.handle(c)
	}
	if err != nil {
		c.fail(err)
	}
}

// introduce has it on record who calls, and in which trace.
func (c *call) introduce() {
	if c.route.permission == "" {
		return
	}
	caller := billhook.Caller{RequestID: c.requestID()}
	if c.key.Actor != "" {
		caller.Actor = billhook.Reference{Type: "apiKey", ID: c.key.Actor}
	}
	c.w.Header()["X-Request-Id"] = []string{caller.RequestID}
	ctx := billhook.WithCaller(c.r.Context(), caller)
	if trace := c.traceContext(); !trace.IsZero() {
		ctx = billhook.WithTraceContext(ctx, trace)
	}
	c.r = c.r.WithContext(ctx)
}

// traceContext is what the caller's headers say; what they say wrongly they do not
// say (W3C Trace Context, 3.2).
func (c *call) traceContext() billhook.TraceContext {
	traceparent := c.r.Header["Traceparent"]
	if len(traceparent) != 1 {
		return billhook.TraceContext{}
	}
	return billhook.ParseTraceContext(traceparent[0], strings.Join(c.r.Header["Tracestate"], ","))
}

// unrouted answers for paths and methods that are not in the table.
func (c *call) unrouted() {
	h := c.w.Header()
	allow := h.Get("Allow")
	h.Del("Location") // the mux redirects //api/ to /api/, where a POST would become a GET
	if c.muxStatus == http.StatusMethodNotAllowed {
		c.fail(&billhook.Error{
			Code:    codeMethodNotAllowed,
			Message: c.r.Method + " is not for " + c.r.URL.Path,
			Hint:    "it allows " + allow,
		})
		return
	}
	c.fail(&billhook.Error{
		Code:    billhook.CodeNotFound,
		Message: "no such path: " + c.r.URL.Path,
		Hint:    "GET /openapi.json tells what there is",
	})
}

// Header values that all answers share. They are never changed.
var (
	headerJSON    = []string{"application/json"}
	headerProblem = []string{"application/problem+json"}
	headerNoStore = []string{"no-store"}
	headerNoSniff = []string{"nosniff"}
)

// send writes an answer that is JSON already.
func (c *call) send(status int, contentType []string, body []byte) {
	c.sendWith(headerNoStore, status, contentType, body)
}

// sendWith is send of what may be kept.
func (c *call) sendWith(cacheControl []string, status int, contentType []string, body []byte) {
	h := c.w.Header()
	h["Content-Type"] = contentType
	h["Cache-Control"] = cacheControl
	h["X-Content-Type-Options"] = headerNoSniff
	c.begin(status)
	c.w.Write(body) // the caller may be gone: there is no one to tell
}

// answer writes v as JSON.
func (c *call) answer(status int, v any) error {
	body, err := appendJSON(nil, v)
	if err != nil {
		return err
	}
	c.send(status, headerJSON, body)
	return nil
}

// appendJSON appends v. Payloads are canonical JSON already and stay as they
// are; what else is not UTF-8 (a receiver's answer) gets U+FFFD. Maps go by name, so that
// who asks twice sees what has changed.
func appendJSON(b []byte, v any) ([]byte, error) {
	text, err := json.Marshal(v,
		json.Deterministic(true),
		jsontext.AllowDuplicateNames(true),
		jsontext.AllowInvalidUTF8(true),
		jsontext.PreserveRawStrings(true))
	return append(b, text...), err
}

// noContent answers 204.
func (c *call) noContent() error {
	c.begin(http.StatusNoContent)
	return nil
}

// begin sends the status and the headers.
func (c *call) begin(status int) {
	c.answered, c.status = true, status
	c.w.WriteHeader(status)
}

// created answers 201 with the place of the new thing.
func (c *call) created(path string, v any) error {
	c.w.Header().Set("Location", path)
	return c.answer(http.StatusCreated, v)
}

// fail answers with a problem document, and logs what was our own failure.
func (c *call) fail(err error) {
	p := problemOf(err)
	p.RequestID = c.requestID()
	if p.Code == codeInternal {
		c.cfg.Logger.Error("request failed", "requestId", p.RequestID,
			"method", c.r.Method, "path", c.r.URL.Path, "store", c.storeID, "error", err)
	}
	h := c.w.Header()
	h.Set("X-Request-Id", p.RequestID)
	switch p.Status {
	case http.StatusServiceUnavailable:
		h.Set("Retry-After", "1")
	case http.StatusTooManyRequests:
		if h.Get("Retry-After") == "" { // the limits know better
			h.Set("Retry-After", "1")
		}
	case http.StatusUnauthorized:
		h.Set("WWW-Authenticate", `Bearer realm="billhook"`)
	}
	body, err := appendJSON(nil, &p)
	if err != nil {
		panic(err) // strings and a number: there is nothing that can fail
	}
	c.send(p.Status, headerProblem, body)
}

// requestID is the caller's x-request-id where that is one, else a new one.
func (c *call) requestID() string {
	if c.request == "" {
		c.request = c.newRequestID()
	}
	return c.request
}

func (c *call) newRequestID() string {
	given := c.r.Header.Get("X-Request-Id")
	if len(given) >= 1 && len(given) <= 128 && strings.IndexFunc(given, notPlain) < 0 {
		return given
	}
	var id [12]byte
	for i := range id {
		id[i] = byte(rand.Uint32()) // #nosec G404 G602 -- tells requests apart, guards nothing
	}
	return "req_" + hex.EncodeToString(id[:])
}

func notPlain(r rune) bool {
	return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '-' && r != '_' && r != '.'
}

// body reads the request's body, of at most max bytes.
func (c *call) body(max int64) ([]byte, error) {
	if err := checkMediaType(c.r.Header); err != nil {
		return nil, err
	}
	size := c.r.ContentLength
	if size > max {
		return nil, tooLarge(max)
	}
	c.countFor(c.key.StoreID)
	reader := &countedBody{c, http.MaxBytesReader(c.w, c.r.Body, max)}
	var text []byte
	var err error
	if size >= 0 && size <= 64<<10 {
		text = make([]byte, size)
		_, err = io.ReadFull(reader, text)
	} else {
		text, err = io.ReadAll(reader) // grows with what really comes
	}
	if err != nil {
		var over *http.MaxBytesError
		if errors.As(err, &over) {
			return nil, tooLarge(max)
		}
		if errors.Is(err, errBodies) || errors.Is(err, errStoreBodies) {
			return nil, err
		}
		return nil, &billhook.Error{Code: billhook.CodeInvalidJSON, Message: "the body breaks off", Err: err}
	}
	return text, nil
}

func tooLarge(max int64) error {
	return &billhook.Error{
		Code:    billhook.CodeTooLarge,
		Message: "the body is larger than " + strconv.FormatInt(max, 10) + " bytes",
	}
}

// checkMediaType accepts JSON in UTF-8 without a content encoding. A request
// that names no type is taken at its word.
func checkMediaType(h http.Header) error {
	refuse := func(message string) error {
		return &billhook.Error{Code: codeUnsupportedMedia, Message: message, Hint: "send content-type: application/json"}
	}
	if coding := h.Get("Content-Encoding"); coding != "" && !strings.EqualFold(coding, "identity") {
		return refuse("a body in content-encoding " + strconv.Quote(coding) + " is not read")
	}
	value := h.Get("Content-Type")
	if value == "" || value == "application/json" {
		return nil
	}
	media, params, err := mime.ParseMediaType(value)
	if err != nil || media != "application/json" {
		return refuse("content-type " + strconv.Quote(value) + " is not JSON")
	}
	if charset := params["charset"]; charset != "" && !strings.EqualFold(charset, "utf-8") {
		return refuse("JSON is UTF-8, not " + strconv.Quote(charset))
	}
	return nil
}
