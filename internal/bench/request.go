package bench

import (
	"bytes"
	"fmt"
	"strconv"
	"time"
)

const (
	// eventType is what all measured events are; otherType is what webhooks
	// take that shall get none of them.
	eventType = "order.created"
	otherType = "order.updated"

	devKey = "dev-staff-key"

	runDigits    = 6
	numberDigits = 10
	timeDigits   = 19
)

// The members by which the receiver knows an event again. They are strings of
// fixed width: strings, because no profile may change them, and fixed width,
// so that the load can write them into a finished request.
const (
	runMember    = `"run":"`
	numberMember = `"n":"`
	timeMember   = `"sentAt":"`
)

// orderTail makes the data of an event about as large as an order is.
const orderTail = `"id":"ord_01k8q2v7n4t6x9b3c5d7f9h1j2","number":"R-100234","currency":"EUR",` +
	`"status":"paid","customer":{"id":"cus_01k8q2v7n4t6x9b3c5d7f9h1j3","name":"Zoë Åkesson","email":"zoe@example.com"},` +
	`"items":[{"sku":"TEE-BLK-M","title":"T-shirt, black, M","quantity":2,"price":1990},` +
	`{"sku":"MUG-350","title":"Mug, 350 ml","quantity":1,"price":1290}],` +
	`"shipping":{"method":"express","price":490,"city":"Malmö","country":"SE"},"total":5760,"note":null`

// A request is a whole HTTP request that emits one event. It is built once for
// a connection; stamp makes it the request of the next event.
type request struct {
	bytes    []byte
	number   int
	sentTime int
}

// newRequest builds the request for the server at host; all of a load's
// events carry its run.
func newRequest(host string, run int) *request {
	body := `{"type":"` + eventType + `","data":` + string(orderData(run, 0, time.Unix(0, 0))) + `}`
	head := "POST /api/events HTTP/1.1\r\n" +
		"Host: " + host + "\r\n" +
		"User-Agent: billhook-bench\r\n" +
		"Content-Type: application/json\r\n" +
		"X-Api-Key: " + devKey + "\r\n" +
		"Content-Length: " + strconv.Itoa(len(body)) + "\r\n\r\n"
	text := []byte(head + body)
	return &request{
		bytes:    text,
		number:   bytes.Index(text, []byte(numberMember)) + len(numberMember),
		sentTime: bytes.Index(text, []byte(timeMember)) + len(timeMember),
	}
}

// stamp writes the event's number and the time at which it counts as sent.
func (r *request) stamp(number int, sent time.Time) {
	writeDigits(r.bytes[r.number:r.number+numberDigits], int64(number))
	writeDigits(r.bytes[r.sentTime:r.sentTime+timeDigits], sent.UnixNano())
}

// writeDigits fills to with v in decimal, zeros in front.
func writeDigits(to []byte, v int64) {
	for i := len(to) - 1; i >= 0; i-- {
		to[i] = byte('0' + v%10)
		v /= 10
	}
}

// orderData is the data of one event.
func orderData(run, number int, sent time.Time) []byte {
	return fmt.Appendf(nil, `{%s%0*d",%s%0*d",%s%0*d",%s}`,
		runMember, runDigits, run, numberMember, numberDigits, number,
		timeMember, timeDigits, sent.UnixNano(), orderTail)
}

// A stampOf is what the receiver reads out of a delivery.
type stampOf struct {
	run    int
	number int
	sent   int64
}

// readStamp finds the stamp in a delivery's body, whatever envelope is around
// it. The members keep their order, so that each is looked for behind the one
// before.
func readStamp(body []byte) (s stampOf, ok bool) {
	run, rest, ok1 := digitsAfter(body, runMember, runDigits)
	number, rest, ok2 := digitsAfter(rest, numberMember, numberDigits)
	sent, _, ok3 := digitsAfter(rest, timeMember, timeDigits)
	return stampOf{run: int(run), number: int(number), sent: sent}, ok1 && ok2 && ok3
}

func digitsAfter(text []byte, member string, digits int) (v int64, rest []byte, ok bool) {
	at := bytes.Index(text, []byte(member))
	if at < 0 || len(text) < at+len(member)+digits {
		return 0, nil, false
	}
	text = text[at+len(member):]
	for _, c := range text[:digits] {
		if c < '0' || c > '9' {
			return 0, nil, false
		}
		v = v*10 + int64(c-'0')
	}
	return v, text[digits:], true
}
