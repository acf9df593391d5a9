package postgres

import (
	"context"
	"errors"
	"reflect"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/billhook/billhook"
)

func TestDollars(t *testing.T) {
	for text, want := range map[string]string{
		"":                                "",
		"SELECT 1":                        "SELECT 1",
		"a = ? AND b = ?":                 "a = $1 AND b = $2",
		"VALUES (?1,?3,?4,0,?2)":          "VALUES ($1,$3,$4,0,$2)",
		"unnest(?12::text[],?13::text[])": "unnest($12::text[],$13::text[])",
		"LIMIT ?":                         "LIMIT $1",
	} {
		if got := dollars(text); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}

func TestStorable(t *testing.T) {
	odd, fine := "a\x00b\xff\xfec\xc3", "grün ✓"
	for _, test := range []struct{ arg, want any }{
		{odd, "a\uFFFDb\uFFFDc\uFFFD"},
		{fine, fine},
		{"", ""},
		{int64(7), int64(7)},
		{nil, nil},
		{[]byte(odd), []byte(odd)},
		{[]int64{1}, []int64{1}},
	} {
		if got := storable(test.arg); !reflect.DeepEqual(got, test.want) {
			t.Errorf("%q: got %q, want %q", test.arg, got, test.want)
		}
	}
	got := storable([]*string{&odd, nil, &fine}).(texts)
	if *got[0] != "a\uFFFDb\uFFFDc\uFFFD" || got[1] != nil || got[2] != &fine {
		t.Errorf("array: %v", got)
	}
}

// Text that PostgreSQL cannot hold fails no batch, and is found by what it was.
func TestOddText(t *testing.T) {
	ctx := context.Background()
	const odd, stored = "a\x00b\xff", "a\uFFFDb\uFFFD"
	db := joined(t, Options{})
	e := emit("evt_"+odd, "wh_1")
	e.Event.Entity, e.Event.IdempotencyKey = billhook.Reference{Type: odd, ID: odd}, odd
	commitEmits(t, db, e)
	got, err := db.Event(ctx, "default", "evt_"+odd)
	check(t, err)
	equal(t, "event", []string{got.ID, got.Entity.ID, got.IdempotencyKey}, []string{"evt_" + stored, stored, stored})
	again := emit("evt_"+odd, "wh_1")
	commitEmits(t, db, again)
	equal(t, "conflict", again.Existing != nil, true)

	o := delivered(e.Deliveries[0])
	o.Attempt.ResponseHeaders, o.Attempt.Error, o.Attempt.ResponseBody, o.Reason = "X-Odd: "+odd, odd, []byte(odd), odd
	check(t, db.Commit(ctx, &billhook.Batch{
		Stores:   []*billhook.StoreWrite{{Store: billhook.Store{ID: "default", Name: odd}, Create: true}},
		Webhooks: []*billhook.WebhookWrite{{Webhook: billhook.Webhook{StoreID: "default", ID: "wh_1", Description: odd, Events: []string{odd}}, Create: true}},
		Outcomes: []*billhook.Outcome{o},
	}))
	equal(t, "stale", o.Stale, false)
	attempts, err := db.Attempts(ctx, "default", o.Delivery.ID)
	check(t, err)
	equal(t, "attempt", []string{attempts[0].ResponseHeaders, attempts[0].Error, string(attempts[0].ResponseBody)}, []string{"X-Odd: " + stored, stored, odd})
	if _, err := db.Event(ctx, odd, "\x00"); !errors.Is(err, billhook.ErrNotFound) {
		t.Errorf("event with an id that cannot be: %v", err)
	}
	if _, err := db.Deliveries(ctx, billhook.DeliveryFilter{StoreID: odd, EventID: "\x00", Before: "\xff", Limit: 3}); err != nil {
		t.Errorf("deliveries by what cannot be: %v", err)
	}
}

// What a pipeline writes down itself the server reads as it was meant.
func TestParameters(t *testing.T) {
	db := open(t, Options{})
	p := db.write.pipe
	empty, odd := "", `g,r{ü}n "\' NULL`
	for _, test := range []struct {
		arg        any
		kind, want string
	}{
		{nil, "text", "NULL"},
		{odd, "text", `"g,r{ü}n \"\\' NULL"`},
		{int64(-1 << 63), "bigint", "-9223372036854775808"},
		{[]byte{}, "bytea", `"\\x"`},
		{[]byte{0, 255}, "bytea", `"\\x00ff"`},
		{texts{nil, &empty, &odd}, "text[]", `[null,"","g,r{ü}n \"\\' NULL"]`},
		{texts{}, "text[]", `[]`},
		{blobs{{0, 255}, nil, {}}, "bytea[]", `["\\x00ff",null,"\\x"]`},
		{[]int64{-1 << 63, 0, 1<<63 - 1}, "bigint[]", "[-9223372036854775808,0,9223372036854775807]"},
	} {
		got := ""
		p.send(func(results *pgconn.ResultReader, err error) error {
			if err == nil && results.NextRow() {
				got = string(results.Values()[0])
				_, err = results.Close()
			}
			return err
		}, "SELECT COALESCE(to_json($1::"+test.kind+")::text, 'NULL')", test.arg)
		check(t, p.Flush(context.Background()))
		equal(t, test.kind, got, test.want)
	}
	p.send(executed, "SELECT $1::text", struct{}{})
	if err := p.Flush(context.Background()); err == nil {
		t.Error("an argument of an unknown kind: no error")
	}
	check(t, p.Flush(context.Background()))
}
