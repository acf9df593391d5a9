package filter

import (
	"encoding/json"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/billhook/billhook"
)

func payload(data string) *billhook.Payload {
	return &billhook.Payload{Version: 2, Event: &billhook.Event{
		ID: "evt_1", Type: "order.paid", Data: []byte(data), Entity: billhook.Reference{Type: "order", ID: "o_1"},
		Actor:     billhook.Reference{Type: "user", ID: "u_7"},
		CreatedAt: time.Date(2026, 3, 15, 10, 30, 0, 0, time.UTC), OccurredAt: time.Date(2026, 3, 14, 0, 0, 0, 0, time.UTC),
	}}
}

const order = `{"id":"o_1","total":4999,"price":19.99,"twenty":20,"paid":true,"note":null,"big":9007199254740993,` +
	`"customer":{"email":"ann@example.com","tags":["vip","eu"]},"lines":[{"sku":"A-1","qty":2},{"sku":"B-2","qty":1}],"createdAt":"2026-03-15T10:00:00Z"}`

func TestMatches(t *testing.T) {
	const yes, no, fails = "yes", "no", "fails"
	for expression, want := range map[string]string{
		// Numbers are as a merchant writes them, whatever JSON made of them.
		`data.total > 100`: yes, `data.total > 100.5`: yes, `data.total == 4999`: yes, `data.total == 4999.0`: yes, `100 < data.total`: yes,
		`data.price > 19`: yes, `data.price < 20`: yes, `data.price * 2 > 39`: yes, `2 * data.price > 39`: yes, `data.twenty * 2.0 == 40.0`: yes, `data.twenty * 2 == 40`: yes,
		`data.price + 1 > 20 && 1 + data.price > 20`: yes, `data.total / 2 == 2499.5`: yes, `data.total - data.price > 4979`: yes, `1 - data.price < 0`: yes,
		`data.total % 2 == 1`: yes, `data.lines[0].qty % 2 == 0`: yes, `5 % 2 == 1`: yes, `data.price % 2 == 0`: fails, `data.total % 0 == 0`: fails, `7 / 2 == 3`: yes,
		`data.big == 9007199254740993`: yes, `data.big == 9007199254740992`: no, `data.big > 9007199254740992`: yes,
		`size(data.lines) > 1`: yes, `size(data.lines) * data.total > 9000`: yes, `data.lines[0].qty + size(data.lines) == 4`: yes,
		`data.total in [4999, 1]`: yes, `data.total in [1, 2]`: no, `int(data.total) == 4999`: yes, `string(data.twenty) == "20"`: yes, `-data.total < 0`: yes,
		// Texts, lists, times.
		`data.customer.email.endsWith("@example.com")`: yes, `data.customer.email.matches("^a.*com$")`: yes, `"vip" in data.customer.tags`: yes, `"x" + data.id == "xo_1"`: yes,
		`data.lines.exists(l, l.sku == "B-2")`: yes, `data.lines.all(l, l.qty > 1)`: no, `data.lines.filter(l, l.qty > 1).size() == 1`: yes,
		`timestamp(data.createdAt) < event.createdAt`: yes, `event.createdAt - event.occurredAt > duration("24h")`: yes, `event.createdAt.getHours() == 10`: yes,
		// The event.
		`type == "order.paid"`: yes, `type.startsWith("order.")`: yes, `event.type == type`: yes, `entity.type == "order" && entity.id == "o_1"`: yes, `event.id == "evt_1"`: yes, `event.version == 2`: yes,
		`event.actor.id == "u_7"`: yes, `type(data.id) == string`: yes,
		// What is missing has no value, unless something is said for it.
		`data.paid`: yes, `!data.paid`: no, `data.note == null`: yes, `data.missing > 1`: fails, `data.missing != true`: fails, `!has(data.missing)`: yes, `has(data.total) && data.total > 1`: yes,
		`data.missing > 1 || data.total > 1`: yes, `data.?missing.orValue(7) == 7`: yes, `data.?customer.?email.orValue("") != ""`: yes, `data.note.x == 1`: fails, `data.lines[9].qty == 1`: fails,
		`data.total`: fails, `data.id > 5`: fails, `data.id == 5`: no,
	} {
		f, err := New().Compile(expression)
		if err != nil {
			t.Errorf("%s: %v", expression, err)
			continue
		}
		got, err := f.Matches(payload(order))
		is := map[bool]string{true: yes, false: no}[got]
		if err != nil {
			is = fails
		}
		if is != want {
			t.Errorf("%s: %s (%v), not %s", expression, is, err, want)
		}
	}
}

// TestRefused: each is refused when it is registered, with its place.
func TestRefused(t *testing.T) {
	for expression, words := range map[string]string{
		``:                                 "line 1, column 1",
		`data.total >`:                     "line 1, column 13",
		"data.total > 1 &&\n  nobody == 2": "line 2, column 3: undeclared reference to 'nobody'",
		`entity.name == "x"`:               "undeclared reference",
		`typo == "x"`:                      "line 1, column 1",
		`type > 5`:                         "found no matching overload",
		`type`:                             "is a string",
		`1 + 1`:                            "is a int",
		`data.x.exists(type, type == 1)`:   "choose another",
		`send("http://example.com")`:       "undeclared reference",
		strings.Repeat("(", 60) + `data.a` + strings.Repeat(")", 60):         "is not a filter",
		strings.Repeat("data.a && ", 300) + `data.a`:                         "is not a filter",
		`data.a.matches("(a{1000}){1000}")`:                                  "pattern",
		`data.a.matches("(")`:                                                "",
		`data.a.matches("a{500}")`:                                           "300",
		`data.a.matches(data.b)`:                                             "write the pattern itself",
		`matches(data.a, data.b)`:                                            "write the pattern itself",
		`data.a.all(x, data.a.all(y, data.a.all(z, data.a.all(w, w == x))))`: "could take too long",
	} {
		_, err := New().Compile(expression)
		if billhook.ErrorCode(err) != billhook.CodeInvalid {
			t.Errorf("%.60s: %v", expression, err)
			continue
		}
		said := err.Error()
		if e := err.(*billhook.Error); e.Hint != "" {
			said += " " + e.Hint
		}
		if !strings.Contains(said, words) {
			t.Errorf("%.60s: %s, without %s", expression, said, words)
		}
	}
}

// hostile are expressions that would take long, and data for which they do.
func hostile() map[string]string {
	many, _ := json.Marshal(map[string]any{"a": make([]int, 200_000), "s": strings.Repeat("a", 500_000), "t": strings.Repeat("a", 16<<10), "n": [][]int{make([]int, 100_000)}})
	deep := strings.Repeat(`{"a":`, 60) + "1" + strings.Repeat("}", 60)
	return map[string]string{
		`data.a.all(x, x == 0)`:                            string(many),
		`data.a.all(x, data.a.all(y, x == y))`:             string(many),
		`data.a.exists(x, data.a.exists(y, x + y == 1))`:   string(many),
		`data.a.map(x, data.a.map(y, data.s)).size() == 1`: string(many),
		`data.a.map(x, data.s + data.s).size() == 1`:       string(many),
		`data.s.matches("(a|a)*(a|a)*b")`:                  string(many),
		`data.s.matches("(a{0,40}){0,4}b")`:                string(many),
		`data.a.all(x, data.s.contains("b"))`:              string(many),
		`data.a.exists(x, data.s.matches("(a|aa)+b"))`:     string(many),
		`data.a + data.a + data.a == data.a`:               string(many),
		`data.s + data.s + data.s + data.s == data.s`:      string(many),
		`data.a.all(x, !(5 in data.a))`:                    string(many),
		`data.a.all(x, data.s <= data.s)`:                  string(many),
		`data.a.all(x, size(bytes(data.s)) > 0)`:           string(many),
		`data.a.all(x, [data.a] == [data.a])`:              string(many),
		`data.a.all(x, data.n == data.n)`:                  string(many),
		`data.a.map(x, data) == data.a.map(x, data)`:       string(many),
		`data.a.all(x, data.t.matches("(a{0,40}){0,4}b"))`: string(many),
		`data == data`:                              string(many),
		`data.a.all(x, data.a == data.a)`:           string(many),
		`data.a.all(x, 5 in data.a)`:                string(many),
		`string(data.s) + string(data.s) == data.s`: string(many),
		`data.a.a.a.a.a == data.a.a.a.a`:            deep,
	}
}

// TestHostile: an expression that would take long, or much memory, has no value soon.
func TestHostile(t *testing.T) {
	for expression, data := range hostile() {
		t.Run(expression, func(t *testing.T) {
			f, err := New().Compile(expression)
			if err != nil {
				return // refused is as good
			}
			p := payload(data)
			if _, err := p.Value(); err != nil {
				t.Fatal(err)
			}
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			begun := time.Now()
			_, err = f.Matches(p)
			took := time.Since(begun)
			runtime.ReadMemStats(&after)
			size := (after.TotalAlloc - before.TotalAlloc) >> 20
			t.Logf("%v, %d MiB, %v", took, size, err)
			// Machines differ, and the race detector slows: what is not bounded takes
			// minutes here.
			if took > 2*time.Second || size > 100 {
				t.Errorf("took %v and %d MiB", took, size)
			}
		})
	}
}

func FuzzFilter(f *testing.F) {
	language := New()
	f.Add(`data.total > 100 && type == "order.paid"`, order)
	f.Add(`data.lines.exists(l, l.qty % 2 == 0) || data.?a.orValue(1) == 1`, `{"lines":[1,{"qty":1e400}]}`)
	f.Add(`data[0] in data || data.matches("a")`, `[1,null,"a"]`)
	for expression, data := range hostile() {
		f.Add(expression, data[:min(len(data), 100)])
	}
	f.Fuzz(func(t *testing.T, expression, data string) {
		if !json.Valid([]byte(data)) || len(data) > 1<<16 {
			return
		}
		begun := time.Now()
		filter, err := language.Compile(expression)
		if err != nil {
			if billhook.ErrorCode(err) != billhook.CodeInvalid {
				t.Fatalf("%q: %v", expression, err)
			}
		} else {
			first, err := filter.Matches(payload(data))
			again, errAgain := filter.Matches(payload(data))
			if first != again || fmt.Sprint(err) != fmt.Sprint(errAgain) {
				t.Fatalf("%q of %q: %v (%v), then %v (%v)", expression, data, first, err, again, errAgain)
			}
		}
		if took := time.Since(begun); took > 5*time.Second {
			t.Fatalf("%q of %q took %v", expression, data, took)
		}
	})
}
