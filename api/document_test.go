package api

import (
	"encoding/json"
	"net/http"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/billhook/billhook"
)

// document is openapi.json as the tests use it: every object schema that says
// nothing else is closed, so that an answer with a member that the document
// does not know fails. (The published document leaves them open, so that
// clients survive a new member.)
var document = sync.OnceValues(func() (*openapi3.T, error) {
	var tree map[string]any
	if err := json.Unmarshal(openAPI, &tree); err != nil {
		return nil, err
	}
	closeObjects(tree["components"].(map[string]any)["schemas"])
	text, err := json.Marshal(tree)
	if err != nil {
		return nil, err
	}
	return openapi3.NewLoader().LoadFromData(text)
})

func closeObjects(node any) {
	switch node := node.(type) {
	case map[string]any:
		_, object := node["properties"].(map[string]any)
		if _, told := node["additionalProperties"]; object && !told {
			node["additionalProperties"] = false
		}
		for _, child := range node {
			closeObjects(child)
		}
	case []any:
		for _, child := range node {
			closeObjects(child)
		}
	}
}

func loadDocument(t testing.TB) *openapi3.T {
	t.Helper()
	doc, err := document()
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

// operationFor finds the operation of a path, literal segments first, or nil.
func operationFor(doc *openapi3.T, method, path string) *openapi3.Operation {
	if method == "HEAD" {
		method = "GET"
	}
	var found *openapi3.Operation
	for pattern, item := range doc.Paths.Map() {
		op := item.GetOperation(method)
		if op == nil || !matches(pattern, path) {
			continue
		}
		if found == nil || !strings.Contains(pattern, "{") {
			found = op
		}
	}
	return found
}

func matches(pattern, path string) bool {
	want, got := strings.Split(pattern, "/"), strings.Split(path, "/")
	return slices.EqualFunc(want, got, func(w, g string) bool {
		return w == g || strings.HasPrefix(w, "{") && g != ""
	})
}

// checkAnswer validates a response against the document.
func checkAnswer(t testing.TB, method, path string, status int, h http.Header, body []byte) {
	t.Helper()
	doc := loadDocument(t)
	var schema *openapi3.SchemaRef
	media := strings.TrimSpace(h.Get("Content-Type"))
	op := operationFor(doc, method, path)
	switch {
	case op == nil && (status == http.StatusNotFound || status == http.StatusMethodNotAllowed):
		schema = doc.Components.Schemas["Problem"] // a path that is not in the document
	case op == nil:
		t.Fatalf("%s %s: answered %d, but is not in the document", method, path, status)
	default:
		r := op.Responses.Value(strconv.Itoa(status))
		if r == nil {
			t.Fatalf("%s %s: the document has no status %d: %s", method, path, status, body)
		}
		if len(r.Value.Content) == 0 {
			if len(body) > 0 {
				t.Fatalf("%s %s: a body where the document has none: %s", method, path, body)
			}
			return
		}
		content := r.Value.Content[media]
		if content == nil {
			t.Fatalf("%s %s: content type %q of a %d is not in the document", method, path, media, status)
		}
		schema = content.Schema
	}
	if status >= 400 && media != "application/problem+json" {
		t.Errorf("%s %s: a problem as %q", method, path, media)
	}
	if media == "text/event-stream" {
		messages(t, string(body))
		return
	}
	checkSchema(t, schema, body)
}

func checkSchema(t testing.TB, schema *openapi3.SchemaRef, text []byte) {
	t.Helper()
	var value any
	if err := json.Unmarshal(text, &value); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	if err := schema.Value.VisitJSON(value, openapi3.EnableJSONSchema2020(), openapi3.MultiErrors()); err != nil {
		t.Errorf("not as the document has it: %v\n%s", err, text)
	}
}

func TestDocumentIsValid(t *testing.T) {
	var head struct{ OpenAPI string }
	if err := json.Unmarshal(openAPI, &head); err != nil || head.OpenAPI != "3.1.0" {
		t.Fatalf("openapi is %q, %v", head.OpenAPI, err)
	}
	doc, err := openapi3.NewLoader().LoadFromData(openAPI)
	if err != nil {
		t.Fatal(err)
	}
	if err := doc.Validate(t.Context(), openapi3.IsOpenAPI31OrLater(), openapi3.EnableExamplesValidation(), openapi3.EnableMultiError()); err != nil {
		t.Error(err)
	}
	// Validate looks at example, not at JSON Schema's examples.
	for name, schema := range doc.Components.Schemas {
		for _, example := range schema.Value.Examples {
			text, err := json.Marshal(example)
			if err != nil {
				t.Fatal(err)
			}
			t.Run(name, func(t *testing.T) { checkSchema(t, loadDocument(t).Components.Schemas[name], text) })
		}
	}
}

func TestDocumentTellsTheRoutes(t *testing.T) {
	doc := loadDocument(t)
	type entry struct{ method, path, permission, operationID string }
	inTable, inDocument := map[entry]bool{}, map[entry]bool{}
	for _, rt := range routes() {
		inTable[entry{rt.method, rt.pattern, rt.permission, rt.operationID}] = true
	}
	for path, item := range doc.Paths.Map() {
		for method, op := range item.Operations() {
			permission, _ := op.Extensions["x-permission"].(string)
			inDocument[entry{method, path, permission, op.OperationID}] = true
			if open := op.Security != nil && len(*op.Security) == 0; open != (permission == "") {
				t.Errorf("%s %s: security and x-permission disagree", method, path)
			}
			if limited := op.Responses.Value("429") != nil; limited != (permission != "") {
				t.Errorf("%s %s: a 429 is told: %v", method, path, limited)
			}
		}
	}
	if len(inTable) < 30 {
		t.Fatalf("only %d routes", len(inTable))
	}
	for e := range inTable {
		if !inDocument[e] {
			t.Errorf("only in the route table: %v", e)
		}
	}
	for e := range inDocument {
		if !inTable[e] {
			t.Errorf("only in openapi.json: %v", e)
		}
	}
}

// The operations of /v2/webhooks are those of /api/webhooks, in words too.
func TestDocumentTellsTheAlias(t *testing.T) {
	var tree struct {
		Paths map[string]map[string]any
	}
	if err := json.Unmarshal(openAPI, &tree); err != nil {
		t.Fatal(err)
	}
	found := 0
	for path, item := range tree.Paths {
		rest, ok := strings.CutPrefix(path, "/v2/")
		if !ok {
			continue
		}
		found++
		for method, op := range item {
			if method == "parameters" {
				continue
			}
			alias, original := op.(map[string]any), tree.Paths["/api/"+rest][method].(map[string]any)
			for key := range alias {
				if key != "operationId" && key != "description" && !reflect.DeepEqual(alias[key], original[key]) {
					t.Errorf("%s %s: %s is not that of /api/%s", method, path, key, rest)
				}
			}
		}
	}
	if found == 0 {
		t.Error("no path below /v2/")
	}
}

// Every code of the root has a status and is in the document, and the other
// way round.
func TestDocumentTellsTheCodes(t *testing.T) {
	source, err := os.ReadFile("../errors.go")
	if err != nil {
		t.Fatal(err)
	}
	var known []string
	for _, match := range regexp.MustCompile(`Code = "(\w+)"|Code\w+ +Code += "(\w+)"`).FindAllStringSubmatch(string(source), -1) {
		known = append(known, match[1]+match[2])
	}
	if len(known) < 10 {
		t.Fatalf("found only the codes %q", known)
	}
	for _, code := range known {
		if p := problemFor(billhook.Code(code)); string(p.Code) != code || p.Status >= 500 && p.Status != 503 {
			t.Errorf("code %s answers %d %s", code, p.Status, p.Code)
		}
	}
	for _, code := range []billhook.Code{codeUnauthorized, codeForbidden, codeMethodNotAllowed, codeMisdirected, codeUnsupportedMedia, codeInternal} {
		known = append(known, string(code))
	}
	var told []string
	for _, code := range loadDocument(t).Components.Schemas["Problem"].Value.Properties["code"].Value.Enum {
		told = append(told, code.(string))
	}
	slices.Sort(known)
	slices.Sort(told)
	if !slices.Equal(known, told) {
		t.Errorf("the document has the codes\n%q, the program\n%q", told, known)
	}
}
