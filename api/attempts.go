package api

import (
	"encoding/base64"
	"strings"
	"unicode/utf8"

	"github.com/billhook/billhook"
)

type attemptJSON struct {
	Number     int              `json:"number"`
	StartedAt  instant          `json:"startedAt"`
	DurationMs float64          `json:"durationMs"`
	URL        string           `json:"url"`
	StatusCode *int             `json:"statusCode"`
	Success    bool             `json:"success"`
	Failure    billhook.Failure `json:"failure"`
	Error      string           `json:"error"`
	// Batch is null where the webhook has none, or no request was made.
	Batch           *attemptBatchJSON `json:"batch"`
	ResponseHeaders []responseHeader  `json:"responseHeaders"`
	ResponseBody    string            `json:"responseBody"`
	// ResponseBodyEncoding is "utf-8", or "base64" of what is not.
	ResponseBodyEncoding string `json:"responseBodyEncoding"`
}

// A responseHeader is one header as it came: a list keeps order and repeats.
type responseHeader struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

func showAttempt(a *billhook.Attempt) attemptJSON {
	body, encoding := showBody(a.ResponseBody)
	return attemptJSON{
		Number: a.Number, StartedAt: instant(a.StartedAt),
		DurationMs: float64(a.Duration.Microseconds()) / 1000, URL: a.URL,
		StatusCode: showStatusCode(a.StatusCode), Success: a.Success(),
		Failure: a.Failure, Error: a.Error, Batch: showAttemptBatch(a),
		ResponseHeaders: showHeaders(a.ResponseHeaders),
		ResponseBody:    body, ResponseBodyEncoding: encoding,
	}
}

func showHeaders(lines string) []responseHeader {
	headers := []responseHeader{}
	for line := range strings.Lines(lines) {
		// What the cap cut off has no colon.
		if name, value, ok := strings.Cut(strings.TrimRight(line, "\r\n"), ":"); ok {
			headers = append(headers, responseHeader{name, strings.TrimSpace(value)})
		}
	}
	return headers
}

// showBody shows text as text, also where the cap has cut its last character.
func showBody(body []byte) (text, encoding string) {
	if whole := cutRune(body); utf8.Valid(whole) {
		return string(whole), "utf-8"
	}
	return base64.StdEncoding.EncodeToString(body), "base64"
}

// cutRune drops a character at the end of a capped body that is not complete.
func cutRune(body []byte) []byte {
	if len(body) < billhook.MaxResponseKept {
		return body
	}
	for i := len(body) - 1; i >= len(body)-utf8.UTFMax; i-- {
		if utf8.RuneStart(body[i]) {
			if !utf8.FullRune(body[i:]) {
				return body[:i]
			}
			break
		}
	}
	return body
}
