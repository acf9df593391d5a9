package schema

import (
	"encoding/json"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/billhook/billhook"
)

func value(t testing.TB, text string) any {
	t.Helper()
	v, err := decode(text)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestCheck(t *testing.T) {
	const order = `{"type":"object","required":["id","lines"],"properties":{"id":{"type":"string","pattern":"^o_"},"total":{"type":"number","minimum":0},` +
		`"currency":{"enum":["EUR","USD"]},"lines":{"type":"array","items":{"$ref":"#/$defs/line"},"minItems":1,"uniqueItems":true}},` +
		`"$defs":{"line":{"type":"object","properties":{"qty":{"type":"integer"}},"additionalProperties":false}}}`
	for _, tt := range []struct {
		schema, data string
		at           []string
	}{
		{order, `{"id":"o_1","lines":[{"qty":1}]}`, nil},
		{order, `{"id":"o_1","lines":[{"qty":1.0},{"qty":2e0}],"more":1,"total":0.5,"currency":"EUR"}`, nil},
		{order, `{"lines":[{}]}`, []string{""}},
		{order, `[]`, []string{""}},
		{order, `{"id":"x","total":-1,"currency":"GBP","lines":[{"qty":1.5},{"a~/b":1}]}`, []string{"/currency", "/id", "/lines/0/qty", "/lines/1", "/total"}},
		{order, `{"id":"o_1","lines":[{"qty":1},{"qty":1}]}`, []string{"/lines"}},
		{order, `{"id":"o_1","lines":[]}`, []string{"/lines"}},
		{`{"properties":{"a~/b":{"type":"string"}}}`, `{"a~/b":1}`, []string{"/a~0~1b"}},
		{`{"type":"number"}`, `1e1000000000`, []string{""}},
		{`{"items":{"type":"number"}}`, `[1,1e-1000000000]`, []string{"/1"}},
		{`true`, `1`, nil},
		{`false`, `1`, []string{""}},
		{`{"$id":"https://example.com/order","type":"object","properties":{"a":{"$ref":"#/properties/b"},"b":{"type":"null"}}}`, `{"a":null}`, nil},
		{`{"properties":{"child":{"$ref":"#"}},"required":["n"]}`, `{"n":1,"child":{"n":2,"child":{}}}`, []string{"/child/child"}},
		{`{"unevaluatedProperties":false,"allOf":[{"properties":{"a":true}}]}`, `{"a":1,"b":2}`, []string{"/b"}},
		{`{"if":{"properties":{"kind":{"const":"card"}}},"then":{"required":["last4"]}}`, `{"kind":"card"}`, []string{""}},
		{`{"format":"date-time"}`, `"not checked, as 2020-12 has it"`, nil},
	} {
		s, err := Language{}.Compile(tt.schema)
		if err != nil {
			t.Errorf("%s: %v", tt.schema, err)
			continue
		}
		var at []string
		for _, d := range s.Check(value(t, tt.data)) {
			if at = append(at, d.Pointer); d.Message == "" {
				t.Errorf("%s of %s: no words at %s", tt.schema, tt.data, d.Pointer)
			}
		}
		if !slices.Equal(at, tt.at) {
			t.Errorf("%s of %s: wrong at %q, not %q: %v", tt.schema, tt.data, at, tt.at, s.Check(value(t, tt.data)))
		}
	}
}

// TestRefused: each schema is refused when it is given, with its place.
func TestRefused(t *testing.T) {
	for schema, want := range map[string]string{
		`1`:                                    ": is neither",
		`[]`:                                   ": is neither",
		`{"type":"strnig"}`:                    "/type: ",
		`{"properties":{"a":{"minimum":"x"}}}`: "/properties/a/minimum: ",
		`{"$schema":"http://json-schema.org/draft-07/schema#"}`:        "/$schema: is another dialect",
		`{"$ref":"https://example.com/schema.json"}`:                   `refers to "https://example.com/schema.json"`,
		`{"$ref":"file:///etc/passwd"}`:                                `refers to "file:///etc/passwd"`,
		`{"$ref":"other.json"}`:                                        `refers to`,
		`{"properties":{"a":{"$ref":"#/$defs/nowhere"}}}`:              "",
		`{"$dynamicRef":"#a"}`:                                         "/$dynamicRef: ",
		`{"minimum":1e999999999}`:                                      "/minimum: ",
		`{"pattern":"("}`:                                              "",
		`{"pattern":"(a{1000}){1000}"}`:                                "",
		`{"pattern":"a{1000}b{1000}c{1000}"}`:                          "repeats too much",
		`{"pattern":"` + strings.Repeat("a", 1001) + `"}`:              "/pattern: ",
		strings.Repeat(`{"not":`, 70) + `{}` + strings.Repeat("}", 70): "nested",
		`{"allOf":[` + strings.Repeat(`{},`, 2100) + `{}]}`:            "parts",
	} {
		_, err := Language{}.Compile(schema)
		if billhook.ErrorCode(err) != billhook.CodeInvalid {
			t.Errorf("%.80s: %v", schema, err)
			continue
		}
		e := err.(*billhook.Error)
		if said := e.Pointer + ": " + e.Message; !strings.Contains(said, want) {
			t.Errorf("%.80s: %s, without %s", schema, said, want)
		}
	}
}

// hostile are schemas that would take long, and data for which they do.
func hostile() map[string][2]string {
	var doubling strings.Builder
	for i := range 60 {
		fmt.Fprintf(&doubling, `"d%d":{"allOf":[{"$ref":"#/$defs/d%d"},{"$ref":"#/$defs/d%d"}]},`, i, i+1, i+1)
	}
	many, _ := json.Marshal(make([]int, 100_000))
	deep := strings.Repeat(`{"a":`, 60) + "1" + strings.Repeat("}", 60)
	texts, _ := json.Marshal(slices.Repeat([]string{strings.Repeat("a", 100)}, 5000))
	decimals, _ := json.Marshal(slices.Repeat([]json.Number{"1.2345678901234567890123456789e-300"}, 20000))
	return map[string][2]string{
		"doubling":         {`{"$ref":"#/$defs/d0","$defs":{` + doubling.String() + `"d60":{"type":"string"}}}`, `1`},
		"doubling in not":  {`{"not":{"$ref":"#/$defs/d0"},"$defs":{` + doubling.String() + `"d60":{"type":"string"}}}`, `1`},
		"by depth":         {`{"$defs":{"s":{"allOf":[{"properties":{"a":{"$ref":"#/$defs/s"}}},{"properties":{"a":{"$ref":"#/$defs/s"}}}]}},"$ref":"#/$defs/s"}`, deep},
		"patterns":         {`{"not":{"$ref":"#/$defs/s"},"$defs":{"s":{"required":["z"],"patternProperties":{"a":{"$ref":"#/$defs/s"},"a*":{"$ref":"#/$defs/s"},"a?":{"$ref":"#/$defs/s"}}}}}`, deep},
		"a cycle":          {`{"$defs":{"a":{"$ref":"#/$defs/b"},"b":{"$ref":"#/$defs/a"}},"$ref":"#/$defs/a"}`, `1`},
		"a wide all":       {`{"items":{"allOf":[` + strings.Repeat(`{"type":"string"},`, 1000) + `{}]}}`, string(many)},
		"all wrong":        {`{"items":{"type":"string"}}`, string(many)},
		"all wrong and of": {`{"items":{"anyOf":[{"type":"string"},{"type":"null"}]}}`, string(many)},
		"a long enum":      {`{"items":{"enum":[` + strings.Repeat(`"x",`, 8000) + `1]}}`, string(many)},
		"unique":           {`{"uniqueItems":true}`, string(many)},
		"a pattern":        {`{"items":{"pattern":"^(a|a|a|a|a|a)*(a|a|a|a|a|a)*(a{0,200}){0,4}b$"}}`, string(texts)},
		"fractions":        {`{"items":{"multipleOf":1.7e-290,"minimum":3e-300}}`, string(decimals)},
	}
}

// TestHostile: a schema that would take long, or much memory, is given up soon.
func TestHostile(t *testing.T) {
	for name, pair := range hostile() {
		t.Run(name, func(t *testing.T) {
			begun := time.Now()
			s, err := Language{}.Compile(pair[0])
			if took := time.Since(begun); took > 2*time.Second {
				t.Errorf("compiling took %v", took)
			}
			if err != nil {
				t.Logf("refused: %v", err)
				return
			}
			data := value(t, pair[1])
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			begun = time.Now()
			wrong := s.Check(data)
			took := time.Since(begun)
			runtime.ReadMemStats(&after)
			size := (after.TotalAlloc - before.TotalAlloc) >> 20
			t.Logf("%v, %d MiB, %.200v", took, size, wrong)
			if len(wrong) > billhook.MaxDetails {
				t.Errorf("%d details", len(wrong))
			}
			if took > 3*time.Second || size > 1000 { // the race detector has pools forget
				t.Errorf("took %v and %d MiB", took, size)
			}
		})
	}
}

func FuzzSchema(f *testing.F) {
	f.Add(`{"type":"object","required":["id"],"properties":{"id":{"type":"string","pattern":"^o_"}}}`, `{"id":"o_1"}`)
	f.Add(`{"$ref":"#/$defs/a","$defs":{"a":{"anyOf":[{"type":"null"},{"items":{"$ref":"#/$defs/a"}}]}}}`, `[[],[null,[1]]]`)
	for _, pair := range hostile() {
		f.Add(pair[0], pair[1][:min(len(pair[1]), 100)])
	}
	f.Fuzz(func(t *testing.T, schema, data string) {
		if len(schema) > 1<<16 || len(data) > 1<<16 || !json.Valid([]byte(data)) {
			return
		}
		begun := time.Now()
		s, err := Language{}.Compile(schema)
		if err != nil {
			if billhook.ErrorCode(err) != billhook.CodeInvalid {
				t.Fatalf("%q: %v", schema, err)
			}
			return
		}
		v, err := decode(data)
		if err != nil {
			return
		}
		if first, again := s.Check(v), s.Check(v); (len(first) == 0) != (len(again) == 0) {
			t.Fatalf("%q of %q: %v, then %v", schema, data, first, again)
		}
		if took := time.Since(begun); took > 5*time.Second {
			t.Fatalf("%q of %q took %v", schema, data, took)
		}
		if breaks, err := (Language{}).Breaks(schema, schema); err != nil || len(breaks) > 0 {
			t.Fatalf("%q breaks itself: %v, %v", schema, breaks, err)
		}
	})
}
