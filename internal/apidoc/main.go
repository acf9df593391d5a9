// Command apidoc writes docs/API.md, the reference of the HTTP API, from the API's own
// OpenAPI document, with an example of each operation.
//
//	go run ./internal/apidoc > docs/API.md
//
// A test holds that the page is current and that no operation is left out; package docstest
// runs the examples, in their order. It knows the OpenAPI document and nothing else of
// Billhook.
package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log"
	"os"
)

func main() {
	text, err := os.ReadFile("api/openapi.json")
	if err != nil {
		log.Fatal(err)
	}
	page, err := render(text)
	if err != nil {
		log.Fatal(err)
	}
	if _, err := os.Stdout.WriteString(page); err != nil {
		log.Fatal(err)
	}
}

// members is a JSON object that keeps the order of its members.
type members[T any] struct {
	names  []string
	values map[string]T
}

func (m *members[T]) UnmarshalJSON(text []byte) error {
	m.values = map[string]T{}
	d := json.NewDecoder(bytes.NewReader(text))
	if _, err := d.Token(); err != nil {
		return err
	}
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return err
		}
		var value T
		if err := d.Decode(&value); err != nil {
			return fmt.Errorf("%v: %w", name, err)
		}
		m.names = append(m.names, name.(string))
		m.values[name.(string)] = value
	}
	return nil
}

// A document is what the page needs of OpenAPI.
type document struct {
	Tags       []struct{ Name, Description string }
	Paths      members[members[json.RawMessage]]
	Components struct {
		Parameters map[string]parameter
		Responses  members[struct{ Description string }]
		Schemas    members[schema]
	}
}

type operation struct {
	OperationID string `json:"operationId"`
	Tags        []string
	Summary     string
	Description string
	Permission  string          `json:"x-permission"`
	Security    json.RawMessage // there and empty: no key is asked for
	Parameters  []parameter
	RequestBody *struct {
		Required bool
		Content  map[string]struct{ Schema schema }
	}
	Responses members[struct {
		Ref         string `json:"$ref"`
		Description string
		Content     map[string]struct{ Schema schema }
	}]

	method, path string
}

type parameter struct {
	Ref         string `json:"$ref"`
	Name, In    string
	Description string
	Required    bool
	Schema      schema
}

type schema struct {
	Ref         string `json:"$ref"`
	Type        any
	Description string
	Format      string
	Enum        []any
	Const       any
	Default     any
	Minimum     *json.Number
	Maximum     *json.Number
	MinLength   *int
	MaxLength   *int
	MinItems    *int
	MaxItems    *int
	Items       *schema
	Properties  members[schema]
	Required    []string
	OneOf       []schema
	AnyOf       []schema
}

// operations are all, by their ids.
func (d *document) operations() (map[string]*operation, error) {
	all := map[string]*operation{}
	for _, path := range d.Paths.names {
		methods := d.Paths.values[path]
		var shared []parameter
		if text, ok := methods.values["parameters"]; ok {
			if err := json.Unmarshal(text, &shared); err != nil {
				return nil, fmt.Errorf("%s: %w", path, err)
			}
		}
		for _, method := range methods.names {
			if method == "parameters" {
				continue
			}
			o := &operation{method: method, path: path}
			if err := json.Unmarshal(methods.values[method], o); err != nil {
				return nil, fmt.Errorf("%s %s: %w", method, path, err)
			}
			o.Parameters = append(append([]parameter{}, shared...), o.Parameters...)
			all[o.OperationID] = o
		}
	}
	return all, nil
}
