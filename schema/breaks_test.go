package schema

import (
	"slices"
	"testing"
)

func TestBreaks(t *testing.T) {
	const base = `{"type":"object","required":["id"],"properties":{"id":{"type":"string"},"total":{"type":"number","minimum":0},"state":{"enum":["open","paid"]},"lines":{"items":{"$ref":"#/$defs/line"}}},"$defs":{"line":{"properties":{"sku":{"type":"string"}}}}}`
	for _, tt := range []struct {
		name, old, new string
		at             []string
	}{
		{"the same", base, base, nil},
		{"words", `{"type":"string"}`, `{"type":"string","description":"d","title":"t","examples":["a"],"x-note":1,"format":"email"}`, nil},
		{"a new property", `{"properties":{"a":{"type":"string"}}}`, `{"properties":{"a":{"type":"string"},"b":{"type":"number"}}}`, nil},
		{"a property less", `{"properties":{"a":{"type":"string"}}}`, `{"properties":{}}`, []string{"/properties/a"}},
		{"all properties less", `{"properties":{"a":true}}`, `{}`, []string{"/properties/a"}},
		{"newly required", `{"properties":{"a":true}}`, `{"properties":{"a":true},"required":["a"]}`, []string{"/required"}},
		{"not required any more", `{"required":["a"]}`, `{}`, []string{"/required"}},
		{"a narrower type", `{"type":["string","null"]}`, `{"type":"string"}`, []string{"/type"}},
		{"a wider type", `{"type":"string"}`, `{"type":["string","null"]}`, []string{"/type"}},
		{"a type in another order", `{"type":["string","null"]}`, `{"type":["null","string"]}`, nil},
		{"a new type", `{}`, `{"type":"string"}`, []string{"/type"}},
		{"a value less", `{"enum":["a","b"]}`, `{"enum":["a"]}`, []string{"/enum"}},
		{"a value more", `{"enum":["a"]}`, `{"enum":["b","a"]}`, nil},
		{"a new enum", `{}`, `{"enum":["a"]}`, []string{"/enum"}},
		{"no enum", `{"enum":["a"]}`, `{}`, []string{"/enum"}},
		{"narrower bounds", `{"minimum":1,"maxLength":5}`, `{"minimum":2,"maxLength":4,"maxItems":1}`, []string{"/maxItems", "/maxLength", "/minimum"}},
		{"wider bounds", `{"minimum":1,"maxLength":5}`, `{"minimum":0.5}`, nil},
		{"closed", `{"properties":{"a":true}}`, `{"properties":{"a":true},"additionalProperties":false}`, []string{"/additionalProperties"}},
		{"opened", `{"additionalProperties":false}`, `{}`, nil},
		{"deep in lists", `{"properties":{"l":{"items":{"properties":{"a":true}}}}}`, `{"properties":{"l":{"items":{"properties":{}}}}}`, []string{"/properties/l/items/properties/a"}},
		{"through references", base, `{"type":"object","required":["id"],"properties":{"id":{"type":"string"},"total":{"type":"number","minimum":0},"state":{"enum":["open","paid"]},"lines":{"items":{"$ref":"#/$defs/line"}}},"$defs":{"line":{"properties":{"sku":{"type":"number"}}}}}`, []string{"/properties/lines/items/properties/sku/type"}},
		{"a reference in place", `{"properties":{"a":{"type":"string"}}}`, `{"properties":{"a":{"$ref":"#/$defs/a"}},"$defs":{"a":{"type":"string"}}}`, nil},
		{"recursive", `{"properties":{"c":{"$ref":"#"}}}`, `{"properties":{"c":{"$ref":"#"},"d":true}}`, nil},
		{"recursive and broken", `{"properties":{"c":{"$ref":"#"},"d":true}}`, `{"properties":{"c":{"$ref":"#"}}}`, []string{"/properties/c/properties/d", "/properties/d"}},
		{"a pattern", `{"pattern":"a"}`, `{"pattern":"b"}`, []string{"/pattern"}},
		{"undecided", `{"oneOf":[{"type":"string"}]}`, `{"oneOf":[{"type":"string"},{"type":"null"}]}`, []string{"/oneOf"}},
		{"undecided by reference", `{"not":{"$ref":"#/$defs/a"},"$defs":{"a":{"type":"null"}}}`, `{"not":{"$ref":"#/$defs/a"},"$defs":{"a":{"type":"string"}}}`, []string{"/not"}},
		{"a reference with more", `{"$ref":"#/$defs/a","minLength":1,"$defs":{"a":{}}}`, `{"$ref":"#/$defs/a","minLength":2,"$defs":{"a":{}}}`, []string{""}},
		{"nothing passes", `{}`, `false`, []string{""}},
		{"something passes", `false`, `{}`, nil},
		{"all of one more", `{"allOf":[{"type":"string"}]}`, `{"allOf":[{"type":"string"},{"minLength":1}]}`, []string{"/allOf"}},
		{"all of the same", `{"allOf":[{"properties":{"a":true}}]}`, `{"allOf":[{"properties":{"a":true,"b":true}}]}`, nil},
		{"items gone", `{"items":{"type":"string"}}`, `{}`, []string{"/items"}},
	} {
		found, err := Language{}.Breaks(tt.old, tt.new)
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
		}
		var at []string
		for _, d := range found {
			at = append(at, d.Pointer)
		}
		if !slices.Equal(at, tt.at) {
			t.Errorf("%s: breaks at %q, not %q: %v", tt.name, at, tt.at, found)
		}
	}
}
