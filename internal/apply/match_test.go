package apply

import (
	"slices"
	"testing"

	"github.com/billhook/billhook"
)

// TestPrune: what is not in the files is left alone, but for what apply has made,
// where that is asked for; all of it where all is.
func TestPrune(t *testing.T) {
	w := newWorld(t)
	if _, err := w.client.Register(t.Context(), billhook.Registration{StoreID: "default", URL: "https://hand.example.com/", Events: []string{"*"}, Name: "by hand"}); err != nil {
		t.Fatal(err)
	}
	w.options.Group = "other-team"
	w.apply(`[{name: theirs, url: https://t.example.com/, events: ["*"]}]`)
	w.options.Group = ""
	const two = `
- {name: a, url: https://a.example.com/, events: ["*"]}
- {name: b, url: https://b.example.com/, events: ["*"]}
- {id: own-id, url: https://c.example.com/, events: ["*"]}
`
	w.apply(two)
	const one = `[{name: a, url: https://a.example.com/, events: ["*"]}]`
	want(t, w.apply(one))
	if n := len(w.webhooks()); n != 5 {
		t.Errorf("%d webhooks are left", n)
	}
	w.options.Prune = true
	want(t, w.apply(one), `delete webhook "b"`)
	want(t, w.again())
	w.options.PruneAll = true
	if got := w.again(); len(got) != 3 {
		t.Errorf("done: %q", got)
	}
	if there := w.webhooks(); len(there) != 1 || there["a"].URL == "" {
		t.Errorf("left: %+v", there)
	}
}

// TestMatch: a webhook is found by its id, else by its name, else by its URL.
func TestMatch(t *testing.T) {
	w := newWorld(t)
	register := func(id, name, url string) {
		if _, err := w.client.Register(t.Context(), billhook.Registration{StoreID: "default", ID: id, URL: url, Events: []string{"*"}, Name: name}); err != nil {
			t.Fatal(err)
		}
	}
	register("one", "first", "https://a.example.com/")
	register("two", "second", "https://b.example.com/")
	register("three", "", "https://c.example.com/")
	matched := func(text string, want ...string) {
		t.Helper()
		w.write("webhooks.yaml", text)
		p, err := w.plan()
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, s := range p.Steps {
			got = append(got, s.ID+" "+s.MatchedBy)
		}
		if !slices.Equal(got, want) {
			t.Errorf("matched %q, want %q", got, want)
		}
	}
	matched(`{id: one, name: second, url: https://c.example.com/, events: ["*"]}`, "one id")
	matched(`{name: second, url: https://a.example.com/, events: ["*"]}`, "two name")
	matched(`{name: third, url: https://c.example.com/, events: ["*"]}`, "three url")
	matched(`{id: new, name: second, url: https://c.example.com/, events: ["*"]}`, "new ")
	matched(`[{name: first, url: https://a.example.com/, events: ["*"]}, {name: other, url: https://a.example.com/, events: ["*"]}]`,
		"one name", newID("default", "", &value{kind: object, members: []member{{name: "name", value: &value{kind: text, text: "other"}}}}, func(string) bool { return false })+" ")

	register("four", "second", "https://a.example.com/")
	w.refused(`{name: second, url: https://x.example.com/, events: ["*"]}`, "webhooks.yaml:1", "2 webhooks with this name", "two", "four")
	w.refused(`{url: https://a.example.com/, events: ["*"]}`, "2 webhooks with this url", "four", "one")
	w.refused(`[{id: one, url: https://x.example.com/, events: ["*"]}, {name: first, url: https://y.example.com/, events: ["*"]}]`, "webhooks.yaml:1", "is the webhook one")
}

// TestGroups: two groups whose files have webhooks to one URL do not take them from each
// other.
func TestGroups(t *testing.T) {
	w := newWorld(t)
	for range 2 {
		for _, group := range []string{"a", "b"} {
			w.options.Group = group
			w.apply(`{name: of-` + group + `, url: https://a.example.com/, events: ["*"]}`)
			want(t, w.again())
		}
	}
	if there := w.webhooks(); len(there) != 2 || there["of-a"].ID == "" || there["of-b"].ID == "" {
		t.Errorf("%+v", there)
	}
}

// TestNewName: one that apply has made and that has another name since has the id
// that another of its old name would get.
func TestNewName(t *testing.T) {
	w := newWorld(t)
	w.apply(`{name: a, url: https://a.example.com/, events: ["*"]}`)
	want(t, w.apply(`{name: b, url: https://a.example.com/, events: ["*"]}`), `update webhook "b"`)
	want(t, w.apply("- {name: b, url: https://a.example.com/, events: ['*']}\n- {name: a, url: https://c.example.com/, events: ['*']}"), `create webhook "a"`)
	want(t, w.again())
	if n := len(w.webhooks()); n != 2 {
		t.Errorf("%d webhooks", n)
	}
}

// TestTwoAtOnce: of two who apply the same at once one makes the webhook, and the other
// is told that it is there.
func TestTwoAtOnce(t *testing.T) {
	w := newWorld(t)
	w.write("webhooks.yaml", "{name: a, url: https://a.example.com/, events: ['*']}")
	first, err := w.plan()
	if err != nil {
		t.Fatal(err)
	}
	second, err := w.plan()
	if err != nil {
		t.Fatal(err)
	}
	if err := first.Run(t.Context(), func(*Step) {}); err != nil {
		t.Fatal(err)
	}
	if err := second.Run(t.Context(), func(*Step) {}); statusOf(err) != 409 {
		t.Errorf("%v", err)
	}
	if n := len(w.webhooks()); n != 1 {
		t.Errorf("%d webhooks", n)
	}
	want(t, w.again())
}
