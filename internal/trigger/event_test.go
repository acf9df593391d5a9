package trigger

import (
	"encoding/json"
	"regexp"
	"strings"
	"testing"

	"github.com/billhook/billhook/client"
)

func orderPaid(example, pointer string) *client.EventType {
	t := &client.EventType{Name: "order.paid", Examples: []json.RawMessage{json.RawMessage(example)}}
	if pointer != "-" {
		_ = json.Unmarshal([]byte(`{"entity":{"type":"order","id":"`+pointer+`"}}`), t)
	}
	return t
}

// TestFresh: an example gets an id of its own, of the form that it had, everywhere
// that the old one stood, and nowhere else.
func TestFresh(t *testing.T) {
	for _, x := range []struct{ example, pointer, want string }{
		{`{"z":1,"orderId":"order-777","a":["order-777",{"orderId":"order-777"}],"other":"order-7777"}`, "/orderId", `^{"z":1,"orderId":"(order-[a-z2-7]{10})","a":\["$1",{"orderId":"$1"}\],"other":"order-7777"}$`},
		{`{"a":{"id":"o_1"}}`, "/a/id", `^{"a":{"id":"(o_[a-z2-7]{10})"}}$`},
		{`{"id":42,"n":42.0,"more":420}`, "/id", `^{"id":(\d{9}),"n":42.0,"more":420}$`},
		{`{"id":1,"quantity":1,"lines":[{"id":1,"n":1}]}`, "/id", `^{"id":(\d{9}),"quantity":1,"lines":\[{"id":$1,"n":1}\]}$`},
		{`{"id":"00042"}`, "/id", `^{"id":"(\d{9})"}$`},
		{`{"id":"3f2504e0-4f89-41d3-9a0c-0305e82c3301"}`, "/id", `^{"id":"([0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12})"}$`},
		{`[{"id":"x"}]`, "/0/id", `^\[{"id":"([a-z2-7]{10})"}\]$`},
		{`{"id":true}`, "/id", `^{"id":(true)}$`},
		{`{"id":"kept"}`, "/none", `^{"id":"(kept)"}$`},
		{`{"id":"kept"}`, "-", `^{"id":"(kept)"}$`},
	} {
		seen := map[string]bool{}
		for range 3 {
			event, err := Event(orderPaid(x.example, x.pointer), nil, nil)
			if err != nil {
				t.Fatal(err)
			}
			data := strings.TrimSuffix(strings.TrimPrefix(string(event), `{"type":"order.paid","data":`), "}")
			id := regexp.MustCompile(`\(.*?\)+`).FindString(x.want)
			if found := regexp.MustCompile(id).FindString(data); found != "" {
				id = found
			}
			seen[id] = true
			pattern := strings.ReplaceAll(x.want, "$1", regexp.QuoteMeta(id))
			if !regexp.MustCompile(pattern).MatchString(data) {
				t.Errorf("%s became %s, want %s", x.example, data, pattern)
			}
		}
		if fixed := strings.Contains(x.want, "kept") || strings.Contains(x.want, "true"); len(seen) == 3 == fixed {
			t.Errorf("%s: three events have the ids %v", x.example, seen)
		}
	}
}

func TestChanges(t *testing.T) {
	const example = `{"total":1,"items":[{"n":1}],"a.b":1,"none":null}`
	for _, x := range []struct{ path, value, want string }{
		{"data.total", "4999", `{"total":4999,"items":[{"n":1}],"a.b":1,"none":null}`},
		{"data.total", "12345678901234567890", `{"total":12345678901234567890,"items":[{"n":1}],"a.b":1,"none":null}`},
		{"data.items[0].n", "two", `{"total":1,"items":[{"n":"two"}],"a.b":1,"none":null}`},
		{"data.items.1", "true", `{"total":1,"items":[{"n":1},true],"a.b":1,"none":null}`},
		{"data.new.deep", `"quoted"`, `{"total":1,"items":[{"n":1}],"a.b":1,"none":null,"new":{"deep":"\"quoted\""}}`},
		{`data.a\.b`, "null", `{"total":1,"items":[{"n":1}],"a.b":null,"none":null}`},
		{"data.none.x", "", `{"total":1,"items":[{"n":1}],"a.b":1,"none":{"x":""}}`},
		{"data.more[0].a", "1", `{"total":1,"items":[{"n":1}],"a.b":1,"none":null,"more":[{"a":1}]}`},
		{"data", "5", `5`},
	} {
		got, err := Event(orderPaid(example, "-"), nil, []Change{{x.path, Value(x.value)}})
		if want := `{"type":"order.paid","data":` + x.want + `}`; err != nil || string(got) != want {
			t.Errorf("%s=%s: %s, %v\nwant %s", x.path, x.value, got, err, want)
		}
	}
	got, err := Event(orderPaid(example, "/total"), json.RawMessage(`{"total": 1}`), []Change{{"entity", json.RawMessage(`{"type":"x","id":"y"}`)}, {"entity.id", Value("z")}})
	if want := `{"type":"order.paid","data":{"total":1},"entity":{"type":"x","id":"z"}}`; err != nil || string(got) != want {
		t.Errorf("%s, %v", got, err)
	}
}

func TestRefused(t *testing.T) {
	for _, x := range []struct {
		t      *client.EventType
		data   string
		change Change
		want   string
	}{
		{&client.EventType{Name: "x"}, "", Change{}, "has no example of x: give --data"},
		{&client.EventType{Name: "x"}, "{", Change{}, "is not JSON"},
		{&client.EventType{Name: "x"}, "{} {}", Change{}, "something follows"},
		{&client.EventType{Name: "x"}, "{}", Change{"total", Value("1")}, "begin the path with one of data"},
		{&client.EventType{Name: "x"}, "{}", Change{"type", Value("1")}, "begin the path with"},
		{&client.EventType{Name: "x"}, "{}", Change{"data..a", Value("1")}, "a name in the path is empty"},
		{&client.EventType{Name: "x"}, `{"a":1}`, Change{"data.a.b", Value("1")}, "b is in what is neither"},
		{&client.EventType{Name: "x"}, `[1]`, Change{"data[2]", Value("1")}, "2 is no place in an array of 1"},
		{&client.EventType{Name: "x"}, `{"a":{}}`, Change{"data.a[0]", Value("1")}, "[0] is of an array"},
		{&client.EventType{Name: "x"}, `{}`, Change{"data.a", json.RawMessage("{")}, "the value is not JSON"},
	} {
		var data json.RawMessage
		if x.data != "" {
			data = json.RawMessage(x.data)
		}
		var changes []Change
		if x.change.Path != "" {
			changes = append(changes, x.change)
		}
		if got, err := Event(x.t, data, changes); err == nil || !strings.Contains(err.Error(), x.want) {
			t.Errorf("%s %+v: %s, %v; want %s", x.data, x.change, got, err, x.want)
		}
	}
}
