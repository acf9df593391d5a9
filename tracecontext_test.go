package billhook

import (
	"context"
	"strings"
	"testing"
)

const (
	aTraceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
	aTraceID     = "4bf92f3577b34da6a3ce929d0e0e4736"
)

// TestTraceparent follows the grammar of W3C Trace Context, 3.2.2, and the cases of
// its test suite.
func TestTraceparent(t *testing.T) {
	const ids = "4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7"
	for text, want := range map[string]string{
		aTraceparent:                   aTraceparent,
		"00-" + ids + "-00":            "00-" + ids + "-00",
		"00-" + ids + "-03":            "00-" + ids + "-03",
		"00-" + ids + "-ff":            "00-" + ids + "-03", // flags that nobody knows are not passed on
		"00-" + ids + "-08":            "00-" + ids + "-00",
		"cc-" + ids + "-01":            aTraceparent,
		"cc-" + ids + "-01-what-comes": aTraceparent,
		"cc-" + ids + "-01.what-comes": "",
		"cc-" + ids + "-01-":           aTraceparent,
		"00-" + ids + "-01-":           "",
		"00-" + ids + "-01.":           "",
		"00-" + ids + "-01-what-comes": "",
		"ff-" + ids + "-01":            "",
		"":                             "",
		"00":                           "",
		"00-" + ids:                    "",
		"00-" + ids + "-1":             "",
		"00-" + ids + "-.0":            "",
		"0-" + ids + "-01":             "",
		".0-" + ids + "-01":            "",
		"000-" + ids + "-01":           "",
		" " + aTraceparent:             "",
		aTraceparent + " ":             "",
		"00_" + ids + "-01":            "",
		"00-" + ids + "_01":            "",
		"00-00000000000000000000000000000000-00f067aa0ba902b7-01": "",
		"00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01": "",
		"00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01": "",
		"00-4bf92f3577b34da6a3ce929d0e0e4736-00F067AA0BA902B7-01": "",
		"00-" + ids + "-0A": "",
		"00-4bf92f3577b34da6a3ce929d0e0e473.-00f067aa0ba902b7-01":    "",
		"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7,01":    "",
		"00-4bf92f3577b34da6a3ce929d0e0e47364-00f067aa0ba902b7-01":   "",
		aTraceparent + "," + aTraceparent:                            "",
		"00-4bf92f3577b34da6a3ce929d0e0e473\x00-00f067aa0ba902b7-01": "",
	} {
		got := ParseTraceContext(text, "")
		if got.Traceparent() != want || got.IsZero() != (want == "") {
			t.Errorf("%q is read as %q, want %q", text, got.Traceparent(), want)
		}
		if again := ReadTraceContext(got.String()); again != got {
			t.Errorf("%q is kept as %q and read as %q", text, got, again)
		}
	}
	if got := ParseTraceContext(aTraceparent, "a=b"); got.TraceID() != aTraceID || (TraceContext{}).TraceID() != "" {
		t.Errorf("the trace's id is %q", got.TraceID())
	}
	if got := ParseTraceContext("no", "a=b"); !got.IsZero() || got.Tracestate() != "" {
		t.Errorf("a tracestate without a traceparent is %q", got)
	}
}

// TestTracestate follows the grammar of W3C Trace Context, 3.3.1.
func TestTracestate(t *testing.T) {
	long := func(key string, length int) string { return key + "=" + strings.Repeat("x", length-len(key)-1) }
	var many []string
	for i := range 33 {
		many = append(many, "k"+strings.Repeat("a", i)+"=1")
	}
	for text, want := range map[string]string{
		"":                              "",
		"foo=1":                         "foo=1",
		"foo=1,bar=2":                   "foo=1,bar=2",
		" foo=1 \t,\t bar=2 ":           "foo=1,bar=2",
		"foo=1,,bar=2,":                 "foo=1,bar=2",
		"foo=a b":                       "foo=a b",
		"foo= a":                        "foo= a",
		"a1_-*/=~!":                     "a1_-*/=~!",
		"fw529a3039@dt=x,0t@s=y":        "fw529a3039@dt=x,0t@s=y",
		long("k", 200):                  long("k", 200),
		strings.Repeat("k", 256) + "=1": strings.Repeat("k", 256) + "=1",
		strings.Repeat("t", 241) + "@" + strings.Repeat("s", 14) + "=1": strings.Repeat("t", 241) + "@" + strings.Repeat("s", 14) + "=1",
		// What is no list.
		"foo":                                 "",
		"foo=":                                "",
		"=1":                                  "",
		"foo=1=2":                             "",
		"foo=1,foo=2":                         "",
		"foo=1;bar=2":                         "",
		"Foo=1":                               "",
		"0foo=1":                              "",
		"foo =1":                              "",
		"foo@=1":                              "",
		"@foo=1":                              "",
		"foo@@bar=1":                          "",
		"foo@bar@baz=1":                       "",
		"foo@0bar=1":                          "",
		"foo=é":                               "",
		"foo=\x01":                            "",
		"foo=a\x7f":                           "",
		"foo=1,bar":                           "",
		strings.Repeat("k", 257) + "=1":       "",
		strings.Repeat("t", 242) + "@s=1":     "",
		"t@" + strings.Repeat("s", 15) + "=1": "",
		long("k", 259):                        "",
		strings.Join(many, ","):               "",
		// Too long: large members go first, then the last.
		strings.Join([]string{long("a", 128), long("b", 200), long("c", 128), long("d", 200)}, ","):                 strings.Join([]string{long("a", 128), long("b", 200), long("c", 128)}, ","),
		strings.Join([]string{long("a", 128), long("b", 129), long("c", 128), long("d", 128), long("e", 100)}, ","): strings.Join([]string{long("a", 128), long("c", 128), long("d", 128), long("e", 100)}, ","),
		strings.Join([]string{long("a", 128), long("b", 128), long("c", 128), long("d", 128)}, ","):                 strings.Join([]string{long("a", 128), long("b", 128), long("c", 128)}, ","),
		strings.Join([]string{long("a", 127), long("b", 127), long("c", 128), long("d", 127)}, ","):                 strings.Join([]string{long("a", 127), long("b", 127), long("c", 128), long("d", 127)}, ","),
	} {
		got := ParseTraceContext(aTraceparent, text)
		if got.Traceparent() != aTraceparent || got.Tracestate() != want {
			t.Errorf("%q is read as %q, %q, want %q", text, got.Traceparent(), got.Tracestate(), want)
		}
		if again := ReadTraceContext(got.String()); again != got {
			t.Errorf("%q is kept as %q and read as %q", text, got, again)
		}
	}
}

// Whatever stands in the headers, what is kept is bounded, printable, and reads the
// same again.
func FuzzTraceContext(f *testing.F) {
	f.Add(aTraceparent, "foo=1, bar=2")
	f.Add("01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-f1-x", strings.Repeat("a", 300)+"=1")
	f.Fuzz(func(t *testing.T, traceparent, tracestate string) {
		got := ParseTraceContext(traceparent, tracestate)
		if len(got.Tracestate()) > 512 || strings.ContainsFunc(got.String(), func(r rune) bool { return r < ' ' || r > '~' }) {
			t.Errorf("kept: %q", got)
		}
		if !got.IsZero() && (len(got.Traceparent()) != 55 || got.TraceID() != traceparent[3:35]) {
			t.Errorf("%q became %q", traceparent, got.Traceparent())
		}
		if ReadTraceContext(got.String()) != got || ParseTraceContext(got.Traceparent(), got.Tracestate()) != got {
			t.Errorf("%q reads otherwise the second time", got)
		}
	})
}

// TestTraceCostsNothing: without a Tracer and without a trace nothing is allocated on
// the way of an event.
func TestTraceCostsNothing(t *testing.T) {
	type other struct{}
	ctx := context.WithValue(context.Background(), other{}, 1)
	c, s := &Client{}, &sender{}
	event, pending, attempt := &Event{}, &Pending{}, &Attempt{}
	sum := 0
	n := testing.AllocsPerRun(100, func() {
		ctx, emitting := c.startEmit(ctx, "default", 1)
		trace := TraceContextOf(ctx)
		place, attempting := s.startAttempt(event, pending, attempt)
		if emitting == nil && attempting == nil && ReadTraceContext("").IsZero() {
			sum += len(trace.String()) + len(place.Traceparent())
		}
	})
	if n != 0 || sum != 0 {
		t.Errorf("%v allocations", n)
	}
}
