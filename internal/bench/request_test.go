package bench

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
)

func TestRequestCarriesItsStamp(t *testing.T) {
	r := newRequest("127.0.0.1:4000", 42)
	for _, number := range []int{0, 7, 9_999_999_999} {
		sent := time.Unix(1_900_000_000, 123_456_789)
		r.stamp(number, sent)
		request, err := http.ReadRequest(bufio.NewReader(bytes.NewReader(r.bytes)))
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(request.Body)
		if err != nil {
			t.Fatal(err)
		}
		if request.Method != "POST" || request.URL.Path != "/api/events" || request.Header.Get("X-Api-Key") != devKey {
			t.Errorf("request is %s %s with key %q", request.Method, request.URL, request.Header.Get("X-Api-Key"))
		}
		if !json.Valid(body) {
			t.Fatalf("body is no JSON: %s", body)
		}
		got, ok := readStamp(body)
		if want := (stampOf{run: 42, number: number, sent: sent.UnixNano()}); !ok || got != want {
			t.Errorf("readStamp = %+v %v, want %+v", got, ok, want)
		}
	}
}

func TestDataIsAsLargeAsAnOrder(t *testing.T) {
	if n := len(orderData(1, 2, time.Now())); n < 450 || n > 650 {
		t.Errorf("data is %d bytes long, want about 500", n)
	}
}

func TestReadStampRefusesWhatIsNone(t *testing.T) {
	whole := string(orderData(1, 2, time.Unix(3, 0)))
	for _, body := range []string{
		"", "{}", `{"run":"000001"}`,
		whole[:strings.Index(whole, timeMember)+20],
		strings.Replace(whole, `"n":"0000000002"`, `"n":"00000000x2"`, 1),
	} {
		if s, ok := readStamp([]byte(body)); ok {
			t.Errorf("readStamp(%q) = %+v", body, s)
		}
	}
}

func TestReadResponse(t *testing.T) {
	for _, c := range []struct {
		name, answer string
		status       int
		bad          bool
	}{
		{name: "with a length", answer: "HTTP/1.1 202 Accepted\r\nContent-Length: 5\r\n\r\nhello", status: 202},
		{name: "without a body", answer: "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n", status: 200},
		{name: "in chunks", answer: "HTTP/1.1 503 X\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n", status: 503},
		{name: "another protocol", answer: "SSH-2.0-x\r\n\r\n", bad: true},
		{name: "cut off", answer: "HTTP/1.1 202 Accepted\r\nContent-Length: 5\r\n\r\nhe", bad: true},
		{name: "no length", answer: "HTTP/1.1 202 Accepted\r\nContent-Length: x\r\n\r\n", bad: true},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := bufio.NewReader(strings.NewReader(c.answer))
			status, err := readResponse(r)
			if c.bad {
				if err == nil {
					t.Fatal("no error")
				}
				return
			}
			if err != nil || status != c.status {
				t.Fatalf("readResponse = %d, %v; want %d", status, err, c.status)
			}
			if r.Buffered() != 0 {
				t.Errorf("%d bytes of the answer are left", r.Buffered())
			}
		})
	}
}
