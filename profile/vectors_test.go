package profile

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"time"
)

var update = flag.Bool("update", false, "write testdata/vectors.json anew")

// vector is one golden delivery. The file is the contract between this package
// and every other implementation, the TypeScript client among them.
type vector struct {
	Name    string   `json:"name"`
	Profile string   `json:"profile"`
	Secrets []string `json:"secrets"` // the newest first
	ID      string   `json:"id"`
	Type    string   `json:"type"`
	Time    string   `json:"time"` // of the event, RFC 3339
	Data    string   `json:"data"` // JSON text as it was emitted
	// IdempotencyKey is that of the emitting request; "" is none.
	IdempotencyKey string `json:"idempotencyKey"`
	SentAt         int64  `json:"sentAt"` // of the attempt, unix seconds
	// Exact says that ECMAScript can hold all numbers of data.
	Exact   bool           `json:"exact"`
	Body    string         `json:"body"`
	Headers []vectorHeader `json:"headers"` // in the order they are sent
}

type vectorHeader struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

var vectorsPath = filepath.Join("testdata", "vectors.json")

func TestVectors(t *testing.T) {
	if *update {
		writeVectors(t)
	}
	var golden []vector
	text, err := os.ReadFile(vectorsPath)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &golden); err != nil {
		t.Fatal(err)
	}
	covered := map[string]bool{}
	for _, v := range golden {
		covered[v.Profile+" "+v.Type] = true
		body, headers := deliver(t, v)
		if body != v.Body {
			t.Errorf("%s: body\n got %s\nwant %s", v.Name, body, v.Body)
		}
		if !slices.Equal(headers, v.Headers) {
			t.Errorf("%s: headers\n got %v\nwant %v", v.Name, headers, v.Headers)
		}
	}
	for _, name := range Names() {
		for _, et := range named(t, name).EventTypes {
			if !covered[name+" "+et.Name] {
				t.Errorf("no vector for %s %s; run with -update", name, et.Name)
			}
		}
	}
}

// TestVectorsInNode checks the same file with code that shares nothing with
// this package: it follows the platforms' documents.
func TestVectorsInNode(t *testing.T) {
	text, err := os.ReadFile(vectorsPath)
	if err != nil {
		t.Fatal(err)
	}
	var golden []vector
	if err := json.Unmarshal(text, &golden); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command("node", filepath.Join("testdata", "verify.js"), vectorsPath).CombinedOutput()
	if want := fmt.Sprintf("%d vectors hold\n", len(golden)); err != nil || string(out) != want || len(golden) < 100 {
		t.Errorf("run node, which this test needs: %v\n%s", err, out)
	}
}

// deliver makes what is sent for a vector.
func deliver(t *testing.T, v vector) (body string, headers []vectorHeader) {
	t.Helper()
	p := named(t, v.Profile)
	at, err := time.Parse(time.RFC3339Nano, v.Time)
	if err != nil {
		t.Fatal(err)
	}
	data, err := Canonical([]byte(v.Data), p.Options())
	if err != nil {
		t.Fatalf("%s: %v", v.Name, err)
	}
	raw := p.AppendBody(nil, Event{ID: v.ID, Type: v.Type, Time: at, Data: data, IdempotencyKey: v.IdempotencyKey})
	for _, h := range p.Headers(v.Secrets, v.ID, time.Unix(v.SentAt, 0), raw) {
		headers = append(headers, vectorHeader(h))
	}
	return string(raw), headers
}

func writeVectors(t *testing.T) {
	t.Helper()
	var all []vector
	for _, name := range Names() {
		p := named(t, name)
		for i, et := range p.EventTypes {
			at := time.Date(2026, 3, 15, 10, 30, i, 123456789*i, time.UTC)
			all = append(all, vector{
				Name: name + " " + et.Name, Profile: name, Secrets: []string{"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"},
				ID: p.IDs.Event.New(at, [10]byte{9: byte(i)}), Type: et.Name, Time: at.Format(time.RFC3339Nano),
				Data: string(et.Example), SentAt: at.Unix() + int64(60*i), Exact: true,
			})
		}
		all = append(all, hardVectors(p)...)
	}
	all = append(all, documentVectors(t)...)
	for i := range all {
		all[i].Body, all[i].Headers = deliver(t, all[i])
	}
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(all); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(vectorsPath, out.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
}

// hardVectors are what implementations get wrong.
func hardVectors(p *Profile) []vector {
	base := vector{
		Profile: p.Name, Secrets: []string{"whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"}, ID: "evt_brought-along.1",
		Type: p.EventTypes[0].Name, Time: "2025-12-31T23:59:59.999999Z", SentAt: 1767225600, Exact: true, Data: `{"id":"1"}`,
	}
	var all []vector
	add := func(name string, change func(v *vector)) {
		v := base
		v.Name = p.Name + " hard: " + name
		change(&v)
		all = append(all, v)
	}
	data := func(text string) func(v *vector) { return func(v *vector) { v.Data = text } }
	add("unicode", data(`{"name":"Zoë 漢字 😀","escaped":"Zo\u00eb \u6f22 \ud83d\ude00","nul":"\u0000","del":"\u007f","bom":"\ufeff"}`))
	add("line separators and html", data(`{"raw":"`+"\u2028\u2029"+`","escaped":"\u2028\u2029","html":"<a href='x'>&\/<\/a>","\u2028":1}`))
	add("lone surrogates", data(`{"high":"\ud800","low":"\uDFFF!","swapped":"\udc00\ud800","\ud800":"key"}`))
	add("integer-like keys", data(`{"b":1,"10":"ten","9":"nine","4294967294":"last","4294967295":"none","01":"none","-1":"none","0":"zero","a":{"2":2,"1":1}}`))
	add("duplicate keys", data(`{"a":1,"b":2,"\u0061":{"x":1,"y":2,"x":3},"__proto__":{"p":1},"1":1,"__proto__":2,"1":3}`))
	add("numbers", data(`[0,-0,0.0,1.0,25.50,100e-2,1e2,1E+20,1e21,123456789012345680000,0.000001,0.0000001,-1.5e-9,5e-324,1.7976931348623157e308,9007199254740991,0.1]`))
	add("white space", data(" {\t\"a\" :\r\n[ 1 , { } , [ ] ] , \"b\" : null } \n"))
	add("data that is no object", data(`"text"`))
	add("data named object", data(`{"object":{"id":"1","object":{}}}`))
	add("data half named object", data(`{"object":{"id":"1"},"other":{}}`))
	add("idempotency key", func(v *vector) { v.IdempotencyKey = "key-\"1\"/é" })
	add("secret that is not base64", func(v *vector) { v.Secrets = []string{"whsec_your_random_secret_string"} })
	add("secret without prefix", func(v *vector) { v.Secrets = []string{"order-secret-123"} })
	add("bare base64 secret", func(v *vector) { v.Secrets = []string{"C2FVsBQIhrscChlQIMV+b5sSYspob7oD"} })
	add("rotating secrets", func(v *vector) { v.Secrets = []string{"whsec_bmV3IHNlY3JldA==", "order-secret-123", v.Secrets[0]} })
	if !p.Reserializes {
		add("numbers that ECMAScript cannot hold", func(v *vector) {
			v.Exact, v.Data = false, `{"id":9007199254740993,"long":12345678901234567890,"huge":1e400,"fine":0.10000000000000000055}`
		})
	}
	return all
}

// documentVectors are the envelopes that the documents print in full.
func documentVectors(t *testing.T) []vector {
	t.Helper()
	vectors := []vector{
		{Profile: "commerce-engine", ID: "evt_01HQ...", Type: "orders.create", Time: "2026-03-15T10:30:00Z"},
		{Profile: "elective-commerce", ID: "evt_01j7x...", Type: "order.paid", Time: time.Unix(1736611200, 0).UTC().Format(time.RFC3339)},
		{Profile: "etail-depot", ID: "evt_1234567890", Type: "payment.succeeded", Time: time.Unix(1640995200, 0).UTC().Format(time.RFC3339)},
	}
	for _, v := range []struct{ id, at, name string }{
		{"evt_content_submitted_123", "10:30", "content.submitted"}, {"evt_content_approved_124", "11:00", "content.approved"},
		{"evt_content_rejected_125", "11:15", "content.rejected"}, {"evt_product_purchased_126", "14:30", "product.purchased"},
		{"evt_order_completed_127", "14:45", "order.completed"}, {"evt_review_created_128", "16:00", "review.created"},
		{"evt_review_approved_129", "16:30", "review.approved"}, {"evt_creator_registered_130", "09:00", "creator.registered"},
		{"evt_commission_earned_131", "14:45", "commission.earned"}, {"evt_user_registered_132", "08:30", "user.registered"},
	} {
		vectors = append(vectors, vector{Profile: "litestore", ID: v.id, Type: v.name, Time: "2024-01-15T" + v.at + ":00Z"})
	}
	for i := range vectors {
		v := &vectors[i]
		et, ok := named(t, v.Profile).EventType(v.Type)
		if !ok {
			t.Fatalf("%s has no %s", v.Profile, v.Type)
		}
		v.Name = v.Profile + " as documented: " + v.Type
		v.Secrets, v.Data, v.SentAt, v.Exact = []string{"your-webhook-secret"}, string(et.Example), 1767225600, true
	}
	return vectors
}
