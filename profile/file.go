package profile

import (
	"encoding/json"
	"fmt"
	"os"
)

// file is a profile as its file has it. Each member must be there but those
// tagged omitempty.
type file struct {
	Name         string          `json:"name"`
	Title        string          `json:"title"`
	Document     string          `json:"document"`
	Signature    *Signature      `json:"signature,omitempty"`
	Headers      []OwnHeader     `json:"headers,omitempty"`
	Envelope     []Member        `json:"envelope"`
	IDs          IDs             `json:"ids"`
	Secret       SecretFormat    `json:"secret"`
	UserAgent    string          `json:"userAgent"`
	AllowHTTP    bool            `json:"allowHttp"`
	Reserializes bool            `json:"reserializes"`
	Catalogue    string          `json:"catalogue"`
	RetryPolicy  json.RawMessage `json:"retryPolicy"` // an object, or a preset's name
	Timeout      int64           `json:"timeout"`
	Success      string          `json:"success"`
	EventTypes   []EventType     `json:"eventTypes"`
}

// Parse reads a profile from its file's text and checks all of it: unknown
// and missing members, values out of range, headers that belong to HTTP,
// duplicate names, examples whose entity cannot be found. The error is a
// *MemberError that names the member, or a *JSONError.
func Parse(text []byte) (*Profile, error) {
	var f file
	if err := decode(text, &f, required); err != nil {
		return nil, err
	}
	var policy RetryPolicy
	if err := under("/retryPolicy", policy.read(f.RetryPolicy, required)); err != nil {
		return nil, err
	}
	p := &Profile{
		Name: f.Name, Title: f.Title, Document: f.Document,
		Signature: f.Signature, OwnHeaders: f.Headers, Envelope: f.Envelope, IDs: f.IDs, Secret: f.Secret,
		UserAgent: f.UserAgent, AllowHTTP: f.AllowHTTP, Reserializes: f.Reserializes, Catalogue: f.Catalogue,
		RetryPolicy: policy, Timeout: milliseconds(f.Timeout), Success: f.Success,
		EventTypes: f.EventTypes,
	}
	if err := p.check(); err != nil {
		return nil, err
	}
	p.parts = compile(p.Envelope)
	p.types = make(map[string]int, len(p.EventTypes))
	for i := range p.EventTypes {
		if err := p.addType(i); err != nil {
			return nil, err
		}
	}
	return p, nil
}

// Load reads a profile from a file.
func Load(path string) (*Profile, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read profile: %w", err)
	}
	p, err := Parse(text)
	if err != nil {
		return nil, fmt.Errorf("profile %s: %w", path, err)
	}
	return p, nil
}

// MarshalJSON writes the profile as Parse reads it.
func (p *Profile) MarshalJSON() ([]byte, error) {
	policy, err := json.Marshal(p.RetryPolicy)
	if err != nil {
		return nil, err
	}
	return json.Marshal(file{
		Name: p.Name, Title: p.Title, Document: p.Document,
		Signature: p.Signature, Headers: p.OwnHeaders, Envelope: p.Envelope, IDs: p.IDs, Secret: p.Secret,
		UserAgent: p.UserAgent, AllowHTTP: p.AllowHTTP, Reserializes: p.Reserializes, Catalogue: p.Catalogue,
		RetryPolicy: policy, Timeout: p.Timeout.Milliseconds(), Success: p.Success,
		EventTypes: p.EventTypes,
	})
}
