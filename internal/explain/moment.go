package explain

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// stampReadings are the timestamps that may have been signed, where the header says this.
func (q Question) stampReadings(s *scheme, stamp, header string) []reading {
	if !s.layout.SignsTime() {
		return []reading{{}}
	}
	var all []reading
	add := func(text, label, code, what, do string) {
		for _, r := range all {
			if string(r.bytes) == text {
				return
			}
		}
		if text == "" && len(all) > 0 {
			return
		}
		var f *Fault
		if code != "" {
			f = &Fault{code, what, do}
		}
		all = append(all, reading{bytes: []byte(text), label: label, fault: f})
	}
	unit := func(text, label string) {
		add(text, label, CodeTimestampUnit, header+" says "+stamp+", where "+text+" was signed: unix seconds.",
			"Hand the header on as it comes, and read it as seconds: milliseconds and dates as text are not what is signed.")
	}
	add(stamp, "as it is", "", "", "")
	if bare := strings.TrimSpace(stamp); bare != stamp {
		unit(bare, "trimmed")
	}
	if n, err := strconv.ParseInt(stamp, 10, 64); err == nil {
		if n > 1e11 {
			unit(strconv.FormatInt(n/1000, 10), "milliseconds as seconds")
		} else {
			unit(stamp+"000", "seconds as milliseconds")
		}
	} else if whole, _, ok := strings.Cut(stamp, "."); ok {
		unit(whole, "without a fraction")
	}
	for _, layout := range []string{time.RFC3339, http.TimeFormat, time.DateTime} {
		if at, err := time.Parse(layout, stamp); err == nil {
			unit(strconv.FormatInt(at.Unix(), 10), "a date as seconds")
		}
	}
	swapped := "Keep the headers of one request together: " + header + " must come from the same request as the signature."
	for _, f := range q.Request.Fields { // in what other header there is a time
		if _, err := strconv.ParseInt(f.Value, 10, 64); err == nil && len(f.Value) >= 9 && len(f.Value) <= 14 && f.Value != stamp {
			add(f.Value, "that of "+f.Name, CodeTimestampIDMixed, "What was signed as the timestamp is in "+f.Name+", not in "+header+".", swapped)
		}
		if at, err := http.ParseTime(f.Value); err == nil {
			add(strconv.FormatInt(at.Unix(), 10), "that of "+f.Name, CodeTimestampSwapped, "The signature is of the time in "+f.Name+", not of that in "+header+".", swapped)
		}
	}
	return all
}

// idReadings are the ids that may have been signed.
func (q Question) idReadings(s *scheme, id, header string) []reading {
	if !s.layout.SignsID() {
		return []reading{{}}
	}
	all := []reading{{bytes: []byte(id), label: "as it is"}}
	add := func(text, label, code, what string) {
		if text != "" && text != id {
			all = append(all, reading{bytes: []byte(text), label: label, fault: &Fault{code, what,
				"Keep the headers of one request together: " + header + " must come from the same request as body and signature."}})
		}
	}
	add(strings.TrimSpace(id), "trimmed", CodeIDSwapped, header+" has white space around it.")
	for _, inner := range topTexts(q.Request.Body) {
		add(inner, "an id in the body", CodeIDSwapped, fmt.Sprintf("%s says %s, but the signature is of the event %s, which is the body's.", header, id, inner))
	}
	for _, f := range q.Request.Fields {
		if len(f.Value) < 128 && !strings.EqualFold(f.Name, header) && strings.Contains(strings.ToLower(f.Name), "id") || strings.EqualFold(f.Name, s.timeHeader) {
			add(f.Value, "that of "+f.Name, CodeTimestampIDMixed, "What was signed as the id is in "+f.Name+", not in "+header+".")
		}
	}
	return all
}

// topTexts are the texts at the top of a body that may be ids, the first of them.
func topTexts(body []byte) (all []string) {
	tree, err := parseTree(body)
	if err != nil || tree.kind != '{' {
		return nil
	}
	for _, m := range tree.members {
		if m.kind == '"' && m.text != "" && len(m.text) < 128 && len(all) < 8 {
			all = append(all, m.text)
		}
	}
	return all
}

// moments are how far from a timestamp the search for another one goes, in seconds: each
// second of an hour, and what time zones are apart.
func moments() (all []int64) {
	for s := int64(1); s <= 3600; s++ {
		all = append(all, s)
	}
	for quarter := int64(5); quarter <= 14*4; quarter++ {
		all = append(all, quarter*900)
	}
	return all
}

// timeFaults says what is wrong with the time of a signature that is right.
func (q Question) timeFaults(stamp, header string) []Fault {
	seconds, err := strconv.ParseInt(stamp, 10, 64)
	if err != nil {
		return []Fault{fault(CodeTimestampUnit, header+" says "+stamp+", which is not in unix seconds; it is what was signed.", "The sender must sign unix seconds, as whole numbers.")}
	}
	if seconds > 1e11 {
		return []Fault{fault(CodeTimestampUnit, header+" says "+stamp+", which is in milliseconds; it is what was signed.", "The sender must sign unix seconds: Math.floor(Date.now() / 1000).")}
	}
	at := time.Unix(seconds, 0)
	switch off := q.Now.Sub(at); {
	case off > q.Tolerance:
		return []Fault{fault(CodeTimestampStale,
			fmt.Sprintf("The signature is right, but of %s: %s ago, where %s is let through.", at.UTC().Format(time.RFC3339), off.Round(time.Second), q.Tolerance),
			"Compare the receiver's clock with the sender's (chronyc tracking, timedatectl). If the request is an old recording, give its time with --now.")}
	case off < -q.Tolerance:
		return []Fault{fault(CodeTimestampFuture,
			fmt.Sprintf("The signature is right, but of %s: %s ahead, where %s is let through.", at.UTC().Format(time.RFC3339), -off.Round(time.Second), q.Tolerance),
			"Compare the receiver's clock with the sender's (chronyc tracking, timedatectl): one of them is wrong, by a time zone perhaps.")}
	}
	return nil
}
