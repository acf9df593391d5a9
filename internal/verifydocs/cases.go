// Package verifydocs has requests that a receiver verifies, right and wrong, made of
// the golden vectors of package profile, and runs the functions of docs/verify on
// them. The dashboard's snippets are run on the same, so that what is handed out in
// two places is one thing. It must not know who sends.
package verifydocs

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/billhook/billhook/profile"
)

// A Case is a request and what a receiver knows, with what is to be said of it.
type Case struct {
	Name    string
	Profile string
	Body    []byte
	Headers []profile.Header // in the order and the spelling of the sender
	Secrets []string
	Now     int64 // unix seconds

	Standard bool // by the headers of Standard Webhooks
	Own      bool // by the platform's own header, where the profile has one
}

// Value is that of a header, by its name in any case; "" where it is not there.
func (c *Case) Value(name string) string {
	for _, h := range c.Headers {
		if strings.EqualFold(h.Name, name) {
			return h.Value
		}
	}
	return ""
}

// with is the case with something changed.
func (c Case) with(name string, change func(*Case)) Case {
	c.Name += ": " + name
	c.Body, c.Headers, c.Secrets = slices.Clone(c.Body), slices.Clone(c.Headers), slices.Clone(c.Secrets)
	change(&c)
	return c
}

// wrong is the case with something changed that makes both signatures wrong.
func (c Case) wrong(name string, change func(*Case)) Case {
	c = c.with(name, change)
	c.Standard, c.Own = false, false
	return c
}

func (c *Case) set(name, value string) {
	for i := range c.Headers {
		if c.Headers[i].Name == name {
			c.Headers[i].Value = value
		}
	}
}

// Cases reads the golden vectors, which are in a folder of the repository.
func Cases(folder string) ([]Case, error) {
	text, err := os.ReadFile(filepath.Join(folder, "vectors.json"))
	if err != nil {
		return nil, err
	}
	var vectors []struct {
		Name, Profile, Body string
		Secrets             []string
		SentAt              int64
		Headers             []profile.Header
	}
	if err := json.Unmarshal(text, &vectors); err != nil {
		return nil, err
	}
	var all []Case
	seen := map[string]bool{}
	for _, v := range vectors {
		p, ok := profile.Named(v.Profile)
		if !ok {
			return nil, fmt.Errorf("vector %s: there is no profile %s", v.Name, v.Profile)
		}
		good := Case{
			Name: v.Name, Profile: v.Profile, Body: []byte(v.Body), Headers: v.Headers,
			Secrets: v.Secrets[:1], Now: v.SentAt, Standard: true, Own: p.Signature != nil,
		}
		all = append(all, of(good, v.Secrets)...)
		if !seen[p.Name] {
			seen[p.Name] = true
			all = append(all, forged(good, p)...)
		}
	}
	return all, nil
}

// of are the ways in which a vector is right and wrong. signers are its secrets.
func of(good Case, signers []string) []Case {
	const other = "whsec_b3RoZXIgc2VjcmV0IGhlcmU="
	signature, sent := good.Value("webhook-signature"), good.Value("webhook-timestamp")
	all := []Case{
		good,
		good.with("one of several secrets", func(c *Case) { c.Secrets = []string{other, c.Secrets[0], "another-secret-1"} }),
		good.with("just not too old", func(c *Case) { c.Now += 300 }),
		good.with("just not too new", func(c *Case) { c.Now -= 300 }),
		good.with("signatures that nobody knows beside it", func(c *Case) {
			c.set("webhook-signature", "v2,"+signature[3:]+" v1 v1, "+signature)
		}),
		good.with("too old", func(c *Case) { c.Now += 301; c.Standard = false }),
		good.with("too new", func(c *Case) { c.Now -= 301; c.Standard = false }),
		good.with("another id", func(c *Case) { c.set("webhook-id", "evt_another"); c.Standard = false }),
		good.with("a time that no receiver counts in", func(c *Case) { c.set("webhook-timestamp", sent+".0"); c.Standard = false }),
		good.with("a signed time", func(c *Case) { c.set("webhook-timestamp", "+"+sent); c.Standard = false }),
		good.with("a time beyond all numbers", func(c *Case) {
			c.set("webhook-timestamp", strings.Repeat(sent, 3))
			c.Standard = false
		}),
		good.with("a version that is not its own", func(c *Case) {
			c.set("webhook-signature", strings.ReplaceAll(signature, "v1,", "v2,"))
			c.Standard = false
		}),
		good.wrong("another body", func(c *Case) { c.Body = append(c.Body, ' ') }),
		good.wrong("another byte of the body", func(c *Case) { c.Body[len(c.Body)-2] ^= 1 }),
		good.wrong("another secret", func(c *Case) { c.Secrets = []string{other} }),
		good.wrong("no secret", func(c *Case) { c.Secrets = nil }),
		good.wrong("no headers", func(c *Case) { c.Headers = nil }),
		good.wrong("signatures cut short", func(c *Case) {
			for i, h := range c.Headers {
				if h.Name != "webhook-id" && h.Name != "webhook-timestamp" {
					c.Headers[i].Value = h.Value[:len(h.Value)/len(signers)-2]
				}
			}
		}),
	}
	for _, old := range signers[1:] { // the platform's own header has room for the newest alone
		all = append(all, good.with("an older secret", func(c *Case) { c.Secrets, c.Own = []string{old}, false }))
	}
	return all
}

// forged are requests that anybody could have signed, and some whose secrets are
// easily misread.
func forged(good Case, p *profile.Profile) (all []Case) {
	signed := func(secret string) Case {
		return good.with("signed with "+secret, func(c *Case) {
			c.Headers = p.Headers([]string{secret}, c.Value("webhook-id"), time.Unix(c.Now, 0), c.Body)
			c.Secrets = []string{secret}
		})
	}
	for _, secret := range []string{
		"whsec_QUJDREVGR0hJSktMTU5PUB==",  // the last bits mean nothing
		"whsec_QUJDREVGR0hJSktMTU5PUA",    // not padded, so not base64
		"whsec_QUJDREVGR0hJ-ktMTU5PUA==",  // another alphabet
		"whsec_QUJDREVG R0hJSktMTU5PUA==", // a space in it
		"whsec_whsec_QUJDREVGR0hJ",        // twice
		strings.Repeat("0123456789", 25),  // longer than a block of SHA-256
	} {
		all = append(all, signed(secret))
	}
	for _, secret := range []string{"", "whsec_", "whpk_Gb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE="} {
		all = append(all, signed(secret).wrong("which is no secret", func(*Case) {}))
	}
	return all
}
