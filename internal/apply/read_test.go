package apply

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// readText reads one file of a name.
func readText(t *testing.T, name, text string) ([]*Declaration, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	env := map[string]string{"SECRET": "said-by-the-environment", "EMPTY": ""}
	f := Files{Paths: []string{path}, Lookup: func(name string) (string, bool) { v, ok := env[name]; return v, ok }}
	return f.Read()
}

// TestBadFiles: what cannot be meant is refused with the file, the line, and what may
// have been meant.
func TestBadFiles(t *testing.T) {
	const hook = "url: https://a.example.com/\nevents: ['*']\n"
	for name, x := range map[string]struct{ file, text, want string }{
		"a member with a letter less":     {"w.yaml", hook + "evnts: []", "w.yaml:3: the webhook has no member evnts: did you mean events?"},
		"a member in another case":        {"w.yaml", hook + "is_active: true", "w.yaml:3: the webhook has no member is_active: did you mean isActive?"},
		"a member of a member":            {"w.yaml", hook + "retryPolicy:\n  maxAttempt: 5", "w.yaml:4: the webhook.retryPolicy has no member maxAttempt: did you mean maxAttempts?"},
		"a member like none":              {"w.yaml", hook + "quux: 5", "it may have active, batch"},
		"a member of the document":        {"w.yaml", "webhook: []", "w.yaml:1: the document has no member webhook: did you mean webhooks?"},
		"in the second document":          {"w.yaml", hook + "---\n" + hook + "sercet: x", "w.yaml:6: the webhook has no member sercet: did you mean secret?"},
		"in JSON":                         {"w.json", "{\n\"url\": \"https://a.example.com/\",\n\"events\": [\"*\"],\n\"urll\": 1}", "w.json:4: the webhook has no member urll: did you mean url?"},
		"twice":                           {"w.yaml", hook + "url: https://b.example.com/", "w.yaml:3: url is there twice"},
		"no url":                          {"w.yaml", "events: ['*']", "w.yaml:1: the webhook has no url"},
		"no events":                       {"w.yaml", "url: https://a.example.com/", "has no events"},
		"events that are text":            {"w.yaml", "url: x\nevents: '*'", "w.yaml:2: the webhook.events is text, and must be a list"},
		"yes that is not true":            {"w.yaml", hook + "active: 'yes'", "is text, and must be true or false"},
		"a number that is text":           {"w.yaml", hook + "retryPolicy: {maxAttempts: '5'}", "must be a number"},
		"active and isActive":             {"w.yaml", hook + "active: true\nisActive: true", "are the same"},
		"a number alone":                  {"w.yaml", "5", "is a number: a document is"},
		"a list of text":                  {"w.yaml", "- a", "w.yaml:1: is text: a webhook is an object"},
		"not YAML":                        {"w.yaml", "webhooks:\n  - {url: [}", "w.yaml:1: did not find"},
		"nothing":                         {"w.yaml", "# only a comment\n---\n", "declares nothing"},
		"infinity":                        {"w.yaml", hook + "deactivateAfterSeconds: .inf", "is no number that JSON has"},
		"a merge":                         {"w.yaml", "a: &a {x: 1}\nb:\n  <<: *a", "w.yaml:3: << is not understood"},
		"a tag":                           {"w.yaml", hook + "secret: !!binary aGVsbG8=", "the tag !!binary is not understood"},
		"no such variable":                {"w.yaml", hook + "secret: ${NOPE}", "w.yaml:3: the environment has no NOPE"},
		"an empty variable":               {"w.yaml", hook + "secret: ${EMPTY}", "the environment has no EMPTY, or it is empty"},
		"half a variable":                 {"w.yaml", hook + "secret: '${SECRET'", "names no variable"},
		"a variable that is worked out":   {"w.yaml", hook + "secret: '${SECRET:-x}'", "names no variable"},
		"two of one id":                   {"w.yaml", "- {id: a, url: x, events: []}\n- {id: a, url: y, events: []}", `w.yaml:2: the webhook with the id "a" of the store  is declared at`},
		"two of one name":                 {"w.yaml", "- {name: a, url: x, events: []}\n- {name: a, url: y, events: []}", `the webhook with the name "a"`},
		"two of one URL":                  {"w.yaml", "- {url: x, events: []}\n- {url: x, events: []}", "without id and name"},
		"two stores of one id":            {"w.yaml", "store: {id: a}\n---\nstore: {id: a}", "w.yaml:3: the store a is declared at"},
		"a store without id":              {"w.yaml", "store: {name: a}", "the store has no id"},
		"an event type without name":      {"w.yaml", "eventTypes: [{description: x}]", "the event type has no name"},
		"a store and none":                {"w.yaml", "store: a\n---\n" + hook, "no store is named here"},
		"aliases of itself":               {"w.yaml", "webhooks: &a [*a]", "holds more than 200000 values"},
		"aliases of aliases":              {"w.yaml", bomb(), "holds more than 200000 values"},
		"a script with another's name":    {"w.js", "const w = {\nurl: 'x',\nsecret: theSecret\n}", "w.js:3: theSecret is the name of something else"},
		"a script that works out":         {"w.js", "const w = {url: 'x' + 'y'}", `w.js:1: "+" is not understood here`},
		"a script that calls":             {"w.js", "register({url: 'x'})", `w.js:1: "register(" is not understood`},
		"a script with a template":        {"w.js", "const w = {url: `https://${NOPE}/`}", "the environment has no NOPE"},
		"a script without end":            {"w.js", "const w = {\nurl: 'x',\n", "w.js:1: what begins here has no end"},
		"a script with text without end":  {"w.js", "const w = {\nurl: 'x,\n}", "w.js:2: a ' is missing"},
		"a script with an unknown member": {"w.js", "/* a\n b */\nexport const w: Hook[] = [{\n// c\nulr: 'x', events: []}]", "w.js:5: the webhook has no member ulr: did you mean url?"},
		"a script of other brackets":      {"w.js", "const w = {a: [}]", "did not find"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := readText(t, x.file, x.text)
			if err == nil {
				t.Fatal("it is accepted")
			}
			if !strings.Contains(err.Error(), x.want) {
				t.Errorf("got  %v\nwant %s", err, x.want)
			}
		})
	}
}

// bomb is a few lines that stand for ten thousand million values.
func bomb() string {
	text := "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
	for i := range 9 {
		from, to := string(rune('0'+i)), string(rune('1'+i))
		text += "a" + to + ": &a" + to + " [" + strings.Repeat("*a"+from+", ", 9) + "*a" + from + "]\n"
	}
	return text
}

// TestForms: a webhook is the same in each form that a file may have.
func TestForms(t *testing.T) {
	const want = `{"url":"https://a.example.com/","events":["order.*","x"],"secret":"said-by-the-environment","name":"it's ${x}","active":true,"retryPolicy":{"maxAttempts":1000}}`
	for name, text := range map[string]string{
		"block.yaml": "url: https://a.example.com/\nevents:\n  - order.*\n  - x\nsecret: ${SECRET}\nname: \"it's $${x}\"\nactive: true\nretryPolicy:\n  maxAttempts: 1_000\n",
		"flow.yml":   `{url: "https://a.example.com/", events: ["order.*", x], secret: "${SECRET}", name: "it's $${x}", active: true, retryPolicy: {maxAttempts: 0x3E8},}`,
		"alias.yaml": "url: https://a.example.com/\nevents: &e [order.*, x]\nsecret: ${SECRET}\nname: it's $${x}\nactive: true\nretryPolicy: {maxAttempts: 1000}\n",
		"w.json":     "\ufeff" + `{"url":"https://a.example.com/","events":["order.*","x"],"secret":"${SECRET}","name":"it's $${x}","active":true,"retryPolicy":{"maxAttempts":1000}}`,
		"w.js":       "// A webhook\nconst hook = {\n\turl: 'https://a.example.com/', /* two\nlines */ events: ['order.*', \"x\",],\n\tsecret: process.env.SECRET!,\n\t'name': 'it\\'s $${x}',\n\tactive: true, retryPolicy: { maxAttempts: 1_000 },\n};\n",
		"w.ts":       "export default {url: `https://a.example.com/`, events: ['order.*', '\\u0078'], secret: process.env.SECRET, name: `it's \\${x}`, active:true, retryPolicy:{maxAttempts:1e3}}",
		"paste.yaml": "\n// pasted out of a document\nlet w = {url: 'https://a.example.com/', events: ['order.*', 'x'], secret: '${SECRET}', name: \"it's $${x}\", active: true, retryPolicy: {maxAttempts: 1000}}",
	} {
		found, err := readText(t, name, text)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		got := string(found[0].webhooks[0].appendJSON(nil))
		if len(found) != 1 || len(found[0].webhooks) != 1 || strings.Replace(got, "1e3", "1000", 1) != want {
			t.Errorf("%s:\ngot  %s\nwant %s", name, got, want)
		}
	}
}

// TestFolder: of a folder all files are read, in their order, and no others.
func TestFolder(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"b.json": `{"store":"one","webhooks":[{"url":"https://b.example.com/","events":["*"]}]}`,
		"a.yaml": "store: one\nwebhooks: [{url: https://a.example.com/, events: ['*']}]\n---\nstore: {id: two}\n",
		"README": "not: [yaml",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(filepath.Join(dir, "c.yaml"), 0o700); err != nil {
		t.Fatal(err)
	}
	f := Files{Paths: []string{dir, "-"}, Stdin: strings.NewReader("store: two\nwebhooks: [{url: https://c.example.com/, events: ['*']}]")}
	found, err := f.Read()
	if err != nil {
		t.Fatal(err)
	}
	if len(found) != 2 || found[0].Store != "one" || len(found[0].webhooks) != 2 || found[0].webhooks[1].textOf("url") != "https://b.example.com/" ||
		found[1].store == nil || len(found[1].webhooks) != 1 || found[1].webhooks[0].at.String() != "stdin:2" {
		t.Errorf("%+v %+v", found[0], found[1])
	}
	if _, err := (&Files{Paths: []string{t.TempDir()}}).Read(); err == nil || !strings.Contains(err.Error(), "has no file that ends with") {
		t.Errorf("an empty folder: %v", err)
	}
	if _, err := (&Files{Paths: []string{filepath.Join(dir, "none.yaml")}}).Read(); err == nil {
		t.Error("a file that is not there")
	}
}

// TestShapes: files may have the members that the API takes, with its kinds, and no
// others.
func TestShapes(t *testing.T) {
	var document struct {
		Components struct {
			Schemas map[string]schemaOf `json:"schemas"`
		} `json:"components"`
	}
	text, err := os.ReadFile("../../api/openapi.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &document); err != nil {
		t.Fatal(err)
	}
	compared := 0
	for name, s := range map[string]shape{"NewWebhook": webhookShape, "NewStore": storeShape, "NewEventType": eventTypeShape} {
		compareShape(t, name, s, document.Components.Schemas[name], document.Components.Schemas, &compared)
	}
	if compared < 60 {
		t.Errorf("only %d members were compared", compared)
	}
}

// A schemaOf is what is compared of a schema in the API's document.
type schemaOf struct {
	Ref                  string              `json:"$ref"`
	OneOf                []schemaOf          `json:"oneOf"`
	Type                 any                 `json:"type"`
	Properties           map[string]schemaOf `json:"properties"`
	Items                *schemaOf           `json:"items"`
	AdditionalProperties any                 `json:"additionalProperties"`
}

func compareShape(t *testing.T, path string, s shape, is schemaOf, all map[string]schemaOf, compared *int) {
	t.Helper()
	if s.kinds == nil {
		return
	}
	*compared++
	kinds := map[kind]bool{}
	properties := map[string]schemaOf{}
	var collect func(is schemaOf)
	collect = func(is schemaOf) {
		if is.Ref != "" {
			collect(all[strings.TrimPrefix(is.Ref, "#/components/schemas/")])
		}
		for _, one := range is.OneOf {
			collect(one)
		}
		types, _ := is.Type.([]any)
		if one, ok := is.Type.(string); ok {
			types = []any{one}
		}
		for _, name := range types {
			kinds[map[any]kind{"string": text, "integer": number, "number": number, "boolean": boolean, "array": list, "object": object}[name]] = true
		}
		for name, p := range is.Properties {
			properties[name] = p
		}
		if is.Items != nil && s.item != nil {
			compareShape(t, path+"[]", *s.item, *is.Items, all, compared)
		}
	}
	collect(is)
	delete(kinds, "") // null
	for _, k := range s.kinds {
		if !kinds[k] {
			t.Errorf("%s may be %s in a file, and not for the API", path, k)
		}
		delete(kinds, k)
	}
	if len(kinds) > 0 {
		t.Errorf("%s may be %v for the API, and not in a file", path, kinds)
	}
	for name, p := range properties {
		inner, ok := s.members[name]
		if !ok {
			t.Errorf("files may not have %s.%s", path, name)
			continue
		}
		compareShape(t, path+"."+name, inner, p, all, compared)
	}
	for name := range s.members {
		if _, ok := properties[name]; !ok {
			t.Errorf("the API has no %s.%s", path, name)
		}
	}
}

// FuzzRead: whatever a file holds, reading it ends, with a place in what it says of it.
func FuzzRead(f *testing.F) {
	f.Add("w.yaml", "url: x\nevents: []")
	f.Add("w.js", "const w = {url: 'x', events: [`y`]}")
	f.Fuzz(func(t *testing.T, name, text string) {
		s := &source{name: name, lookup: func(string) (string, bool) { return "x", true }}
		read := s.readYAML
		if strings.HasSuffix(name, ".js") {
			read = s.readScript
		}
		found, err := read([]byte(text))
		if err != nil && !strings.HasPrefix(err.Error(), name+":") {
			t.Errorf("no place: %v", err)
		}
		for _, v := range found {
			if !json.Valid(v.appendJSON(nil)) {
				t.Errorf("not JSON: %s", v.appendJSON(nil))
			}
		}
	})
}
